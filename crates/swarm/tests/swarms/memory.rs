//! The bytes that swarms count, and what happens when they are at their maximum.

use fastrand::Rng;
use swarm::{LimitReached, PeerList, PeerUpdate, SwarmLimits, Swarms, Tick};
use wire::InfoHash;

use crate::common::{MAX_AGE_SECS, Tracker, name, peer};

#[test]
fn invented_swarms_stop_at_the_maximum_and_their_bytes_come_back() {
    const MAX: u64 = 4 << 20;
    let mut tracker = limited(MAX);
    let mut refused = 0;
    for n in 0..200_000_u32 {
        let mut hash = [0; 20];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        let found = tracker.swarms.find(&InfoHash(hash));
        match tracker.announce_found(&found, peer("203.0.113.7"), |candidates| *candidates) {
            Ok(_) => {}
            Err(limit) => {
                assert_eq!(limit, LimitReached::Memory);
                refused += 1;
            }
        }
    }
    let used = tracker.swarms.memory().used();
    assert!(refused > 50_000, "{refused}");
    assert!((MAX / 2..MAX + MAX / 8).contains(&used), "{used}");
    tracker.now_secs += 2 * MAX_AGE_SECS;
    tracker.sweep();
    assert_eq!((tracker.swarms.totals().swarms, tracker.swarms.memory().used()), (0, 0));
}

#[test]
fn a_full_memory_refuses_growth_alone() {
    let mut tracker = limited(0);
    for n in 0..20_000_u32 {
        let ip = std::net::Ipv4Addr::from_bits(0x0b00_0000 + n);
        tracker.announce(peer(&ip.to_string())).unwrap();
    }
    tracker.swarms.tag(&name(7), 1);
    let used = tracker.swarms.memory().used();
    tracker.swarms.set_limits(SwarmLimits { max_memory_bytes: used, ..SwarmLimits::default() });
    // Who is there stays, and a swarm of an item can be made.
    tracker.announce(peer("11.0.0.7")).unwrap();
    tracker.swarms.tag(&name(8), 2);
    let strangers = (0..5_000_u32).find_map(|n| {
        let ip = std::net::Ipv4Addr::from_bits(0x0c00_0000 + n);
        tracker.announce(peer(&ip.to_string())).err()
    });
    assert_eq!(strangers, Some(LimitReached::Memory));
    assert_eq!(tracker.announce_to(7, peer("203.0.113.1")), Err(LimitReached::Memory));
    // A member in an item's swarm is let in from the reserve.
    let member = PeerUpdate { held: true, ..peer("203.0.113.1") };
    tracker.announce_to(7, member).unwrap();
}

#[test]
fn what_is_counted_is_what_is_there_after_all_came_and_went() {
    let swarms = Swarms::new(SwarmLimits::default(), 1);
    let (mut rng, mut list) = (Rng::with_seed(1), PeerList::default());
    for n in 0..20_000_u32 {
        let endpoint = swarm::Endpoint::new(std::net::Ipv4Addr::from_bits(n + (1 << 24)).into(), 1);
        let update = PeerUpdate { endpoint, ..peer("203.0.113.1") };
        let found = swarms.find(&name(u8::try_from(n % 5).unwrap()));
        swarms
            .announce(&found, &update, |_| swarm::Census::default(), &mut rng, &mut list)
            .unwrap();
    }
    let used = swarms.memory().used();
    assert!((20_000 * 8..20_000 * 16).contains(&used), "{used}");
    // The second sweep gives back the places of the swarms that the first one dropped.
    for shard in (0..Swarms::SHARDS).chain(0..Swarms::SHARDS) {
        swarms.sweep(shard, Tick::at(20_000), swarm::Age::from_secs(MAX_AGE_SECS), || ());
    }
    assert_eq!(swarms.memory().used(), 0);
}

fn limited(max_memory_bytes: u64) -> Tracker {
    Tracker::with_limits(SwarmLimits { max_memory_bytes, ..SwarmLimits::default() })
}
