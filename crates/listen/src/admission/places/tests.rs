//! Who gets a place, and whose is taken for it.

use std::net::Ipv4Addr;
use std::sync::PoisonError;

use policy::MemberId;
use proptest::prelude::*;

use super::super::permit::{Activity, Evict};
use super::*;

#[test]
fn one_network_has_an_eighth_whatever_it_tries() {
    let (admission, ended) = (admission(242, 0), Ended::default());
    let held: Vec<_> = (0..300).filter_map(|key| busy(&admission, 1, key, &ended).ok()).collect();
    assert_eq!((held.len(), admission.open()), (30, 30));
    assert_eq!(admission.admit(host(1), 0).unwrap_err(), NoPlace::Share);
    assert!(admission.admit(host(2), 0).is_ok());
    drop(held);
    assert_eq!(admission.open(), 0);
    assert!(admission.admit(host(1), 0).is_ok());
}

#[test]
fn an_ipv6_network_has_an_eighth_and_those_in_it_less() {
    let admission = admission(4096, 0);
    let try_all = |address: &dyn Fn(u16) -> IpAddr| {
        (0..1000).filter_map(|number| admission.admit(address(number), 0).ok()).collect::<Vec<_>>()
    };
    let v6 = |c, d, h| IpAddr::from([0x2001, 0xdb8, c, d, 0, 0, 0, h]);
    let one_64 = try_all(&|number| v6(1, 0x100, number));
    assert_eq!(one_64.len(), 128);
    let rest_of_56 = try_all(&|number| v6(1, 0x101 + number % 255, 1));
    assert_eq!(rest_of_56.len(), 128);
    let rest_of_48 = try_all(&|number| v6(1, 0x200 + number, 1));
    assert_eq!(rest_of_48.len(), 256);
    assert!(admission.admit(v6(2, 0x100, 1), 0).is_ok());
}

#[test]
fn a_newcomer_takes_the_place_of_the_idlest_of_whoever_has_most() {
    let (admission, ended) = (admission(242, 0), Ended::default());
    let mut held = Vec::new();
    for network in 0..9 {
        // The last has two.
        for key in 0..if network == 8 { 2 } else { 30 } {
            held.push(busy(&admission, network, usize::from(network) * 100 + key, &ended).unwrap());
        }
    }
    assert_eq!(admission.open(), 242);
    for (number, permit) in held.iter().enumerate() {
        if number % 30 != 17 {
            permit.touch(Activity::Busy, 1);
        }
    }
    let _new = admission.admit(host(20), 1).unwrap();
    let [key] = ended.take()[..] else { panic!("one is ended") };
    assert_eq!(key % 100, 17);
    // A network that has as many as any other gets no place of another's.
    held.iter().for_each(|permit| permit.touch(Activity::Busy, 1));
    assert_eq!(admission.admit(host(0), 1).unwrap_err(), NoPlace::Share);
    assert!(admission.admit(host(8), 1).is_ok());
}

#[test]
fn among_equals_only_an_idle_connection_makes_room() {
    let (admission, ended) = (admission(20, 0), Ended::default());
    let held: Vec<_> =
        (0..20).map(|key| busy(&admission, key, usize::from(key), &ended).unwrap()).collect();
    assert_eq!(admission.admit(host(30), 4).unwrap_err(), NoPlace::Full);
    held[7].touch(Activity::Waiting, 4);
    let _new = admission.admit(host(30), 4).unwrap();
    assert_eq!(ended.take(), [7]);
    held.iter().for_each(|permit| permit.touch(Activity::Busy, 6));
    held[3].touch(Activity::Busy, 1);
    assert!(admission.admit(host(31), 6).is_ok());
    assert_eq!(ended.take(), [3]);
}

#[test]
fn a_connection_between_requests_makes_room_for_its_own_network() {
    let (admission, ended) = (admission(242, 0), Ended::default());
    let held: Vec<_> = (0..30).map(|key| busy(&admission, 1, key, &ended).unwrap()).collect();
    assert_eq!(admission.admit(host(1), 0).unwrap_err(), NoPlace::Share);
    held[12].touch(Activity::Waiting, 0);
    assert!(admission.admit(host(1), 0).is_ok());
    assert_eq!(ended.take(), [12]);
}

