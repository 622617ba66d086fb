//! Announce and scrape over HTTP: from a request's target to the body of its reply.
//!
//! Deliberately absent: the HTTP around them. A body goes out with status 200, a failure too (BEP 3).

mod query;
mod reply;
mod target;

pub use reply::{encode_announce, encode_announce_dicts, encode_failure, encode_scrape};
pub use target::{
    HttpRequest, MAX_SCRAPE_HASHES, MAX_TARGET_LEN, Scrape, TargetError, parse_target,
};
