//! Time as a peer slot keeps it: 12 bits of 16-second ticks, on a ring.
//!
//! Deliberately absent: a clock. Whoever announces says what time it is.

/// A moment, in ticks of [`SECS`](Self::SECS), on a ring of 65,536 s (18.2 h).
///
/// Two ticks can be compared while they lie less than [`HALF_RING_SECS`](Self::HALF_RING_SECS)
/// apart; so a peer must be swept before it is that old.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Tick(u16);

impl Tick {
    /// Seconds a tick lasts.
    pub const SECS: u32 = 16;

    /// The longest allowed sum of an age limit and the time between two sweeps, in seconds (9.1 h).
    pub const HALF_RING_SECS: u32 = Self::SECS * (RING / 2);

    /// The tick of a moment, in monotonic seconds since any fixed start.
    pub fn at(secs: u32) -> Self {
        Self::from_bits(u64::from(secs / Self::SECS))
    }

    /// How long before this tick `seen` was; zero where it lies ahead, as from a thread whose
    /// clock was read a little later.
    pub fn since(self, seen: Self) -> Age {
        let age = self.0.wrapping_sub(seen.0) & RING_MASK;
        Age(if age <= RING_MASK / 2 { age } else { 0 })
    }

    /// The tick that lay `age` before this one.
    pub fn before(self, age: Age) -> Self {
        Self(self.0.wrapping_sub(age.0) & RING_MASK)
    }

    /// The low [`BITS`] bits.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(u16::try_from(bits & u64::from(RING_MASK)).unwrap_or_default())
    }

    pub(crate) fn bits(self) -> u64 {
        self.0.into()
    }
}

/// A span of ticks, at most half the ring.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Age(u16);

impl Age {
    /// The shortest age of at least `secs` seconds; more than half the ring counts as half.
    pub fn from_secs(secs: u32) -> Self {
        let ticks = u16::try_from(secs.div_ceil(Tick::SECS)).unwrap_or(u16::MAX);
        Self(ticks.min(RING_MASK / 2))
    }

    /// In seconds.
    pub fn secs(self) -> u32 {
        u32::from(self.0) * Tick::SECS
    }
}

/// The moments that are no longer ago than an age limit: one subtraction and one comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AgeWindow {
    now: Tick,
    /// `now` and half a ring, so that a moment a little ahead of `now` is inside too.
    end: u16,
    len: u16,
}

impl AgeWindow {
    pub(crate) const fn new(now: Tick, max_age: Age) -> Self {
        let half = RING_MASK.div_ceil(2);
        Self {
            now,
            end: now.0.wrapping_add(half) << SPARE,
            len: max_age.0.wrapping_add(half) << SPARE,
        }
    }

    pub(crate) const fn now(self) -> Tick {
        self.now
    }

    /// Whether a moment lies inside, by a stamp: the bits of its tick above four others.
    ///
    /// The others are a part of a tick, by which the moment seems later. As limits are whole ticks,
    /// that changes nothing.
    pub(crate) const fn holds(self, stamp: u16) -> bool {
        self.end.wrapping_sub(stamp) <= self.len
    }
}

/// Bits of a tick.
pub(crate) const BITS: u32 = 12;

const RING: u32 = 1 << BITS;
/// Bits of a stamp below its tick.
pub(crate) const SPARE: u32 = u16::BITS - BITS;

const RING_MASK: u16 = (1 << BITS) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_inside_until_it_is_older_than_the_limit() {
        for start in [0, 60_000, 65_535, u32::MAX - 40_000] {
            check(start, start, true);
            check(start, start + 1_600, true);
            check(start, start + 1_600 + Tick::SECS, false);
            check(start, start + 30_000, false);
        }
    }

    #[test]
    fn a_moment_ahead_of_now_is_inside() {
        check(1_000, 1_000 - Tick::SECS, true);
        check(70_000, 65_000, true);
    }

    #[test]
    fn ages_are_counted_round_the_ring() {
        let now = Tick::at(70_000);
        assert_eq!(now.since(Tick::at(60_000)).secs(), 10_000);
        assert_eq!(now.before(now.since(Tick::at(60_000))), Tick::at(60_000));
        assert_eq!(now.since(Tick::at(70_100)), Age(0));
    }

    #[test]
    fn an_age_is_rounded_up_and_ends_at_half_the_ring() {
        assert_eq!(Age::from_secs(0).secs(), 0);
        assert_eq!(Age::from_secs(1).secs(), Tick::SECS);
        assert_eq!(Age::from_secs(u32::MAX).secs(), Tick::HALF_RING_SECS - Tick::SECS);
    }

    /// Asserts whether a peer seen at one second is fresh at another, under a limit of 1,600 s.
    #[track_caller]
    fn check(seen_secs: u32, now_secs: u32, expected: bool) {
        let window = AgeWindow::new(Tick::at(now_secs), Age::from_secs(1_600));
        for spare in [0, 1, 15] {
            let stamp = Tick::at(seen_secs).0 << SPARE | spare;
            assert_eq!(window.holds(stamp), expected, "{spare}");
        }
    }
}
