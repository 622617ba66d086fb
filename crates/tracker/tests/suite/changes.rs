//! What changes behind clients' backs: items, endpoints that come and go, and a restart.

use std::io::Cursor;

use policy::ItemId;
use tracker::Registration;
use wire::{AnnounceEvent, InfoHash};

use crate::fixture::*;

#[test]
fn a_hash_that_another_item_took_over_stays_that_item_s() {
    let mut fixture = Fixture::new();
    let policy = fixture.settings.rules.policies.find("priority");
    let item = |id, hash| Registration {
        id: ItemId(id),
        hashes: std::iter::once(InfoHash([hash; 20])).collect(),
        policy,
        tier: None,
        size: 1,
    };
    fixture.tracker.register(&item(5, 50));
    fixture.tracker.register(&item(9, 90));
    // Items are shown in the order of their numbers: what was 9's is 5's before it is 9's no more.
    fixture.tracker.register(&item(5, 90));
    fixture.tracker.remove(ItemId(9), fixture.now);
    fixture.announce(stranger(1).of(InfoHash([90; 20])), "203.0.113.9").unwrap();

    fixture.tracker.register(&item(10, 100));
    fixture.tracker.register(&item(5, 100));
    fixture.tracker.register(&item(10, 90));
    for (hash, id) in [(100, 5), (90, 10)] {
        let view = fixture.tracker.swarm(&InfoHash([hash; 20]), fixture.now).unwrap();
        assert_eq!(view.item, Some(ItemId(id)));
    }
}

#[test]
fn who_leaves_by_a_family_it_never_came_by_is_counted_by_the_other() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "2001:db8::9").unwrap();
    fixture.announce(Client { event: AnnounceEvent::Stopped, ..ada(1) }, "203.0.113.9").unwrap();
    fixture.check_swarm([0, 1, 0, 0]);
}

#[test]
fn a_client_whose_ipv4_endpoint_a_restart_forgot_counts_once() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.9").unwrap();
    fixture.pass(1800);
    fixture.announce(ada(1), "2001:db8::9").unwrap();
    let mut bytes = Vec::new();
    fixture.tracker.save(fixture.now, &mut bytes).unwrap();
    fixture.pass(2000);
    let mut after = Fixture::new();
    after.now = fixture.now;
    assert_eq!(after.tracker.load(&mut Cursor::new(&bytes), after.now).unwrap().sessions, 1);
    after.announce(ada(1), "2001:db8::9").unwrap();
    after.check_swarm([0, 1, 0, 0]);
    after.announce(ada(1), "203.0.113.9").unwrap();
    after.check_swarm([0, 1, 0, 0]);
}

#[test]
fn sessions_of_nobody_and_of_nothing_are_not_put_back() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.9").unwrap();
    let mut bytes = Vec::new();
    fixture.tracker.save(fixture.now, &mut bytes).unwrap();

    let without = Fixture::new();
    without.tracker.remove(ITEM, fixture.now);
    assert_eq!(without.tracker.load(&mut Cursor::new(&bytes), fixture.now).unwrap().sessions, 0);

    // A number that no member can have.
    let of_ada = [ITEM.0.to_be_bytes(), ADA.value().to_be_bytes()].concat();
    let at = bytes.windows(8).position(|window| window == of_ada).unwrap() + 4;
    bytes[at..at + 4].fill(0xff);
    let content = bytes.len() - blake3::OUT_LEN;
    let hash = blake3::hash(&bytes[..content]);
    bytes[content..].copy_from_slice(hash.as_bytes());
    assert_eq!(
        Fixture::new().tracker.load(&mut Cursor::new(&bytes), fixture.now).unwrap().sessions,
        0
    );
}

#[test]
fn a_port_is_tried_again_once_the_answer_is_believed_no_more() {
    let mut fixture = Fixture::new();
    fixture.settings.probe_ports = true;
    fixture.tracker.set_settings(fixture.settings.clone());
    fixture.announce(ada(1), "203.0.113.9").unwrap();
    let probe = fixture.tracker.take_probe().unwrap();
    fixture.tracker.set_reachable(&probe.session, false);
    fixture.announce(ada(1), "203.0.113.9").unwrap();
    assert_eq!(fixture.tracker.take_probe(), None);
    let reachable = |fixture: &Fixture| {
        fixture.tracker.item_swarm(ITEM, fixture.now).unwrap().peers[0].reachable
    };
    assert_eq!(reachable(&fixture), Some(false));

    fixture.tracker.forget_reachable(&probe.session);
    assert_eq!(reachable(&fixture), None);
    fixture.announce(ada(1), "203.0.113.9").unwrap();
    assert_eq!(fixture.tracker.take_probe(), Some(probe));

    // A restart knows nobody who tried it.
    fixture.tracker.set_reachable(&probe.session, true);
    let mut bytes = Vec::new();
    fixture.tracker.save(fixture.now, &mut bytes).unwrap();
    let after = Fixture::new();
    after.tracker.load(&mut Cursor::new(&bytes), fixture.now).unwrap();
    assert_eq!(reachable(&after), None);
}
