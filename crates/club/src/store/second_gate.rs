//! Lets one of a kind through each second, and counts the rest: what strangers cause must not reach
//! the disk as fast as they can send it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// One gate for each name, for up to [`MAX_NAMES`] names.
#[derive(Debug, Default)]
pub(crate) struct SecondGate(Mutex<HashMap<String, GateState>>);

#[derive(Clone, Copy, Debug)]
struct GateState {
    /// When one was let through last, in Unix seconds.
    passed: u32,
    /// How many were not, since then.
    held_back: u32,
}

impl SecondGate {
    /// Whether one may pass: how many did not since the last one, or `None`, where it is counted.
    pub(crate) fn pass(&self, name: &str, now_unix: u32) -> Option<u32> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = gates.get_mut(name) else {
            if gates.len() >= MAX_NAMES {
                return None;
            }
            gates.insert(name.to_owned(), GateState { passed: now_unix, held_back: 0 });
            return Some(0);
        };
        // A clock that was set back does not close the gate.
        if seen.passed == now_unix {
            seen.held_back = seen.held_back.saturating_add(1);
            return None;
        }
        seen.passed = now_unix;
        Some(std::mem::take(&mut seen.held_back))
    }
}

/// Names come from the configuration; more than these are not let through.
const MAX_NAMES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_passes_each_second_and_the_rest_are_counted() {
        let gate = SecondGate::default();
        let passed: Vec<_> = [7, 7, 7, 8, 8, 20, 3, 3, 4].map(|now| gate.pass("a", now)).into();
        let expected = [Some(0), None, None, Some(2), None, Some(1), Some(0), None, Some(1)];
        assert_eq!(passed, expected);
        assert_eq!(gate.pass("b", 4), Some(0));
    }

    #[test]
    fn names_have_a_maximum() {
        let gate = SecondGate::default();
        let passes = |name: usize| gate.pass(&name.to_string(), 7).is_some();
        assert!((0..MAX_NAMES).all(passes) && !passes(MAX_NAMES));
    }
}
