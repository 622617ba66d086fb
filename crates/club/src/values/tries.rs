//! How often what waits in a queue is tried: mail and webhooks.

use std::time::Duration;

/// Seconds until the next try: 5, then three times as many each time, up to an hour.
pub(crate) fn pause(tries: u32) -> u32 {
    let thrice = 3_u32.saturating_pow(tries.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(thrice).min(HOUR)
}

/// The text of an answer as it is kept: at most 500 bytes.
pub(crate) fn kept(answer: &str) -> &str {
    &answer[..answer.floor_char_boundary(MAX_ANSWER)]
}

/// How long whoever takes something to send has for one try.
pub const TRY_LEASE: Duration = Duration::from_secs(45);
/// After how many seconds something is taken again of which nothing was heard.
pub(crate) const HELD_SECS: u32 = 60;
const FIRST_PAUSE: u32 = 5;
const HOUR: u32 = 3600;
const MAX_ANSWER: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_up_to_an_hour() {
        let pauses = [1, 2, 3, 6, 7, 8, u32::MAX].map(pause);
        assert_eq!(pauses, [5, 15, 45, 1215, 3600, 3600, 3600]);
        assert!(u64::from(HELD_SECS) > TRY_LEASE.as_secs());
    }
}
