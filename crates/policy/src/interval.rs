//! How long a peer waits before it announces again.

use wire::PeerId;

use crate::Intervals;

/// The interval to send to a peer, in seconds: its tier's, and up to a tenth more.
///
/// What is added depends on the peer id alone, on its random end: peers that joined together drift
/// apart, and each hears the same interval every time. The interval is at most a day, so the
/// arithmetic cannot overflow.
pub fn interval_secs(intervals: Intervals, peer_id: &PeerId) -> u32 {
    let base = intervals.regular_secs();
    base + base * u32::from(spread(peer_id)) / (10 * 256)
}

/// A byte from the last eight of a peer id. They are often letters, so each alone is uneven.
fn spread(peer_id: &PeerId) -> u8 {
    let [.., a, b, c, d, e, f, g, h] = peer_id.0;
    let [spread, ..] =
        u64::from_be_bytes([a, b, c, d, e, f, g, h]).wrapping_mul(GOLDEN_RATIO).to_be_bytes();
    spread
}

/// 2^64 over the golden ratio, for Fibonacci hashing.
const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_tiers_and_up_to_a_tenth_more() {
        for regular in [60, 1800, 86_400] {
            let intervals = Intervals::new(regular, 0).unwrap();
            let heard: Vec<u32> =
                (0..4096).map(|n| interval_secs(intervals, &peer_id(n))).collect();
            assert_eq!(heard.iter().min(), Some(&regular));
            let longest = regular + regular * 255 / 2560;
            assert_eq!(heard.iter().max(), Some(&longest));
        }
    }

    #[test]
    fn peers_are_spread_evenly() {
        let intervals = Intervals::new(1800, 900).unwrap();
        let sum: u32 = (0..4096).map(|n| interval_secs(intervals, &peer_id(n)) - 1800).sum();
        assert!((85..=95).contains(&(sum / 4096)), "mean of {} s in 0 to 180", sum / 4096);
    }

    #[test]
    fn a_peer_hears_the_same_every_time() {
        let intervals = Intervals::new(1800, 900).unwrap();
        assert_eq!(interval_secs(intervals, &peer_id(7)), interval_secs(intervals, &peer_id(7)));
    }

    /// A peer id whose end is text, as many clients make it.
    fn peer_id(n: u32) -> PeerId {
        PeerId(format!("-TR4060-{n:012}").into_bytes().try_into().unwrap())
    }
}
