//! Clients that come as many, and that move.

use wire::Event;

use crate::house::{Client, House, ada, stranger};

#[test]
fn a_member_whose_client_changes_its_key_all_the_time_does_not_fill_the_books() {
    let mut house = House::new();
    for key in 1..=1000 {
        for uploaded in [0, 1] {
            let client = Client { key, ..ada(1).uploaded(uploaded) };
            house.announce(client, "203.0.113.1").unwrap();
        }
    }
    house.check_swarm([0, 1, 0, 0]);
    let counts = house.drain();
    assert!(counts.len() <= 2 * 64, "{} counts", counts.len());
}

#[test]
fn a_client_that_starts_over_all_the_time_does_not_fill_the_books() {
    let mut house = House::new();
    house.announce(ada(1), "203.0.113.1").unwrap();
    for _ in 0..1000 {
        house.announce(ada(1).uploaded(500), "203.0.113.1").unwrap();
        let client = Client { event: Event::Started, ..ada(1) };
        house.announce(client, "203.0.113.1").unwrap();
    }
    let counts = house.drain();
    assert!(counts.len() <= 2 * 64 + 1, "{} counts", counts.len());
    let latest = counts.iter().map(|count| count.epoch).max().unwrap();
    assert!(latest <= house.now.unix + 64, "no run begins in a far future");
}

#[test]
fn a_client_past_the_allowance_is_seated_and_credited_from_later_on() {
    let mut house = House::new();
    for key in 1..=70 {
        house.announce(Client { key, ..ada(1) }, "203.0.113.1").unwrap();
    }
    let late = |uploaded| Client { key: 70, ..ada(1).uploaded(uploaded) };
    house.announce(late(300), "203.0.113.1").unwrap();
    assert_eq!(house.credit(), 0);
    house.pass(1800);
    house.announce(late(500), "203.0.113.1").unwrap();
    house.pass(1800);
    house.announce(late(900), "203.0.113.1").unwrap();
    house.check_swarm([0, 1, 0, 0]);
    assert_eq!(house.credit(), 400);
}

#[test]
fn a_client_that_moves_leaves_its_old_seat() {
    for client in [ada(1), stranger(1)] {
        let mut house = House::new();
        house.announce(client, "203.0.113.1").unwrap();
        assert_eq!(house.announce(client, "203.0.113.9").unwrap().peers, Vec::<String>::new());
        let told = house.announce(stranger(2), "203.0.113.2").unwrap();
        assert_eq!(told.peers, ["203.0.113.9:6881"]);
        assert_eq!(told.incomplete, 2);
        house.announce(Client { event: Event::Stopped, ..client }, "203.0.113.8").unwrap();
        house.announce(Client { event: Event::Stopped, ..stranger(2) }, "203.0.113.2").unwrap();
        house.check_swarm([0, 0, 0, 0]);
    }
}

#[test]
fn a_client_of_a_hybrid_moves_in_both_swarms() {
    use crate::house::V2;
    let mut house = House::new();
    for client in [ada(1), ada(1).of(V2)] {
        house.announce(client, "203.0.113.1").unwrap();
    }
    house.announce(ada(1), "203.0.113.9").unwrap();
    let told = house.announce(stranger(2).of(V2), "203.0.113.2").unwrap();
    assert_eq!(told.peers, Vec::<String>::new());
    house.announce(ada(1).of(V2), "203.0.113.9").unwrap();
    let told = house.announce(stranger(2).of(V2), "203.0.113.2").unwrap();
    assert_eq!(told.peers, ["203.0.113.9:6881"]);
}

#[test]
fn nobody_is_moved_by_who_knows_no_more_than_a_peer_id() {
    let mut house = House::new();
    let victim = Client { key: 0, ..stranger(1) };
    house.announce(victim, "203.0.113.1").unwrap();
    house.announce(victim, "198.51.100.7").unwrap();
    let told = house.announce(stranger(2), "203.0.113.2").unwrap();
    assert!(told.peers.contains(&"203.0.113.1:6881".to_owned()), "{:?}", told.peers);
}

#[test]
fn an_announce_without_the_passkey_leaves_nobody_behind_when_the_member_stops() {
    let mut house = House::new();
    house.announce(ada(1), "203.0.113.1").unwrap();
    house.announce(Client { passkey: None, ..ada(1) }, "203.0.113.1").unwrap();
    house.announce(Client { event: Event::Stopped, ..ada(1) }, "203.0.113.1").unwrap();
    house.check_swarm([0, 0, 0, 0]);
}

#[test]
fn who_is_not_let_in_is_not_remembered() {
    let mut house = House::new();
    house.settings.limits.max_peers_per_prefix = 1;
    house.tracker.set_settings(house.settings.clone());
    house.announce(stranger(1), "203.0.113.1").unwrap();
    for number in 2..=9 {
        house.announce(stranger(number), &format!("203.0.113.{number}")).unwrap_err();
    }
    assert_eq!(house.tracker.totals(house.now).sessions, 1);
}
