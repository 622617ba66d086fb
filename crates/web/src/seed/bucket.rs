//! Bytes against time: one number says until when all that was taken is paid for.

use std::time::Duration;

/// A bucket for a rate that whoever takes from it brings along, so that a reload changes it at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    paid_at: Duration,
}

impl Bucket {
    /// How long until all that was taken before is paid for.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.paid_at.saturating_sub(now)
    }

    /// Takes bytes. Time that nobody used is worth up to `saved`; debt beyond [`MAX_DEBT`] is
    /// forgiven, as it comes of the least that every stream is sent, whatever its bucket says.
    pub(super) fn take(&mut self, bytes: u64, rate: u64, saved: Duration, now: Duration) {
        let from = self.paid_at.max(now.saturating_sub(saved));
        self.paid_at = from.saturating_add(time_of(bytes, rate)).min(now + MAX_DEBT);
    }
}

/// How long so many bytes take at a rate, in bytes a second.
pub(super) fn time_of(bytes: u64, rate: u64) -> Duration {
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

const MAX_DEBT: Duration = Duration::from_secs(30);
