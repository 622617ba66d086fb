//! A place for one peer in a table, of either family: what probing, sweeping and drawing need of
//! it.
//!
//! A slot goes from empty to live, then between live and dead, always for the same key; only a
//! rebuild empties it.

use std::fmt;

use crate::hash::KeyHasher;
use crate::word::PeerWord;

/// A place for one peer.
///
/// Every change of a word is a compare-exchange with `AcqRel`. It orders what a thread writes into
/// one table before what it clears in another, as seen by whoever finds either (`PeerTables::arrive`).
pub(crate) trait PeerSlot: fmt::Debug + Sized {
    /// An endpoint of one family.
    type Key: Copy + Eq + fmt::Debug;

    /// A key that fills the place of one that is yet to come.
    const NOBODY: Self::Key;

    /// A slot that nobody took.
    fn vacant() -> Self;

    /// The key, its hash and its name, computed once an announce.
    fn lookup(key: Self::Key, hasher: &KeyHasher) -> Lookup<Self::Key>;

    /// The state. Of a live or dead slot, the key can be read afterwards.
    fn word(&self) -> PeerWord;

    /// The key of a live or dead slot, whose state is `word`.
    fn key(&self, word: PeerWord) -> Self::Key;

    /// Whether the slot, live or dead with state `word`, is this key's.
    fn is(&self, word: PeerWord, lookup: &Lookup<Self::Key>) -> bool;

    /// What the slot, live or dead with state `word`, counts among the peers of a key's address, in parts of
    /// [`WHOLE_PEER`]: all of one of the same IPv4 address or IPv6 /64, and a quarter of one of the same /48.
    fn shares_address(&self, word: PeerWord, lookup: &Lookup<Self::Key>) -> u32;

    /// Takes an empty slot for a key; `false` if somebody else did first.
    fn claim(&self, lookup: &Lookup<Self::Key>, word: PeerWord) -> bool;

    /// Takes over all of a live slot; only for a slot that no other thread sees.
    fn copy(&self, from: &Self, word: PeerWord);

    /// Changes the state of a live or dead slot; the state as it is if that is no longer `old`.
    fn replace(&self, old: PeerWord, new: PeerWord) -> Result<(), PeerWord>;
}

/// A key that is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup<K> {
    pub(crate) key: K,
    /// Says where to look.
    pub(crate) hash: u64,
    /// What the first 48 bits of its word are.
    pub(crate) name: u64,
}

/// Parts of a peer. One customer has at least an IPv6 /64 and at most a /48, so that a /48 has four times what
/// a /64 has, as in the admission of connections.
pub(crate) const WHOLE_PEER: u32 = 4;
