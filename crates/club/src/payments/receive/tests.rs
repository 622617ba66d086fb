//! Any events of an order's payments, in any order and any number, end in one state of the books, of
//! rights and of the member; so they do where the daemon dies at any statement of a delivery, which
//! then comes again. Each leaves a trace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use policy::{ItemId, MemberId, MemberState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::ledger::balance::held;
use crate::members::member;
use crate::payments::facts::Facts;
use crate::payments::provider::{Dispute, Ending, RefundReport, RefundState};
use crate::rights::entitlement;
use crate::rights::order::{self, NewRow};
use crate::store::database::Store;
use crate::store::sql::member_id;
use crate::store::sqlite::Sqlite;
use crate::store::testing::watched::{Moment, WatchedStore};
use crate::values::email::Email;
use crate::values::money::Currency;
use crate::values::names::Names;
use crate::values::product::{DeliveryMethod, Product};
use crate::verify;

/// What may be heard of an order of 3.00 that two payments, 1 and 2, are made for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Heard {
    /// The session ran out.
    Closed,
    Disputed(u8, Dispute),
    Ended,
    /// Another object carries our reference, or one of another installation.
    Foreign(bool),
    Paid(u8),
    /// Too little, or too much.
    PaidOtherwise(i64),
    /// One of the payment's refunds, 1 of 1.00 or 2 of 2.00.
    Refund(u8, u8, RefundState),
    /// In all, so far.
    Refunded(u8, i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sold {
    Gift,
    Item,
    Subscription,
    Tier,
    Topup,
}

/// What is to be bought, and whether by a visitor.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wish {
    sold: Sold,
    is_visitor: bool,
}

/// A member's; `None` where there is no member.
#[derive(Debug, PartialEq)]
struct State {
    balance: (i64, i64),
    has_item: bool,
    has_voucher: bool,
    tier: (String, Option<u32>),
    state: MemberState,
    kept: Vec<i64>,
}

