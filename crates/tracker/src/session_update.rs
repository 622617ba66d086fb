//! What an announce tells the sessions, and what they know of its client in turn.

use arrayvec::ArrayVec;
use policy::{ItemId, MemberId};
use swarm::Endpoint;
use wire::Announce;

use crate::Now;
use crate::session::SessionId;

/// One announce, as far as sessions are concerned.
pub(crate) struct SessionUpdate<'a> {
    pub(crate) item: ItemId,
    pub(crate) member: Option<MemberId>,
    pub(crate) inside: bool,
    pub(crate) announce: &'a Announce,
    /// Whether it is for the second hash of a hybrid torrent.
    pub(crate) second_hash: bool,
    pub(crate) endpoint: Endpoint,
    pub(crate) now: Now,
    /// Maximum clients of one member in the swarm; 0 means no limit.
    pub(crate) max_clients: u8,
    /// Age past which a session counts as gone.
    pub(crate) max_age_secs: u32,
}

impl SessionUpdate<'_> {
    pub(crate) fn id(&self) -> SessionId {
        SessionId::new(self.item, self.member, self.announce.peer_id, self.announce.key)
    }
}

/// What the sessions know of an announcing client.
#[derive(Debug, Default)]
pub(crate) struct KnownClient {
    /// Its endpoint of the other family, and the endpoints of the same member's other clients.
    pub(crate) others: ArrayVec<Endpoint, MAX_OTHERS>,
    /// Whether the client is counted in this swarm by its IPv4 endpoint, and this is the other one.
    pub(crate) second: bool,
    /// An IPv6 endpoint that was counted until now, when the client's IPv4 endpoint came.
    pub(crate) uncount: Option<Endpoint>,
    /// Whether this is an IPv6 endpoint that is new and counted, so that the client's IPv4 one may
    /// be coming in at the same time: see `Sessions::is_second`.
    pub(crate) may_be_second: bool,
    /// Seconds since it last announced for the same hash over the same family.
    pub(crate) since_last_secs: Option<u32>,
    /// Bytes a second by which `left` fell since the announce before.
    pub(crate) progress: Option<u64>,
    /// Whether its port was found open or shut by an earlier probe.
    pub(crate) probed: bool,
    /// Its endpoint of this family until now, where it proved by passkey or key that it is the one
    /// that was there.
    pub(crate) moved: Option<Endpoint>,
    /// Whether it was not remembered until now, and is.
    pub(crate) is_new: bool,
}

/// A member's session as the books see it: absolute counters, to be kept as a maximum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionTraffic {
    /// Which session.
    pub id: SessionId,
    /// Unix time at which its counters began.
    pub epoch: u32,
    /// Bytes sent to peers, as the client reported.
    pub uploaded: u64,
    /// Bytes received, as the client reported.
    pub downloaded: u64,
    /// Bytes missing, where known.
    pub left: Option<u64>,
    /// Unix time at which it was reported to the books.
    pub seen: u32,
    /// Whether these are the first counters of the epoch: what they hold already is not credited.
    pub opens: bool,
}

/// Endpoints of one member's clients that a reply leaves out: more than the clients allowed.
pub(crate) const MAX_OTHERS: usize = 16;
