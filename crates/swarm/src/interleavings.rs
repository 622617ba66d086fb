//! What two threads can do to one segment, and to one key that both of them move: every order of
//! their steps, by loom (`scripts/loom`).

use loom::sync::{Arc, RwLock};
use loom::thread;
use wire::{CompactV4, CompactV6};

use crate::endpoint::{Endpoint, Families};
use crate::group::Group;
use crate::hash::KeyHasher;
use crate::large_peer_map::ScopeRecord;
use crate::peer_tables::{ChangeObserver, PeerTables, Placement, Removal};
use crate::peer_update::{PeerEvent, PeerUpdate};
use crate::scope::{Scope, Scopes};
use crate::segment::{Put, Segment};
use crate::slot::{Lookup, PeerSlot};
use crate::slot4::V4Slot;
use crate::slot6::V6Slot;
use crate::tick::{Age, Tick};
use crate::word::{Marks, PeerWord};

#[test]
fn a_key_that_two_threads_insert_stands_once() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V4Slot>::with_slots(3));
        let other = Arc::clone(&segment);
        let thread = thread::spawn(move || put(&other, &v4(1), 10));
        let mine = put(&segment, &v4(1), 20);
        let theirs = thread.join().unwrap();

        let live = words(&segment);
        assert_eq!(live.len(), 1);
        // One of them found the slot empty, the other what the first wrote.
        let firsts = [mine, theirs].into_iter().filter(|put| *put == Put::Done(PeerWord::EMPTY));
        assert_eq!(firsts.count(), 1);
    });
}

#[test]
fn keys_that_threads_insert_at_one_place_are_all_found() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V4Slot>::with_slots(3));
        let threads = [1, 2].map(|n| {
            let segment = Arc::clone(&segment);
            // The same home for both.
            thread::spawn(move || put(&segment, &Lookup { hash: 0, ..v4(n) }, 10))
        });
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Put::Done(PeerWord::EMPTY));
        }
        for n in [1, 2] {
            assert!(segment.find(&Lookup { hash: 0, ..v4(n) }).is_some());
        }
    });
}

#[test]
fn the_last_slot_goes_to_one_of_two() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V4Slot>::with_slots(1));
        let other = Arc::clone(&segment);
        let thread = thread::spawn(move || put(&other, &v4(1), 10));
        let puts = [put(&segment, &v4(2), 10), thread.join().unwrap()];
        // Neither may get it, if each saw the other's reservation; the next announce makes room.
        let done = puts.into_iter().filter(|put| *put == Put::Done(PeerWord::EMPTY)).count();
        assert_eq!(words(&segment).len(), done);
        assert!(done <= 1);
    });
}

#[test]
fn a_peer_refreshed_and_cleared_at_once_is_there_or_gone() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V4Slot>::with_slots(2));
        put(&segment, &v4(1), 10);
        let other = Arc::clone(&segment);
        let thread = thread::spawn(move || other.clear(&v4(1), |_| true));
        let refreshed = put(&segment, &v4(1), 20);
        let cleared = thread.join().unwrap().unwrap();

        assert!(cleared.is_some());
        let Put::Done(old) = refreshed else { panic!("{refreshed:?}") };
        // Cleared first, and then put again; or the other way round.
        assert_eq!(words(&segment).len(), usize::from(!old.is_live()));
    });
}

#[test]
fn an_ipv6_peer_is_never_seen_without_its_address() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V6Slot>::with_slots(2));
        let other = Arc::clone(&segment);
        let thread = thread::spawn(move || put(&other, &v6(1), 10));
        for slot in segment.slots() {
            let word = slot.word();
            if word.is_live() {
                assert_eq!(slot.key(word), v6(1).key);
            }
        }
        thread.join().unwrap();
        assert!(segment.find(&v6(1)).is_some());
    });
}

#[test]
fn an_ipv6_key_that_two_threads_insert_stands_once() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V6Slot>::with_slots(2));
        let other = Arc::clone(&segment);
        let thread = thread::spawn(move || put(&other, &v6(1), 10));
        put(&segment, &v6(1), 20);
        thread.join().unwrap();
        assert_eq!(words(&segment).len(), 1);
    });
}

#[test]
fn ipv6_keys_of_one_name_stand_beside_each_other_or_one_is_dropped() {
    loom::model(|| {
        let segment = Arc::new(Segment::<V6Slot>::with_slots(3));
        let [ada, bob] = [v6(1), v6(2)].map(|lookup| Lookup { hash: 0, name: 7, ..lookup });
        let other = Arc::clone(&segment);
        let thread = thread::spawn(move || put(&other, &ada, 10));
        let puts = [put(&segment, &bob, 10), thread.join().unwrap()];
        let done = puts.into_iter().filter(|put| *put == Put::Done(PeerWord::EMPTY)).count();
        assert_eq!(words(&segment).len(), done);
        assert!(done == 2 || puts.contains(&Put::Busy));
    });
}

#[test]
fn a_key_that_comes_to_two_tables_at_once_is_in_one_or_doubled() {
    check([Some(Group::OutsideLeechers), Some(Group::OutsideSeeders)], None);
}

