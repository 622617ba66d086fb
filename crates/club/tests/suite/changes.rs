use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use club::{
    BoxFuture, Connection, Error, Fault, NewMember, NewTopup, Page, Places, Prices, RowVisitor,
    SqlResult, Store, Unavailable, Value,
};
use policy::MemberState;
use sqlx::error::{DatabaseError, ErrorKind};

use super::money::usd;
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

/// Whatever call of a change meets an error of the disk, the answer does not deny what is kept.
pub(crate) async fn an_error_of_the_disk_hides_no_change(store: Arc<dyn Store>) {
    House::open(store.clone()).await.add_member("ada").await;
    let mut doubts = 0;
    for call in 0.. {
        let faults = Arc::new(Faults::default());
        let house = House::open(Arc::new(Faulty { store: store.clone(), faults: faults.clone() }));
        let house = house.await;
        let key = format!("call {call}");
        let topup = || NewTopup {
            member: "ada".to_owned(),
            amount: usd(100),
            provider: "hand".to_owned(),
            memo: String::new(),
        };
        faults.fail_in(call);
        let answer = house.club.topup(&stamp(), &key, topup()).await;
        faults.fail_in(NEVER);
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

/// When the disk fails.
struct Faults {
    calls_left: AtomicU32,
}

impl Default for Faults {
    fn default() -> Self {
        Self { calls_left: AtomicU32::new(NEVER) }
    }
}

impl Faults {
    /// Lets so many calls succeed before one fails.
    fn fail_in(&self, calls: u32) {
        self.calls_left.store(calls, Ordering::Relaxed);
    }

    /// Whether the present call fails.
    fn is_now(&self) -> bool {
        let less = |left: u32| if left == NEVER { None } else { Some(left.wrapping_sub(1)) };
        self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) == Ok(0)
    }
}

const NEVER: u32 = u32::MAX;

/// A store one of whose writing calls has its effect, and fails all the same.
struct Faulty {
    store: Arc<dyn Store>,
    faults: Arc<Faults>,
}

impl Store for Faulty {
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
            let (faults, open) = (self.faults.clone(), self.store.writer().await?);
            let faulty: Box<dyn Connection> = Box::new(FaultyConnection { faults, open });
            Ok(faulty)
        })
    }
}

struct FaultyConnection {
    faults: Arc<Faults>,
    open: Box<dyn Connection>,
}

impl FaultyConnection {
    fn answer<T>(&self, done: SqlResult<T>) -> SqlResult<T> {
        if self.faults.is_now() { Err(sqlx::Error::Database(Box::new(DiskError))) } else { done }
    }
}

impl Connection for FaultyConnection {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        Box::pin(async move {
            let done = self.open.execute(sql, values).await;
            self.answer(done)
        })
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        Box::pin(async move {
            let done = self.open.visit(sql, values, visit).await;
            self.answer(done)
        })
    }

    fn places(&self) -> Places {
        self.open.places()
    }
}

/// What SQLite reports where a sync fails.
#[derive(Debug)]
struct DiskError;

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for DiskError {}

impl DatabaseError for DiskError {
    fn message(&self) -> &str {
        "disk I/O error"
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some("1034".into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
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
