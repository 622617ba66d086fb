//! Random announces, ticks and sweeps against a plain map, which says what the tables must hold.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use fastrand::Rng;
use swarm::{
    Age, Census, Endpoint, Families, Group, PeerEvent, PeerList, PeerUpdate, SwarmCounts,
    SwarmLimits, Swarms, Tick, UpdateOutcome,
};
use wire::{CompactV4, CompactV6, InfoHash};

#[test]
fn a_swarm_of_two_agrees_with_a_map() {
    check(1, 2_000, 3, 0);
}

#[test]
fn a_small_swarm_agrees_with_a_map() {
    check(2, 2_000, 12, 4);
}

#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn a_swarm_of_hundreds_agrees_with_a_map() {
    check(3, 6_000, 500, 100);
}

#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn a_swarm_of_64_segments_agrees_with_a_map() {
    check(4, 40_000, 20_000, 10_000);
}

/// One peer of the model.
#[derive(Clone, Copy, Debug)]
struct Known {
    group: Group,
    paused: bool,
    held: bool,
    second: bool,
    /// Its tick, on an endless line.
    seen: u32,
}

struct Model {
    swarms: Swarms,
    name: InfoHash,
    peers: HashMap<Endpoint, Known>,
    completed: u32,
    /// Ticks since the start.
    now: u32,
    rng: Rng,
    list: PeerList,
}

/// Ticks that a peer stays.
const MAX_AGE: u32 = 100;

/// Asserts that a swarm of so many endpoints of each family does in `steps` steps what a map does.
#[track_caller]
fn check(seed: u64, steps: u32, v4: u32, v6: u32) {
    let steps = if cfg!(miri) { steps / 100 } else { steps };
    // A sweep looks at every shard, which takes Miri seconds.
    let between_sweeps = if cfg!(miri) { 6 } else { steps / 20 + 1 };
    let mut model = Model {
        swarms: Swarms::new(SwarmLimits::default(), seed),
        name: InfoHash([7; 20]),
        peers: HashMap::new(),
        completed: 0,
        now: 5_000,
        rng: Rng::with_seed(seed),
        list: PeerList::default(),
    };
    for step in 0..steps {
        model.announce(v4, v6);
        // Now and then a crowd leaves by growing old.
        if model.rng.u32(..steps / 8 + 1) == 0 {
            model.now += MAX_AGE / 2;
        } else if model.rng.u32(..steps / 200 + 1) == 0 {
            model.now += 1;
        }
        if model.rng.u32(..between_sweeps) == 0 {
            model.sweep();
        }
        if step % (steps / 50 + 1) == 0 {
            model.compare();
        }
    }
    model.now += 2 * MAX_AGE;
    model.sweep();
    assert_eq!(model.swarms.scrape(&model.name), None);
    assert_eq!(model.swarms.totals(), swarm::SwarmTotals::default());
}

impl Model {
    fn announce(&mut self, v4: u32, v6: u32) {
        let endpoint = endpoint(self.rng.u32(..v4 + v6), v4);
        let rng = &mut self.rng;
        let others: Vec<_> =
            (0..rng.u32(..3)).map(|_| self::endpoint(rng.u32(..v4 + v6), v4)).collect();
        let update = PeerUpdate {
            endpoint,
            // Half are of one group, which so becomes the first with many segments.
            group: Group::ALL[rng.usize(..4) | rng.usize(..4)],
            paused: rng.bool(),
            held: rng.u32(..3) == 0,
            second: rng.u32(..4) == 0,
            event: match rng.u32(..10) {
                0 => PeerEvent::Left,
                1 => PeerEvent::Completed,
                _ => PeerEvent::Present,
            },
            others: &others,
            families: *rng.choice(&[Families::Both, Families::V4, Families::V6]).unwrap(),
            now: tick(self.now),
            max_age: age(),
        };
        let expected = self.expect(&update);
        let numwant = self.rng.u32(..60);
        let found = self.swarms.find(&self.name);
        let reply = self
            .swarms
            .announce(
                &found,
                &update,
                |candidates| plan(candidates, numwant),
                &mut self.rng,
                &mut self.list,
            )
            .unwrap();
        assert_eq!((reply.outcome, reply.hid_seeders), (expected, false));
        // O(n) in the peers.
        if self.rng.usize(..self.peers.len() / 100 + 1) == 0 {
            assert_eq!(reply.counts, self.counts());
            self.check_list(&update, numwant);
        }
    }

    /// Does to the map what the update does, and says what that is.
    fn expect(&mut self, update: &PeerUpdate<'_>) -> UpdateOutcome {
        let old = self.peers.get(&update.endpoint).copied();
        let fresh = old.filter(|known| self.now - known.seen <= MAX_AGE);
        if !update.held && fresh.is_some_and(|known| known.held) {
            return UpdateOutcome::Held;
        }
        if update.event == PeerEvent::Left {
            self.peers.remove(&update.endpoint);
            return if fresh.is_some() { UpdateOutcome::Left } else { UpdateOutcome::Absent };
        }
        let PeerUpdate { endpoint, group, paused, held, second, .. } = *update;
        self.peers.insert(endpoint, Known { group, paused, held, second, seen: self.now });
        let was_seeder = fresh.is_some_and(|known| known.group.is_seeders());
        if update.event == PeerEvent::Completed && group.is_seeders() && !was_seeder && !second {
            self.completed += 1;
        }
        // A swarm of two gives the place of a peer that is too old to somebody else.
        match fresh {
            None => UpdateOutcome::Inserted,
            Some(known) if known.group == group => UpdateOutcome::Refreshed,
            Some(_) => UpdateOutcome::Moved,
        }
    }

