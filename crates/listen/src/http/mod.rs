//! Announce and scrape over HTTP/1.1.

pub mod epoll;
pub mod handoff;
pub mod plain;
pub mod responder;
pub mod tokio;
mod turn;
