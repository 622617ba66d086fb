use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use club::{Error, Fault, NewMember, NewTopup, Page, Prices, Store, Unavailable};
use policy::MemberState;

use super::coded_error::CodedError;
use super::money::usd;
use super::watched::{Moment, WatchedStore};
use super::{House, new_item, stamp};

pub(crate) async fn a_change_counts_in_memory_as_in_the_store(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    let tiers = ["fan", "patron", "outsider"];
    let stamp = stamp();
    let changes = (0..60).map(|n| house.club.set_tier(&stamp, "ada", tiers[n % 3], None));
    join_all(changes).await.into_iter().for_each(|changed| drop(changed.unwrap()));
    assert_eq!(House::open(store).await.standing(ada), house.standing(ada));
}

pub(crate) async fn a_refused_change_leaves_its_neighbours_alone(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let stamp = stamp();
    let adds = (0..64).map(|n| {
        let name = format!("member-{}", n / 2);
        house.club.add_member(&stamp, NewMember { name, tier: "fan".to_owned(), tier_until: None })
    });
    let added = join_all(adds).await;
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 32);
    assert!(
        added.iter().flat_map(|added| added.as_ref().err()).all(|e| e.fault() == Fault::Conflict)
    );
    let members = house.club.members(Page::FIRST).await.unwrap();
    assert!(members.iter().map(|member| member.id.value()).eq(1..=32));
}

pub(crate) async fn every_change_leaves_one_row_in_the_record(store: Arc<dyn Store>) {
    let House { club, .. } = House::open(store).await;
    let stamp = stamp();
    let ada = NewMember { name: "ada".to_owned(), tier: "fan".to_owned(), tier_until: None };
    club.add_member(&stamp, ada).await.unwrap();
    club.set_tier(&stamp, "ada", "patron", None).await.unwrap();
    club.rotate(&stamp, "ada", None).await.unwrap();
    club.suspend(&stamp, "ada").await.unwrap();
    club.resume(&stamp, "ada").await.unwrap();
    club.add_item(&stamp, new_item("reel-1", &[1])).await.unwrap();
    club.set_policy(&stamp, "reel-1", "club").await.unwrap();
    club.set_prices(&stamp, "reel-1", Prices::default()).await.unwrap();
    club.grant(&stamp, "ada", "reel-1", None, "grant").await.unwrap();
    club.rotate_bound(&stamp, "ada", "reel-1", None).await.unwrap();
    club.revoke(&stamp, "ada", "reel-1").await.unwrap();
    club.remove_item(&stamp, "reel-1").await.unwrap();
    club.remove_member(&stamp, "ada").await.unwrap();
    club.remove_member(&stamp, "ada").await.unwrap_err();

    let record = club.audit(Page::FIRST).await.unwrap();
    let whats: Vec<&str> = record.iter().map(|row| row.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "member.add",
            "member.tier",
            "member.rotate",
            "member.suspend",
            "member.resume",
            "item.add",
            "item.policy",
            "item.prices",
            "entitlement.grant",
            "entitlement.rotate",
            "entitlement.revoke",
            "item.remove",
            "member.remove",
        ]
    );
    assert!(record.iter().all(|row| row.who == "admin" && row.at == stamp.now_unix));
    assert_eq!(record[1].detail, "fan -> patron");
    assert_eq!((record[8].member.unwrap().value(), record[8].item.unwrap().0), (1, 1));
}

pub(crate) async fn what_the_store_does_not_take_is_not_shown(store: Arc<dyn Store>) {
    let full = Arc::new(AtomicBool::new(false));
    let is_full = full.clone();
    let fills_up = WatchedStore::new(store, move |moment, sql| {
        let fails = moment == Moment::Before && sql == "COMMIT" && is_full.load(Ordering::Relaxed);
        if fails { Err(sqlx::Error::WorkerCrashed) } else { Ok(()) }
    });
    let house = House::open(Arc::new(fills_up)).await;
    let ada = house.add_member("ada").await;

    full.store(true, Ordering::Relaxed);
    let refused = house.club.suspend(&stamp(), "ada").await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)) && refused.fault() == Fault::Ours);
    assert_eq!(house.standing(ada).state, MemberState::Active);
    assert_eq!(house.club.member("ada").await.unwrap().state, MemberState::Active);

    full.store(false, Ordering::Relaxed);
    house.club.suspend(&stamp(), "ada").await.unwrap();
    assert_eq!(house.standing(ada).state, MemberState::Suspended);
}

/// Whatever call of a change meets an error of the disk, the answer does not deny what is kept.
pub(crate) async fn an_error_of_the_disk_hides_no_change(store: Arc<dyn Store>) {
    House::open(store.clone()).await.add_member("ada").await;
    let mut doubts = 0;
    for call in 0.. {
        let calls_left = Arc::new(AtomicU32::new(NEVER));
        let left = calls_left.clone();
        let faulty = WatchedStore::new(store.clone(), move |moment, _| {
            let fails = moment == Moment::After && is_last(&left);
            if fails { Err(CodedError(IO_ERROR_FSYNC).into()) } else { Ok(()) }
        });
        let house = House::open(Arc::new(faulty)).await;
        let key = format!("call {call}");
        let topup = || NewTopup {
            member: "ada".to_owned(),
            amount: usd(100),
            provider: "hand".to_owned(),
            memo: String::new(),
        };
        calls_left.store(call, Ordering::Relaxed);
        let answer = house.club.topup(&stamp(), &key, topup()).await;
        calls_left.store(NEVER, Ordering::Relaxed);
        drop(house);

        let house = House::open(store.clone()).await;
        let entries = async || {
            let journal = house.club.journal(Page::FIRST).await.unwrap();
            journal.iter().filter(|entry| entry.key == key).count()
        };
        let is_entered = entries().await == 1;
        match answer {
            Ok(_) => {
                assert!(is_entered && call > 5 && doubts > 0, "{call} calls, {doubts} doubts");
                return;
            }
            Err(Error::Unavailable(Unavailable::InDoubt(_))) => doubts += 1,
            Err(denied) => assert!(!is_entered, "call {call}: {denied}"),
        }
        // Who was left in doubt repeats the request, which counts once.
        house.club.topup(&stamp(), &key, topup()).await.unwrap();
        assert_eq!(entries().await, 1, "call {call}");
    }
}

/// Whether the statement fails, of which so many succeed before.
fn is_last(calls_left: &AtomicU32) -> bool {
    let take = |left: u32| if left == NEVER { None } else { Some(left.wrapping_sub(1)) };
    calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) == Ok(0)
}

const NEVER: u32 = u32::MAX;
/// What SQLite reports where a sync fails.
const IO_ERROR_FSYNC: &str = "1034";

/// All results, of futures that run at once.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}
