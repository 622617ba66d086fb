//! What changes behind clients' backs: items, endpoints that come and go, and a restart.

use policy::ItemId;
use tracker::Registration;
use wire::{Event, InfoHash};

use crate::house::*;

#[test]
fn a_hash_that_another_item_took_over_stays_that_item_s() {
    let mut house = House::new();
    let policy = house.settings.rules.policies.find("priority");
    let item = |id, hash| Registration {
        id: ItemId(id),
        hashes: std::iter::once(InfoHash([hash; 20])).collect(),
        policy,
        tier: None,
        size: 1,
    };
    house.tracker.register(&item(5, 50));
    house.tracker.register(&item(9, 90));
    // Items are shown in the order of their numbers: what was 9's is 5's before it is 9's no more.
    house.tracker.register(&item(5, 90));
    house.tracker.remove(ItemId(9), house.now);
    house.announce(stranger(1).of(InfoHash([90; 20])), "203.0.113.9").unwrap();

    house.tracker.register(&item(10, 100));
    house.tracker.register(&item(5, 100));
    house.tracker.register(&item(10, 90));
    for (hash, id) in [(100, 5), (90, 10)] {
        let view = house.tracker.swarm(&InfoHash([hash; 20]), house.now).unwrap();
        assert_eq!(view.item, Some(ItemId(id)));
    }
}

#[test]
fn who_leaves_by_a_family_it_never_came_by_is_counted_by_the_other() {
    let mut house = House::new();
    house.announce(ada(1), "2001:db8::9").unwrap();
    house.announce(Client { event: Event::Stopped, ..ada(1) }, "203.0.113.9").unwrap();
    house.check_swarm([0, 1, 0, 0]);
}

#[test]
fn a_client_whose_ipv4_endpoint_a_restart_forgot_counts_once() {
    let mut house = House::new();
    house.announce(ada(1), "203.0.113.9").unwrap();
    house.pass(1800);
    house.announce(ada(1), "2001:db8::9").unwrap();
    let mut bytes = Vec::new();
    house.tracker.save(house.now, &mut bytes).unwrap();
    house.pass(2000);
    let mut after = House::new();
    after.now = house.now;
    assert_eq!(after.tracker.load(&bytes, after.now).unwrap().sessions, 1);
    after.announce(ada(1), "2001:db8::9").unwrap();
    after.check_swarm([0, 1, 0, 0]);
    after.announce(ada(1), "203.0.113.9").unwrap();
    after.check_swarm([0, 1, 0, 0]);
}

#[test]
fn sessions_of_nobody_and_of_nothing_are_not_put_back() {
    let mut house = House::new();
    house.announce(ada(1), "203.0.113.9").unwrap();
    let mut bytes = Vec::new();
    house.tracker.save(house.now, &mut bytes).unwrap();

    let without = House::new();
    without.tracker.remove(ITEM, house.now);
    assert_eq!(without.tracker.load(&bytes, house.now).unwrap().sessions, 0);

    // A number that no member can have.
    let of_ada = [ITEM.0.to_be_bytes(), ADA.value().to_be_bytes()].concat();
    let at = bytes.windows(8).position(|window| window == of_ada).unwrap() + 4;
    bytes[at..at + 4].fill(0xff);
    let content = bytes.len() - blake3::OUT_LEN;
    let hash = blake3::hash(&bytes[..content]);
    bytes[content..].copy_from_slice(hash.as_bytes());
    assert_eq!(House::new().tracker.load(&bytes, house.now).unwrap().sessions, 0);
}

#[test]
fn a_port_is_tried_again_once_the_answer_is_believed_no_more() {
    let mut house = House::new();
    house.settings.probe_ports = true;
    house.tracker.set_settings(house.settings.clone());
    house.announce(ada(1), "203.0.113.9").unwrap();
    let probe = house.tracker.take_probe().unwrap();
    house.tracker.set_reachable(&probe.session, false);
    house.announce(ada(1), "203.0.113.9").unwrap();
    assert_eq!(house.tracker.take_probe(), None);
    let reachable =
        |house: &House| house.tracker.item_swarm(ITEM, house.now).unwrap().peers[0].reachable;
    assert_eq!(reachable(&house), Some(false));

    house.tracker.forget_reachable(&probe.session);
    assert_eq!(reachable(&house), None);
    house.announce(ada(1), "203.0.113.9").unwrap();
    assert_eq!(house.tracker.take_probe(), Some(probe));

    // A restart knows nobody who tried it.
    house.tracker.set_reachable(&probe.session, true);
    let mut bytes = Vec::new();
    house.tracker.save(house.now, &mut bytes).unwrap();
    let after = House::new();
    after.tracker.load(&bytes, house.now).unwrap();
    assert_eq!(reachable(&after), None);
}
