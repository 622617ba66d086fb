//! Whether outsiders starve in one item's swarm, asked at every announce that shows progress.

use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use policy::{GuardRule, Side, StarvationGuard};

/// The starvation guard of one swarm, and the interval it is looking at.
#[derive(Default)]
pub(crate) struct GuardWatch {
    /// Made when first needed: most swarms never are.
    open: Mutex<Option<Box<Open>>>,
    /// Until when the guard stands, for readers without the lock; 0 where it does not.
    active_until_secs: AtomicU32,
}

#[derive(Default)]
struct Open {
    guard: StarvationGuard,
    since_secs: u32,
}

impl GuardWatch {
    /// Whether seats are to be given to everybody alike. One load.
    pub(crate) fn is_active(&self, now_secs: u32) -> bool {
        now_secs < self.active_until_secs.load(Ordering::Relaxed)
    }

    /// Takes a leecher's progress; ends the interval where it is over, and judges it.
    pub(crate) fn record(
        &self,
        rule: &GuardRule,
        interval_secs: u32,
        side: Side,
        bytes_per_sec: u64,
        now_secs: u32,
    ) {
        let mut open = self.open.lock();
        let open =
            open.get_or_insert_with(|| Box::new(Open { since_secs: now_secs, ..Open::default() }));
        if now_secs.saturating_sub(open.since_secs) >= interval_secs {
            open.since_secs = now_secs;
            if open.guard.close_interval(rule, now_secs) {
                let until = now_secs.saturating_add(rule.hold_secs);
                self.active_until_secs.fetch_max(until, Ordering::Relaxed);
            }
        }
        open.guard.record(side, bytes_per_sec);
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        *self.open.lock() = None;
        self.active_until_secs.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_intervals_of_starving_outsiders_make_seats_alike_for_the_hold() {
        let watch = GuardWatch::default();
        for round in 0..4 {
            check(&watch, round * 1800, false);
            report(&watch, round * 1800);
        }
        // The announce that opens the fourth interval ended the third.
        check(&watch, 3 * 1800 + 1, true);
        check(&watch, 4 * 1800, false);
    }

    #[test]
    fn a_reset_forgets() {
        let watch = GuardWatch::default();
        for round in 0..4 {
            report(&watch, round * 1800);
        }
        watch.reset();
        check(&watch, 3 * 1800 + 1, false);
    }

    /// Five of each side announce: insiders fly, outsiders crawl.
    fn report(watch: &GuardWatch, now_secs: u32) {
        for (side, speed) in [(Side::Inside, 1_000_000), (Side::Outside, 100_000)] {
            for _ in 0..5 {
                watch.record(&GuardRule::default(), 1800, side, speed, now_secs);
            }
        }
    }

    #[track_caller]
    fn check(watch: &GuardWatch, now_secs: u32, active: bool) {
        assert_eq!(watch.is_active(now_secs), active, "at {now_secs} s");
    }
}
