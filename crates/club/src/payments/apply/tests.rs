//! Any events of a payment, in any order and any number, end in one state of the books, of rights
//! and of the member; so they do where the daemon dies at any statement of a delivery, which then
//! comes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use policy::{ItemId, MemberId, MemberState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::ledger::balance::held;
use crate::payments::checkout::insert;
use crate::payments::facts::Facts;
use crate::payments::inbox::{Delivery, Verdict, receive};
use crate::payments::provider::{Dispute, Ending, Event};
use crate::rights::entitlement;
use crate::store::database::Store;
use crate::store::sql::member_id;
use crate::store::sqlite::Sqlite;
use crate::store::testing::Failing;
use crate::values::money::Currency;
use crate::values::names::Names;
use crate::values::product::DeliveryMethod;
use crate::values::stamp::Stamp;

/// What may be heard of one payment of 3.00.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Heard {
    Ended,
    Lost,
    Open,
    Paid,
    Refunded(i64),
    Won,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sold {
    Item,
    Subscription,
    Tier,
    Topup,
}

#[derive(Debug, PartialEq)]
struct State {
    balance: (i64, i64),
    has_item: bool,
    tier: (String, Option<u32>),
    state: MemberState,
    kept: i64,
}

#[test]
fn any_order_of_events_ends_in_one_state() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let calls = Arc::new(AtomicU32::new(u32::MAX));
    let tx = runtime.block_on(async {
        let store = Sqlite::open(&dir.path().join("club.db")).await.unwrap();
        let mut db = store.writer().await.unwrap();
        // One transaction for all: this is about logic, not about disks.
        db.execute("BEGIN IMMEDIATE", &[]).await.unwrap();
        let item =
            "INSERT INTO item (id, name, title, policy, private, removed, created, currency, \
             torrent_price, direct_price) VALUES (1, 'reel', '', 'club', 1, 0, 0, 'usd', 300, 300)";
        db.execute(item, &[]).await.unwrap();
        let db = Failing { db, calls: Arc::clone(&calls) };
        Tx::new(Box::new(db), stamp(), Arc::new(names()))
    });
    let tx = std::cell::RefCell::new(tx);
    let config = Config { cases: 10_000, failure_persistence: None, ..Config::default() };
    let case = AtomicU32::new(1);
    let outcome = TestRunner::new(config).run(&(things(), events()), |(thing, events)| {
        let case = case.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(check(&mut tx.borrow_mut(), &calls, case, thing, &events));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    let sums = "SELECT count(*) FROM (SELECT sum(amount) AS amount FROM balance) AS all_of_it \
                WHERE amount <> 0";
    let mut tx = tx.borrow_mut();
    let wrong = runtime.block_on(tx.one(sums, &[], |row| row.number::<u32>(0))).unwrap();
    assert_eq!(wrong, Some(0), "the books are out of balance");
}

fn things() -> impl Strategy<Value = Sold> {
    let things = [Sold::Item, Sold::Subscription, Sold::Tier, Sold::Topup];
    prop::sample::select(things.to_vec())
}

/// What is heard, and at which statement the daemon dies the first time it hears it.
fn events() -> impl Strategy<Value = Vec<(Heard, Option<u32>)>> {
    let heard = prop_oneof![
        4 => Just(Heard::Paid),
        2 => prop::sample::select(vec![100, 200, 300]).prop_map(Heard::Refunded),
        1 => Just(Heard::Open),
        1 => Just(Heard::Won),
        1 => Just(Heard::Lost),
        1 => Just(Heard::Ended),
    ];
    prop::collection::vec((heard, prop::option::of(0..40_u32)), 1..7)
}

async fn check(
    tx: &mut Tx,
    calls: &AtomicU32,
    case: u32,
    thing: Sold,
    events: &[(Heard, Option<u32>)],
) {
    let member = add_member(tx, case).await;
    let order = order(tx, case, member, thing).await;
    for (number, (heard, dies_at)) in events.iter().enumerate() {
        let event = event(case, order, thing, *heard, number);
        hear(tx, calls, *heard, &event, *dies_at).await;
    }
    let state = state(tx, case, member).await;
    let heard: Vec<_> = events.iter().map(|(heard, _)| *heard).collect();
    assert_eq!(state, expected(thing, &heard), "{thing:?} {events:?}");
}

async fn add_member(db: &mut dyn Connection, case: u32) -> MemberId {
    let sql = "INSERT INTO member (name, tier, state, generation, created) \
               VALUES ($1, 'outsider', 'active', 0, 0) RETURNING id";
    let name = format!("m{case}");
    db.one(sql, &[name.as_str().into()], |row| member_id(row, 0)).await.unwrap().unwrap()
}

async fn order(tx: &mut Tx, case: u32, member: MemberId, thing: Sold) -> CheckoutId {
    let tier = || "fan".to_owned();
    let product = match thing {
        Sold::Item => Product::Item { item: ItemId(1), method: DeliveryMethod::Direct },
        Sold::Subscription => Product::Subscription { tier: tier() },
        Sold::Tier => Product::Tier { tier: tier(), days: 31 },
        Sold::Topup => Product::Topup,
    };
    let (key, session) = (format!("key {case}"), format!("cs_{case}"));
    let made = insert(tx, &key, "stripe", Some(&session), member, usd(300), &product).await;
    made.unwrap().id
}

fn event(case: u32, order: CheckoutId, thing: Sold, heard: Heard, number: usize) -> Event {
    let subscription = (thing == Sold::Subscription).then(|| format!("sub_{case}"));
    let mut report = Report { payment: format!("pi_{case}"), ..Report::default() };
    match heard {
        Heard::Ended | Heard::Lost | Heard::Open | Heard::Won => {}
        Heard::Paid => {
            report.paid = Some(usd(300));
            report.reference = Some(order.0.to_string());
            report.until = subscription.is_some().then_some(PERIOD_END);
            report.subscription = subscription.clone();
        }
        Heard::Refunded(minor) => report.refunded = Some(usd(minor)),
    }
    report.dispute = match heard {
        Heard::Lost => Dispute::Lost,
        Heard::Open => Dispute::Open,
        Heard::Won => Dispute::Won,
        _ => Dispute::None,
    };
    let notice = match (heard, subscription) {
        (Heard::Ended, Some(subscription)) => {
            Notice::Ended(Ending { subscription, reference: Some(order.0.to_string()), at: ENDED })
        }
        (Heard::Ended, None) => Notice::Nothing("not of this payment"),
        _ => Notice::Payment(Box::new(report)),
    };
    // Some come again as the same event, some as another that says the same.
    let key = format!("{case}:{heard:?}:{}", number % 2);
    Event { key, kind: "test".to_owned(), notice }
}

/// The daemon hears of an event, dies at a statement or not, and hears of it again.
async fn hear(tx: &mut Tx, calls: &AtomicU32, heard: Heard, event: &Event, dies_at: Option<u32>) {
    let delivery = Delivery::of("stripe");
    if let Some(statements) = dies_at {
        tx.execute("SAVEPOINT death", &[]).await.unwrap();
        calls.store(statements, Ordering::Relaxed);
        let _ = receive(tx, &delivery, event).await;
        calls.store(u32::MAX, Ordering::Relaxed);
        // It may have done all but commit.
        tx.execute("ROLLBACK TO SAVEPOINT death", &[]).await.unwrap();
        tx.execute("RELEASE SAVEPOINT death", &[]).await.unwrap();
    }
    let (verdict, effect) = receive(tx, &delivery, event).await.unwrap();
    let is_early = !matches!(heard, Heard::Paid | Heard::Ended);
    assert!(is_early || verdict != Verdict::Held, "{heard:?} {effect}");
}

async fn state(db: &mut dyn Connection, case: u32, id: MemberId) -> State {
    let member = member::find(db, &format!("m{case}")).await.unwrap();
    let balance = held(db, id, usd(0).currency).await.unwrap();
    let right = entitlement::one(db, id, ItemId(1)).await.unwrap();
    let payment = payment::find(db, "stripe", &format!("pi_{case}")).await.unwrap();
    State {
        balance: (balance.prepaid.minor, balance.owed.minor),
        has_item: right.is_some_and(|right| right.is_live(NOW)),
        tier: (member.tier, member.tier_until),
        state: member.state,
        kept: payment.map_or(0, |payment| payment.kept),
    }
}

/// Follows from which events there were, not from their order.
fn expected(thing: Sold, events: &[Heard]) -> State {
    let facts = events.iter().fold(Facts::default(), |facts, heard| {
        facts.join(match heard {
            Heard::Ended => Facts::default(),
            Heard::Lost => Facts { dispute: Dispute::Lost, ..Facts::default() },
            Heard::Open => Facts { dispute: Dispute::Open, ..Facts::default() },
            Heard::Paid => Facts { paid: true, ..Facts::default() },
            Heard::Refunded(minor) => Facts { refunded: *minor, ..Facts::default() },
            Heard::Won => Facts { dispute: Dispute::Won, ..Facts::default() },
        })
    });
    let kept = facts.kept(300);
    let has_ended = events.iter().any(|heard| matches!(heard, Heard::Ended));
    let until = match thing {
        Sold::Tier => Some(NOW + 31 * 86_400),
        Sold::Subscription if has_ended => Some(ENDED),
        Sold::Subscription => Some(PERIOD_END),
        Sold::Item | Sold::Topup => None,
    };
    let until = until.filter(|_| kept > 0);
    let tier = if until.is_some() { "fan" } else { "outsider" };
    State {
        balance: (if thing == Sold::Topup { kept } else { 0 }, 0),
        has_item: thing == Sold::Item && kept > 0,
        tier: (tier.to_owned(), until),
        state: if facts.suspends() { MemberState::Suspended } else { MemberState::Active },
        kept,
    }
}

fn names() -> Names {
    Names::counted(&["outsider", "fan"], &["free", "club"])
}

fn stamp() -> Stamp {
    Stamp { who: "stripe".to_owned(), now_unix: NOW }
}

fn usd(minor: i64) -> Amount {
    Currency::parse("usd").unwrap().minor(minor)
}

const NOW: u32 = 1_800_000_000;
const PERIOD_END: u32 = NOW + 30 * 86_400;
const ENDED: u32 = NOW + 86_400;
