//! An IPv6 peer: a word, and the address in two more.

use wire::CompactV6;

use crate::hash::Hashing;
use crate::slot::{Slot, Sought};
use crate::sync::{AtomicU64, Ordering};
use crate::word::Word;

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

impl Slot for V6Slot {
    type Key = CompactV6;

    const NOBODY: CompactV6 = CompactV6([0; CompactV6::LEN]);

    fn vacant() -> Self {
        let [word, high, low] = [(); 3].map(|()| AtomicU64::new(0));
        Self { word, high, low }
    }

    fn seek(key: CompactV6, hashing: &Hashing) -> Sought<CompactV6> {
        let hash = hashing.v6(key);
        let fingerprint = hash & u64::from(u32::MAX);
        Sought { key, hash, name: fingerprint << 16 | u64::from(key.port()) }
    }

    fn word(&self) -> Word {
        // Pairs with the store in `claim`.
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    fn key(&self, word: Word) -> CompactV6 {
        let [.., high, low] = word.name().to_be_bytes();
        CompactV6::new(self.address().into(), u16::from_be_bytes([high, low]))
    }

    fn is(&self, word: Word, sought: &Sought<CompactV6>) -> bool {
        word.name() == sought.name && self.address() == sought.key.ip().to_bits()
    }

    fn claim(&self, sought: &Sought<CompactV6>, word: Word) -> bool {
        let claimed = self.replace(Word::EMPTY, word.claimed()).is_ok();
        if claimed {
            let (halves, _) = sought.key.0.as_chunks::<8>();
            for (half, bytes) in [&self.high, &self.low].into_iter().zip(halves) {
                half.store(u64::from_be_bytes(*bytes), Ordering::Relaxed);
            }
            // Pairs with the load in `word`: the address is there for whoever sees this.
            self.word.store(word.bits(), Ordering::Release);
        }
        claimed
    }

    fn copy(&self, from: &Self, word: Word) {
        self.word.store(word.bits(), Ordering::Relaxed);
        for (half, other) in [(&self.high, &from.high), (&self.low, &from.low)] {
            half.store(other.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    fn replace(&self, old: Word, new: Word) -> Result<(), Word> {
        self.word
            // Pairs with itself: see `Slot`. A failure's value is only tried again as it is: whoever is
            // here has seen the address by `word` before, and it stays.
            .compare_exchange(old.bits(), new.bits(), Ordering::AcqRel, Ordering::Relaxed)
            .map(|_| ())
            .map_err(Word::from_bits)
    }
}