    fn check_list(&self, update: &PeerUpdate<'_>, numwant: u32) {
        let drawn: Vec<Endpoint> = self
            .list
            .v4
            .iter()
            .map(|peer| Endpoint::V4(*peer))
            .chain(self.list.v6.iter().map(|peer| Endpoint::V6(*peer)))
            .collect();
        let unique: HashSet<_> = drawn.iter().collect();
        assert_eq!(unique.len(), drawn.len(), "doubles");
        if update.event == PeerEvent::Left {
            assert!(drawn.is_empty());
            return;
        }
        let candidates = self.candidates(update);
        let mut census = Census::default();
        for known in candidates.values() {
            *census.of_mut(known.group) += 1;
        }
        let mut given = Census::default();
        for peer in &drawn {
            let known = candidates.get(peer).expect("not a candidate");
            *given.of_mut(known.group) += 1;
        }
        assert_eq!(given, plan(&census, numwant), "of {census:?}");
    }

    /// Who may be given to a caller.
    fn candidates(&self, update: &PeerUpdate<'_>) -> HashMap<Endpoint, Known> {
        let is_shown = |endpoint: &Endpoint| match update.families {
            Families::Both => true,
            Families::V4 => matches!(endpoint, Endpoint::V4(_)),
            Families::V6 => matches!(endpoint, Endpoint::V6(_)),
        };
        self.peers
            .iter()
            .filter(|(endpoint, known)| {
                is_shown(endpoint)
                    && self.now - known.seen <= MAX_AGE
                    && **endpoint != update.endpoint
                    && !update.others.contains(endpoint)
            })
            .map(|(endpoint, known)| (*endpoint, *known))
            .collect()
    }

    fn counts(&self) -> SwarmCounts {
        let mut counts = SwarmCounts { completed: self.completed, ..SwarmCounts::default() };
        for known in self.peers.values().filter(|known| !known.second) {
            if known.group.is_seeders() {
                counts.seeders += 1;
            } else {
                counts.leechers += 1;
                counts.paused += u32::from(known.paused);
            }
        }
        counts
    }

    fn sweep(&mut self) {
        let before = self.peers.len();
        let now = self.now;
        self.peers.retain(|_, known| now - known.seen <= MAX_AGE);
        if self.peers.is_empty() {
            self.completed = 0;
        }
        let expired: u32 = (0..Swarms::SHARDS)
            .map(|shard| {
                let swept = self.swarms.sweep(shard, tick(now), age(), || ());
                assert_eq!(swept.doubles, 0);
                swept.expired
            })
            .sum();
        assert_eq!(usize::try_from(expired).unwrap(), before - self.peers.len());
        self.compare();
    }

    /// Asserts that the swarm holds the map's peers, each once and as it should stand.
    fn compare(&self) {
        let mut peers = HashMap::new();
        self.swarms.peers(&self.name, tick(self.now), |peer| {
            let known = Known {
                group: peer.group,
                paused: peer.paused,
                held: peer.held,
                second: peer.second,
                seen: self.now - peer.age.secs() / Tick::SECS,
            };
            assert!(peers.insert(peer.endpoint, known).is_none(), "double");
        });
        assert_eq!(peers.len(), self.peers.len());
        for (endpoint, known) in &self.peers {
            assert_eq!(format!("{:?}", peers.get(endpoint)), format!("{:?}", Some(known)));
        }
        if !self.peers.is_empty() {
            assert_eq!(self.swarms.scrape(&self.name), Some(self.counts()));
        }
    }
}

/// Fills `numwant` seats in a fixed order of groups.
fn plan(candidates: &Census, numwant: u32) -> Census {
    let mut seats = Census::default();
    let mut left = numwant;
    for group in Group::ALL {
        let taken = candidates.of(group).min(left);
        *seats.of_mut(group) = taken;
        left -= taken;
    }
    seats
}

/// The `n`th endpoint, of which the first `v4` are IPv4.
fn endpoint(n: u32, v4: u32) -> Endpoint {
    if n < v4 {
        let port = if n.is_multiple_of(2) { 6881 } else { 6882 };
        Endpoint::V4(CompactV4::new(Ipv4Addr::from(0x5000_0000 + n / 2), port))
    } else {
        let ip = Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(n));
        Endpoint::V6(CompactV6::new(ip, 6881))
    }
}

fn tick(ticks: u32) -> Tick {
    Tick::at(ticks * Tick::SECS)
}

fn age() -> Age {
    Age::from_secs(MAX_AGE * Tick::SECS)
}
