//! What is asked next: which peer's turn it is, and what it says.

use std::time::Duration;

use arrayvec::ArrayVec;
use fastrand::Rng;
use wire::{Announce, AnnounceEvent, InfoHash};

use crate::population::Population;

/// The most torrents that one scrape here asks for.
pub(crate) const MAX_SCRAPE: usize = 10;

/// Shares of kinds of request and of events, each 0 to 1 of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mix {
    /// Of requests: a connect (UDP alone).
    pub connect: f64,
    /// Of requests: a scrape of 1 to 10 torrents.
    pub scrape: f64,
    /// Of announces: `started`.
    pub started: f64,
    /// Of announces: `stopped`.
    pub stopped: f64,
    /// Of announces: `completed`; only a seeder's.
    pub completed: f64,
    /// As aquatic's own load test has it: whether a peer seeds is drawn anew each time it
    /// announces, and it says `completed` or `started` accordingly.
    pub redraw: bool,
    /// How many peers each announce wants; the tracker's choice where absent.
    pub numwant: Option<u32>,
}

/// One request, of either transport.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ask {
    /// A peer reports.
    Announce(Announce),
    /// A connection id.
    Connect,
    /// Numbers of some torrents.
    Scrape(ArrayVec<InfoHash, MAX_SCRAPE>),
}

/// In which order the peers of one source announce.
#[derive(Debug)]
pub(crate) enum AnnounceOrder {
    /// Each once, in a shuffled order; those that got no answer are put back.
    Once {
        /// Where the walk begins: those before are there already.
        first: u32,
        /// How many were taken from the walk.
        taken: u32,
        /// From one to the next.
        stride: u32,
        /// Lost, to be asked again.
        again: Vec<u32>,
    },
    /// Any, again and again.
    Random,
}

impl AnnounceOrder {
    /// Each of `count` once, but the `first` ones.
    pub(crate) fn once(first: u32, count: u32) -> Self {
        let stride = stride(count.saturating_sub(first));
        Self::Once { first, taken: 0, stride, again: Vec::new() }
    }

    /// The next peer of `source`; none when all had their turn.
    pub(crate) fn next(&mut self, all: &Population, source: u32, rng: &mut Rng) -> Option<u32> {
        let count = all.peers_of(source);
        let place = match self {
            Self::Random if count > 0 => rng.u32(..count),
            Self::Once { again, .. } if !again.is_empty() => return again.pop(),
            Self::Once { first, taken, stride, .. } if *taken < count.saturating_sub(*first) => {
                let place = u64::from(*taken) * u64::from(*stride) % u64::from(count - *first);
                *taken += 1;
                *first + u32::try_from(place).unwrap_or_default()
            }
            Self::Once { .. } | Self::Random => return None,
        };
        Some(source + place * all.sources.max(1))
    }

    /// Whether none of `count` peers is left to announce.
    pub(crate) const fn is_done(&self, count: u32) -> bool {
        match self {
            Self::Once { first, taken, again, .. } => {
                *taken >= count.saturating_sub(*first) && again.is_empty()
            }
            Self::Random => count == 0,
        }
    }

    /// Takes back a peer whose announce was lost.
    pub(crate) fn put_back(&mut self, peer: u32) {
        if let Self::Once { again, .. } = self {
            again.push(peer);
        }
    }
}

/// The next request of a source, and whose it is; [`None`] where all have had their turn.
pub(crate) fn next(
    all: &Population,
    mix: &Mix,
    source: u32,
    order: &mut AnnounceOrder,
    since: Duration,
    rng: &mut Rng,
) -> Option<(Ask, Option<u32>)> {
    let drawn = rng.f64();
    if drawn < mix.connect {
        return Some((Ask::Connect, None));
    }
    if drawn < mix.connect + mix.scrape {
        return Some((Ask::Scrape(scrape(all, rng)), None));
    }
    let peer = order.next(all, source, rng)?;
    Some((Ask::Announce(announce(all, mix, peer, since, rng)), Some(peer)))
}

/// What one peer announces, `since` the start of the run.
pub(crate) fn announce(
    all: &Population,
    mix: &Mix,
    peer: u32,
    since: Duration,
    rng: &mut Rng,
) -> Announce {
    let seeds = if mix.redraw { rng.f64() < all.seeders } else { all.seeds(peer) };
    let traffic =
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_mul(BYTES_A_MILLI);
    Announce {
        info_hash: all.info_hash(peer),
        peer_id: all.peer_id(peer),
        port: all.port(peer),
        uploaded: traffic,
        downloaded: if seeds { 0 } else { traffic },
        left: if seeds { 0 } else { LEFT },
        event: event(mix, seeds, rng),
        numwant: mix.numwant,
        key: Some(all.key(peer)),
        passkey: all.passkey(peer),
        compact: true,
        no_peer_id: false,
    }
}

/// What a scrape asks for: torrents of as many random peers, so that large swarms come up often.
fn scrape(all: &Population, rng: &mut Rng) -> ArrayVec<InfoHash, MAX_SCRAPE> {
    let count = rng.usize(1..=MAX_SCRAPE);
    (0..count).map(|_| all.info_hash(rng.u32(..all.peers.max(1)))).collect()
}

