//! The rate limit for all streams together: higher tiers go first.

use std::time::Duration;

use super::bucket::{Bucket, time_of};

/// What was taken, and how many bytes wait at each tier.
pub(super) struct SharedBandwidth {
    pub(super) bucket: Bucket,
    waiting: [u64; TIERS],
}

impl SharedBandwidth {
    /// Takes bytes if no higher tier waits and all earlier bytes are paid for. Otherwise records them in
    /// `waiting` and returns the minimum wait.
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

    /// Stops waiting.
    pub(super) fn leave(&mut self, place: u8, waiting: &mut u64) {
        if let Some(sum) = self.waiting.get_mut(usize::from(place)) {
            *sum = sum.saturating_sub(std::mem::take(waiting));
        }
    }

    fn above(&self, place: u8) -> u64 {
        self.waiting.iter().skip(usize::from(place) + 1).sum()
    }
}

impl Default for SharedBandwidth {
    fn default() -> Self {
        Self { bucket: Bucket::default(), waiting: [0; TIERS] }
    }
}

/// Maximum tiers.
const TIERS: usize = 64;
/// Streams wake a little late and may make up for this much.
const SAVED: Duration = Duration::from_millis(100);
