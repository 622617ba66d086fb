//! How many runs of counters one member's clients may begin in one item's swarm.
//!
//! A run is a row in the books that is kept for weeks. A client begins one when it starts, which an
//! honest one does a few times a day; a dishonest one could do it at each announce.

use hashbrown::HashMap;

/// Runs begun of late. An entry lasts until its allowance is whole again.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    /// By the hash of a member and an item.
    begun: HashMap<u64, RunsBegun>,
}

/// Runs that count against the allowance.
#[derive(Clone, Copy, Debug)]
struct RunsBegun {
    runs: u16,
    /// When one of them was last forgotten.
    since: u32,
}

impl Allowance {
    /// Counts one more run; false where there have been too many.
    pub(crate) fn take(&mut self, key: u64, now: u32) -> bool {
        let begun = self.begun.entry(key).or_insert(RunsBegun { runs: 0, since: now });
        *begun = begun.at(now);
        let allows = begun.runs < BURST;
        begun.runs += u16::from(allows);
        allows
    }

    /// Drops what stands for an allowance that is whole again.
    pub(crate) fn tidy(&mut self, now: u32) {
        self.begun.retain(|_, begun| begun.at(now).runs > 0);
        self.begun.shrink_to(2 * self.begun.len());
    }
}

impl RunsBegun {
    fn at(self, now: u32) -> Self {
        let forgotten = now.saturating_sub(self.since) / SECS_A_RUN;
        let runs = self.runs.saturating_sub(u16::try_from(forgotten).unwrap_or(u16::MAX));
        let since = if runs == 0 { now } else { self.since + forgotten * SECS_A_RUN };
        Self { runs, since }
    }
}

/// As many clients of one member start at once.
const BURST: u16 = 64;
/// And one more starts, or starts anew, in so long.
const SECS_A_RUN: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_in_ten_seconds() {
        let mut allowance = Allowance::default();
        let takes =
            |allowance: &mut Allowance, now| (0..200).filter(|_| allowance.take(7, now)).count();
        assert_eq!(takes(&mut allowance, 100), 64);
        assert_eq!(takes(&mut allowance, 109), 0);
        assert_eq!(takes(&mut allowance, 135), 3);
        assert_eq!(takes(&mut allowance, 100_000), 64);
        assert!(allowance.take(8, 100_000));
    }

    #[test]
    fn nothing_is_kept_of_a_whole_allowance() {
        let mut allowance = Allowance::default();
        assert!((0..1000).all(|key| allowance.take(key, 100)));
        allowance.tidy(109);
        assert_eq!(allowance.begun.len(), 1000);
        allowance.tidy(110);
        assert_eq!((allowance.begun.len(), allowance.begun.capacity()), (0, 0));
    }
}
