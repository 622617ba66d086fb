//! What one announce does to a swarm, and what it is told. Each runs in a swarm that is held in the
//! directory's entry, and in one with tables.

use crate::common::{MAX_AGE_SECS, Tracker, name, peer, seeder};
use swarm::{
    Census, Endpoint, Families, Group, LimitReached, PeerEvent, PeerUpdate, SwarmCounts,
    SwarmLimits, SwarmReply, UpdateOutcome,
};

#[test]
fn a_peer_comes_stays_moves_and_leaves() {
    check(|tracker| {
        let how = |tracker: &mut Tracker, update| tracker.announce(update).unwrap().outcome;
        let ada = peer("203.0.113.1");
        let leaves = PeerUpdate { event: PeerEvent::Left, ..ada };
        assert_eq!(how(tracker, leaves), UpdateOutcome::Absent);
        assert_eq!(how(tracker, ada), UpdateOutcome::Inserted);
        assert_eq!(how(tracker, ada), UpdateOutcome::Refreshed);
        assert_eq!(how(tracker, seeder("203.0.113.1")), UpdateOutcome::Moved);
        assert_eq!(how(tracker, leaves), UpdateOutcome::Left);
        assert_eq!(how(tracker, leaves), UpdateOutcome::Absent);
    });
}

#[test]
fn a_peer_that_is_too_old_comes_anew() {
    check(|tracker| {
        tracker.announce(peer("203.0.113.1")).unwrap();
        tracker.now_secs += MAX_AGE_SECS + 16;
        let reply = tracker.announce(seeder("203.0.113.1")).unwrap();
        assert_eq!(
            (reply.outcome, reply.counts.leechers, reply.counts.seeders),
            (UpdateOutcome::Inserted, 0, 1)
        );
    });
}

#[test]
fn nobody_is_given_to_itself_or_to_its_others() {
    check(|tracker| {
        for ip in ["203.0.113.1", "203.0.113.2"] {
            tracker.announce(peer(ip)).unwrap();
        }
        tracker.announce(peer("203.0.113.1")).unwrap();
        assert_eq!(tracker.drawn(), ["203.0.113.2"]);
        let others = [Endpoint::new("203.0.113.2".parse().unwrap(), 6881)];
        tracker.announce(PeerUpdate { others: &others, ..peer("203.0.113.1") }).unwrap();
        assert!(tracker.list.is_empty());
    });
}

#[test]
fn who_leaves_is_given_nobody() {
    check(|tracker| {
        tracker.announce(peer("203.0.113.1")).unwrap();
        tracker.announce(peer("203.0.113.2")).unwrap();
        tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer("203.0.113.2") }).unwrap();
        assert!(tracker.list.is_empty());
    });
}

#[test]
fn peers_too_old_are_not_given_and_are_swept() {
    check(|tracker| {
        tracker.announce(peer("203.0.113.1")).unwrap();
        tracker.now_secs += MAX_AGE_SECS;
        tracker.announce(peer("203.0.113.2")).unwrap();
        assert_eq!(tracker.drawn(), ["203.0.113.1"]);
        tracker.now_secs += 16;
        let reply = tracker.announce(peer("203.0.113.2")).unwrap();
        assert_eq!((tracker.drawn().len(), reply.counts.leechers), (0, 2));
        assert_eq!(tracker.sweep().0, 1);
        assert_eq!(tracker.announce(peer("203.0.113.2")).unwrap().counts.leechers, 1);
    });
}

#[test]
fn who_has_no_proof_does_not_touch_what_is_held_by_it() {
    check(|tracker| {
        tracker.announce(peer("203.0.113.2")).unwrap();
        let ada = PeerUpdate { held: true, group: Group::InsideLeechers, ..peer("203.0.113.1") };
        tracker.announce(ada).unwrap();
        for forged in [
            peer("203.0.113.1"),
            seeder("203.0.113.1"),
            PeerUpdate { held: false, ..ada },
            PeerUpdate { event: PeerEvent::Left, ..peer("203.0.113.1") },
        ] {
            let reply = tracker.announce(forged).unwrap();
            assert_eq!(
                (reply.outcome, reply.counts.leechers),
                (UpdateOutcome::Held, 2),
                "{forged:?}"
            );
            let expected: &[&str] =
                if forged.event == PeerEvent::Left { &[] } else { &["203.0.113.2"] };
            assert_eq!(tracker.drawn(), expected);
        }
        assert_eq!(tracker.announce(ada).unwrap().outcome, UpdateOutcome::Refreshed);
        // Once it is too old anybody may have it.
        tracker.now_secs += MAX_AGE_SECS + 16;
        assert_eq!(tracker.announce(peer("203.0.113.1")).unwrap().outcome, UpdateOutcome::Inserted);
    });
}

