//! Announces through the whole line: admission, session, seat and reply.

use std::io::Cursor;

use policy::{MemberState, Right, Standing, TierId, UnknownTorrents};
use tracker::{Nat, Now, Tracker};
use wire::{AnnounceEvent, InfoHash};

use crate::fixture::{ADA, Client, Fixture, ITEM, V1, V2, ada, ip, standing, start_now, stranger};

#[test]
fn a_member_sits_inside_and_a_stranger_outside() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).seeding(), "203.0.113.1").unwrap();
    fixture.announce(stranger(2), "203.0.113.2").unwrap();
    fixture.check_swarm([1, 0, 0, 1]);
}

#[test]
fn each_is_told_of_the_other_and_of_nobody_twice() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).seeding(), "203.0.113.1").unwrap();
    let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
    assert_eq!(told.peers, ["203.0.113.1:6881"]);
    let told = fixture.announce(ada(1).seeding(), "203.0.113.1").unwrap();
    assert_eq!(told.peers, ["203.0.113.2:6881"]);
    assert_eq!((told.complete, told.incomplete), (1, 1));
}

#[test]
fn a_member_is_never_told_of_its_own_other_client() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).seeding(), "203.0.113.1").unwrap();
    let told = fixture.announce(ada(2), "203.0.113.9").unwrap();
    assert_eq!(told.peers, Vec::<String>::new());
    assert_eq!(told.complete, 1);
}

#[test]
fn two_families_of_one_client_count_once_in_swarm_and_books() {
    let mut fixture = Fixture::new();
    for (from, uploaded) in
        [("203.0.113.1", 0), ("2001:db8::1", 0), ("203.0.113.1", 700), ("2001:db8::1", 700)]
    {
        fixture.announce(ada(1).seeding().uploaded(uploaded), from).unwrap();
    }
    fixture.check_swarm([1, 0, 0, 0]);
    assert_eq!(fixture.credit(), 700);
    let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
    assert_eq!((told.complete, told.peers.len()), (1, 2));
}

#[test]
fn a_client_counts_once_whichever_family_comes_first() {
    let mut fixture = Fixture::new();
    for hash in [V1, V2] {
        for from in ["2001:db8::1", "203.0.113.1", "2001:db8::1", "203.0.113.1"] {
            fixture.announce(ada(1).of(hash).seeding(), from).unwrap();
            let counts = fixture.tracker.scrape_open(&hash).unwrap();
            assert_eq!((counts.complete, counts.incomplete), (1, 0), "{from}");
        }
    }
}

#[test]
fn both_hashes_of_a_hybrid_count_once_in_the_books() {
    let mut fixture = Fixture::new();
    for uploaded in [100, 900] {
        for hash in [V1, V2] {
            fixture.announce(ada(1).of(hash).seeding().uploaded(uploaded), "203.0.113.1").unwrap();
        }
    }
    fixture.check_swarm([1, 0, 0, 0]);
    assert_eq!(fixture.credit(), 800);
}

#[test]
fn the_first_announce_credits_nothing() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).uploaded(5 << 30), "203.0.113.1").unwrap();
    assert_eq!(fixture.credit(), 0);
    fixture.announce(ada(1).uploaded((5 << 30) + 7), "203.0.113.1").unwrap();
    assert_eq!(fixture.credit(), 7);
}

#[test]
fn counters_that_start_over_open_another_run_and_take_nothing_away() {
    let mut fixture = Fixture::new();
    for (uploaded, event) in [
        (0, AnnounceEvent::Started),
        (500, AnnounceEvent::None),
        (300, AnnounceEvent::Started),
        (350, AnnounceEvent::None),
    ] {
        fixture.pass(1800);
        fixture.announce(Client { event, ..ada(1).uploaded(uploaded) }, "203.0.113.1").unwrap();
    }
    assert_eq!(fixture.credit(), 550);
}

#[test]
fn late_announces_of_a_run_change_nothing() {
    let mut fixture = Fixture::new();
    for uploaded in [0, 500, 400, 500] {
        fixture.announce(ada(1).uploaded(uploaded), "203.0.113.1").unwrap();
    }
    assert_eq!(fixture.credit(), 500);
}

#[test]
fn a_stop_keeps_what_was_carried_and_clears_the_seat() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    let left = Client { event: AnnounceEvent::Stopped, ..ada(1).uploaded(42) };
    assert_eq!(fixture.announce(left, "203.0.113.1").unwrap().peers.len(), 0);
    fixture.check_swarm([0, 0, 0, 0]);
    assert_eq!(fixture.credit(), 42);
}

#[test]
fn an_announce_without_a_passkey_does_not_move_a_members_client() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).seeding(), "203.0.113.1").unwrap();
    for event in [AnnounceEvent::None, AnnounceEvent::Stopped] {
        fixture.announce(Client { event, ..stranger(7) }, "203.0.113.1").unwrap();
    }
    let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
    assert_eq!((told.complete, told.peers), (1, vec!["203.0.113.1:6881".to_owned()]));
}

