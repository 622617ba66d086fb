//! The daemon and its command line, as a library so that tests can reach it.
//!
//! Deliberately absent: what an announce means; that is the rooms below.

pub mod args;
pub mod config;
pub mod demo;
pub mod heap;
pub mod help;
pub mod offline;
pub mod serve;
