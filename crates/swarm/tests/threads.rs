//! Many threads in a few swarms: whatever they do to each other, what is left adds up.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fastrand::Rng;
use swarm::{
    Age, Census, Endpoint, Families, Group, PeerEvent, PeerList, PeerUpdate, SwarmCounts,
    SwarmLimits, SwarmTotals, Swarms, Tick,
};
use wire::{CompactV4, CompactV6, InfoHash};

#[test]
fn what_threads_leave_adds_up() {
    let steps = if cfg!(miri) { 15 } else { 8_000 };
    for (seed, endpoints) in [(1, 3), (2, 40), (3, 3_000)] {
        check(seed, endpoints, steps);
    }
}

#[test]
#[ignore = "runs for minutes"]
fn what_threads_leave_adds_up_for_long() {
    for seed in 0..100 {
        check(seed, 1 << (seed % 17), 2_000_000);
    }
}

/// Asserts that four threads, which announce so many endpoints in two swarms while a fifth sweeps,
/// leave each endpoint in one place, counts that are those of the peers, and nothing once all have
/// left.
#[track_caller]
fn check(seed: u64, endpoints: u32, steps: u32) {
    let swarms = Swarms::new(SwarmLimits::default(), seed);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let announcers: Vec<_> = (0..4)
            .map(|n| {
                let swarms = &swarms;
                scope.spawn(move || announce(swarms, seed * 4 + n, endpoints, steps))
            })
            .collect();
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                sweep(&swarms, 100);
            }
        });
        announcers.into_iter().for_each(|announcer| announcer.join().unwrap());
        is_done.store(true, Ordering::Relaxed);
    });

    // One sweep on its own parts what is doubled; the second finds nothing to do.
    sweep(&swarms, 100);
    assert_eq!(sweep(&swarms, 100), (0, 0));
    let mut totals = SwarmTotals::default();
    for name in NAMES {
        let Some(counts) = swarms.scrape(&name) else { continue };
        totals.swarms += 1;
        let mut peers = HashMap::new();
        let mut seen = SwarmCounts { completed: counts.completed, ..SwarmCounts::default() };
        swarms.peers(&name, Tick::at(100 * Tick::SECS), |peer| {
            assert_eq!(peers.insert(peer.endpoint, peer.group), None);
            match peer.endpoint {
                Endpoint::V4(_) => totals.v4 += 1,
                Endpoint::V6(_) => totals.v6 += 1,
            }
            if peer.second {
                return;
            }
            *totals.clients.of_mut(peer.group) += 1;
            if peer.group.is_seeders() {
                seen.seeders += 1;
            } else {
                seen.leechers += 1;
                seen.paused += u32::from(peer.paused);
            }
        });
        assert_eq!(seen, counts);
    }
    assert_eq!(swarms.totals(), totals);

    // Everybody grows old.
    sweep(&swarms, 1_000);
    assert_eq!(swarms.totals(), SwarmTotals::default());
}

fn announce(swarms: &Swarms, seed: u64, endpoints: u32, steps: u32) {
    let mut rng = Rng::with_seed(seed);
    let mut list = PeerList::default();
    for step in 0..steps {
        let name = if rng.bool() { NAMES[0] } else { NAMES[1] };
        // Some endpoints are much more popular than others.
        let spread = rng.u32(1..=endpoints);
        let update = PeerUpdate {
            endpoint: endpoint(rng.u32(..spread)),
            group: rng.choice(Group::ALL).unwrap(),
            paused: rng.bool(),
            held: rng.bool(),
            second: rng.u32(..4) == 0,
            event: if rng.u32(..4) == 0 { PeerEvent::Left } else { PeerEvent::Present },
            others: &[],
            families: Families::Both,
            // Some come with an old time, and are swept.
            now: Tick::at((rng.u32(..80) + step * 80 / steps) * Tick::SECS),
            max_age: max_age(),
        };
        let plan = |candidates: &Census| *candidates;
        let found = swarms.find(&name);
        swarms.announce(&found, &update, plan, &mut rng, &mut list).unwrap();
        assert!(!list.v4.iter().any(|peer| Endpoint::V4(*peer) == update.endpoint));
    }
}

/// Sweeps everything at a tick; how many expired, and how many were doubled.
fn sweep(swarms: &Swarms, ticks: u32) -> (u32, u32) {
    let now = Tick::at(ticks * Tick::SECS);
    (0..Swarms::SHARDS).fold((0, 0), |(expired, doubles), shard| {
        let swept = swarms.sweep(shard, now, max_age(), || ());
        (expired + swept.expired, doubles + swept.doubles)
    })
}

fn endpoint(n: u32) -> Endpoint {
    if n % 3 == 2 {
        let ip = Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(n));
        Endpoint::V6(CompactV6::new(ip, 6881))
    } else {
        Endpoint::V4(CompactV4::new(Ipv4Addr::from(0x5000_0000 + n), 6881))
    }
}

fn max_age() -> Age {
    Age::from_secs(80 * Tick::SECS)
}

const NAMES: [InfoHash; 2] = [InfoHash([1; InfoHash::LEN]), InfoHash([2; InfoHash::LEN])];