#[test]
fn the_same_client_first_without_and_then_with_its_passkey_is_one() {
    let mut fixture = Fixture::new();
    fixture.announce(Client { passkey: None, ..ada(1) }, "203.0.113.1").unwrap();
    fixture.check_swarm([0, 0, 0, 1]);
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    fixture.check_swarm([0, 1, 0, 0]);
}

#[test]
fn a_fourth_client_of_one_member_is_refused_until_one_stops() {
    let mut fixture = Fixture::new();
    let from = |client: u8| format!("203.0.113.{client}");
    for client in 1..=3 {
        fixture.announce(ada(client), &from(client)).unwrap();
    }
    let refused = fixture.announce(ada(4), &from(4)).unwrap_err();
    assert!(refused.starts_with("too many of your clients"), "{refused}");
    fixture.announce(Client { event: AnnounceEvent::Stopped, ..ada(2) }, &from(2)).unwrap();
    fixture.announce(ada(4), &from(4)).unwrap();
}

#[test]
fn a_client_that_starts_anew_on_its_port_replaces_itself() {
    let mut fixture = Fixture::new();
    for peer_id in 1..=9 {
        fixture.announce(ada(peer_id), "203.0.113.1").unwrap();
    }
    fixture.check_swarm([0, 1, 0, 0]);
}

#[test]
fn a_stranger_that_changes_its_key_at_each_announce_is_one_client() {
    let mut fixture = Fixture::new();
    for key in 1..=9 {
        fixture.announce(Client { key, ..stranger(1) }, "203.0.113.1").unwrap();
    }
    fixture.check_swarm([0, 0, 0, 1]);
}

#[test]
fn a_member_s_clients_are_listed_without_anybody_else_s() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    fixture.announce(stranger(2), "203.0.113.2").unwrap();
    let owner = fixture.tracker.item_swarm(ITEM, fixture.now).unwrap().peers;
    let owner = owner.iter().find_map(|peer| peer.member).unwrap();
    let clients = fixture.tracker.clients_of(owner, 10, fixture.now);
    let found: Vec<_> = clients
        .iter()
        .map(|(item, peer)| (*item, peer.member, peer.addresses[0].ip().to_string()))
        .collect();
    assert_eq!(found, [(ITEM, Some(owner), "203.0.113.1".to_owned())]);
    assert!(fixture.tracker.clients_of(owner, 0, fixture.now).is_empty());
    let nobody = policy::MemberId::new(owner.value() + 1000).unwrap();
    assert!(fixture.tracker.clients_of(nobody, 10, fixture.now).is_empty());
}

#[test]
fn sixteen_strangers_of_one_peer_id_are_remembered_and_more_are_served() {
    let mut fixture = Fixture::new();
    for key in 1..=17 {
        fixture.announce(Client { key, ..stranger(1) }, &format!("203.0.113.{key}")).unwrap();
        let remembered = fixture.tracker.item_swarm(ITEM, fixture.now).unwrap().outside_leechers;
        assert_eq!(remembered, usize::try_from(key.min(16)).unwrap());
    }
}

#[test]
fn an_early_announce_gets_no_peers_and_a_word_where_the_rules_say_so() {
    let mut fixture = Fixture::new();
    fixture.rules(|rules| rules.enforce_min_interval = true);
    fixture.announce(stranger(2).seeding(), "203.0.113.2").unwrap();
    assert_eq!(fixture.announce(ada(1), "203.0.113.1").unwrap().peers.len(), 1);
    fixture.pass(60);
    let early = fixture.announce(ada(1), "203.0.113.1").unwrap();
    assert_eq!((early.peers.len(), early.warning.is_some()), (0, true));
    fixture.pass(600);
    let later = fixture.announce(ada(1), "203.0.113.1").unwrap();
    assert_eq!((later.peers.len(), later.warning), (1, None));
}

#[test]
fn an_own_network_is_given_out_by_its_public_address() {
    let mut fixture = Fixture::new();
    let mapping = tracker::Mapping::new(ip("192.168.1.0"), 24, ip("203.0.113.99"));
    fixture.settings.nat = Nat::new(vec![mapping.unwrap()]);
    fixture.tracker.set_settings(fixture.settings.clone());
    fixture.announce(ada(1).seeding(), "192.168.1.7").unwrap();
    let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
    assert_eq!(told.peers, ["203.0.113.99:6881"]);
}

