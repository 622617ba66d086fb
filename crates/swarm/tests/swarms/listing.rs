//! A snapshot and its return.

use std::collections::BTreeMap;

use swarm::{
    Endpoint, Group, LimitReached, PeerEntry, PeerEvent, PeerUpdate, SwarmLimits, Swarms, Tick,
};
use wire::InfoHash;

use crate::common::{Tracker, name, peer, seeder};

#[test]
fn what_was_dumped_comes_back_as_it_was() {
    let mut old = Tracker::new();
    // One of a swarm's entry, one of both families, one with many segments, and an empty item.
    old.announce_to(1, PeerUpdate { paused: true, held: true, ..peer("203.0.113.1") }).unwrap();
    old.now_secs += 700;
    old.announce_to(2, PeerUpdate { event: PeerEvent::Completed, ..seeder("203.0.113.1") })
        .unwrap();
    old.announce_to(2, PeerUpdate { second: true, ..seeder("2001:db8::1") }).unwrap();
    for n in 0..10_000_u32 {
        let ip = std::net::Ipv4Addr::from(0x5000_0000 + n);
        let group = if n % 3 == 0 { Group::InsideSeeders } else { Group::OutsideLeechers };
        let endpoint = Endpoint::new(ip.into(), 6881);
        old.announce_to(3, PeerUpdate { endpoint, group, ..peer("203.0.113.1") }).unwrap();
    }
    old.swarms.tag(&name(4), 4);
    let now = Tick::at(old.now_secs);

    let new = Swarms::new(SwarmLimits::default(), 8);
    new.tag(&name(4), 4);
    for shard in 0..Swarms::SHARDS {
        old.swarms.dump(shard, now, |name, completed, peers| {
            // Another process counts its seconds from another start.
            new.restore(name, completed, Tick::at(50), peers).unwrap();
        });
    }
    assert_eq!(all(&new, Tick::at(50)), all(&old.swarms, now));
    for swarm in 0..5 {
        assert_eq!(new.scrape(&name(swarm)), old.swarms.scrape(&name(swarm)), "{swarm}");
    }
    assert_eq!(new.totals(), old.swarms.totals());
}

#[test]
fn limits_hold_for_what_comes_back() {
    let mut old = Tracker::new();
    for ip in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        old.announce(peer(ip)).unwrap();
    }
    let mut peers = Vec::new();
    old.swarms.peers(&name(0), Tick::at(old.now_secs), |peer| peers.push(*peer));
    let new = Swarms::new(SwarmLimits { max_peers_per_torrent: 2, ..SwarmLimits::default() }, 8);
    assert_eq!(new.restore(&name(0), 5, Tick::at(0), &peers), Err(LimitReached::Peers));
    let counts = new.scrape(&name(0)).unwrap();
    assert_eq!((counts.leechers, counts.completed), (2, 5));
}

#[test]
fn a_swarm_that_is_not_there_has_no_peers() {
    let tracker = Tracker::new();
    tracker.swarms.peers(&name(0), Tick::at(0), |peer| panic!("{peer:?}"));
}

/// Every peer of every swarm, by name and endpoint.
fn all(swarms: &Swarms, now: Tick) -> BTreeMap<(InfoHash, Endpoint), PeerEntry> {
    let mut all = BTreeMap::new();
    for shard in 0..Swarms::SHARDS {
        swarms.dump(shard, now, |name, _, peers| {
            for peer in peers {
                assert_eq!(all.insert((*name, peer.endpoint), *peer), None, "double");
            }
        });
    }
    all
}