#[test]
fn a_completion_is_counted_once() {
    check(|tracker| {
        let mut complete = |update: PeerUpdate<'_>| {
            let update = PeerUpdate { event: PeerEvent::Completed, ..update };
            let completed = tracker.announce(update).unwrap().counts.completed;
            assert_eq!(tracker.swarms.completions(), u64::from(completed));
            completed
        };
        assert_eq!(complete(peer("203.0.113.1")), 0, "still leeching");
        assert_eq!(complete(seeder("203.0.113.1")), 1);
        assert_eq!(complete(seeder("203.0.113.1")), 1, "seeds already");
        let inside = PeerUpdate { group: Group::InsideSeeders, ..seeder("203.0.113.1") };
        assert_eq!(complete(inside), 1, "changed sides");
        assert_eq!(complete(PeerUpdate { second: true, ..seeder("203.0.113.2") }), 1, "a second");
    });
}

#[test]
fn a_second_endpoint_is_given_and_not_counted() {
    check(|tracker| {
        tracker.announce(peer("203.0.113.1")).unwrap();
        let second = PeerUpdate { second: true, paused: true, ..peer("203.0.113.2") };
        let counts = tracker.announce(second).unwrap().counts;
        assert_eq!(counts, SwarmCounts { leechers: 1, ..SwarmCounts::default() });
        tracker.announce(peer("203.0.113.1")).unwrap();
        assert_eq!(tracker.drawn(), ["203.0.113.2"]);
        // The first has gone, so it is the client's only one.
        let counts = tracker.announce(PeerUpdate { second: false, ..second }).unwrap().counts;
        assert_eq!(counts, SwarmCounts { leechers: 2, paused: 1, ..SwarmCounts::default() });
    });
}

#[test]
fn a_reply_holds_the_families_it_has_room_for() {
    let mut tracker = Tracker::new();
    for ip in ["203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"] {
        tracker.announce(peer(ip)).unwrap();
    }
    for (families, expected) in [
        (Families::Both, &["2001:db8::1", "2001:db8::2", "203.0.113.2"][..]),
        (Families::V4, &["203.0.113.2"]),
        (Families::V6, &["2001:db8::1", "2001:db8::2"]),
    ] {
        tracker.announce(PeerUpdate { families, ..peer("203.0.113.1") }).unwrap();
        assert_eq!(tracker.drawn(), expected, "{families:?}");
    }
}

#[test]
fn private_addresses_are_only_for_their_own_network() {
    check(|tracker| {
        tracker.announce(seeder("192.168.1.2")).unwrap();
        let mut told = |ip| {
            let reply = tracker.announce(peer(ip)).unwrap();
            let drawn = tracker.drawn();
            tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer(ip) }).unwrap();
            (drawn.contains(&"192.168.1.2".into()), reply.hid_seeders)
        };
        assert_eq!(told("192.168.7.7"), (true, false));
        assert_eq!(told("203.0.113.1"), (false, true));
        assert_eq!(told("127.0.0.1"), (false, true));
        assert_eq!(told("10.0.0.1"), (false, true));
    });
}

#[test]
fn a_private_caller_is_told_of_the_world_too() {
    check(|tracker| {
        tracker.announce(peer("203.0.113.1")).unwrap();
        tracker.announce(peer("127.0.0.1")).unwrap();
        assert_eq!(tracker.drawn(), ["203.0.113.1"]);
    });
}

#[test]
fn a_list_is_full_though_others_are_hidden_or_old() {
    let mut tracker = Tracker::new();
    for n in 0..100 {
        tracker.announce(seeder(&format!("203.0.113.{n}"))).unwrap();
    }
    tracker.now_secs += MAX_AGE_SECS + 16;
    for n in 0..100 {
        tracker.announce(seeder(&format!("10.0.0.{n}"))).unwrap();
        tracker.announce(peer(&format!("192.0.2.{n}"))).unwrap();
    }
    // All seats are for seeders as far as there are any.
    let found = tracker.swarms.find(&name(0));
    let plan = |candidates: &Census| {
        let outside_seeders = candidates.outside_seeders.min(50);
        let outside_leechers = candidates.outside_leechers.min(50 - outside_seeders);
        Census { outside_seeders, outside_leechers, ..Census::default() }
    };
    let reply = tracker.announce_found(&found, peer("198.51.100.1"), plan).unwrap();
    assert_eq!((tracker.drawn().len(), reply.hid_seeders), (50, true));
    assert!(tracker.drawn().iter().all(|ip| ip.starts_with("192.0.2.")));
}

