//! How long the tracker's own work on an announce takes, from samples.
//!
//! Buckets grow by a quarter of a power of two, so that a quantile is at most a quarter too high, and no sample
//! is kept. Deliberately absent: the clock, which whoever owns a worker reads.

use std::sync::atomic::{AtomicU64, Ordering};

/// One worker's samples. The worker alone writes them.
#[derive(Debug)]
pub(crate) struct LatencyHistogram {
    counts: [AtomicU64; LatencyCounts::BUCKETS],
    total_nanos: AtomicU64,
}

impl LatencyHistogram {
    pub(crate) fn new() -> Self {
        Self { counts: std::array::from_fn(|_| AtomicU64::new(0)), total_nanos: AtomicU64::new(0) }
    }

    /// Takes a sample.
    pub(crate) fn record(&self, nanos: u64) {
        if let Some(count) = self.counts.get(bucket(nanos)) {
            raise(count, 1);
        }
        raise(&self.total_nanos, nanos);
    }

    pub(crate) fn add_to(&self, sum: &mut LatencyCounts) {
        for (sum, count) in sum.counts.iter_mut().zip(&self.counts) {
            *sum = sum.wrapping_add(count.load(Ordering::Relaxed));
        }
        let total = self.total_nanos.load(Ordering::Relaxed);
        sum.total_nanos = sum.total_nanos.wrapping_add(total);
    }
}

/// The samples of all workers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LatencyCounts {
    /// Samples in each bucket; [`bound`](Self::bound) says up to which time it reaches.
    pub counts: [u64; Self::BUCKETS],
    /// The sum of all samples, in nanoseconds.
    pub total_nanos: u64,
}

impl Default for LatencyCounts {
    fn default() -> Self {
        Self { counts: [0; Self::BUCKETS], total_nanos: 0 }
    }
}

impl LatencyCounts {
    /// Buckets: one below 64 ns, and four for each power of two up to 67 ms, the last one without an end.
    pub const BUCKETS: usize = 81;

    /// The samples.
    pub fn samples(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Takes in the samples of another reading.
    pub fn add(&mut self, more: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&more.counts) {
            *count = count.wrapping_add(*more);
        }
        self.total_nanos = self.total_nanos.wrapping_add(more.total_nanos);
    }

    /// The samples that came since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut news = *self;
        for (count, before) in news.counts.iter_mut().zip(&earlier.counts) {
            *count = count.saturating_sub(*before);
        }
        news.total_nanos = news.total_nanos.saturating_sub(earlier.total_nanos);
        news
    }

    /// The time that no more than `permille` of the samples stay below, in nanoseconds: the end of their bucket.
    /// `None` without samples.
    pub fn quantile(&self, permille: u16) -> Option<u64> {
        let samples = self.samples();
        let rank = u128::from(samples) * u128::from(permille.min(1000));
        let rank = u64::try_from(rank.div_ceil(1000)).ok()?.max(1);
        let mut below = 0_u64;
        let place = self.counts.iter().position(|count| {
            below = below.saturating_add(*count);
            below >= rank
        });
        place.map(Self::bound)
    }

    /// The end of a bucket, in nanoseconds; a sample of that time is in the next one.
    pub fn bound(bucket: usize) -> u64 {
        let Some(above) = bucket.checked_sub(1).and_then(|above| u32::try_from(above).ok()) else {
            return 1 << MIN_SHIFT;
        };
        let (octave, quarter) = (above / 4, above % 4);
        u64::from(5 + quarter).checked_shl(octave + MIN_SHIFT - 2).unwrap_or(u64::MAX)
    }
}

/// The bucket of a time.
fn bucket(nanos: u64) -> usize {
    let Some(octave) = nanos.checked_ilog2().and_then(|log| log.checked_sub(MIN_SHIFT)) else {
        return 0;
    };
    let quarter = (nanos >> (octave + MIN_SHIFT - 2)) & 3;
    let place = u64::from(octave) * 4 + quarter + 1;
    usize::try_from(place).unwrap_or(usize::MAX).min(LatencyCounts::BUCKETS - 1)
}

fn raise(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
}

/// The first bucket ends at 2^6 ns.
const MIN_SHIFT: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_below_the_end_of_its_bucket_and_not_below_the_one_before() {
        for nanos in (0..4096).chain((12..26).map(|log| 1 << log)).chain([7_654_321]) {
            let place = bucket(nanos);
            assert!(nanos < LatencyCounts::bound(place), "{nanos} ns in {place}");
            assert!(place == 0 || LatencyCounts::bound(place - 1) <= nanos, "{nanos} in {place}");
        }
        assert_eq!(LatencyCounts::bound(LatencyCounts::BUCKETS - 1), 1 << 26);
        assert_eq!(bucket(u64::MAX), LatencyCounts::BUCKETS - 1);
    }

    #[test]
    fn a_quantile_is_at_most_a_quarter_too_high() {
        let histogram = LatencyHistogram::new();
        (1..=1000).for_each(|sample| histogram.record(sample * 1000));
        let mut counts = LatencyCounts::default();
        histogram.add_to(&mut counts);
        assert_eq!((counts.samples(), counts.total_nanos), (1000, 500_500_000));
        for (permille, exact) in [(500, 500_000), (990, 990_000), (1000, 1_000_000)] {
            let found = counts.quantile(permille).unwrap();
            assert!(exact <= found && found <= exact * 5 / 4, "{permille}: {found}");
        }
        assert_eq!(counts.since(&counts), LatencyCounts::default());
        assert_eq!(LatencyCounts::default().quantile(500), None);
    }
}
