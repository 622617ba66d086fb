//! What the daemon serves to people and their tools over HTTP: the site, the web seed, payment webhooks, the
//! admin API, the dashboard, metrics and health.
//!
//! Deliberately absent: sockets, clocks and the configuration; whoever serves a router brings them.

#![forbid(unsafe_code)]

pub mod admins;
pub mod api;
pub mod catalog;
pub mod desk;
pub mod hooks;
pub mod http;
pub mod mail;
pub mod pay;
pub mod seed;
pub mod site;
