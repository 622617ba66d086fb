//! What is answered, the same over HTTP and UDP, which has no room for all of it.

use std::net::IpAddr;

use crate::{CompactV4, CompactV6};

/// The answer to an announce (BEP 3, BEP 15).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AnnounceReply<'a> {
    /// Seeders in the swarm.
    pub complete: u32,
    /// Everybody else in the swarm, partial seeds with them (BEP 21).
    pub incomplete: u32,
    /// How often the swarm's content was completed. HTTP only.
    pub downloaded: u32,
    /// When the client should announce again, in seconds.
    pub interval_secs: u32,
    /// Before when it must not, in seconds. HTTP only.
    pub min_interval_secs: Option<u32>,
    /// IPv4 peers.
    pub peers: &'a [CompactV4],
    /// IPv6 peers (BEP 7).
    pub peers6: &'a [CompactV6],
    /// The client's address, as it is seen from here (BEP 24). HTTP only.
    pub external_ip: Option<IpAddr>,
    /// Shown by the client to its user; some cut it at 64 bytes. HTTP only.
    pub warning: Option<&'a str>,
}

/// The answer to a request that is refused. UDP has room for the reason only.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FailureReply<'a> {
    /// Shown by the client to its user.
    pub reason: &'a str,
    /// When the client may try again, in seconds: what libtorrent reads beside a reason.
    pub interval_secs: Option<u32>,
    /// Before when it must not, in seconds.
    pub min_interval_secs: Option<u32>,
    /// The same as BEP 31 has it.
    pub retry_in: Option<RetryIn>,
}

/// Whether, and when, a refused client should try again (BEP 31).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetryIn {
    /// After so many minutes.
    Minutes(u32),
    /// Not until its user has done something about it.
    Never,
}

/// One swarm in the answer to a scrape (BEP 48, BEP 15).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ScrapeStats {
    /// Seeders.
    pub complete: u32,
    /// How often the content was completed.
    pub downloaded: u32,
    /// Everybody else, partial seeds with them.
    pub incomplete: u32,
    /// Everybody else without the partial seeds (BEP 21). HTTP only.
    pub downloaders: u32,
}
