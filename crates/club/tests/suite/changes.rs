use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use club::{
    BoxFuture, Connection, Error, Fault, NewMember, Page, Prices, RowVisitor, SqlResult, Store,
    Value,
};
use policy::MemberState;

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
    let house = House::open(Arc::new(Failing { store, full: full.clone() })).await;
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

/// A store whose commits fail while it is full.
struct Failing<S: ?Sized> {
    full: Arc<AtomicBool>,
    store: Arc<S>,
}

impl Store for Failing<dyn Store> {
    fn begin(&self) -> &'static [&'static str] {
        self.store.begin()
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn reader(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        self.store.reader()
    }

    fn writer(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async {
            let (full, open) = (self.full.clone(), self.store.writer().await?);
            let failing: Box<dyn Connection> = Box::new(FailingConnection { full, open });
            Ok(failing)
        })
    }
}

struct FailingConnection {
    full: Arc<AtomicBool>,
    open: Box<dyn Connection>,
}

impl Connection for FailingConnection {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        if sql == "COMMIT" && self.full.load(Ordering::Relaxed) {
            return Box::pin(async { Err(sqlx::Error::WorkerCrashed) });
        }
        self.open.execute(sql, values)
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        self.open.visit(sql, values, visit)
    }
}

/// All results, of futures that run at once.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}
