//! One announce, the same whether it came over HTTP or UDP.

use crate::{InfoHash, Passkey, PeerId, PeerKey};

/// What a peer says of itself (BEP 3, BEP 15).
///
/// The peer's address is not here: it is the socket's, never the client's word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Announce {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The client.
    pub peer_id: PeerId,
    /// Where the client listens; 0 is real on `stopped`.
    pub port: u16,
    /// Bytes sent to peers since `started`, by the client's word.
    pub uploaded: u64,
    /// Bytes received since `started`, by the client's word.
    pub downloaded: u64,
    /// Bytes missing; 0 for a seeder, `u64::MAX` where the client does not know yet (a magnet, a
    /// negative or overlong number, or none at all).
    pub left: u64,
    /// What happened.
    pub event: AnnounceEvent,
    /// How many peers the client wants; `None` where it left that to the tracker (absent or -1).
    pub numwant: Option<u32>,
    /// The client's session number, where it sent one.
    pub key: Option<PeerKey>,
    /// The secret in the announce URL, unverified.
    pub passkey: Option<Passkey>,
    /// Whether a compact peer list will do (BEP 23); only `compact=0` says no.
    pub compact: bool,
    /// Whether peer ids may be left out of a peer list that is not compact.
    pub no_peer_id: bool,
}

/// Why a client announces.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum AnnounceEvent {
    /// It has all pieces now.
    Completed,
    /// Nothing new: the regular announce. An unknown event counts as this one.
    #[default]
    None,
    /// It is a partial seed: wants no more pieces, though some are missing (BEP 21).
    Paused,
    /// It joins.
    Started,
    /// It leaves.
    Stopped,
}