#[test]
fn a_key_that_two_threads_move_is_in_one_table_or_doubled() {
    let to = [Some(Group::OutsideSeeders), Some(Group::InsideLeechers)];
    check(to, Some(Group::OutsideLeechers));
}

#[test]
fn a_key_moved_there_and_back_at_once_is_in_one_table_or_doubled() {
    let to = [Some(Group::OutsideSeeders), Some(Group::OutsideLeechers)];
    check(to, Some(Group::OutsideLeechers));
}

#[test]
fn a_key_that_moves_and_leaves_at_once_is_there_or_gone() {
    check([Some(Group::OutsideSeeders), None], Some(Group::OutsideLeechers));
}

#[test]
fn an_arrival_during_a_sweep_keeps_its_scope() {
    loom::model(|| {
        let scopes = Scopes::only(Scope::Private10);
        let record = ScopeRecord::new();
        // Somebody of that scope was here, and has gone.
        record.add(scopes);
        let swarm = Arc::new(RwLock::new((record, Segment::<V4Slot>::with_slots(3))));
        let other = Arc::clone(&swarm);
        // As `LargePeerMap::arrive`, under the lock that the directory holds for who announces.
        let thread = thread::spawn(move || {
            let (record, segment) = &*other.read().unwrap();
            record.add(scopes);
            put(segment, &v4(1), 10);
            assert!(record.load().holds(scopes));
        });
        // As a sweep: alone at first, and then beside others.
        swarm.write().unwrap().0.begin();
        {
            let (record, segment) = &*swarm.read().unwrap();
            if !words(segment).is_empty() {
                record.see(scopes);
            }
        }
        swarm.read().unwrap().0.end();
        thread.join().unwrap();
        assert!(swarm.read().unwrap().0.load().holds(scopes), "a peer without its scope");
    });
}

/// Two threads put a key into groups, or remove it, that stood in another one or nowhere. Asserts
/// that it is not lost, that it is only in two tables where that is known, and that the counts are
/// those of the slots.
fn check(to: [Option<Group>; 2], from: Option<Group>) {
    loom::model(move || {
        let mut peers = PeerTables::<V4Slot>::new();
        let lookup = v4(1);
        for group in Group::ALL {
            if to.contains(&Some(group)) || from == Some(group) {
                peers.table_mut(group).make_room(lookup.hash, &KeyHasher::new(1));
            }
        }
        if let Some(group) = from {
            go(&peers, Some(group), 5);
        }
        let peers = Arc::new(peers);
        let other = Arc::clone(&peers);
        let thread = thread::spawn(move || go(&other, to[1], 20));
        go(&peers, to[0], 10);
        thread.join().unwrap();

        let mut live = 0;
        for (_, table) in peers.tables() {
            let found = u32::try_from(table.peers().count()).unwrap();
            assert_eq!((table.live(), table.clients()), (found, found));
            live += found;
        }
        if to.contains(&None) {
            assert!(live <= 1);
        } else {
            assert!(live == 1 || live == 2 && peers.is_doubled(), "{live}");
        }
    });
}

fn go(peers: &PeerTables<V4Slot>, to: Option<Group>, ticks: u32) {
    let group = to.unwrap_or(Group::InsideLeechers);
    let peer = PeerUpdate {
        endpoint: Endpoint::V4(v4(1).key),
        group,
        paused: false,
        held: false,
        second: false,
        event: PeerEvent::Present,
        others: &[],
        families: Families::V4,
        now: Tick::at(ticks * Tick::SECS),
        max_age: Age::from_secs(1_600),
    };
    if to.is_some() {
        assert!(matches!(peers.arrive(&v4(1), &peer, &Nobody, || Ok(())), Placement::Done { .. }));
    } else {
        assert_ne!(peers.leave(&v4(1), &peer, &Nobody), Removal::Held);
    }
}

struct Nobody;

impl<K> ChangeObserver<K> for Nobody {
    fn changed(&self, _: Group, _: K, _: PeerWord, _: PeerWord) {}
}

fn put<S: PeerSlot>(segment: &Segment<S>, lookup: &Lookup<S::Key>, ticks: u32) -> Put {
    let seen = Tick::at(ticks * Tick::SECS);
    segment.put(lookup, PeerWord::live(lookup.name, seen, Marks::default()), |_| true)
}

fn words<S: PeerSlot>(segment: &Segment<S>) -> Vec<PeerWord> {
    segment.slots().iter().map(PeerSlot::word).filter(|word| word.is_live()).collect()
}

fn v4(n: u8) -> Lookup<CompactV4> {
    V4Slot::lookup(CompactV4::new([203, 0, 113, n].into(), 6881), &KeyHasher::new(1))
}

fn v6(n: u16) -> Lookup<CompactV6> {
    let ip = [0x2001, 0xdb8, 0, 0, 0, 0, 0, n].into();
    V6Slot::lookup(CompactV6::new(ip, 6881), &KeyHasher::new(1))
}