#[test]
fn not_more_are_ended_than_files_are_left_for() {
    let (admission, ended) = (admission(100, 0), Ended::default());
    let held: Vec<_> =
        (0..100).map(|key| busy(&admission, key / 5, usize::from(key), &ended).unwrap()).collect();
    let new: Vec<_> = (40..200)
        .map_while(|network| {
            admission.may_accept().then(|| admission.admit(host(network), 0).unwrap())
        })
        .collect();
    assert_eq!((new.len(), ended.take().len()), (MAX_ENDING, MAX_ENDING));
    drop(held);
    assert!(admission.may_accept());
    assert_eq!(admission.open(), u32::try_from(MAX_ENDING).unwrap());
}

#[test]
fn reserved_places_are_for_what_proves_to_be_due_them() {
    let (admission, ended) = (admission(22, 2), Ended::default());
    let held: Vec<_> =
        (0..20).map(|key| busy(&admission, key, usize::from(key), &ended).unwrap()).collect();
    let first = admission.admit(host(30), 0).unwrap();
    let second = admission.admit(host(31), 0).unwrap();
    assert_eq!(admission.admit(host(32), 0).unwrap_err(), NoPlace::Full);
    assert!(first.reserve(0));
    assert_eq!(second.settle(0), Err(NoPlace::Full));
    drop(second);
    // One that has a place gives it to others when it takes a reserved one.
    assert!(held[0].reserve(0) && !held[1].reserve(0));
    assert!(admission.admit(host(33), 0).is_ok());
    // And is not ended for others.
    held.iter().skip(1).for_each(|permit| permit.touch(Activity::Busy, 100));
    assert!(admission.admit(host(34), 104).is_ok());
    assert!(ended.take().is_empty());
    drop((held, first));
    assert_eq!(admission.open(), 0);
}

#[test]
fn what_a_proxy_passes_on_counts_for_its_client_and_member() {
    let admission = admission(242, 0);
    let proxied: Vec<_> = (0..100).map(|_| admission.admit_uncounted(0).unwrap()).collect();
    let attribute = |number: usize, network| proxied[number].attribute(host(network), 0);
    assert!((0..30).all(|number| attribute(number, 1).is_ok()));
    assert_eq!(attribute(30, 1), Err(NoPlace::Share));
    // Its next request is another's.
    assert!(attribute(30, 2).is_ok() && attribute(0, 2).is_ok() && attribute(31, 1).is_ok());

    let member = MemberId::new(7).unwrap();
    let of_member = (40..80).filter(|number| {
        attribute(*number, 3 + u16::try_from(*number).unwrap()).unwrap();
        proxied[*number].attribute_member(member, 0).is_ok()
    });
    assert_eq!(of_member.count(), 30);
}

#[test]
fn one_network_holds_an_eighth_of_the_bytes_and_who_has_most_gives_way() {
    let bytes = Arc::new(ByteBudget::new(8000));
    let (admission, ended) =
        (ConnectionLimits::new(4096, 0, Arc::clone(&bytes), 1), Ended::default());
    let permits: Vec<_> = (0..9)
        .map(|network| busy(&admission, network, usize::from(network), &ended).unwrap())
        .collect();
    assert!(permits[0].hold(1000, 0) && !permits[0].hold(1001, 0));
    assert_eq!((permits[0].held(), bytes.used()), (1000, 1000));
    let neighbour = admission.admit(host(0), 0).unwrap();
    assert!(!neighbour.hold(1, 0));
    for (number, permit) in permits.iter().enumerate().skip(1).take(7) {
        assert!(permit.hold(1000 - number, 0));
    }
    let left = 8000 - bytes.used();
    assert!(permits[8].hold(left, 0) && !permits[8].hold(left + 1, 0));
    assert_eq!(ended.take(), [0]);
    // Once a second.
    assert!(!permits[8].hold(left + 1, 0));
    assert!(ended.take().is_empty());
    // The one that is told to end. Others may wait and be given what they asked for.
    assert_eq!(bytes.cut_offs(), 1);
    assert!(permits[0].hold(0, 1) && permits[8].hold(left + 1, 1) && permits[8].hold(1, 1));
    drop((permits, neighbour));
    // And the one that was never given any.
    assert_eq!((bytes.used(), bytes.cut_offs()), (0, 2));
}

