//! What the daemon serves to people and their tools over HTTP: the site, the admin
//! API, metrics and health.
//!
//! Deliberately absent: sockets, clocks and the configuration; whoever serves a router brings them.

#![forbid(unsafe_code)]

pub mod api;
pub mod health;
#[cfg(test)]
mod house;
mod item_name;
mod links;
mod may;
pub mod pay;
pub mod private;
pub mod publish;
pub mod seed;
pub mod site;