fn event(mix: &Mix, seeds: bool, rng: &mut Rng) -> AnnounceEvent {
    if mix.redraw {
        return if seeds { AnnounceEvent::Completed } else { AnnounceEvent::Started };
    }
    let drawn = rng.f64();
    if drawn < mix.started {
        AnnounceEvent::Started
    } else if drawn < mix.started + mix.stopped {
        AnnounceEvent::Stopped
    } else if drawn < mix.started + mix.stopped + mix.completed && seeds {
        AnnounceEvent::Completed
    } else {
        AnnounceEvent::None
    }
}

/// A step through `0..count` that meets every number once before it meets one again.
fn stride(count: u32) -> u32 {
    let golden = u64::from(count) * 618 / 1000;
    let from = u32::try_from(golden).unwrap_or_default().max(1);
    (from..count).find(|step| gcd(*step, count) == 1).unwrap_or(1)
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// 100 kB a second, up and down.
const BYTES_A_MILLI: u64 = 100;
/// What a leecher misses, in bytes.
const LEFT: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::population::tests::population;

    #[test]
    fn once_means_each_peer_of_the_source_once() {
        let all = population();
        for source in [0, 3] {
            let count = all.peers_of(source);
            let (mut order, mut rng) = (AnnounceOrder::once(0, count), Rng::with_seed(1));
            let met: Vec<_> = std::iter::from_fn(|| order.next(&all, source, &mut rng)).collect();
            assert_eq!(met.len(), 25);
            assert_eq!(met.iter().collect::<HashSet<_>>().len(), met.len());
            assert!(met.iter().all(|peer| peer % all.sources == source));
            assert!(!met.is_sorted(), "{met:?}");
        }
    }

    #[test]
    fn the_first_ones_can_be_left_out() {
        let all = population();
        let (first, count) = (all.first_of(3, 50), all.peers_of(3));
        let (mut order, mut rng) = (AnnounceOrder::once(first, count), Rng::with_seed(1));
        let met: HashSet<_> = std::iter::from_fn(|| order.next(&all, 3, &mut rng)).collect();
        assert_eq!(met, (50..100).filter(|peer| peer % all.sources == 3).collect());
        assert!(order.is_done(count));
    }

    #[test]
    fn what_was_put_back_comes_again() {
        let all = Population { peers: 1, ..population() };
        let (mut order, mut rng) = (AnnounceOrder::once(0, 1), Rng::with_seed(1));
        assert_eq!(order.next(&all, 0, &mut rng), Some(0));
        assert_eq!(order.next(&all, 0, &mut rng), None);
        order.put_back(0);
        assert_eq!(order.next(&all, 0, &mut rng), Some(0));
        assert_eq!(order.next(&all, 0, &mut rng), None);
    }

    #[test]
    fn a_source_without_peers_has_nobody_to_ask_for() {
        let all = Population { peers: 1, ..population() };
        let mut rng = Rng::with_seed(1);
        assert_eq!(AnnounceOrder::Random.next(&all, 3, &mut rng), None);
        assert_eq!(AnnounceOrder::once(0, 0).next(&all, 3, &mut rng), None);
    }

    #[test]
    fn a_seeder_lacks_nothing_and_loads_nothing() {
        let (all, mix) = (population(), Mix::default());
        for peer in 0..all.peers {
            let said = announce(&all, &mix, peer, Duration::from_secs(1), &mut Rng::with_seed(1));
            assert_eq!(said.left == 0, all.seeds(peer));
            assert_eq!(said.downloaded == 0, all.seeds(peer));
            assert_eq!((said.uploaded, said.event), (100_000, AnnounceEvent::None));
        }
    }

    #[test]
    fn events_come_in_the_shares_asked_for() {
        let all = Population { seeders: 1.0, ..population() };
        let mix = Mix { started: 0.2, stopped: 0.3, completed: 0.1, ..Mix::default() };
        let mut rng = Rng::with_seed(1);
        let said: Vec<_> =
            (0..10_000).map(|_| announce(&all, &mix, 1, Duration::ZERO, &mut rng).event).collect();
        for (event, share) in [
            (AnnounceEvent::Started, 2000),
            (AnnounceEvent::Stopped, 3000),
            (AnnounceEvent::Completed, 1000),
        ] {
            let count = said.iter().filter(|said| **said == event).count();
            assert!(count.abs_diff(share) < 300, "{event:?} {count}");
        }
    }

    #[test]
    fn redrawn_peers_say_what_they_are() {
        let (all, mix) = (population(), Mix { redraw: true, ..Mix::default() });
        let mut rng = Rng::with_seed(1);
        for _ in 0..100 {
            let said = announce(&all, &mix, 1, Duration::ZERO, &mut rng);
            assert_eq!(said.event == AnnounceEvent::Completed, said.left == 0);
        }
    }

    #[test]
    fn every_step_meets_every_number() {
        for count in 1..200 {
            assert_eq!(gcd(stride(count), count), 1, "{count}");
        }
    }
}