proptest! {
    #[test]
    fn whatever_comes_all_is_given_back(steps in prop::collection::vec((0..8_u8, 0..40_u16, 0..40_u32), 1..400)) {
        let bytes = Arc::new(ByteBudget::new(10_000));
        let (admission, ended) = (ConnectionLimits::new(20, 4, Arc::clone(&bytes), 1), Ended::default());
        let mut held: Vec<(usize, Permit)> = Vec::new();
        let mut next = 0;
        for (what, number, now) in steps {
            let at = usize::from(number) % held.len().max(1);
            match (what, held.get_mut(at)) {
                (0 | 1, _) if admission.may_accept() => {
                    let permit = if number < 10 { admission.admit_uncounted(now) } else { admission.admit(host(number % 7), now) };
                    if let Ok(mut permit) = permit {
                        next += 1;
                        permit.keep(ended.evictor(), next, Activity::Waiting, now);
                        held.push((next, permit));
                    }
                }
                (2, Some((_, permit))) => drop(permit.hold(usize::from(number) * 100, now)),
                (3, Some((_, permit))) => permit.touch(Activity::Busy, now),
                (4, Some((_, permit))) => drop(permit.attribute(host(number % 5), now)),
                (5, Some((_, permit))) => drop(permit.attribute_member(MemberId::new(now + 1).unwrap(), now)),
                (6, Some((_, permit))) => drop(permit.reserve(now)),
                (7, Some(_)) => drop(held.swap_remove(at)),
                _ => {}
            }
            for key in ended.take() {
                let at = held.iter().position(|(other, _)| *other == key);
                drop(at.map(|at| held.swap_remove(at)));
            }
            let open = usize::try_from(admission.open()).unwrap();
            prop_assert_eq!(open, held.len());
            prop_assert!(open <= 20 + MAX_ENDING);
            prop_assert_eq!(bytes.used(), held.iter().map(|(_, permit)| permit.held()).sum::<usize>());
        }
        drop(held);
        prop_assert_eq!((admission.open(), bytes.used()), (0, 0));
        let counts = &admission.places.counts;
        prop_assert!(counts.iter().all(|count| count.connections.load(Ordering::Relaxed) == 0));
        prop_assert!(counts.iter().all(|count| count.bytes.load(Ordering::Relaxed) == 0));
        prop_assert!(admission.places.registry().greediest().is_none());
        prop_assert_eq!(admission.places.ending.load(Ordering::Relaxed), 0);
    }
}

/// The keys of connections that were ended.
#[derive(Clone, Default)]
struct Ended(Arc<Mutex<Vec<usize>>>);

impl Ended {
    fn evictor(&self) -> Arc<dyn Evict> {
        Arc::new(self.clone())
    }

    fn take(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Evict for Ended {
    fn evict(&self, key: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(key);
    }
}

fn admission(most: u32, reserved: u32) -> ConnectionLimits {
    ConnectionLimits::new(most, reserved, Arc::new(ByteBudget::new(0)), 1)
}

/// A connection that has begun something at second 0.
fn busy(
    admission: &ConnectionLimits,
    network: u16,
    key: usize,
    ended: &Ended,
) -> Result<Permit, NoPlace> {
    let mut permit = admission.admit(host(network), 0)?;
    permit.keep(ended.evictor(), key, Activity::Busy, 0);
    Ok(permit)
}

/// A host of a network.
fn host(network: u16) -> IpAddr {
    let [high, low] = network.to_be_bytes();
    Ipv4Addr::new(10, high, low, 1).into()
}
