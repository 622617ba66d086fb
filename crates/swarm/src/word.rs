//! The 64 bits that say who a peer is and how it stands: one compare-exchange changes them all.
//!
//! ```text
//! 63       16 15      4 3      2    1      0
//! |  name 48 | seen 12 |paused|held|second|live|
//! ```
//!
//! The name is an IPv4 address and port, or a fingerprint and port of an IPv6 endpoint. Zero is a
//! slot that nobody took. Without `live` the three marks tell what kind of dead the word is.

use crate::tick::{self, AgeWindow, Tick};

/// The state of a peer slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PeerWord(u64);

impl PeerWord {
    /// A slot that nobody took.
    pub(crate) const EMPTY: Self = Self(0);

    /// A live peer's.
    ///
    /// `name` has no more than 48 bits.
    pub(crate) fn live(name: u64, seen: Tick, marks: Marks) -> Self {
        Self(name << NAME_SHIFT | seen.bits() << SEEN_SHIFT | marks.bits() | LIVE)
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn name(self) -> u64 {
        self.0 >> NAME_SHIFT
    }

    pub(crate) fn seen(self) -> Tick {
        Tick::from_bits(self.0 >> SEEN_SHIFT)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn is_live(self) -> bool {
        self.0 & LIVE != 0
    }

    /// Whether somebody took the slot and has not yet written all of the key.
    pub(crate) const fn is_claimed(self) -> bool {
        self.0 & STATE == CLAIMED
    }

    /// Whether the peer is live and was seen within the window.
    pub(crate) const fn is_fresh(self, window: AgeWindow) -> bool {
        // Without a branch: what a draw reads is alive or not by chance.
        let [.., high, low] = self.0.to_be_bytes();
        self.is_live() & window.holds(u16::from_be_bytes([high, low]))
    }

    /// Whether both are live with the same marks, or neither in the same way.
    pub(crate) const fn stands_like(self, other: Self) -> bool {
        (self.0 ^ other.0) & STATE == 0
    }

    pub(crate) const fn marks(self) -> Marks {
        Marks {
            paused: self.0 & PAUSED != 0,
            held: self.0 & HELD != 0,
            second: self.0 & SECOND != 0,
        }
    }

    /// What is left when the peer goes: the name, so that the slot stays its own.
    pub(crate) const fn dead(self) -> Self {
        Self(self.0 & !STATE | DEAD)
    }

    /// The same name on a slot whose key is still being written.
    pub(crate) const fn claimed(self) -> Self {
        Self(self.0 & !STATE | CLAIMED)
    }
}

/// What a live peer is besides being there.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Marks {
    /// A partial seed (BEP 21).
    pub(crate) paused: bool,
    /// Put there by somebody who proved who they are.
    pub(crate) held: bool,
    /// Not counted: another endpoint of its client is.
    pub(crate) second: bool,
}

impl Marks {
    const fn bits(self) -> u64 {
        let paused = if self.paused { PAUSED } else { 0 };
        let held = if self.held { HELD } else { 0 };
        let second = if self.second { SECOND } else { 0 };
        paused | held | second
    }
}

const LIVE: u64 = 1;
const SECOND: u64 = 1 << 1;
const HELD: u64 = 1 << 2;
const PAUSED: u64 = 1 << 3;
const SEEN_SHIFT: u32 = tick::SPARE;
const NAME_SHIFT: u32 = SEEN_SHIFT + tick::BITS;

/// The bits that tell live, claimed and dead apart. A dead word keeps one of them, so that it is
/// never mistaken for an empty one.
const STATE: u64 = LIVE | SECOND | HELD | PAUSED;
const DEAD: u64 = PAUSED;
const CLAIMED: u64 = HELD;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Age;

    #[test]
    fn a_word_keeps_what_it_was_made_of() {
        let name = 0xffff_ffff_1ae1;
        let seen = Tick::at(60_000);
        let marks = Marks { paused: true, held: false, second: true };
        let word = PeerWord::live(name, seen, marks);
        assert_eq!((word.name(), word.seen(), word.marks()), (name, seen, marks));
        assert!(word.is_live() && !word.is_empty() && !word.is_claimed());
    }

    #[test]
    fn a_dead_word_keeps_its_name_and_is_not_empty() {
        for name in [0, 0xcb00_7107_1ae1] {
            for paused in [false, true] {
                let marks = Marks { paused, held: true, second: true };
                let word = PeerWord::live(name, Tick::at(0), marks).dead();
                assert_eq!(word.name(), name);
                assert!(!word.is_empty() && !word.is_live() && !word.is_claimed());
            }
        }
    }

    #[test]
    fn only_a_live_word_is_fresh() {
        let now = Tick::at(100_000);
        let window = AgeWindow::new(now, Age::from_secs(1_800));
        let word = |secs| PeerWord::live(7, Tick::at(secs), Marks::default());
        assert!(word(100_000).is_fresh(window) && word(98_300).is_fresh(window));
        assert!(!word(98_000).is_fresh(window));
        assert!(!word(100_000).dead().is_fresh(window));
        assert!(!word(100_000).claimed().is_fresh(window));
        assert!(!PeerWord::EMPTY.is_fresh(window));
    }
}
