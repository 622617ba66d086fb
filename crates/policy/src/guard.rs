//! The starvation guard: seats are given to everybody alike while outsiders get nowhere.
//!
//! It looks at how fast each side's leechers progress, by the fall of `left` between two announces,
//! and compares medians: few or wild reports move neither. Deliberately absent: which swarm it is
//! about, and when an interval ends; the caller knows both.

use std::num::NonZeroU8;

use crate::{Permille, Side};

/// When outsiders count as starving.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuardRule {
    /// They do in an interval in which their median progress is below this share of the inside's.
    pub progress_below: Permille,
    /// How many such intervals in a row set the guard off.
    pub intervals: NonZeroU8,
    /// Reports of outsiders without which an interval shows nothing.
    pub min_outsiders: u32,
    /// How long the guard then stands, in seconds.
    pub hold_secs: u32,
}

impl Default for GuardRule {
    /// Below half for three intervals, five outsiders or more, half an hour.
    fn default() -> Self {
        Self {
            progress_below: Permille::new(500).unwrap_or(Permille::WHOLE),
            intervals: NonZeroU8::MIN.saturating_add(2),
            min_outsiders: 5,
            hold_secs: 1800,
        }
    }
}

/// The guard of one swarm, of some 500 bytes.
#[derive(Clone, Debug, Default)]
pub struct StarvationGuard {
    inside: Speeds,
    outside: Speeds,
    starving_intervals: u8,
    active_until_secs: u32,
}

impl StarvationGuard {
    /// Takes a leecher's progress since its last announce, in bytes a second.
    pub fn record(&mut self, side: Side, bytes_per_sec: u64) {
        match side {
            Side::Inside => self.inside.record(bytes_per_sec),
            Side::Outside => self.outside.record(bytes_per_sec),
        }
    }

    /// Ends an interval and judges it; an interval that shows nothing ends a row of starving ones.
    ///
    /// `now_secs` is of any clock that only goes forward. Returns whether the guard is active.
    pub fn close_interval(&mut self, rule: &GuardRule, now_secs: u32) -> bool {
        let starving = self.outsiders_starve(rule);
        self.starving_intervals =
            if starving { self.starving_intervals.saturating_add(1) } else { 0 };
        if self.starving_intervals >= rule.intervals.get() {
            self.active_until_secs = now_secs.saturating_add(rule.hold_secs);
        }
        self.inside = Speeds::default();
        self.outside = Speeds::default();
        self.is_active(now_secs)
    }

    /// Whether seats are to be given to everybody alike.
    pub const fn is_active(&self, now_secs: u32) -> bool {
        now_secs < self.active_until_secs
    }

    fn outsiders_starve(&self, rule: &GuardRule) -> bool {
        let (Some(inside), Some(outside)) = (self.inside.median(), self.outside.median()) else {
            return false;
        };
        let threshold = inside.saturating_mul(u64::from(rule.progress_below.value()));
        self.outside.count >= rule.min_outsiders && outside.saturating_mul(1000) < threshold
    }
}

/// How often each speed was seen, in four steps an octave.
#[derive(Clone, Debug)]
struct Speeds {
    steps: [u16; Self::STEPS],
    count: u32,
}

impl Speeds {
    /// One for all below 256 B/s, then four for each octave up to 16 GiB/s.
    const STEPS: usize = 1 + 4 * 26;
    const LOWEST_OCTAVE: u32 = 8;

    fn record(&mut self, bytes_per_sec: u64) {
        let last = Self::STEPS - 1;
        if let Some(step) = self.steps.get_mut(step_of(bytes_per_sec).min(last)) {
            // A step that is full is the median already.
            if let Some(more) = step.checked_add(1) {
                *step = more;
                self.count = self.count.saturating_add(1);
            }
        }
    }

    /// The speed that half of the reports stay below: the middle of the step it falls in, so at
    /// most an eighth off. `None` without a report.
    fn median(&self) -> Option<u64> {
        let mut below = 0;
        let step = self.steps.iter().position(|reports| {
            below += u32::from(*reports);
            2 * below > self.count
        })?;
        Some((lower_end(step) + lower_end(step + 1)) / 2)
    }
}

impl Default for Speeds {
    fn default() -> Self {
        Self { steps: [0; Self::STEPS], count: 0 }
    }
}

/// The step a speed falls in: by its octave, and by the two bits after its highest.
fn step_of(bytes_per_sec: u64) -> usize {
    let Some(octave) =
        bytes_per_sec.checked_ilog2().filter(|octave| *octave >= Speeds::LOWEST_OCTAVE)
    else {
        return 0;
    };
    let quarter = bytes_per_sec >> (octave - 2) & 3;
    let step = u64::from(octave - Speeds::LOWEST_OCTAVE) * 4 + quarter + 1;
    usize::try_from(step).unwrap_or(usize::MAX)
}

