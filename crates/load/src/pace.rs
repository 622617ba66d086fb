//! When to ask: as soon as an answer came (closed loop), or by the clock whatever comes (open).

use std::time::{Duration, Instant};

/// How hard a tracker is driven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoadPace {
    /// So many requests are out at any time; the tracker sets the rate.
    Closed(usize),
    /// So many requests a second, at even gaps, answered or not.
    Open(f64),
}

impl LoadPace {
    /// One thread's part of it, of so many threads.
    pub fn share(self, threads: usize) -> Self {
        match self {
            Self::Closed(outstanding) => Self::Closed(outstanding.div_ceil(threads.max(1))),
            Self::Open(rate) => {
                Self::Open(rate / f64::from(u32::try_from(threads).unwrap_or(1).max(1)))
            }
        }
    }
}

/// A pace under way.
#[derive(Debug)]
pub(crate) enum LoadPacer {
    /// See [`LoadPace::Closed`].
    Closed(usize),
    /// See [`LoadPace::Open`].
    Open {
        /// When the next request is due.
        next: Instant,
        /// From one to the next.
        gap: Duration,
    },
}

impl LoadPacer {
    /// Starts at `now`.
    pub(crate) fn new(pace: LoadPace, now: Instant) -> Self {
        match pace {
            LoadPace::Closed(outstanding) => Self::Closed(outstanding),
            LoadPace::Open(rate) => {
                Self::Open { next: now, gap: Duration::from_secs_f64(rate.max(MIN_RATE).recip()) }
            }
        }
    }

    /// When the next request was meant to be sent, if that has come; `out` are out already.
    ///
    /// In the open loop a request that is sent late keeps the time at which it should have been, so
    /// that a tracker which stalls is charged for everybody it kept waiting.
    pub(crate) fn due(&mut self, now: Instant, out: usize) -> Option<Instant> {
        match self {
            Self::Closed(outstanding) => (out < *outstanding).then_some(now),
            Self::Open { next, gap } => {
                let intended = *next;
                (intended <= now).then(|| {
                    *next = intended + *gap;
                    intended
                })
            }
        }
    }
}

/// Requests a second; one in 1000 seconds is as good as none.
const MIN_RATE: f64 = 0.001;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn the_closed_loop_keeps_so_many_out() {
        let now = clock::now();
        let mut pacer = LoadPacer::new(LoadPace::Closed(2), now);
        assert_eq!(pacer.due(now, 0), Some(now));
        assert_eq!(pacer.due(now, 1), Some(now));
        assert_eq!(pacer.due(now, 2), None);
    }

    #[test]
    fn the_open_loop_asks_at_even_gaps_and_catches_up_after_a_stall() {
        let start = clock::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut pacer = LoadPacer::new(LoadPace::Open(1000.0), start);
        assert_eq!(pacer.due(start, 0), Some(start));
        assert_eq!(pacer.due(start, 0), None);
        let stalled = after(3);
        for millis in 1..=3 {
            assert_eq!(pacer.due(stalled, usize::MAX), Some(after(millis)));
        }
        assert_eq!(pacer.due(stalled, 0), None);
    }

    #[test]
    fn threads_share_the_load() {
        assert_eq!(LoadPace::Closed(100).share(3), LoadPace::Closed(34));
        assert_eq!(LoadPace::Open(100.0).share(4), LoadPace::Open(25.0));
    }
}
