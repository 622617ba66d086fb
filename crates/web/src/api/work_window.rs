//! What the tracker did in the last minute, from counters that are looked at once a second.

use std::collections::VecDeque;
use std::time::Duration;

use api::stats::RecentWork;
use tracker::{LatencyCounts, Tracker, Via};

/// The readings of a minute, one a second.
#[derive(Debug, Default)]
pub(super) struct WorkWindow(VecDeque<WorkReading>);

/// The counters at a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkReading {
    /// Since the start.
    at: Duration,
    announces: u64,
    refused: u64,
    latency: LatencyCounts,
}

impl WorkReading {
    /// Reads the counters of all workers.
    pub(super) fn of(tracker: &Tracker, at: Duration) -> Self {
        let counted = tracker.counted();
        let mut latency = tracker.latency(Via::Http);
        latency.add(&tracker.latency(Via::Udp));
        Self {
            at,
            announces: counted.announces(Via::Http) + counted.announces(Via::Udp),
            refused: counted.refused(),
            latency,
        }
    }
}

impl WorkWindow {
    /// Takes in a reading, and forgets those that are older than a minute.
    pub(super) fn push(&mut self, reading: WorkReading) {
        while self.0.len() >= READINGS {
            self.0.pop_front();
        }
        self.0.push_back(reading);
    }

    /// What happened from the first reading to the last.
    pub(super) fn work(&self) -> RecentWork {
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else {
            return RecentWork::default();
        };
        let seconds = last.at.saturating_sub(first.at).as_secs_f64();
        let announces = last.announces.saturating_sub(first.announces);
        let latency = last.latency.since(&first.latency);
        let micros = |permille| latency.quantile(permille).map(micros);
        RecentWork {
            seconds,
            announces,
            refused: last.refused.saturating_sub(first.refused),
            announces_per_second: if seconds > 0.0 { float(announces) / seconds } else { 0.0 },
            samples: latency.samples(),
            p50_micros: micros(500),
            p99_micros: micros(990),
        }
    }
}

fn micros(nanos: u64) -> f64 {
    float(nanos) / 1000.0
}

/// A count; exact up to 2^32, which a minute's are.
fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// One a second, and the one that a minute begins with.
const READINGS: usize = 61;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_minute_long() {
        let mut window = WorkWindow::default();
        assert_eq!(window.work().announces_per_second.to_bits(), 0.0_f64.to_bits());
        for second in 0..200_u32 {
            let announces = u64::from(second) * 50;
            let at = Duration::from_secs(second.into());
            window.push(WorkReading {
                at,
                announces,
                refused: announces / 10,
                ..WorkReading::default()
            });
        }
        let work = window.work();
        assert_eq!((work.announces, work.refused, work.samples), (3000, 300, 0));
        assert!(
            (work.seconds - 60.0).abs() < 1e-9 && (work.announces_per_second - 50.0).abs() < 1e-9
        );
        assert_eq!(work.p99_micros, None);
    }
}
