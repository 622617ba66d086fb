//! Which peers a reply is given: lines of slots from random places of a table.
//!
//! A table is cut at a random place into at least as many strips as there are lines to expect to
//! read, and from one strip after another comes a line, at random. So every line is as likely as any other, whatever it
//! holds, neighbours in a table don't always meet, and one reply costs a cache miss for every few
//! peers. What is still missing then comes from the lines behind those. Deliberately absent: how
//! many of which group, and who must not be given to whom.

use std::hint::black_box;

use fastrand::Rng;

use crate::segment::LINE;
use crate::slot::PeerSlot;
use crate::table::PeerTable;

/// Offers lines of slots to `take`, with how many peers are wanted of each, until `seats` are taken;
/// returns how many were.
///
/// Every line is offered before a draw comes up short, up to [`MOST_LINES`] of them: they are never
/// so many where one slot in eight is alive.
pub(crate) fn draw<S: PeerSlot>(
    table: &PeerTable<S>,
    seats: usize,
    rng: &mut Rng,
    mut take: impl FnMut(&[S], Want, &mut Rng) -> Took,
) -> usize {
    let lines = table.lines();
    if seats == 0 || lines == 0 {
        return 0;
    }
    let [all_lines, wanted] = [lines, seats].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    let likely = (wanted * all_lines).div_ceil(u64::from(table.live().max(1))).min(MOST_STRIPS);
    let strips = Strips::new(all_lines, likely, rng);
    if lines > LINES_NEAR {
        strips.fetch(table, likely);
    }
    let wants_all = usize::try_from(table.live()).is_ok_and(|live| live <= seats);
    let (mut taken, mut read) = (0, 0);
    let mut parted = Parted::default();
    for pass in 0..strips.passes() {
        for nth in 0..strips.strips {
            let Some(line) = strips.line(nth, pass) else { continue };
            let most = seats - taken;
            let want = if wants_all || most >= LINE || parted.is_full() {
                Want::All { most }
            } else {
                Want::Part { most }
            };
            let took = take(table.line(line), want, rng);
            taken += took.taken;
            read += 1;
            if taken >= seats || read == MOST_LINES {
                return taken;
            }
            if took.is_part {
                parted.push(line);
            }
        }
    }
    for line in parted.lines() {
        if taken < seats {
            taken += take(table.line(line), Want::Rest { most: seats - taken }, rng).taken;
        }
    }
    taken
}

/// How many peers are wanted of a line.
///
/// As long as a whole line is wanted, each peer is as likely to be taken as its line is to be read.
/// To take what is missing from the next line would favour peers of lines with few; so each peer of
/// that line is taken with the same chance, whatever the line holds, and then some line more is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Want {
    /// All, up to so many.
    All { most: usize },
    /// Of each eight slots so many, less than eight: the empty ones count.
    Part { most: usize },
    /// Those that were left when a part was taken, up to so many.
    Rest { most: usize },
}

impl Want {
    /// How many to take of a line with `count` peers.
    pub(crate) fn quota(self, count: usize, rng: &mut Rng) -> usize {
        match self {
            Self::All { most } | Self::Rest { most } => count.min(most),
            Self::Part { most } => (most * count + rng.usize(..LINE)) / LINE,
        }
    }
}

/// What was taken of a line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    pub(crate) taken: usize,
    /// Whether there were more.
    pub(crate) is_part: bool,
}

/// Lines of which a part was taken.
#[derive(Clone, Copy, Debug, Default)]
struct Parted {
    lines: [usize; LINE],
    count: usize,
}

impl Parted {
    const fn is_full(&self) -> bool {
        self.count == self.lines.len()
    }

    fn push(&mut self, line: usize) {
        if let Some(place) = self.lines.get_mut(self.count) {
            *place = line;
            self.count += 1;
        }
    }

    fn lines(self) -> impl Iterator<Item = usize> {
        self.lines.into_iter().take(self.count)
    }
}

/// The order in which a draw reads the lines of a table.
#[derive(Clone, Copy, Debug)]
struct Strips {
    lines: u64,
    /// A power of two; where there are fewer lines some are empty.
    strips: u64,
    /// Lines from one strip to the next, with 32 bits behind the point.
    stride: u64,
    /// The line at which the first strip begins.
    turn: u64,
    /// From one strip to the one that is read next; odd, so that each is read once.
    step: u64,
    /// Says where each strip is read first.
    salt: u64,
}

impl Strips {
    fn new(lines: u64, likely: u64, rng: &mut Rng) -> Self {
        let strips = likely.max(FEWEST_STRIPS).next_power_of_two();
        let stride = (lines << 32) / strips;
        Self {
            lines,
            strips,
            stride,
            turn: rng.u64(..lines),
            step: rng.u64(..) | 1,
            salt: rng.u64(..),
        }
    }

    /// How often each strip is read from, at most.
    const fn passes(&self) -> u64 {
        (self.stride >> 32) + 1
    }

    /// The `nth` line of one pass, if its strip is not too short.
    fn line(&self, nth: u64, pass: u64) -> Option<usize> {
        let strip = nth.wrapping_mul(self.step) & (self.strips - 1);
        let start = (strip * self.stride) >> 32;
        let len = (((strip + 1) * self.stride) >> 32) - start;
        if pass >= len {
            return None;
        }
        let begin = ((self.salt.wrapping_mul(2 * strip + 1) >> 32) * len) >> 32;
        let within = wrap(begin + pass, len);
        usize::try_from(wrap(start + within + self.turn, self.lines)).ok()
    }

    /// Reads a word of each line that comes first, so that the waits for memory overlap.
    fn fetch<S: PeerSlot>(&self, table: &PeerTable<S>, likely: u64) {
        let lines = (0..likely).filter_map(|nth| self.line(nth, 0));
        for slot in lines.filter_map(|line| table.line(line).last()) {
            black_box(slot.word());
        }
    }
}

/// `n % end` for an `n` below twice `end`.
const fn wrap(n: u64, end: u64) -> u64 {
    if n >= end { n - end } else { n }
}

/// Lines of a table that is likely to be in the nearest cache.
const LINES_NEAR: usize = 64;

/// Lines that one draw reads at most, in one table: 32,768 slots, some ten microseconds.
const MOST_LINES: usize = 4096;

/// So many that what is read after a line does not depend on it.
const FEWEST_STRIPS: u64 = 8;
const MOST_STRIPS: u64 = 256;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_line_comes_once() {
        let mut rng = Rng::with_seed(1);
        for lines in [1, 2, 3, 13, 64, 1000] {
            for likely in [1, 2, 9, 50, MOST_STRIPS] {
                let strips = Strips::new(lines, likely, &mut rng);
                let mut seen: Vec<_> = (0..strips.passes())
                    .flat_map(|pass| (0..strips.strips).map(move |nth| (nth, pass)))
                    .filter_map(|(nth, pass)| strips.line(nth, pass))
                    .map(|line| u64::try_from(line).unwrap())
                    .collect();
                seen.sort_unstable();
                assert!(seen.iter().copied().eq(0..lines), "{lines} lines, {likely} likely");
            }
        }
    }
}
