//! What the tracker is doing: swarms and announces.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;

/// A page of the table of swarms.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SwarmPage {
    /// The swarms, in the order that was asked for.
    pub swarms: Vec<SwarmRow>,
    /// The `after` of the next page; `null` on the last one.
    pub next: Option<String>,
    /// The number of swarms that match, on all pages.
    pub total: usize,
}

/// A swarm in the table. All items have one, and of the swarms of other torrents the 10,000 with the most clients
/// are in it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SwarmRow {
    /// The item; `null` for a torrent that is not an item's.
    pub item: Option<NamedId>,
    /// The item's title.
    pub title: Option<String>,
    /// The first info hash, in hexadecimal.
    pub info_hash: String,
    /// Clients that have everything.
    pub seeders: u32,
    /// Clients with pieces missing.
    pub leechers: u32,
    /// Clients inside the club.
    pub inside: u32,
    /// Clients outside the club.
    pub outside: u32,
    /// Completed downloads.
    pub completed: u32,
    /// When a client announced last; `null` where nobody did since the start, and for a torrent that is not an
    /// item's.
    pub last_announce: Option<Timestamp>,
    /// Size of the content in bytes, where it is known.
    pub size_bytes: Option<u64>,
    /// Bytes that members took from peers; `null` while the database does not answer. Read at most every minute.
    pub from_peers: Option<u64>,
    /// Bytes from the publisher's own copy; likewise.
    pub from_web_seed: Option<u64>,
}

/// A swarm and its clients.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SwarmDetail {
    /// The item; `null` for a torrent that is not an item's.
    pub item: Option<NamedId>,
    /// The first info hash, in hexadecimal.
    pub info_hash: String,
    /// All info hashes: the two swarms of a hybrid torrent are shown as one.
    pub info_hashes: Vec<String>,
    /// Seeders inside the club.
    pub inside_seeders: usize,
    /// Leechers inside the club.
    pub inside_leechers: usize,
    /// Seeders outside the club.
    pub outside_seeders: usize,
    /// Leechers outside the club.
    pub outside_leechers: usize,
    /// Completed downloads.
    pub completed: u32,
    /// Whether peers are shared evenly for now, because outsiders fell behind.
    pub guard_active: bool,
    /// The clients, the publisher's own seed box first, then those inside.
    pub peers: Vec<SwarmPeer>,
    /// The number of clients that come after these.
    pub peers_left_out: usize,
    /// The `after` of the next page; `null` on the last one. Clients that join or leave between two pages shift the rest.
    pub next: Option<String>,
}

/// A client in a swarm.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SwarmPeer {
    /// `inside` or `outside`.
    pub side: String,
    /// Whether it is the publisher's own seed box.
    pub own: bool,
    /// `ipv4`, `ipv6` or both: where it accepts connections.
    pub families: Vec<String>,
    /// Whether it has everything.
    pub seeder: bool,
    /// Whether it wants nothing more, although pieces are missing.
    pub paused: bool,
    /// Its name and version, as its peer id says; `null` where that is not known.
    pub client: Option<String>,
    /// From 0 to 1; `null` where it is not known.
    pub progress: Option<f64>,
    /// Seconds since its last announce.
    pub age: u32,
    /// The member; `null` for a stranger.
    pub member: Option<NamedId>,
    /// The addresses at which it accepts connections.
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<SocketAddr>,
    /// Bytes sent to peers, as it reported.
    pub uploaded: Option<u64>,
    /// Bytes received, as it reported.
    pub downloaded: Option<u64>,
    /// Bytes missing; `null` where the client does not know.
    pub left: Option<u64>,
    /// Whether its port answered a test; `null` where it was not tested.
    pub reachable: Option<bool>,
}

/// A member's recent announces.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RecentAnnounces {
    /// The member.
    pub member: NamedId,
    /// The announces, latest first; the latest refusal is always among them.
    pub announces: Vec<AnnounceView>,
}

/// An announce and its reply.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AnnounceView {
    /// When it arrived.
    pub at: Timestamp,
    /// The swarm's info hash, in hexadecimal.
    pub info_hash: String,
    /// The item; `null` for a torrent that is not an item's.
    pub item: Option<NamedId>,
    /// `started`, `completed`, `stopped`, `paused`, or `none` for a regular announce.
    pub event: String,
    /// `http` or `udp`.
    pub via: String,
    /// Bytes missing; `null` where the client does not know.
    pub left: Option<u64>,
    /// Whether it was admitted.
    pub admitted: bool,
    /// `inside` or `outside`; `null` where it was refused.
    pub side: Option<String>,
    /// The number of peers in the reply.
    pub peers: u16,
    /// The warning or the reason for the refusal that the client was shown.
    pub message: Option<String>,
}