/// The lowest speed of a step.
fn lower_end(step: usize) -> u64 {
    let Some(step) = step.checked_sub(1).and_then(|step| u32::try_from(step).ok()) else {
        return 0;
    };
    u64::from(4 + step % 4) << (Speeds::LOWEST_OCTAVE - 2 + step / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_starving_intervals_in_a_row_set_it_off() {
        let mut guard = StarvationGuard::default();
        for starving in [true, true, false, true, true] {
            interval(&mut guard, if starving { 400_000 } else { 900_000 }, 5);
            assert!(!guard.close_interval(&rule(), 0));
        }
        interval(&mut guard, 400_000, 5);
        assert!(guard.close_interval(&rule(), 100));
    }

    #[test]
    fn it_stands_for_its_hold() {
        let guard = active_from(100);
        assert!(guard.is_active(100) && guard.is_active(1899));
        assert!(!guard.is_active(1900));
    }

    #[test]
    fn it_stands_longer_while_outsiders_starve() {
        let mut guard = active_from(100);
        interval(&mut guard, 0, 5);
        assert!(guard.close_interval(&rule(), 1800));
        assert!(guard.is_active(3599) && !guard.is_active(3600));
    }

    #[test]
    fn few_outsiders_or_no_insiders_show_nothing() {
        check(|guard| interval(guard, 0, 5), true);
        check(|guard| interval(guard, 0, 4), false);
        check(|guard| (0..9).for_each(|_| guard.record(Side::Outside, 0)), false);
        check(|guard| (0..9).for_each(|_| guard.record(Side::Inside, 1_000_000)), false);
        check(|_| (), false);
    }

    #[test]
    fn outliers_do_not_move_it() {
        let outsiders = |speeds: [u64; 5]| {
            move |guard: &mut StarvationGuard| {
                guard.record(Side::Inside, 1_000_000);
                speeds.iter().for_each(|speed| guard.record(Side::Outside, *speed));
            }
        };
        check(outsiders([0, 0, 1_000_000, 1_000_000, 1_000_000]), false);
        check(outsiders([0, 0, 0, u64::MAX, u64::MAX]), true);
    }

    #[test]
    fn nobody_starves_where_nobody_progresses() {
        check(
            |guard| {
                guard.record(Side::Inside, 0);
                (0..5).for_each(|_| guard.record(Side::Outside, 0));
            },
            false,
        );
    }

    #[test]
    fn a_median_is_at_most_an_eighth_off() {
        for speed in (8..33).flat_map(|octave| (0..64).map(move |part| (64 + part) << (octave - 6)))
        {
            let mut speeds = Speeds::default();
            speeds.record(speed);
            let median = speeds.median().unwrap();
            assert!(median.abs_diff(speed) * 8 <= speed, "{median} for {speed}");
        }
    }

    #[test]
    fn steps_are_in_order_and_without_gaps() {
        for step in 0..Speeds::STEPS {
            assert_eq!(step_of(lower_end(step)), step);
            assert_eq!(step_of(lower_end(step + 1) - 1), step);
        }
    }

    #[test]
    fn no_number_of_reports_overflows() {
        let mut speeds = Speeds::default();
        (0..70_000).for_each(|_| speeds.record(u64::MAX));
        (0..70_000).for_each(|_| speeds.record(0));
        assert_eq!(speeds.count, 2 * u32::from(u16::MAX));
        assert!(speeds.median().is_some());
    }

    /// Asserts whether an interval with these reports, three times, sets the guard off.
    #[track_caller]
    fn check(reports: impl Fn(&mut StarvationGuard), expected: bool) {
        let mut guard = StarvationGuard::default();
        for _ in 0..3 {
            reports(&mut guard);
            guard.close_interval(&rule(), 0);
        }
        assert_eq!(guard.is_active(0), expected);
    }

    /// Reports of three insiders with a megabyte a second, and of outsiders.
    fn interval(guard: &mut StarvationGuard, outside_bytes_per_sec: u64, outsiders: u32) {
        (0..3).for_each(|_| guard.record(Side::Inside, 1_000_000));
        (0..outsiders).for_each(|_| guard.record(Side::Outside, outside_bytes_per_sec));
    }

    fn active_from(now_secs: u32) -> StarvationGuard {
        let mut guard = StarvationGuard::default();
        for _ in 0..3 {
            interval(&mut guard, 0, 5);
            guard.close_interval(&rule(), now_secs);
        }
        guard
    }

    fn rule() -> GuardRule {
        GuardRule::default()
    }
}
