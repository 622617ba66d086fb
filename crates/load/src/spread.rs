//! How peers are spread over torrents.
//!
//! A spread is a quantile function: peers in the order of their numbers, torrents in the order of
//! theirs. So a peer's torrent is a matter of arithmetic, no table of millions is kept, and the
//! peers of one torrent have neighbouring numbers.

/// How many peers which torrent has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// As aquatic's own load test has it: a crowd whose size falls off exponentially over the
    /// first fiftieth of the torrents, and half a peer for each torrent besides.
    Aquatic,
    /// In proportion to 1 / rank^s; every torrent alike at 0.
    Zipf(f64),
}

impl Spread {
    /// The torrent, below `torrents`, of peer `peer` out of `peers`.
    pub fn torrent(self, peer: u32, peers: u32, torrents: u32) -> u32 {
        let quantile = (f64::from(peer) + 0.5) / f64::from(peers.max(1));
        let count = f64::from(torrents);
        let rank = match self {
            Self::Aquatic => aquatic(quantile, f64::from(peers), count),
            Self::Zipf(s) => zipf(quantile, s, count),
        };
        floor(rank).min(torrents.saturating_sub(1))
    }
}

/// Inverts the integral of x^-s from 1 to `count` + 1, which a sum over ranks comes close to.
fn zipf(quantile: f64, s: f64, count: f64) -> f64 {
    let power = 1.0 - s;
    let x = if power.abs() < 1e-9 {
        (count + 1.0).powf(quantile)
    } else {
        (((count + 1.0).powf(power) - 1.0) * quantile + 1.0).powf(power.recip())
    };
    x - 1.0
}

/// Weights there are `torrents / peers + exp(6.5 - 500 * rank / torrents)`.
fn aquatic(quantile: f64, peers: f64, count: f64) -> f64 {
    let even = count * count / peers.max(1.0);
    let crowd = CROWD_PEAK.exp() * count / CROWD_DECAY;
    let even_share = even / (even + crowd);
    if quantile < even_share {
        count * quantile / even_share
    } else {
        let within = (quantile - even_share) / (1.0 - even_share);
        -(1.0 - within).ln() * count / CROWD_DECAY
    }
}

/// The whole part; 0 for what is negative, the highest number for what is too large.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, and no conversion of the standard library does the same"
)]
fn floor(x: f64) -> u32 {
    x as u32
}

const CROWD_PEAK: f64 = 6.5;
const CROWD_DECAY: f64 = 500.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `peers` peers each of `torrents` torrents has.
    fn sizes(spread: Spread, peers: u32, torrents: u32) -> Vec<u32> {
        let mut sizes = vec![0; usize::try_from(torrents).unwrap()];
        for peer in 0..peers {
            sizes[usize::try_from(spread.torrent(peer, peers, torrents)).unwrap()] += 1;
        }
        sizes
    }

    #[test]
    fn at_zero_every_torrent_has_as_many_peers() {
        assert!(sizes(Spread::Zipf(0.0), 1000, 10).iter().all(|size| *size == 100));
        assert!(sizes(Spread::Zipf(0.0), 10, 10).iter().all(|size| *size == 1));
    }

    #[test]
    fn at_one_the_first_torrent_has_about_twice_the_second() {
        let sizes = sizes(Spread::Zipf(1.0), 100_000, 1000);
        assert!(sizes.is_sorted_by(|a, b| *a + 1 >= *b), "{sizes:?}");
        assert!((sizes[1] * 3 / 2..sizes[1] * 2).contains(&sizes[0]), "{sizes:?}");
    }

    #[test]
    fn of_aquatics_crowd_most_meet_in_a_fiftieth_of_the_torrents() {
        let sizes = sizes(Spread::Aquatic, 20_000, 10_000);
        let crowd: u32 = sizes[..200].iter().sum();
        assert!((14_000..15_000).contains(&crowd), "{crowd}");
        assert!(sizes[200..].iter().all(|size| *size <= 2));
    }

    #[test]
    fn every_peer_has_a_torrent() {
        for spread in [Spread::Aquatic, Spread::Zipf(0.0), Spread::Zipf(0.8), Spread::Zipf(2.0)] {
            for (peers, torrents) in [(1, 1), (7, 3), (3, 7), (1000, 1)] {
                for peer in 0..peers {
                    assert!(spread.torrent(peer, peers, torrents) < torrents);
                }
            }
        }
    }
}