#[test]
fn torrents_are_limited_and_items_are_not() {
    let limits = SwarmLimits { max_torrents: 2, ..SwarmLimits::default() };
    let mut tracker = Tracker::with_limits(limits);
    tracker.swarms.tag(&name(9), 1);
    for swarm in 0..2 {
        tracker.announce_to(swarm, peer("203.0.113.1")).unwrap();
    }
    assert_eq!(tracker.announce_to(2, peer("203.0.113.1")), Err(LimitReached::Torrents));
    assert_eq!(
        tracker.announce_to(1, peer("203.0.113.2")).map(|reply| reply.outcome),
        Ok(UpdateOutcome::Inserted)
    );
    assert_eq!(
        tracker.announce_to(9, peer("203.0.113.1")).map(|reply| reply.outcome),
        Ok(UpdateOutcome::Inserted)
    );
    // One goes with its last peer at the next sweep, and there is room again.
    tracker.announce_to(0, PeerUpdate { event: PeerEvent::Left, ..peer("203.0.113.1") }).unwrap();
    assert_eq!(tracker.sweep(), (0, 1));
    assert!(tracker.announce_to(2, peer("203.0.113.1")).is_ok());
    tracker.swarms.set_limits(SwarmLimits::default());
    assert!(tracker.announce_to(3, peer("203.0.113.1")).is_ok());
}

#[test]
fn peers_are_limited() {
    for max in [1, 2, 3, 50] {
        let limits = SwarmLimits { max_peers_per_torrent: max, ..SwarmLimits::default() };
        let mut tracker = Tracker::with_limits(limits);
        for n in 0..max {
            tracker.announce(peer(&format!("203.0.113.{n}"))).unwrap();
        }
        for ip in ["203.0.113.77", "2001:db8::1"] {
            assert_eq!(tracker.announce(peer(ip)), Err(LimitReached::Peers), "{max}");
            assert!(tracker.list.is_empty());
        }
        // Who is there may stay, and move.
        assert_eq!(tracker.announce(seeder("203.0.113.0")).unwrap().outcome, UpdateOutcome::Moved);
        tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer("203.0.113.0") }).unwrap();
        assert!(tracker.announce(peer("203.0.113.77")).is_ok(), "{max}");
    }
}

#[test]
fn peers_of_one_network_are_limited() {
    let limits = SwarmLimits { max_peers_per_prefix: 2, ..SwarmLimits::default() };
    let mut tracker = Tracker::with_limits(limits);
    for (ip, expected) in [
        ("203.0.113.1", Ok(())),
        ("203.0.113.2", Ok(())),
        ("203.0.113.3", Err(LimitReached::Prefix)),
        ("203.0.114.3", Ok(())),
        ("2001:db8:0:1::1", Ok(())),
        ("2001:db8:0:1:ffff::2", Ok(())),
        ("2001:db8:0:1::3", Err(LimitReached::Prefix)),
        ("2001:db8:0:2::3", Ok(())),
    ] {
        assert_eq!(tracker.announce(peer(ip)).map(drop), expected, "{ip}");
    }
    // Another swarm counts for itself.
    assert!(tracker.announce_to(1, peer("203.0.113.3")).is_ok());
    // A move is no update; who leaves or is swept makes room.
    assert_eq!(tracker.announce(seeder("203.0.113.1")).unwrap().outcome, UpdateOutcome::Moved);
    tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer("203.0.113.1") }).unwrap();
    assert!(tracker.announce(peer("203.0.113.3")).is_ok());
    assert_eq!(tracker.announce(peer("203.0.113.4")), Err(LimitReached::Prefix));
    tracker.now_secs += MAX_AGE_SECS + 16;
    tracker.sweep();
    assert!(tracker.announce(peer("203.0.113.4")).is_ok());
    assert!(tracker.announce(peer("203.0.113.5")).is_ok());
}

#[test]
fn who_came_before_a_network_was_limited_is_counted_too() {
    check(|tracker| {
        let leave = |tracker: &mut Tracker, ip| {
            tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer(ip) }).unwrap();
        };
        let limited = SwarmLimits { max_peers_per_prefix: 2, ..SwarmLimits::default() };
        for limits in [limited, SwarmLimits::default(), limited] {
            tracker.announce(peer("203.0.113.1")).unwrap();
            tracker.announce(peer("203.0.113.2")).unwrap();
            tracker.swarms.set_limits(limits);
        }
        assert_eq!(tracker.announce(peer("203.0.113.3")), Err(LimitReached::Prefix));
        leave(tracker, "203.0.113.1");
        tracker.announce(peer("203.0.113.3")).unwrap();
        assert_eq!(tracker.announce(peer("203.0.113.1")), Err(LimitReached::Prefix));
        // Nobody takes others along who leaves after.
        for ip in ["203.0.113.2", "203.0.113.3"] {
            leave(tracker, ip);
        }
        for ip in ["203.0.113.4", "203.0.113.5"] {
            tracker.announce(peer(ip)).unwrap();
        }
        assert_eq!(tracker.announce(peer("203.0.113.6")), Err(LimitReached::Prefix));
    });
}

