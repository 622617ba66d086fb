//! What an announce tells a swarm about one peer, and what the swarm reports back.

use thiserror::Error;

use crate::tick::AgeWindow;
use crate::word::{Marks, PeerWord};
use crate::{Age, Endpoint, Families, Group, Tick};

/// One announce, as far as a swarm cares.
#[derive(Clone, Copy, Debug)]
pub struct PeerUpdate<'a> {
    /// Where the peer listens.
    pub endpoint: Endpoint,
    /// The group it stands in from now on.
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
    pub event: PeerEvent,
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

impl PeerUpdate<'_> {
    /// The word that the peer's slot holds from now on.
    pub(crate) fn word(&self, name: u64) -> PeerWord {
        let Self { paused, held, second, .. } = *self;
        PeerWord::live(name, self.now, Marks { paused, held, second })
    }

    /// Which peers count as live.
    pub(crate) const fn window(&self) -> AgeWindow {
        AgeWindow::new(self.now, self.max_age)
    }

    /// Whether this announce may change the peer with this word: not one that somebody else holds
    /// by proof, as long as it is fresh.
    pub(crate) const fn may_change(&self, word: PeerWord) -> bool {
        self.held || !(word.is_fresh(self.window()) && word.marks().held)
    }
}

/// What happened to a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerEvent {
    /// It has all pieces now.
    Completed,
    /// It left: it is removed, and given no peers.
    Left,
    /// It is in the swarm.
    Present,
    /// Recounts the peer if it is present; never inserts it, and gives it no peers.
    Recount,
}

/// What a swarm reports of an announce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SwarmReply {
    /// The swarm's clients, after this announce.
    pub counts: SwarmCounts,
    /// What was done with the caller's endpoint.
    pub outcome: UpdateOutcome,
    /// Whether a seeder was passed over because its address means nothing where the caller is.
    /// Only noticed where it stood in the way of a seat.
    pub hid_seeders: bool,
}

/// What was done with the caller's endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpdateOutcome {
    /// Nothing: it was not there, and the announce does not insert it.
    Absent,
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
    /// Nothing: its address has the maximum number of peers in the swarm. It is served, and given
    /// to nobody.
    Unlisted,
}

/// A limit that kept a peer out.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum LimitReached {
    /// Swarms and sessions take the maximum of memory.
    #[error("swarms and sessions take the maximum of memory")]
    Memory,
    /// The swarm has the maximum number of peers.
    #[error("the swarm has the maximum number of peers")]
    Peers,
    /// The swarm has the maximum number of peers from one network.
    #[error("the swarm has the maximum number of peers from this network")]
    Prefix,
    /// The maximum number of swarms is reached.
    #[error("the maximum number of swarms is reached")]
    Torrents,
}

/// How many clients a swarm has. A client with two endpoints counts once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SwarmCounts {
    /// Clients with all pieces.
    pub seeders: u32,
    /// Clients that want pieces, partial seeds included.
    pub leechers: u32,
    /// Of the leechers, those that are partial seeds (BEP 21).
    pub paused: u32,
    /// How often a client has completed here.
    pub completed: u32,
}

/// Maximum numbers; 0 means no limit.
///
/// Under concurrency a limit can be passed by as many as announce in the same instant, at most one
/// for each thread.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SwarmLimits {
    /// Bytes of swarms, and of whatever else counts into [`Swarms::memory`](crate::Swarms::memory).
    /// At the limit nothing grows, but what has room already takes peers in. Peers held by proof in
    /// swarms with a tag go an eighth beyond it; a tag is never refused.
    pub max_memory_bytes: u64,
    /// Swarms, those with a tag not counted.
    pub max_torrents: u32,
    /// Endpoints from one IPv4 address or IPv6 /64 in one swarm. Exact in swarms of some hundred
    /// peers; in larger ones the limit is on as many of some hundred, drawn at random. A reply
    /// names at most 4 endpoints of one address, fewer where that would be more than a twelfth, while
    /// this is not 0.
    pub max_peers_per_address: u32,
    /// Endpoints in one swarm.
    pub max_peers_per_torrent: u32,
    /// Endpoints from one IPv4 /24 or IPv6 /64 in one swarm.
    pub max_peers_per_prefix: u32,
}
