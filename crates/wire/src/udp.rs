//! Announce and scrape over UDP (BEP 15), with the extensions of BEP 41.
//!
//! Deliberately absent: connection ids are carried here, not made or verified. Until one is
//! verified, its sender may be anybody, and gets no reply longer than its request.

mod options;
mod reply;
mod request;

pub use reply::{
    MAX_REPLY_LEN, ReplyFamily, write_announce, write_connect, write_error, write_scrape,
};
pub use request::{ConnectionId, MAX_SCRAPE_HASHES, Malformed, TransactionId, UdpRequest, parse};

/// What a datagram is, by the number at its bytes 8 to 11, or at 0 to 3 of a reply.
mod action {
    pub(super) const CONNECT: u32 = 0;
    pub(super) const ANNOUNCE: u32 = 1;
    pub(super) const SCRAPE: u32 = 2;
    pub(super) const ERROR: u32 = 3;
}
