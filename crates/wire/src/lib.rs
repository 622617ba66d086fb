//! Announce and scrape as bytes: over HTTP (BEP 3, 7, 21, 23, 24, 31, 48) and UDP (BEP 15, 41).
//!
//! Parsing borrows and allocates nothing; encoding appends to the caller's buffer. Deliberately
//! absent: sockets, clocks, state, and any opinion about who may announce.

#![forbid(unsafe_code)]

mod announce;
mod compact;
pub mod http;
mod id;
mod marks;
mod passkey;
mod path;
mod reply;
pub mod udp;
mod url;

pub use announce::{Announce, AnnounceEvent};
pub use compact::{CompactV4, CompactV6};
pub use id::{InfoHash, PeerId, PeerKey};
pub use passkey::Passkey;
pub use reply::{AnnounceReply, FailureReply, RetryIn, ScrapeStats};
