//! What one address can have of a swarm: its maximum of peers, and of the seats of a reply.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use swarm::{Endpoint, Group, PeerEvent, PeerUpdate, SwarmLimits, UpdateOutcome};

use crate::common::{Tracker, name, peer, seeder};

#[test]
fn a_peer_past_its_addresss_maximum_is_not_listed() {
    for max in [1, 2, 16] {
        check(max, |n| at("203.0.113.7", n));
        check(max, |n| at(&format!("2001:db8:0:7::{n:x}"), 6881));
    }
}

#[test]
fn a_48_has_four_times_what_a_64_has() {
    for max in [1, 2, 16] {
        let mut tracker = limited(max.into());
        for n in 0..40 {
            come(&mut tracker, peer(&other(n)));
        }
        let of_48 = |n: u16| at(&format!("2001:db8:7:{n:x}::1"), 6881);
        for n in 1..=4 * max {
            assert_eq!(come(&mut tracker, of_48(n)), UpdateOutcome::Inserted, "{n} of {max}");
        }
        assert_eq!(come(&mut tracker, of_48(4 * max + 1)), UpdateOutcome::Unlisted);
        assert_eq!(come(&mut tracker, at("2001:db8:8::1", 6881)), UpdateOutcome::Inserted);
    }
}

#[test]
fn without_a_limit_every_peer_of_an_address_is_listed() {
    let mut tracker = limited(0);
    let outcomes: Vec<_> = (1..=100).map(|n| come(&mut tracker, at("203.0.113.7", n))).collect();
    assert_eq!(outcomes, [UpdateOutcome::Inserted; 100]);
    assert_eq!(tracker.list.len(), 99);
}

#[test]
fn a_peer_that_is_not_listed_is_given_others() {
    let mut tracker = limited(1);
    come(&mut tracker, peer("203.0.113.1"));
    come(&mut tracker, peer("203.0.113.2"));
    assert_eq!(come(&mut tracker, at("203.0.113.2", 7)), UpdateOutcome::Unlisted);
    assert_eq!(tracker.drawn(), ["203.0.113.1", "203.0.113.2"]);
    come(&mut tracker, peer("203.0.113.3"));
    assert_eq!(come(&mut tracker, at("203.0.113.2", 7)), UpdateOutcome::Unlisted);
    assert_eq!(tracker.drawn(), ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
}

#[test]
fn a_peer_at_its_addresss_maximum_may_stay_move_and_make_room() {
    let mut tracker = limited(3);
    for port in [1, 2, 3] {
        come(&mut tracker, at("203.0.113.7", port));
    }
    assert_eq!(come(&mut tracker, at("203.0.113.7", 2)), UpdateOutcome::Refreshed);
    let seeds = PeerUpdate { group: Group::OutsideSeeders, ..at("203.0.113.7", 2) };
    assert_eq!(come(&mut tracker, seeds), UpdateOutcome::Moved);
    assert_eq!(come(&mut tracker, at("203.0.113.7", 4)), UpdateOutcome::Unlisted);
    let leaves = PeerUpdate { event: PeerEvent::Left, ..at("203.0.113.7", 1) };
    assert_eq!(come(&mut tracker, leaves), UpdateOutcome::Left);
    assert_eq!(come(&mut tracker, at("203.0.113.7", 4)), UpdateOutcome::Inserted);
    assert_eq!(come(&mut tracker, at("203.0.113.8", 4)), UpdateOutcome::Inserted);
}

#[test]
fn peers_that_are_too_old_make_room_for_their_address() {
    let mut tracker = limited(3);
    for port in [1, 2, 3] {
        come(&mut tracker, at("203.0.113.7", port));
    }
    tracker.now_secs += 2_000;
    assert_eq!(come(&mut tracker, at("203.0.113.7", 4)), UpdateOutcome::Inserted);
}

#[test]
fn a_completion_of_a_peer_that_is_not_listed_does_not_count() {
    let mut tracker = limited(1);
    come(&mut tracker, peer("203.0.113.1"));
    come(&mut tracker, peer("203.0.113.2"));
    let event = PeerEvent::Completed;
    let group = Group::OutsideSeeders;
    come(&mut tracker, PeerUpdate { event, group, ..at("203.0.113.2", 7) });
    assert_eq!(tracker.swarms.scrape(&name(0)).unwrap().completed, 0);
}

#[test]
fn a_reply_names_an_address_four_times_at_most() {
    for (others, seeds) in [(10, 16), (100, 16), (1_000, 64), (5_000, 200)] {
        let mut tracker = limited(0);
        tracker.swarms.set_limits(SwarmLimits { max_peers_per_address: 1_000, ..off() });
        for n in 0..others {
            come(&mut tracker, peer(&other(n)));
        }
        for port in 1..=seeds {
            come(&mut tracker, PeerUpdate { event: PeerEvent::Present, ..at("203.0.113.7", port) });
            come(
                &mut tracker,
                PeerUpdate { group: Group::OutsideSeeders, ..at("203.0.113.8", port) },
            );
        }
        for _ in 0..20 {
            come(&mut tracker, seeder("198.51.100.1"));
            let mut named = HashMap::new();
            for drawn in tracker.drawn() {
                *named.entry(drawn).or_insert(0) += 1;
            }
            let most = named.values().max().copied().unwrap_or_default();
            assert!(most <= 4, "{most} of one address in a swarm with {others} others");
            let expected = usize::try_from(others + 8).unwrap().min(200);
            assert_eq!(tracker.list.len(), expected, "{others}");
        }
    }
}

/// Asserts that of `peers` of one address as many as the limit are listed, and no more, whichever
/// group they are in.
#[track_caller]
fn check(max: u16, peers: impl Fn(u16) -> PeerUpdate<'static>) {
    let mut tracker = limited(max.into());
    for n in 0..40 {
        come(&mut tracker, peer(&other(n)));
    }
    for n in 1..=max + 5 {
        let group =
            if n.is_multiple_of(2) { Group::OutsideSeeders } else { Group::OutsideLeechers };
        let outcome = come(&mut tracker, PeerUpdate { group, ..peers(n) });
        let expected = if n <= max { UpdateOutcome::Inserted } else { UpdateOutcome::Unlisted };
        assert_eq!(outcome, expected, "{n} of {max}");
    }
    let totals = tracker.swarms.totals();
    assert_eq!(totals.v4 + totals.v6, 40 + u32::from(max));
}

fn limited(max_peers_per_address: u32) -> Tracker {
    Tracker::with_limits(SwarmLimits { max_peers_per_address, ..off() })
}

fn off() -> SwarmLimits {
    SwarmLimits::default()
}

fn come(tracker: &mut Tracker, update: PeerUpdate<'_>) -> UpdateOutcome {
    tracker.announce(update).unwrap().outcome
}

fn at(ip: &str, port: u16) -> PeerUpdate<'static> {
    let endpoint = Endpoint::new(ip.parse().unwrap(), port);
    PeerUpdate { endpoint, ..peer("203.0.113.1") }
}

/// The address of the nth of many that share none.
fn other(n: u32) -> String {
    IpAddr::from(Ipv4Addr::from_bits(0xc633_0000 + n * 7)).to_string()
}
