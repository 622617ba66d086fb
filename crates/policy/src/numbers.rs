//! The numbers by which memory knows what the configuration names.
//!
//! A name keeps its number as long as the daemon runs, wherever it stands in the list: what was
//! judged by one configuration means the same under the next, or nothing. So it does not matter
//! which of the rules, the roster and the items is changed first.

use std::collections::HashMap;

use thiserror::Error;

/// The numbers of a list of names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Numbers {
    /// By place in the list.
    numbers: Vec<u8>,
    /// By number; [`NOWHERE`] for those that nothing has.
    places: [u8; NUMBERS],
}

impl Numbers {
    /// Each has its place for a number; what stands past [`MAX`] has none.
    pub(crate) fn counted(names: usize) -> Self {
        Self::of((0..MAX).take(names).collect())
    }

    /// Each has the number that it had in a list before, or one that nothing had there. `None` where
    /// there are not enough of them.
    pub(crate) fn kept<'a>(
        names: impl Iterator<Item = &'a str>,
        before: impl Iterator<Item = (&'a str, u8)>,
    ) -> Option<Self> {
        let before: HashMap<_, _> = before.collect();
        let mut unused = (0..MAX).filter(|number| !before.values().any(|used| used == number));
        let mut number_of = |name| before.get(name).copied().or_else(|| unused.next());
        Some(Self::of(names.map(&mut number_of).collect::<Option<_>>()?))
    }

    /// The number of what stands at a place.
    pub(crate) fn number(&self, place: usize) -> Option<u8> {
        self.numbers.get(place).copied()
    }

    /// The place of what has a number.
    pub(crate) fn place(&self, number: u8) -> Option<u8> {
        self.places.get(usize::from(number)).copied().filter(|place| *place != NOWHERE)
    }

    fn of(numbers: Vec<u8>) -> Self {
        let mut places = [NOWHERE; NUMBERS];
        for (place, number) in (0..).zip(&numbers) {
            if let Some(at) = places.get_mut(usize::from(*number)) {
                *at = place;
            }
        }
        Self { numbers, places }
    }
}

/// The configuration names too much that the one in force does not.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "{what}: those in force and those of the file are more than {MAX} together; change fewer at a \
     time, or restart"
)]
pub struct TooManyNames {
    /// The key they stand under.
    pub what: &'static str,
}

/// How many numbers there are.
pub(crate) const MAX: u8 = 64;
const NUMBERS: usize = 64;
const NOWHERE: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_and_a_new_one_gets_no_used_one() {
        let first = Numbers::counted(3);
        assert_eq!(first.numbers, [0, 1, 2]);
        let second = kept(&["a", "new", "c"], &[("a", 0), ("b", 1), ("c", 2)]).unwrap();
        assert_eq!(second.numbers, [0, 3, 2]);
        assert_eq!(
            [0, 1, 2, 3, 64].map(|n| second.place(n)),
            [Some(0), None, Some(2), Some(1), None]
        );
        // Nobody has the number of `b` any more.
        let third = kept(&["a", "b"], &[("a", 0), ("new", 3), ("c", 2)]).unwrap();
        assert_eq!(third.numbers, [0, 1]);
    }

    #[test]
    fn there_are_64_numbers_for_two_lists_together() {
        let names: Vec<String> = (0..64).map(|n| format!("name {n}")).collect();
        let old: Vec<_> = names.iter().map(String::as_str).zip(0..).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert!(kept(&names, &old).is_some());
        assert!(kept(&["new"], &old[..63]).is_some());
        assert!(kept(&["new"], &old).is_none());
        assert!(kept(&["new", "newer"], &old[..63]).is_none());
    }

    fn kept(names: &[&str], before: &[(&str, u8)]) -> Option<Numbers> {
        Numbers::kept(names.iter().copied(), before.iter().copied())
    }
}