#[test]
fn any_order_of_events_ends_in_one_state() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    // The statements that succeed before all others fail.
    let calls = Arc::new(AtomicU32::new(u32::MAX));
    let (store, tx) = runtime.block_on(async {
        let store = Arc::new(Sqlite::open(&dir.path().join("club.db")).await.unwrap());
        let left = Arc::clone(&calls);
        let dying = WatchedStore::new(store.clone(), move |moment, _| {
            let take = |left: u32| left.checked_sub(1);
            if moment == Moment::Before
                && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err()
            {
                return Err(sqlx::Error::WorkerCrashed);
            }
            Ok(())
        });
        let mut db = dying.writer().await.unwrap();
        // One transaction for all: this is about logic, not about disks.
        db.execute("BEGIN IMMEDIATE", &[]).await.unwrap();
        let item =
            "INSERT INTO item (id, name, title, policy, private, removed, created, currency, \
             torrent_price, direct_price) VALUES (1, 'reel', '', 'club', 1, 0, 0, 'usd', 300, 300)";
        db.execute(item, &[]).await.unwrap();
        (store, Tx::new(db, stamp(), Arc::new(names())))
    });
    let tx = std::cell::RefCell::new(tx);
    let config = Config { cases: 5_000, failure_persistence: None, ..Config::default() };
    let case = AtomicU32::new(1);
    let outcome = TestRunner::new(config).run(&(wishes(), events()), |(wish, events)| {
        let case = case.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(check(&mut tx.borrow_mut(), &calls, case, wish, &events));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    runtime.block_on(tx.borrow_mut().execute("COMMIT", &[])).unwrap();
    assert_eq!(runtime.block_on(verify(&*store)).unwrap(), []);
}

fn wishes() -> impl Strategy<Value = Wish> {
    let sold = vec![Sold::Gift, Sold::Item, Sold::Subscription, Sold::Tier, Sold::Topup];
    (prop::sample::select(sold), any::<bool>())
        .prop_map(|(sold, is_visitor)| Wish { sold, is_visitor })
}

/// What is heard, and at which statement the daemon dies the first time it hears it.
fn events() -> impl Strategy<Value = Vec<(Heard, Option<u32>)>> {
    let payment = || prop::sample::select(vec![1_u8, 1, 2]);
    let disputes = vec![Dispute::Open, Dispute::Won, Dispute::Lost];
    let states = vec![
        RefundState::Requested,
        RefundState::Succeeded,
        RefundState::Cancelled,
        RefundState::Failed,
    ];
    let refund = (payment(), 1_u8..=2, prop::sample::select(states));
    let sums = prop::sample::select(vec![100, 200, 300]);
    let heard = prop_oneof![
        1 => Just(Heard::Closed),
        3 => (payment(), prop::sample::select(disputes)).prop_map(|(p, d)| Heard::Disputed(p, d)),
        1 => Just(Heard::Ended),
        1 => any::<bool>().prop_map(Heard::Foreign),
        6 => payment().prop_map(Heard::Paid),
        1 => prop::sample::select(vec![299, 301]).prop_map(Heard::PaidOtherwise),
        4 => refund.prop_map(|(payment, refund, state)| Heard::Refund(payment, refund, state)),
        2 => (payment(), sums).prop_map(|(payment, sum)| Heard::Refunded(payment, sum)),
    ];
    prop::collection::vec((heard, prop::option::of(0..120_u32)), 1..9)
}

async fn check(
    tx: &mut Tx,
    calls: &AtomicU32,
    case: u32,
    wish: Wish,
    events: &[(Heard, Option<u32>)],
) {
    let checkout = place(tx, case, wish).await;
    for (number, (heard, dies_at)) in events.iter().enumerate() {
        // Some come again as the same event, some as another that says the same.
        let key = format!("{case}:{heard:?}:{}", number % 2);
        let notice = notice(case, &checkout, wish, *heard);
        let event = Event { key, kind: "test".to_owned(), notice };
        hear(tx, calls, *heard, &event, *dies_at).await;
    }
    let heard: Vec<_> = events.iter().map(|(heard, _)| *heard).collect();
    let found = state(tx, case, wish).await;
    assert_eq!(found, expected(wish, &heard), "{wish:?} {events:?}");
}

async fn add_member(db: &mut dyn Connection, case: u32) -> MemberId {
    let sql = "INSERT INTO member (name, tier, state, generation, created) \
               VALUES ($1, 'outsider', 'active', 0, 0) RETURNING id";
    let name = format!("m{case}");
    db.one(sql, &[name.as_str().into()], |row| member_id(row, 0)).await.unwrap().unwrap()
}

/// An order with a checkout that has a session.
async fn place(tx: &mut Tx, case: u32, wish: Wish) -> Checkout {
    let tier = || "fan".to_owned();
    let product = match wish.sold {
        Sold::Gift | Sold::Item => {
            Product::Item { item: ItemId(1), method: DeliveryMethod::Direct }
        }
        Sold::Subscription => Product::Subscription { tier: tier() },
        Sold::Tier => Product::Tier { tier: tier(), days: 31 },
        Sold::Topup => Product::Topup,
    };
    let member = if wish.is_visitor { None } else { Some(add_member(tx, case).await) };
    let email = email(case);
    let row = NewRow {
        key: None,
        member,
        email: member.is_none().then_some(&email),
        product: &product,
        renews: None,
        is_gift: wish.sold == Sold::Gift,
        price: usd(300),
        discount: None,
        created: NOW,
    };
    let order = order::insert(tx, row).await.unwrap();
    let (key, session) = (format!("key {case}"), format!("cs_{case}"));
    checkout::insert(tx, &key, "stripe", Some(&session), &order).await.unwrap()
}

fn email(case: u32) -> Email {
    Email::parse(&format!("m{case}@example.org")).unwrap()
}

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
    let Handled { verdict, effect, .. } = receive(tx, &delivery, event).await.unwrap();
    assert!(!effect.is_empty(), "{heard:?} left no trace");
    match heard {
        Heard::Foreign(_) => assert!(matches!(verdict, Verdict::Ignored | Verdict::Duplicate)),
        Heard::PaidOtherwise(_) => assert_eq!(verdict, Verdict::Held, "{effect}"),
        Heard::Closed => assert_ne!(verdict, Verdict::Held, "{effect}"),
        _ => assert_ne!(verdict, Verdict::Ignored, "{heard:?} {effect}"),
    }
    let is_alerted = verdict != Verdict::Held || alert::count_open(tx).await.unwrap() > 0;
    assert!(is_alerted, "{heard:?} is held without an alert: {effect}");
}

fn notice(case: u32, checkout: &Checkout, wish: Wish, heard: Heard) -> Notice {
    let of = |payment: u8| Report { payment: format!("pi_{case}_{payment}"), ..Report::default() };
    let is_subscription = wish.sold == Sold::Subscription;
    let subscription = is_subscription.then(|| format!("sub_{case}"));
    let reference = Some(checkout.reference.clone());
    let report = match heard {
        Heard::Closed => return Notice::Closed { session: format!("cs_{case}") },
        Heard::Disputed(payment, dispute) => Report { dispute, ..of(payment) },
        Heard::Ended if is_subscription => {
            let subscription = format!("sub_{case}");
            return Notice::Ended(Ending { subscription, reference, at: ENDED });
        }
        Heard::Ended => Report { paid: Some(usd(300)), ..of(9) },
        Heard::Foreign(is_elsewhere) => Report {
            reference: if is_elsewhere { Some("usher-0000-1".to_owned()) } else { reference },
            session: Some(format!("cs_other_{case}")),
            paid: Some(usd(300)),
            ..of(7)
        },
        Heard::Paid(payment) => Report {
            reference,
            // The first comes by our session, the other by a link.
            session: (payment == 1 && !is_subscription).then(|| format!("cs_{case}")),
            by_link: payment == 2,
            paid: Some(usd(300)),
            until: is_subscription.then_some(period_end(payment)),
            subscription,
            ..of(payment)
        },
        Heard::PaidOtherwise(minor) => {
            Report { reference, by_link: true, paid: Some(usd(minor)), ..of(8) }
        }
        Heard::Refund(payment, refund, state) => Report {
            refunds: vec![RefundReport {
                name: format!("re_{case}_{payment}_{refund}"),
                key: None,
                amount: usd(i64::from(refund) * 100),
                state,
            }],
            ..of(payment)
        },
        Heard::Refunded(payment, minor) => Report { refunded: Some(usd(minor)), ..of(payment) },
    };
    Notice::Payment(Box::new(report))
}

