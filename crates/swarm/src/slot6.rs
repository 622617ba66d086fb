//! An IPv6 peer: a word, and the address in two more.

use wire::CompactV6;

use crate::address_seats::address_of;
use crate::hash::KeyHasher;
use crate::slot::{Lookup, PeerSlot, WHOLE_PEER};
use crate::sync::{AtomicU64, Ordering};
use crate::word::PeerWord;

/// A place for one IPv6 peer; its name is a fingerprint of the endpoint, and its port.
///
/// Whoever takes an empty slot first marks it as claimed, then writes the address, then makes it
/// live. The address never changes after that, so whoever has read a live or dead word may read
/// it. Whoever meets a claimed slot of the name it looks for gives up; its next announce heals
/// that.
#[derive(Debug)]
pub(crate) struct V6Slot {
    word: AtomicU64,
    high: AtomicU64,
    low: AtomicU64,
}

impl V6Slot {
    fn address(&self) -> u128 {
        let [high, low] = [&self.high, &self.low].map(|half| half.load(Ordering::Relaxed));
        u128::from(high) << 64 | u128::from(low)
    }
}

impl PeerSlot for V6Slot {
    type Key = CompactV6;

    const NOBODY: CompactV6 = CompactV6([0; CompactV6::LEN]);

    fn vacant() -> Self {
        let [word, high, low] = [(); 3].map(|()| AtomicU64::new(0));
        Self { word, high, low }
    }

    fn lookup(key: CompactV6, hasher: &KeyHasher) -> Lookup<CompactV6> {
        let hash = hasher.v6(key);
        let fingerprint = hash & u64::from(u32::MAX);
        Lookup { key, hash, name: fingerprint << 16 | u64::from(key.port()) }
    }

    fn word(&self) -> PeerWord {
        // Pairs with the store in `claim`.
        PeerWord::from_bits(self.word.load(Ordering::Acquire))
    }

    fn key(&self, word: PeerWord) -> CompactV6 {
        let [.., high, low] = word.name().to_be_bytes();
        CompactV6::new(self.address().into(), u16::from_be_bytes([high, low]))
    }

    fn is(&self, word: PeerWord, lookup: &Lookup<CompactV6>) -> bool {
        word.name() == lookup.name && self.address() == lookup.key.ip().to_bits()
    }

    fn shares_address(&self, _: PeerWord, lookup: &Lookup<CompactV6>) -> u32 {
        match self.high.load(Ordering::Relaxed) ^ address_of(lookup.key.into()) {
            0 => WHOLE_PEER,
            other_subnet if other_subnet >> SUBNET_BITS == 0 => 1,
            _ => 0,
        }
    }

    fn claim(&self, lookup: &Lookup<CompactV6>, word: PeerWord) -> bool {
        let claimed = self.replace(PeerWord::EMPTY, word.claimed()).is_ok();
        if claimed {
            let (halves, _) = lookup.key.0.as_chunks::<8>();
            for (half, bytes) in [&self.high, &self.low].into_iter().zip(halves) {
                half.store(u64::from_be_bytes(*bytes), Ordering::Relaxed);
            }
            // Pairs with the load in `word`: the address is there for whoever sees this.
            self.word.store(word.bits(), Ordering::Release);
        }
        claimed
    }

    fn copy(&self, from: &Self, word: PeerWord) {
        self.word.store(word.bits(), Ordering::Relaxed);
        for (half, other) in [(&self.high, &from.high), (&self.low, &from.low)] {
            half.store(other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    fn replace(&self, old: PeerWord, new: PeerWord) -> Result<(), PeerWord> {
        self.word
            // Pairs with itself: see `PeerSlot`. A failure's value is only tried again as it is: whoever is
            // here has seen the address by `word` before, and it stays.
            .compare_exchange(old.bits(), new.bits(), Ordering::AcqRel, Ordering::Relaxed)
            .map(|_| ())
            .map_err(PeerWord::from_bits)
    }
}

/// Bits of an IPv6 address that number the /64s of a /48.
const SUBNET_BITS: u32 = 16;