#[test]
fn a_tag_keeps_an_empty_swarm() {
    let mut tracker = Tracker::new();
    let item = name(0);
    assert!(!tracker.swarms.find(&item).exists());
    tracker.swarms.tag(&item, 7);
    tracker.sweep();
    let found = tracker.swarms.find(&item);
    assert_eq!((found.exists(), found.tag(), tracker.swarms.totals().swarms), (true, 7, 1));
    tracker.announce(peer("203.0.113.1")).unwrap();
    tracker.swarms.tag(&item, 0);
    assert_eq!((tracker.sweep(), tracker.swarms.find(&item).tag()), ((0, 0), 0));
    tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer("203.0.113.1") }).unwrap();
    assert_eq!(tracker.sweep(), (0, 1));
    assert!(!tracker.swarms.find(&item).exists());
}

#[test]
fn a_tag_is_taken_away_by_its_own_alone() {
    let tracker = Tracker::new();
    tracker.swarms.tag(&name(0), 7);
    tracker.swarms.untag(&name(0), |tag| tag == 8);
    assert_eq!(tracker.swarms.find(&name(0)).tag(), 7);
    tracker.swarms.untag(&name(0), |tag| tag == 7);
    assert_eq!(tracker.swarms.find(&name(0)).tag(), 0);
    tracker.swarms.untag(&name(1), |_| true);
    assert!(!tracker.swarms.find(&name(1)).exists());
}

#[test]
fn who_stays_is_counted_otherwise_and_does_not_come_in_by_that() {
    check(|tracker| {
        for ip in ["203.0.113.1", "2001:db8::1"] {
            let stays = PeerUpdate { event: PeerEvent::Recount, second: true, ..peer(ip) };
            assert_eq!(tracker.announce(stays).unwrap().outcome, UpdateOutcome::Absent);
            tracker.announce(peer(ip)).unwrap();
            let reply = tracker.announce(stays).unwrap();
            assert_eq!((reply.outcome, reply.counts.leechers), (UpdateOutcome::Refreshed, 0));
            tracker.announce(PeerUpdate { event: PeerEvent::Left, ..peer(ip) }).unwrap();
            assert_eq!(tracker.announce(stays).unwrap().outcome, UpdateOutcome::Absent);
            assert_eq!(tracker.swarms.totals().v4 + tracker.swarms.totals().v6, 0);
        }
    });
    let mut tracker = Tracker::new();
    let stays = PeerUpdate { event: PeerEvent::Recount, ..peer("203.0.113.1") };
    tracker.announce_to(9, stays).unwrap();
    assert!(!tracker.swarms.find(&name(9)).exists());
}

#[test]
fn counts_are_of_clients_and_totals_of_both() {
    let mut tracker = Tracker::new();
    tracker.announce(seeder("203.0.113.1")).unwrap();
    tracker.announce(PeerUpdate { group: Group::InsideSeeders, ..peer("203.0.113.2") }).unwrap();
    tracker.announce(PeerUpdate { paused: true, ..peer("203.0.113.3") }).unwrap();
    tracker.announce(PeerUpdate { second: true, ..peer("2001:db8::3") }).unwrap();
    let reply = tracker.announce(peer("2001:db8::4")).unwrap();
    let counts = SwarmCounts { seeders: 2, leechers: 2, paused: 1, completed: 0 };
    assert_eq!(reply, SwarmReply { counts, outcome: UpdateOutcome::Inserted, hid_seeders: false });
    assert_eq!(tracker.swarms.scrape(&name(0)), Some(counts));
    assert_eq!(tracker.swarms.scrape(&name(1)), None);
    let census =
        Census { outside_seeders: 1, inside_seeders: 1, outside_leechers: 2, inside_leechers: 0 };
    assert_eq!(tracker.swarms.census(&name(0)), Some(census));
    let totals = tracker.swarms.totals();
    assert_eq!((totals.swarms, totals.clients), (1, census));
    assert_eq!((totals.v4, totals.v6), (3, 2));
}

/// Runs a test in a swarm that begins in the directory's entry, and in one with tables of its own.
#[track_caller]
fn check(test: impl Fn(&mut Tracker)) {
    test(&mut Tracker::new());
    let mut tracker = Tracker::new();
    tracker.swarms.tag(&name(0), 1);
    test(&mut tracker);
}
