//! Waiting for something to become true, in programs whose pace is their own.

use std::thread::sleep;
use std::time::Duration;

/// Asks until there is an answer, for a minute at most.
#[track_caller]
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(60), what, ask)
}

/// Asks until there is an answer, for `limit` at most.
#[track_caller]
pub fn within<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let rounds = limit.as_millis() / PAUSE.as_millis();
    for _ in 0..=rounds {
        if let Some(answer) = ask() {
            return answer;
        }
        sleep(PAUSE);
    }
    panic!("{what}: not within {limit:?}")
}

const PAUSE: Duration = Duration::from_millis(50);