async fn state(db: &mut dyn Connection, case: u32, wish: Wish) -> Option<State> {
    let sql = "SELECT id FROM member WHERE email = $1 OR name = $2";
    let (email, name) = (email(case), format!("m{case}"));
    let values = [email.text().into(), name.as_str().into()];
    let found = db.one(sql, &values, |row| member_id(row, 0)).await.unwrap();
    let Some(id) = found else {
        assert!(wish.is_visitor);
        return None;
    };
    let member = member::by_id(db, id).await.unwrap();
    let balance = held(db, id, usd(0).currency).await.unwrap();
    let right = entitlement::one(db, id, ItemId(1)).await.unwrap();
    let voucher = db.one(GIVEN, &[id.value().into()], |row| row.number::<u32>(0)).await.unwrap();
    let mut kept = Vec::new();
    for payment in [1, 2] {
        let name = format!("pi_{case}_{payment}");
        let payment = payment::find(db, "stripe", &name).await.unwrap();
        kept.push(payment.map_or(0, |payment| payment.kept));
    }
    Some(State {
        balance: (balance.prepaid.minor, balance.owed.minor),
        has_item: right.is_some_and(|right| right.is_live(NOW)),
        has_voucher: voucher.is_some(),
        tier: (member.tier, member.tier_until),
        state: member.state,
        kept,
    })
}

/// Follows from which events there were, not from their order.
fn expected(wish: Wish, events: &[Heard]) -> Option<State> {
    let known = [1, 2].map(|payment| {
        let mut facts = Facts::default();
        let mut refunds: BTreeMap<u8, RefundState> = BTreeMap::new();
        for heard in events {
            match *heard {
                Heard::Disputed(of, dispute) if of == payment => {
                    facts = facts.join(Facts { dispute, ..Facts::default() });
                }
                Heard::Paid(of) if of == payment => facts.paid = true,
                Heard::Refund(of, refund, state) if of == payment => {
                    let known = refunds.entry(refund).or_insert(state);
                    *known = state.max(*known);
                }
                Heard::Refunded(of, refunded) if of == payment => {
                    facts = facts.join(Facts { refunded, ..Facts::default() });
                }
                _ => {}
            }
        }
        let amounts = refunds.iter().map(|(refund, state)| (i64::from(*refund) * 100, *state));
        (facts, facts.kept(300, facts.paid_back(amounts)))
    });
    if wish.is_visitor && known.iter().all(|(facts, _)| !facts.paid) {
        return None;
    }
    let kept = known.map(|(_, kept)| kept);
    let all: i64 = kept.iter().sum();
    let has_ended = events.contains(&Heard::Ended);
    let until = match wish.sold {
        Sold::Tier => Some(NOW + 31 * 86_400).filter(|_| all > 0),
        Sold::Subscription => {
            let paid = (1..).zip(kept).filter(|(_, kept)| *kept > 0);
            let until = paid.map(|(payment, _)| period_end(payment)).max();
            until.map(|until| if has_ended { until.min(ENDED) } else { until })
        }
        Sold::Gift | Sold::Item | Sold::Topup => None,
    };
    let tier = if until.is_some() { "fan" } else { "outsider" };
    // Anybody may have paid with a visitor's address.
    let is_suspended = !wish.is_visitor && known.iter().any(|(facts, _)| facts.suspends());
    Some(State {
        balance: match wish.sold {
            Sold::Topup => (all, 0),
            // What nobody ordered is in the balance.
            Sold::Gift | Sold::Item | Sold::Tier => (all - all.min(300), 0),
            Sold::Subscription => (0, 0),
        },
        has_item: wish.sold == Sold::Item && all > 0,
        has_voucher: wish.sold == Sold::Gift && all > 0,
        tier: (tier.to_owned(), until),
        state: if is_suspended { MemberState::Suspended } else { MemberState::Active },
        kept: kept.to_vec(),
    })
}

fn period_end(payment: u8) -> u32 {
    NOW + u32::from(payment) * 30 * 86_400
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
const ENDED: u32 = NOW + 86_400;
/// A gift of a member's that can be redeemed.
const GIVEN: &str = "SELECT voucher.id FROM voucher JOIN orders ON orders.id = voucher.gift \
     WHERE orders.member = $1 AND voucher.state = 'issued'";
