//! One bound for all streams together: whoever is of a higher tier goes first.

use std::time::Duration;

use super::bucket::{Bucket, time_of};

/// What was taken, and how many bytes wait at each tier.
pub(super) struct Bound {
    pub(super) bucket: Bucket,
    waiting: [u64; TIERS],
}

impl Bound {
    /// Takes bytes where nobody of a tier at a higher place waits and all that was taken is paid for;
    /// otherwise notes in `waiting` that they are waited for, and says how long at least.
    pub(super) fn take(
        &mut self,
        waiting: &mut u64,
        place: u8,
        bytes: u64,
        rate: u64,
        now: Duration,
    ) -> Result<(), Duration> {
        let above = self.above(place);
        let wait = self.bucket.wait(now);
        if above == 0 && wait.is_zero() {
            self.leave(place, waiting);
            self.bucket.take(bytes, rate, SAVED, now);
            return Ok(());
        }
        if *waiting == 0 {
            *waiting = bytes;
            if let Some(sum) = self.waiting.get_mut(usize::from(place)) {
                *sum = sum.saturating_add(bytes);
            }
        }
        Err(wait.saturating_add(time_of(above, rate)))
    }

    /// What was waited for is not any more.
    pub(super) fn leave(&mut self, place: u8, waiting: &mut u64) {
        if let Some(sum) = self.waiting.get_mut(usize::from(place)) {
            *sum = sum.saturating_sub(std::mem::take(waiting));
        }
    }

    fn above(&self, place: u8) -> u64 {
        self.waiting.iter().skip(usize::from(place) + 1).sum()
    }
}

impl Default for Bound {
    fn default() -> Self {
        Self { bucket: Bucket::default(), waiting: [0; TIERS] }
    }
}

/// As many as there can be, by place.
const TIERS: usize = 64;
/// Streams wake a little late: what went unused meanwhile may be made up for.
const SAVED: Duration = Duration::from_millis(100);
