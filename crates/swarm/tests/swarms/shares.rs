//! Over many draws each peer is given about as often as any other.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use swarm::{Census, Endpoint, Families, PeerEvent, PeerUpdate, UpdateOutcome};

use crate::common::{Tracker, name, peer};

#[test]
fn in_a_swarm_that_is_half_drawn() {
    check(100, 100, 50, v4);
}

#[test]
fn in_a_swarm_that_is_nearly_drawn() {
    check(55, 55, 50, v4);
}

#[test]
fn in_a_small_swarm_for_a_short_list() {
    check(30, 30, 3, v4);
}

#[test]
fn for_the_shortest_list() {
    check(30, 30, 1, v4);
    check(500, 100, 1, v4);
}

#[test]
fn in_a_swarm_that_most_have_left_for_a_short_list() {
    check(2_000, 260, 5, v4);
}

#[test]
fn in_a_swarm_of_a_thousand() {
    check(1_000, 1_000, 50, v4);
}

#[test]
fn in_a_swarm_that_most_have_left() {
    check(3_000, 500, 50, v4);
}

#[test]
fn in_a_swarm_of_64_segments() {
    check(8_000, 8_000, 50, v4);
}

#[test]
fn in_a_swarm_of_64_segments_that_most_have_left() {
    check(30_000, 6_000, 50, v4);
}

#[test]
fn in_a_swarm_over_ipv6() {
    check(1_000, 1_000, 50, v6);
}

#[test]
fn for_the_only_ipv6_peer_among_many() {
    check(200, 200, 20, |n| if n == 0 { v6(n) } else { v4(n) });
}

/// Asserts that each peer's share of draws is within half and twice the mean, in a swarm that so
/// many joined and of whom all but `stay` left again.
#[track_caller]
fn check(join: u32, stay: u32, numwant: u32, endpoint: impl Fn(u32) -> Endpoint) {
    let mut tracker = Tracker::new();
    let update = |n| PeerUpdate { endpoint: endpoint(n), ..peer("203.0.113.1") };
    for n in 0..join {
        tracker.announce(update(n)).unwrap();
    }
    for n in stay..join {
        tracker.announce(PeerUpdate { event: PeerEvent::Left, ..update(n) }).unwrap();
    }

    // As many draws as give each peer some hundred times, up to 100,000.
    let draws = (400 * stay / numwant).clamp(2_000, 100_000);
    let found = tracker.swarms.find(&name(0));
    let caller = PeerUpdate { families: Families::Both, ..peer("203.0.113.1") };
    let mut given: HashMap<Endpoint, u32> = (0..stay).map(|n| (endpoint(n), 0)).collect();
    for _ in 0..draws {
        let plan = |candidates: &Census| Census {
            outside_leechers: numwant.min(candidates.outside_leechers),
            ..Census::default()
        };
        let reply = tracker.announce_found(&found, caller, plan).unwrap();
        assert_ne!(reply.outcome, UpdateOutcome::Held);
        assert_eq!(tracker.list.len(), usize::try_from(numwant.min(stay)).unwrap());
        let v4 = tracker.list.v4.iter().map(|peer| Endpoint::V4(*peer));
        let v6 = tracker.list.v6.iter().map(|peer| Endpoint::V6(*peer));
        for peer in v4.chain(v6) {
            *given.get_mut(&peer).expect("one who stayed") += 1;
        }
    }
    let mean = f64::from(draws) * f64::from(numwant) / f64::from(stay);
    for (peer, times) in given {
        let share = f64::from(times) / mean;
        assert!((0.5..=2.0).contains(&share), "{peer:?} has {share:.2} of the mean {mean:.0}");
    }
}

fn v4(n: u32) -> Endpoint {
    Endpoint::new(Ipv4Addr::from(0x5000_0000 + n).into(), 6881)
}

fn v6(n: u32) -> Endpoint {
    Endpoint::new(Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(n)).into(), 6881)
}
