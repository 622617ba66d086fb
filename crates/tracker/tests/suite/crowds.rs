//! Clients that come as many, and that move.

use wire::AnnounceEvent;

use crate::fixture::{Client, Fixture, ada, stranger};

#[test]
fn a_member_whose_client_changes_its_key_all_the_time_does_not_fill_the_books() {
    let mut fixture = Fixture::new();
    for key in 1..=1000 {
        for uploaded in [0, 1] {
            let client = Client { key, ..ada(1).uploaded(uploaded) };
            fixture.announce(client, "203.0.113.1").unwrap();
        }
    }
    fixture.check_swarm([0, 1, 0, 0]);
    let counts = fixture.drain();
    assert!(counts.len() <= 2 * 64, "{} counts", counts.len());
}

#[test]
fn a_client_that_starts_over_all_the_time_does_not_fill_the_books() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    for _ in 0..1000 {
        fixture.announce(ada(1).uploaded(500), "203.0.113.1").unwrap();
        let client = Client { event: AnnounceEvent::Started, ..ada(1) };
        fixture.announce(client, "203.0.113.1").unwrap();
    }
    let counts = fixture.drain();
    assert!(counts.len() <= 2 * 64 + 1, "{} counts", counts.len());
    let latest = counts.iter().map(|count| count.epoch).max().unwrap();
    assert!(latest <= fixture.now.unix + 64, "no run begins in a far future");
}

#[test]
fn a_client_past_the_allowance_is_seated_and_credited_from_later_on() {
    let mut fixture = Fixture::new();
    for key in 1..=70 {
        fixture.announce(Client { key, ..ada(1) }, "203.0.113.1").unwrap();
    }
    let late = |uploaded| Client { key: 70, ..ada(1).uploaded(uploaded) };
    fixture.announce(late(300), "203.0.113.1").unwrap();
    assert_eq!(fixture.credit(), 0);
    fixture.pass(1800);
    fixture.announce(late(500), "203.0.113.1").unwrap();
    fixture.pass(1800);
    fixture.announce(late(900), "203.0.113.1").unwrap();
    fixture.check_swarm([0, 1, 0, 0]);
    assert_eq!(fixture.credit(), 400);
}

#[test]
fn a_client_that_moves_leaves_its_old_seat() {
    for client in [ada(1), stranger(1)] {
        let mut fixture = Fixture::new();
        fixture.announce(client, "203.0.113.1").unwrap();
        assert_eq!(fixture.announce(client, "203.0.113.9").unwrap().peers, Vec::<String>::new());
        let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
        assert_eq!(told.peers, ["203.0.113.9:6881"]);
        assert_eq!(told.incomplete, 2);
        fixture
            .announce(Client { event: AnnounceEvent::Stopped, ..client }, "203.0.113.8")
            .unwrap();
        fixture
            .announce(Client { event: AnnounceEvent::Stopped, ..stranger(2) }, "203.0.113.2")
            .unwrap();
        fixture.check_swarm([0, 0, 0, 0]);
    }
}

#[test]
fn a_client_of_a_hybrid_moves_in_both_swarms() {
    use crate::fixture::V2;
    let mut fixture = Fixture::new();
    for client in [ada(1), ada(1).of(V2)] {
        fixture.announce(client, "203.0.113.1").unwrap();
    }
    fixture.announce(ada(1), "203.0.113.9").unwrap();
    let told = fixture.announce(stranger(2).of(V2), "203.0.113.2").unwrap();
    assert_eq!(told.peers, Vec::<String>::new());
    fixture.announce(ada(1).of(V2), "203.0.113.9").unwrap();
    let told = fixture.announce(stranger(2).of(V2), "203.0.113.2").unwrap();
    assert_eq!(told.peers, ["203.0.113.9:6881"]);
}

#[test]
fn nobody_is_moved_by_who_knows_no_more_than_a_peer_id() {
    let mut fixture = Fixture::new();
    let victim = Client { key: 0, ..stranger(1) };
    fixture.announce(victim, "203.0.113.1").unwrap();
    fixture.announce(victim, "198.51.100.7").unwrap();
    let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
    assert!(told.peers.contains(&"203.0.113.1:6881".to_owned()), "{:?}", told.peers);
}

#[test]
fn an_announce_without_the_passkey_leaves_nobody_behind_when_the_member_stops() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    fixture.announce(Client { passkey: None, ..ada(1) }, "203.0.113.1").unwrap();
    fixture.announce(Client { event: AnnounceEvent::Stopped, ..ada(1) }, "203.0.113.1").unwrap();
    fixture.check_swarm([0, 0, 0, 0]);
}

#[test]
fn who_is_not_let_in_is_not_remembered() {
    let mut fixture = Fixture::new();
    fixture.settings.limits.max_peers_per_prefix = 1;
    fixture.tracker.set_settings(fixture.settings.clone());
    fixture.announce(stranger(1), "203.0.113.1").unwrap();
    for number in 2..=9 {
        fixture.announce(stranger(number), &format!("203.0.113.{number}")).unwrap_err();
    }
    assert_eq!(fixture.tracker.totals(fixture.now).sessions, 1);
}
