//! What was sent, answered and lost, and how long it took.

use std::ops::AddAssign;
use std::time::Instant;

use hdrhistogram::{CreationError, Histogram};

/// What one thread saw over one part of a run.
#[derive(Clone, Debug)]
pub(crate) struct LoadTally {
    /// How much of what.
    pub(crate) counts: OutcomeCounts,
    /// In nanoseconds, from when a request was meant to be sent to its answer.
    pub(crate) latency: Histogram<u64>,
    /// The text of the first refusal.
    pub(crate) refusal: Option<String>,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct OutcomeCounts {
    /// Requests sent.
    pub(crate) sent: u64,
    /// Announces answered.
    pub(crate) announces: u64,
    /// Connects answered.
    pub(crate) connects: u64,
    /// Scrapes answered.
    pub(crate) scrapes: u64,
    /// Requests answered with an error or a failure reason.
    pub(crate) refused: u64,
    /// Requests without an answer in time, or whose connection broke.
    pub(crate) lost: u64,
    /// Answers that nobody waits for: those of lost requests, come after all.
    pub(crate) late: u64,
    /// Peers in answers (UDP alone).
    pub(crate) peers: u64,
    /// Bytes of answers: of datagrams, or of HTTP heads and bodies.
    pub(crate) reply_bytes: u64,
}

impl OutcomeCounts {
    /// All that was answered.
    pub(crate) const fn replies(&self) -> u64 {
        self.announces + self.connects + self.scrapes + self.refused
    }
}

impl AddAssign for OutcomeCounts {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.announces += other.announces;
        self.connects += other.connects;
        self.scrapes += other.scrapes;
        self.refused += other.refused;
        self.lost += other.lost;
        self.late += other.late;
        self.peers += other.peers;
        self.reply_bytes += other.reply_bytes;
    }
}

impl LoadTally {
    /// Nothing yet.
    ///
    /// # Errors
    ///
    /// None in practice: the histogram's bounds are constants.
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self {
            counts: OutcomeCounts::default(),
            latency: Histogram::new_with_bounds(1, MAX_LATENCY_NANOS, 3)?,
            refusal: None,
        })
    }

    /// Notes the size of an answer and how long it took.
    pub(crate) fn answered(&mut self, bytes: usize, intended: Instant, now: Instant) {
        self.counts.reply_bytes += u64::try_from(bytes).unwrap_or_default();
        let took = now.saturating_duration_since(intended).as_nanos();
        self.latency.saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
    }

    /// Notes a refusal, and the text of the first.
    pub(crate) fn refused(&mut self, reason: &[u8]) {
        self.counts.refused += 1;
        self.refusal.get_or_insert_with(|| String::from_utf8_lossy(reason).into_owned());
    }

    /// Adds what another thread saw.
    pub(crate) fn add(&mut self, other: Self) {
        self.counts += other.counts;
        // It fails on values out of bounds alone, and all histograms here have the same bounds.
        let _ = self.latency.add(&other.latency);
        self.refusal = self.refusal.take().or(other.refusal);
    }

    /// Forgets everything: what was before is not measured.
    pub(crate) fn clear(&mut self) {
        self.counts = OutcomeCounts::default();
        self.latency.reset();
        self.refusal = None;
    }
}

/// One minute: what takes longer counts as this.
const MAX_LATENCY_NANOS: u64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    #[test]
    fn threads_add_up_and_the_first_refusal_stays() {
        let (mut ada, mut bob) = (LoadTally::new().unwrap(), LoadTally::new().unwrap());
        let now = clock::now();
        ada.answered(20, now, now + Duration::from_micros(10));
        ada.counts.announces += 1;
        bob.answered(30, now, now + Duration::from_micros(1000));
        bob.refused(b"closed");
        bob.refused(b"closed again");
        ada.add(bob);
        assert_eq!((ada.counts.replies(), ada.counts.reply_bytes), (3, 50));
        assert_eq!(ada.refusal.as_deref(), Some("closed"));
        assert_eq!(ada.latency.len(), 2);
        assert!(ada.latency.max() >= 1_000_000);

        ada.clear();
        assert_eq!(
            (ada.counts, ada.latency.len(), ada.refusal),
            (OutcomeCounts::default(), 0, None)
        );
    }

    #[test]
    fn what_takes_longer_than_a_minute_counts_as_a_minute() {
        let mut tally = LoadTally::new().unwrap();
        let now = clock::now();
        tally.answered(0, now, now + Duration::from_secs(3600));
        assert_eq!(tally.latency.len(), 1);
        assert!(tally.latency.max() < 61_000_000_000);
    }
}
