//! How often somebody may try a voucher's code: wrong ones are counted, and stop the next.
//!
//! 128 bits can't be guessed at any rate; this keeps a guesser from being a load. Right codes are
//! not counted, so that a stack of vouchers can be redeemed at once. The table is fixed: who shares
//! a bucket shares its allowance.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Wrong codes of each member or network, in windows of a minute.
#[derive(Debug)]
pub(super) struct Attempts {
    /// The minute above, the count below.
    buckets: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Attempts {
    /// Whether somebody may try, by now.
    pub(super) fn allow(&self, who: impl Hash, now_unix: u32) -> bool {
        let Some(bucket) = self.bucket(who) else { return true };
        count(bucket.load(Ordering::Relaxed), minute(now_unix)) < MAX_A_MINUTE
    }

    /// Counts a wrong code.
    ///
    /// Two may count at once and one be forgotten: a limit this coarse can bear it.
    pub(super) fn failed(&self, who: impl Hash, now_unix: u32) {
        let Some(bucket) = self.bucket(who) else { return };
        let minute = minute(now_unix);
        let count = count(bucket.load(Ordering::Relaxed), minute) + 1;
        bucket.store(minute << 32 | count, Ordering::Relaxed);
    }

    fn bucket(&self, who: impl Hash) -> Option<&AtomicU64> {
        let place = self.hasher.hash_one(who) % BUCKETS;
        self.buckets.get(usize::try_from(place).ok()?)
    }
}

impl Default for Attempts {
    fn default() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, hasher: RandomState::new() }
    }
}

fn minute(now_unix: u32) -> u64 {
    u64::from(now_unix) / 60
}

fn count(word: u64, minute: u64) -> u64 {
    if word >> 32 == minute { word & u64::from(u32::MAX) } else { 0 }
}

/// Wrong codes that a member or a network may try in a minute.
pub(super) const MAX_A_MINUTE: u64 = 10;
/// 32 KiB of them.
const BUCKETS: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_wrong_codes_the_minute_is_over() {
        let attempts = Attempts::default();
        for _ in 0..MAX_A_MINUTE {
            assert!(attempts.allow(7, NOW));
            attempts.failed(7, NOW);
        }
        assert!(!attempts.allow(7, NOW) && !attempts.allow(7, NOW + 59));
        assert!(attempts.allow(7, NOW + 60));
    }

    /// The first second of a minute.
    const NOW: u32 = 1_800_000_000;
}
