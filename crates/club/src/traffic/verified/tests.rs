use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

#[test]
fn a_buyers_bytes_are_shared_by_who_sent_them() {
    // Vector a: 700 of which the web seed sent 200.
    check(&[buyer(1, 500), seed(2, 400), seed(3, 100)], 75, &[0, 400, 100], &[0, 60, 15]);
}

#[test]
fn a_liar_takes_from_the_pool_and_adds_nothing_to_it() {
    // Vector b.
    check(&[buyer(1, 500), seed(2, 4000), seed(3, 100)], 75, &[0, 487, 12], &[0, 73, 1]);
}

#[test]
fn where_nobody_bought_nothing_is_verified() {
    // Vectors c and e: no buyer, and one whom the web seed gave everything.
    check(&[seed(2, 10 << 30)], 75, &[0], &[0]);
    check(&[buyer(1, 0), seed(2, 10 << 30)], 75, &[0, 0], &[0, 0]);
}

#[test]
fn nobody_earns_by_what_the_own_household_took() {
    // One's own second client, and a neighbour in the same network.
    check(&[Part { uploaded: 500, ..buyer(1, 500) }], 75, &[0], &[0]);
    let neighbour = Part { household: 1, ..seed(2, 500) };
    check(&[buyer(1, 500), neighbour], 75, &[0, 0], &[0, 0]);
    // What is left to them is what the others took.
    check(&[buyer(1, 500), neighbour, buyer(3, 100)], 75, &[0, 100, 0], &[0, 75, 0]);
    let other = Part { household: 1, ..seed(4, 500) };
    check(&[buyer(1, 500), neighbour, other, buyer(3, 100)], 75, &[0, 50, 50, 0], &[0, 37, 37, 0]);
}

#[test]
fn networks_join_households() {
    let seen = [(1, "a"), (2, "b"), (3, "a"), (3, "b"), (4, "c")]
        .map(|(id, network)| (member(id), network.to_owned()));
    let houses = households(&seen);
    let house = |id| houses[&member(id)];
    assert_eq!((house(1), house(2)), (house(3), house(3)));
    assert_ne!(house(4), house(1));
}

proptest! {
    #![proptest_config(Config { cases: 10_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_more_is_verified_than_was_taken(parts in parts()) {
        let verified = verify(&parts);
        let sum = |bytes: &mut dyn Iterator<Item = u64>| bytes.map(u128::from).sum::<u128>();
        let demand = sum(&mut parts.iter().map(|part| part.took));
        prop_assert!(sum(&mut verified.iter().copied()) <= demand);
        for (part, bytes) in parts.iter().zip(&verified) {
            prop_assert!(*bytes <= part.uploaded);
            let mine = |other: &&Part| other.household == part.household;
            let took = sum(&mut parts.iter().filter(mine).map(|part| part.took));
            let of_house = parts.iter().zip(&verified).filter(|(other, _)| mine(other));
            prop_assert!(sum(&mut of_house.map(|(_, bytes)| *bytes)) <= demand - took);
        }
    }

    #[test]
    fn credits_are_no_more_than_the_pool(parts in parts(), pool in -10..i64::MAX) {
        let verified = verify(&parts);
        let credits = share_out(pool, &verified);
        let sum: i128 = credits.iter().map(|credit| i128::from(*credit)).sum();
        prop_assert!(sum <= i128::from(pool.max(0)));
        let nothing = credits.iter().zip(&verified).filter(|(_, bytes)| **bytes == 0);
        prop_assert!(nothing.into_iter().all(|(credit, _)| *credit == 0));
    }

    #[test]
    fn a_lone_cheat_earns_nothing(uploaded: u64, took: u64, idle in 0..5_u32) {
        let cheat = Part { uploaded, took, ..seed(1, 0) };
        let idlers = (0..idle).map(|id| seed(2 + id, 0));
        let parts: Vec<Part> = std::iter::once(cheat).chain(idlers).collect();
        prop_assert!(verify(&parts).iter().all(|bytes| *bytes == 0));
    }

    #[test]
    fn who_says_more_gets_no_less(parts in parts(), place: prop::sample::Index, more: u32) {
        let place = place.index(parts.len());
        let mut louder = parts.clone();
        // Each in a house of its own: a household's bound is shared by all in it.
        for (house, (part, loud)) in parts.iter().zip(&mut louder).enumerate() {
            *loud = Part { household: house, ..*part };
        }
        let before = verify(&louder);
        louder[place].uploaded = louder[place].uploaded.saturating_add(more.into());
        prop_assert!(verify(&louder)[place] >= before[place]);
    }
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let bytes = prop_oneof![Just(0), 0..1_000_u64, any::<u64>()];
    let part = (0..6_usize, bytes.clone(), bytes);
    prop::collection::vec(part, 1..12).prop_map(|parts| {
        let numbered = parts.into_iter().zip(1..);
        numbered
            .map(|((household, uploaded, took), id)| Part {
                member: member(id),
                household,
                uploaded,
                took,
            })
            .collect()
    })
}

#[track_caller]
fn check(parts: &[Part], pool: i64, verified: &[u64], credits: &[i64]) {
    assert_eq!(verify(parts), verified);
    assert_eq!(share_out(pool, verified), credits);
}

/// In a household of the member's own.
fn seed(id: u32, uploaded: u64) -> Part {
    let household = usize::try_from(id).unwrap();
    Part { member: member(id), household, uploaded, took: 0 }
}

fn buyer(id: u32, took: u64) -> Part {
    Part { took, ..seed(id, 0) }
}

fn member(id: u32) -> MemberId {
    MemberId::new(id).unwrap()
}
