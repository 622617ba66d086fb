//! The overview: what the tracker holds now, and what it counted since it started.
//!
//! Counters only rise until the daemon starts anew. The rate of one is the difference of two answers, divided by
//! that of their `at`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::Money;

/// What the tracker holds, and what it counted since it started.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Stats {
    /// When this was counted.
    pub at: Timestamp,
    /// Seconds since the start.
    pub uptime_secs: u32,
    /// Swarms, including those of items without peers.
    pub swarms: u32,
    /// Clients in swarms.
    pub peers: u32,
    /// Clients that have everything.
    pub seeders: u32,
    /// Clients with pieces missing.
    pub leechers: u32,
    /// Clients inside the club.
    pub inside: u32,
    /// Clients outside the club.
    pub outside: u32,
    /// Seeders inside the club.
    pub inside_seeders: u32,
    /// Leechers inside the club.
    pub inside_leechers: u32,
    /// Seeders outside the club.
    pub outside_seeders: u32,
    /// Leechers outside the club.
    pub outside_leechers: u32,
    /// Completed downloads.
    pub completions: u64,
    /// Members with a client in an item's swarm, counted at most every 15 seconds.
    pub members_online: u32,
    /// IPv4 addresses of clients.
    pub endpoints_v4: u32,
    /// IPv6 addresses of clients.
    pub endpoints_v6: u32,
    /// Sessions of clients in items' swarms.
    pub sessions: usize,
    /// Swarms whose peers are shared evenly for now, because outsiders fell behind.
    pub guards_active: usize,
    /// Alerts that nobody acknowledged.
    pub alerts_open: u32,
    /// The last minute.
    pub recent: RecentWork,
    /// Announces over HTTP, including refused ones.
    pub announces_http: u64,
    /// Announces over UDP, including refused ones.
    pub announces_udp: u64,
    /// Announces by transport and address family.
    pub announces: Vec<AnnounceCount>,
    /// Announces refused, by reason; reasons that were not used are left out.
    pub refused: Vec<RefusalCount>,
    /// Scrapes over HTTP.
    pub scrapes_http: u64,
    /// Scrapes over UDP.
    pub scrapes_udp: u64,
    /// Peers in all replies.
    pub peers_given: u64,
    /// UDP connection ids given out.
    pub connects_udp: u64,
    /// Replies over UDP that were sent.
    pub replies_udp: u64,
    /// Replies over UDP that the kernel refused to send.
    pub unsent_udp: u64,
    /// Datagrams that the kernel dropped because a socket's queue was full.
    pub kernel_drops: u64,
    /// How often `io_uring` ran out of buffers for datagrams, which then wait in the kernel's queue.
    pub ring_overruns: u64,
    /// Malformed HTTP requests.
    pub malformed_http: u64,
    /// Malformed datagrams.
    pub malformed_udp: u64,
    /// Datagrams whose connection id is forged or too old.
    pub unverified_udp: u64,
    /// Requests refused because of a limit on their network.
    pub limited: u64,
    /// Replies that left out a seeder because its address is private; `tracker.nat` maps those.
    pub hid_seeders: u64,
    /// Bytes between peers and from the publisher's own copy; `null` while the database does not answer.
    pub traffic: Option<TrafficTotals>,
    /// What was sold, an entry for each currency; `null` while the database does not answer, and for a token
    /// without the scope `money`.
    pub revenue: Option<Vec<Revenue>>,
    /// Memory of swarms and sessions; its maximum is `tracker.limits.max_memory_mib`.
    pub memory: MemoryUse,
    /// Memory for what clients sent and were answered; its maximum is `tracker.limits.buffer_memory`.
    pub buffers: MemoryUse,
    /// Proxies that hide their clients' addresses, a sentence each that says what to change. At most 16.
    pub proxy_faults: Vec<String>,
}

/// The announces of the last minute, or of the time since the start where that is shorter.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct RecentWork {
    /// Seconds that the other numbers are about.
    pub seconds: f64,
    /// Announces, including refused ones.
    pub announces: u64,
    /// Announces that were refused.
    pub refused: u64,
    /// Announces per second.
    pub announces_per_second: f64,
    /// Announces whose work was timed: the first of each second, and one in 1024, of each worker.
    pub samples: u64,
    /// Half of the timed announces took no longer than this many microseconds of the tracker's own work; `null`
    /// without samples.
    pub p50_micros: Option<f64>,
    /// The same of 99 %.
    pub p99_micros: Option<f64>,
}

/// The announces of one transport and address family.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AnnounceCount {
    /// `http` or `udp`.
    pub transport: String,
    /// `ipv4` or `ipv6`: that of the client's address.
    pub family: String,
    /// Announces that were admitted.
    pub admitted: u64,
    /// Announces that were refused.
    pub refused: u64,
}

/// The announces that were refused for one reason.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RefusalCount {
    /// The reason, such as `torrent_unknown`; it stays the same in later versions.
    pub reason: String,
    /// The reason, as clients were shown it.
    pub why: String,
    /// The number of announces.
    pub count: u64,
}

/// What members took since their items were added, read at most every minute.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TrafficTotals {
    /// Bytes between peers, as far as they were verified.
    pub from_peers: u64,
    /// Bytes from the publisher's own copy.
    pub from_web_seed: u64,
    /// What the bytes between peers would have cost at `site.bandwidth_price`; `null` without that price.
    pub saved: Option<Money>,
}

/// What was sold in one currency, without tax, less what was paid back.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Revenue {
    /// Since midnight, UTC.
    pub today: Money,
    /// In the last 30 days.
    pub last_30_days: Money,
}

/// What is held of a budget of memory.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct MemoryUse {
    /// Bytes held.
    pub held: u64,
    /// Maximum bytes; 0 means no limit.
    pub max: u64,
    /// Of swarms and sessions, how often something was not let grow at the maximum; of buffers, connections
    /// that were cut off or answered with 503 at the maximum, or at their network's share of it.
    pub refused: u64,
}
