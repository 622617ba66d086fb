//! What the admin API says, and is told, as JSON.
//!
//! The command line reads and writes these same types. Moments are RFC 3339 in UTC; where one is
//! `null`, there is no end.

pub mod alert;
mod bound;
pub mod discount;
pub mod goods;
mod import;
pub mod money;
pub mod reward;
mod upkeep;
pub mod voucher;

use std::fmt;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::money::Money;
pub use bound::BoundKey;
pub use import::{Import, Imported, MIN_PASSKEY, Newcomer};
pub use upkeep::{Backup, Flaw, NewBackup, Soundness};

/// Why a request was refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Failure {
    /// A sentence for the operator.
    pub error: String,
}

/// A member.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Member {
    /// Never another member's.
    pub id: u32,
    /// Unique among those not removed.
    pub name: String,
    /// The tier's name.
    pub tier: String,
    /// When the tier ends.
    pub tier_until: Option<Timestamp>,
    /// `active`, `suspended` or `removed`.
    pub state: String,
    /// When the member was added.
    pub created: Timestamp,
}

/// A member with the secret that is theirs alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct MemberKey {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// The passkey, which opens every item they have a right to.
    pub passkey: String,
    /// What goes into their torrents, the passkey in it.
    pub announce_url: String,
}

impl fmt::Debug for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberKey").field("member", &self.member).finish_non_exhaustive()
    }
}

/// All there is to know of a member.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MemberDetail {
    /// The member, with passkey.
    #[serde(flatten)]
    pub key: MemberKey,
    /// What they have, or had, a right to: the first thousand.
    pub rights: Vec<Right>,
    /// What their clients carried, by item.
    pub traffic: Vec<Traffic>,
}

/// Adds a member.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Unique among those not removed.
    pub name: String,
    /// The tier's name.
    pub tier: String,
    /// When the tier ends.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Puts a member into a tier.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetTier {
    /// The tier's name.
    pub tier: String,
    /// When it ends.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Gives a member another passkey.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// How long the present one answers yet; `null` is not at all.
    #[serde(default)]
    pub old_until: Option<Timestamp>,
}

/// An item.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Item {
    /// Never another item's.
    pub id: u32,
    /// Unique among those not removed.
    pub name: String,
    /// For people.
    pub title: String,
    /// The policy's name.
    pub policy: String,
    /// The first info hash, in hexadecimal; `null` once the item is removed.
    pub info_hash: Option<String>,
    /// All of them: two for a hybrid torrent. A v2 hash is cut to 20 bytes, as it is announced.
    pub info_hashes: Vec<String>,
    /// Bytes of content, where known.
    pub size_bytes: Option<u64>,
    /// Whether the torrent is private; `false` also where only its info hash is known.
    pub private: bool,
    /// What the torrent costs; `null` where it is not sold so.
    pub torrent_price: Option<Money>,
    /// What the direct download costs, the torrent included; `null` where it is not sold so.
    pub direct_price: Option<Money>,
    /// For people; may be empty.
    pub description: String,
    /// The lowest tier that has it without buying it.
    pub tier: Option<String>,
    /// `published`, `unpublished`, `broken`, or `tracked` where only its info hashes are known.
    pub state: String,
    /// Why its files can't be served.
    pub broken: Option<String>,
    /// Counts from 1; `null` where only its info hashes are known.
    pub version: Option<u32>,
    /// What buyers must pay at least for the cheaper way, who choose; `null` where they do not.
    pub minimum: Option<Money>,
    /// Whether the item is offered no more.
    pub removed: bool,
    /// When the item was added.
    pub created: Timestamp,
}

/// All there is to know of an item.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ItemDetail {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// Bytes that the publisher's own copy sent of it, to anybody.
    pub served_bytes: u64,
    /// Who has, or had, a right to it: the first thousand.
    pub rights: Vec<Right>,
}

/// Adds an item whose torrent is not at hand.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// Unique among those not removed.
    pub name: String,
    /// The policy's name.
    pub policy: String,
    /// In hexadecimal: one, or the two of a hybrid torrent.
    pub info_hashes: Vec<String>,
}

/// Runs an item's swarm by a policy.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetPolicy {
    /// The policy's name.
    pub policy: String,
}

/// A right of a member to an item, or to all.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Right {
    /// Whose.
    pub member: Named,
    /// To what; id 0 with the name `all` is every item.
    pub item: Named,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// When it was given last.
    pub granted: Timestamp,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
}

/// Gives a right.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// When it ends.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A member or item by id and name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Named {
    /// The id.
    pub id: u32,
    /// The name.
    pub name: String,
}