#[test]
fn a_private_address_is_hidden_from_the_internet_and_counted() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).seeding(), "192.168.1.7").unwrap();
    let told = fixture.announce(stranger(2), "203.0.113.2").unwrap();
    assert_eq!((told.complete, told.peers.len()), (1, 0));
    assert_eq!(fixture.tracker.counted().hid_seeders, 1);
    let told = fixture.announce(stranger(3), "192.168.1.8").unwrap();
    assert_eq!(told.peers, ["192.168.1.7:6881", "203.0.113.2:6881"]);
}

#[test]
fn an_unknown_torrent_is_refused_or_tracked_for_everybody_alike() {
    let mut fixture = Fixture::new();
    let unknown = InfoHash([9; 20]);
    let refused = fixture.announce(stranger(2).of(unknown), "203.0.113.2").unwrap_err();
    assert_eq!(refused, "unknown torrent: see what is offered at https://club.example");
    fixture.rules(|rules| rules.unknown_torrents = UnknownTorrents::Free);
    fixture.announce(stranger(2).of(unknown), "203.0.113.2").unwrap();
    fixture.announce(ada(1).of(unknown), "203.0.113.1").unwrap();
    let view = fixture.tracker.swarm(&unknown, fixture.now).unwrap();
    assert_eq!((view.item, view.inside_leechers, view.outside_leechers), (None, 0, 2));
}

#[test]
fn why_tells_a_member_what_each_announce_was_told() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    fixture.tracker_members(|roster, _| {
        roster.set(ADA, Standing { state: MemberState::Suspended, ..standing() });
    });
    let refused = fixture.announce(ada(1), "203.0.113.1").unwrap_err();
    assert_eq!(refused, "this account is suspended: ask at https://club.example");
    let heard: Vec<bool> = fixture
        .tracker
        .why(ADA)
        .iter()
        .map(|heard| matches!(heard.outcome, tracker::AnnounceResult::Seated { .. }))
        .collect();
    assert_eq!(heard, [true, false]);
}

#[test]
fn a_right_to_the_item_seats_a_member_of_an_outside_tier_inside() {
    let mut fixture = Fixture::new();
    fixture.tracker_members(|roster, rights| {
        roster.set(ADA, Standing { tier: TierId::OUTSIDER, ..standing() });
        rights.set(ITEM, ADA, Right { until: start_now().unix + 60, ..Right::default() });
    });
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    fixture.check_swarm([0, 1, 0, 0]);
    fixture.pass(60);
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    fixture.check_swarm([0, 0, 0, 1]);
}

#[test]
fn silent_clients_are_swept_and_a_snapshot_brings_the_others_back() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1).seeding().uploaded(10), "203.0.113.1").unwrap();
    fixture.pass(3000);
    fixture.announce(stranger(2), "203.0.113.2").unwrap();
    fixture.pass(1000);
    (0..Tracker::SWEEP_STEPS).for_each(|step| fixture.tracker.sweep(step, fixture.now, || ()));
    fixture.check_swarm([0, 0, 0, 1]);

    let mut bytes = Vec::new();
    fixture.tracker.save(fixture.now, &mut bytes).unwrap();
    let after = Fixture::new();
    let saved = after.tracker.load(&mut Cursor::new(&bytes), fixture.now).unwrap();
    assert_eq!((saved.peers, saved.sessions), (1, 1));
    after.check_swarm([0, 0, 0, 1]);

    let too_late = Fixture::new();
    let now = Now { secs: 5, unix: fixture.now.unix + 3000 };
    assert_eq!(too_late.tracker.load(&mut Cursor::new(&bytes), now).unwrap().sessions, 0);
}

#[test]
fn a_damaged_snapshot_puts_nothing_back() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    let mut bytes = Vec::new();
    fixture.tracker.save(fixture.now, &mut bytes).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let after = Fixture::new();
        assert!(after.tracker.load(&mut Cursor::new(&damaged), fixture.now).is_err(), "byte {at}");
        after.check_swarm([0, 0, 0, 0]);
    }
    for length in 0..bytes.len() {
        assert!(
            Fixture::new().tracker.load(&mut Cursor::new(&bytes[..length]), fixture.now).is_err(),
            "{length} bytes"
        );
    }
}

#[test]
fn a_restart_from_a_snapshot_keeps_the_run_of_a_session() {
    let mut fixture = Fixture::new();
    fixture.announce(ada(1), "203.0.113.1").unwrap();
    let mut bytes = Vec::new();
    fixture.tracker.save(fixture.now, &mut bytes).unwrap();
    let before = fixture.drain();

    let mut after = Fixture::new();
    after.now = Now { secs: 3, unix: fixture.now.unix + 30 };
    after.tracker.load(&mut Cursor::new(&bytes), after.now).unwrap();
    after.announce(ada(1).uploaded(77), "203.0.113.1").unwrap();
    let counts = after.drain();
    assert_eq!((counts.len(), counts[0].opens, counts[0].uploaded), (1, false, 77));
    assert_eq!(counts[0].epoch, before[0].epoch);
}
