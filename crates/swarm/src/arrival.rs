//! What an announce tells a swarm, and what it learns in turn.

use thiserror::Error;

use crate::{Age, Endpoint, Families, Group, Tick};

/// One announce, as far as a swarm cares.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Where the peer listens.
    pub endpoint: Endpoint,
    /// Where it stands from now on.
    pub group: Group,
    /// Whether it is a partial seed (BEP 21).
    pub paused: bool,
    /// Whether the caller proved who it is. An announce that did not can't move, refresh or remove
    /// an endpoint that a live peer holds by proof.
    pub held: bool,
    /// Whether another endpoint of the same client is counted in this swarm already; this one is
    /// then stored and given out, but not counted as a client.
    pub second: bool,
    /// What happened.
    pub event: Arrives,
    /// Endpoints of the same client or member: never given to it, and left out of its census. A
    /// handful; each costs a look-up.
    pub others: &'a [Endpoint],
    /// What the reply can hold.
    pub families: Families,
    /// When.
    pub now: Tick,
    /// Peers not seen for longer are not given.
    pub max_age: Age,
}

/// What happened to a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrives {
    /// It has all pieces now.
    Completed,
    /// It is in the swarm.
    Here,
    /// It leaves: it is removed and given no peers.
    Leaves,
    /// It is counted otherwise if it is in the swarm, and does not come in by that. For who does not
    /// announce itself, and is given no peers.
    Stays,
}

/// What became of an announce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seated {
    /// The swarm's clients, this one's arrival or leave included.
    pub counts: Counts,
    /// What was done with the caller's endpoint.
    pub how: How,
    /// Whether a seeder was passed over because its address means nothing where the caller is.
    /// Only noticed where it stood in the way of a seat.
    pub hid_seeders: bool,
}

/// What was done with the caller's endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// Nothing: somebody who proved who they are holds it, and the caller did not.
    Held,
    /// It was not there, or too old to be given out, and is now.
    Inserted,
    /// It was removed.
    Left,
    /// It stood in another group.
    Moved,
    /// It stood where it stands.
    Refreshed,
    /// It was not there, and did not come either.
    Unknown,
}

/// A limit that kept a peer out.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Full {
    /// The swarm has as many peers as it may.
    #[error("the swarm has as many peers as it may")]
    Peers,
    /// The swarm has as many peers from one network as it may.
    #[error("the swarm has as many peers from this network as it may")]
    Prefix,
    /// There are as many swarms as there may be.
    #[error("there are as many swarms as there may be")]
    Torrents,
}

/// How many clients a swarm has. A client with two endpoints counts once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Clients with all pieces.
    pub seeders: u32,
    /// Clients that want pieces, partial seeds included.
    pub leechers: u32,
    /// Of the leechers, those that are partial seeds (BEP 21).
    pub paused: u32,
    /// How often a client has completed here.
    pub completed: u32,
}

/// Hard caps; 0 is none.
///
/// Under concurrency a cap can be passed by as many as announce in the same instant, at most one
/// for each thread.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// Swarms, those with a tag not counted.
    pub max_torrents: u32,
    /// Endpoints in one swarm.
    pub max_peers_per_torrent: u32,
    /// Endpoints from one IPv4 /24 or IPv6 /64 in one swarm.
    pub max_peers_per_prefix: u32,
}