/// What a member's clients carried for one item, by their own word, in bytes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Traffic {
    /// The item.
    pub item: Named,
    /// Sent to peers.
    pub uploaded: u64,
    /// Received.
    pub downloaded: u64,
}

/// Who is in a swarm.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Swarm {
    /// The item it is of; `null` for a torrent that is no item.
    pub item: Option<Named>,
    /// The first info hash, in hexadecimal.
    pub info_hash: String,
    /// All of them: the two swarms of a hybrid torrent are shown as one.
    pub info_hashes: Vec<String>,
    /// Seeders in the club.
    pub inside_seeders: usize,
    /// Leechers in the club.
    pub inside_leechers: usize,
    /// Seeders outside it.
    pub outside_seeders: usize,
    /// Leechers outside it.
    pub outside_leechers: usize,
    /// Downloads that were completed.
    pub completed: u32,
    /// Whether peers are shared evenly for now, as outsiders fell behind.
    pub guard_active: bool,
    /// Its clients, insiders first: the first thousand.
    pub peers: Vec<Peer>,
    /// How many clients more there are.
    pub peers_left_out: usize,
}

/// One client in a swarm.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Peer {
    /// `inside` or `outside`.
    pub side: String,
    /// Whether it has all.
    pub seeder: bool,
    /// Whether it wants no more, though it has not all.
    pub paused: bool,
    /// Its kind and version, by its own word.
    pub client: Option<String>,
    /// From 0 to 1; `null` where it is not known.
    pub progress: Option<f64>,
    /// Seconds since it was heard.
    pub age: u32,
    /// Whose client it is; `null` for a stranger.
    pub member: Option<Named>,
    /// Where it is reached.
    pub addresses: Vec<SocketAddr>,
    /// Bytes sent to peers, by its own word.
    pub uploaded: Option<u64>,
    /// Bytes received, by its own word.
    pub downloaded: Option<u64>,
    /// Bytes missing; `null` where it does not know.
    pub left: Option<u64>,
    /// Whether its port answered when it was tried; `null` where it was not.
    pub reachable: Option<bool>,
}

/// A member's recent announces.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Why {
    /// Whose.
    pub member: Named,
    /// The last first; a refusal outlives the rest.
    pub announces: Vec<Heard>,
}

/// One announce, and what it was told.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// For which swarm, in hexadecimal.
    pub info_hash: String,
    /// Of which item; `null` for a torrent that is none.
    pub item: Option<Named>,
    /// `started`, `completed`, `stopped`, `paused`, or `none` for a regular one.
    pub event: String,
    /// `http` or `udp`.
    pub via: String,
    /// Bytes missing; `null` where the client does not know.
    pub left: Option<u64>,
    /// Whether it was let in.
    pub admitted: bool,
    /// On which side it was seated; `null` where it was refused.
    pub side: Option<String>,
    /// How many peers it was given.
    pub peers: u16,
    /// The warning or the reason of refusal that its client was shown.
    pub message: Option<String>,
}

/// What the tracker holds, and what it counted since it started.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Stats {
    /// Seconds since it started.
    pub uptime_secs: u32,
    /// Swarms, those of items without peers included.
    pub swarms: u32,
    /// Clients with all pieces.
    pub seeders: u32,
    /// Clients with pieces missing.
    pub leechers: u32,
    /// IPv4 addresses of clients.
    pub endpoints_v4: u32,
    /// IPv6 addresses of clients.
    pub endpoints_v6: u32,
    /// Clients remembered in items' swarms.
    pub sessions: usize,
    /// Those of them in the club.
    pub inside: usize,
    /// Those of them outside.
    pub outside: usize,
    /// Swarms that are shared evenly for now, as outsiders fell behind.
    pub guards_active: usize,
    /// Announces over HTTP, refused ones with them.
    pub announces_http: u64,
    /// Announces over UDP, refused ones with them.
    pub announces_udp: u64,
    /// Scrapes over HTTP.
    pub scrapes_http: u64,
    /// Scrapes over UDP.
    pub scrapes_udp: u64,
    /// Peers given out.
    pub peers_given: u64,
    /// Announces refused, by reason.
    pub refused: Vec<Refused>,
    /// HTTP requests that made no sense.
    pub malformed_http: u64,
    /// Datagrams that made no sense.
    pub malformed_udp: u64,
    /// Datagrams with a connection id that is forged or too old.
    pub unverified_udp: u64,
    /// Requests turned away for their network's sake.
    pub limited: u64,
    /// Replies that left out a seeder for its private address: `tracker.nat` maps those.
    pub hid_seeders: u64,
}

/// Announces refused for one reason.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Refused {
    /// What their clients were shown.
    pub why: String,
    /// How many.
    pub count: u64,
}
