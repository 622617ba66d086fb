//! An IPv4 peer: one word.

use wire::CompactV4;

use crate::hash::KeyHasher;
use crate::slot::{Lookup, PeerSlot, WHOLE_PEER};
use crate::sync::{AtomicU64, Ordering};
use crate::word::PeerWord;

/// A place for one IPv4 peer; its name is its endpoint.
#[derive(Debug)]
pub(crate) struct V4Slot(AtomicU64);

/// Bits of a name below its address.
const PORT_BITS: u32 = 16;

/// The name of an endpoint: 32 bits of address, 16 of port.
pub(crate) fn name_of(key: CompactV4) -> u64 {
    let [a, b, c, d, e, f] = key.0;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// The endpoint that a word names.
pub(crate) const fn endpoint_of(word: PeerWord) -> CompactV4 {
    let [a, b, c, d, e, f, ..] = word.bits().to_be_bytes();
    CompactV4([a, b, c, d, e, f])
}

impl PeerSlot for V4Slot {
    type Key = CompactV4;

    const NOBODY: CompactV4 = CompactV4([0; CompactV4::LEN]);

    fn vacant() -> Self {
        Self(AtomicU64::new(0))
    }

    fn lookup(key: CompactV4, hasher: &KeyHasher) -> Lookup<CompactV4> {
        let name = name_of(key);
        Lookup { key, hash: hasher.number(name), name }
    }

    fn word(&self) -> PeerWord {
        PeerWord::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn key(&self, word: PeerWord) -> CompactV4 {
        endpoint_of(word)
    }

    fn is(&self, word: PeerWord, lookup: &Lookup<CompactV4>) -> bool {
        word.name() == lookup.name
    }

    fn shares_address(&self, word: PeerWord, lookup: &Lookup<CompactV4>) -> u32 {
        u32::from((word.name() ^ lookup.name) >> PORT_BITS == 0) * WHOLE_PEER
    }

    fn claim(&self, _: &Lookup<CompactV4>, word: PeerWord) -> bool {
        self.replace(PeerWord::EMPTY, word).is_ok()
    }

    fn copy(&self, _: &Self, word: PeerWord) {
        self.0.store(word.bits(), Ordering::Relaxed);
    }

    fn replace(&self, old: PeerWord, new: PeerWord) -> Result<(), PeerWord> {
        self.0
            // Pairs with itself: see `PeerSlot`.
            .compare_exchange(old.bits(), new.bits(), Ordering::AcqRel, Ordering::Relaxed)
            .map(|_| ())
            .map_err(PeerWord::from_bits)
    }
}
