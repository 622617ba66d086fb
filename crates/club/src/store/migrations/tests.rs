//! Databases of older versions, brought up to this one.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::sync::Arc;

use ::tests::Database;
use policy::{ItemId, MemberId};

use super::*;
use crate::catalog::catalogue::CatalogueQuery;
use crate::payments::checkout;
use crate::payments::inbox::{Delivery, Verdict};
use crate::payments::payment;
use crate::payments::provider::{Event, Notice, RefundReport, RefundState, Report};
use crate::payments::receive::receive;
use crate::payments::refund::Refund;
use crate::rights::order;
use crate::store::club::Club;
use crate::store::database::Store;
use crate::store::postgres::Postgres;
use crate::store::sql::{Row, Value};
use crate::store::sqlite::Sqlite;
use crate::store::testing;
use crate::store::tx::Tx;
use crate::values::ids::{CheckoutId, OrderId};
use crate::values::money::Currency;
use crate::values::names::Names;
use crate::values::stamp::Stamp;
use crate::values::visibility::Visibility;
use crate::verify;

#[tokio::test]
async fn orders_of_before_saved_what_prices_say_and_revoked_rights_stay_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("club.db");
    fill(&Sqlite::open_with(&path, &before(10, &sqlite())).await.unwrap()).await;
    check(&Sqlite::open(&path).await.unwrap()).await;

    let database = Database::make();
    let url = database.url().parse().unwrap();
    fill(&Postgres::open_with(&url, &before(10, &postgres())).await.unwrap()).await;
    check(&Postgres::open(&url).await.unwrap()).await;
}

fn before(version: i64, all: &Migrator) -> Migrator {
    let older = all.iter().filter(|step| step.version < version);
    Migrator::with_migrations(older.cloned().collect())
}

async fn fill(store: &dyn Store) {
    let mut db = store.writer().await.unwrap();
    for sql in OLDER {
        db.execute(sql, &[]).await.unwrap();
    }
    let journal = "INSERT INTO journal (id, key, request_hash, kind, at, who, memo) \
                   VALUES ($1, $2, $3, '', 0, '', '')";
    let order = "INSERT INTO orders (id, member, item, way, currency, price, discount, amount, \
                 tax, credit, journal, created, refunded) \
                 VALUES ($1, 1, $2, $3, $4, $5, 0, $5, 0, 0, $1, 0, $6)";
    for (id, (item, way, currency, amount, refunded, _)) in (1_u32..).zip(ORDERS) {
        let key = id.to_string();
        let values = [id.into(), key.as_str().into(), Value::Bytes(&[0; 32])];
        db.execute(journal, &values).await.unwrap();
        let refunded = refunded.then_some(1_u32).into();
        let values = [id.into(), item.into(), way.into(), currency.into(), amount.into(), refunded];
        db.execute(order, &values).await.unwrap();
    }
}

async fn check(store: &dyn Store) {
    let mut db = store.reader().await.unwrap();
    let sql = "SELECT saved, revoked FROM orders ORDER BY id";
    let read = |row: &dyn Row| Ok((row.number::<u32>(0)?, row.optional::<u32>(1)?));
    let found = db.all(sql, &[], read).await.unwrap();
    let saved: Vec<_> = found.iter().map(|(saved, _)| *saved).collect();
    assert_eq!(saved, ORDERS.map(|order| order.5));
    let revoked: Vec<_> = found.iter().filter_map(|(_, revoked)| *revoked).collect();
    assert_eq!((revoked.as_slice(), found[0].1), ([7].as_slice(), Some(7)));
}

const OLDER: [&str; 3] = [
    "INSERT INTO member (id, name, tier, state, generation, created) \
     VALUES (1, 'ada', 'fan', 'active', 0, 0)",
    "INSERT INTO item (id, name, title, policy, private, removed, created, currency, \
     torrent_price, direct_price) VALUES (1, 'reel', '', '', 1, 0, 0, 'usd', 225, 300), \
     (2, 'off', '', '', 1, 0, 0, NULL, NULL, NULL)",
    "INSERT INTO entitlement (item, member, generation, source, granted, revoked, ended) \
     VALUES (1, 1, 0, 'order 1', 0, 7, 'revoked'), (2, 1, 0, 'order 8', 0, NULL, NULL)",
];
/// The item, the way, currency and amount, whether it was paid back, and what it saved.
const ORDERS: [(u32, &str, &str, u32, bool, u32); 9] = [
    (1, "torrent", "usd", 225, false, 75),
    (1, "torrent", "usd", 200, true, 75),
    (1, "torrent", "usd", 250, true, 50),
    (1, "torrent", "usd", 20, true, 20),
    (1, "torrent", "usd", 400, true, 0),
    (1, "torrent", "usd", 0, true, 0),
    (1, "direct", "usd", 200, true, 0),
    (2, "torrent", "usd", 225, false, 0),
    (1, "torrent", "eur", 225, true, 0),
];

/// What version 11 knew of checkouts, orders, payments and repayments.
#[tokio::test]
async fn checkouts_of_before_have_orders_and_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("club.db");
    fill_11(&Sqlite::open_with(&path, &before(12, &sqlite())).await.unwrap()).await;
    check_12(&Sqlite::open(&path).await.unwrap()).await;

    let database = Database::make();
    let url = database.url().parse().unwrap();
    let older = Postgres::open_with(&url, &before(12, &postgres())).await.unwrap();
    fill_11(&older).await;
    // Numbers were given by hand: others follow them.
    let mut db = older.writer().await.unwrap();
    for sql in FOLLOW {
        db.execute(sql, &[]).await.unwrap();
    }
    check_12(&Postgres::open(&url).await.unwrap()).await;
}

async fn fill_11(store: &dyn Store) {
    let mut db = store.writer().await.unwrap();
    let db = &mut *db;
    for sql in OLDER_11 {
        db.execute(sql, &[]).await.unwrap();
    }
    // Each entry with its debit and its credit, and what it reverses.
    for (id, kind, reverses, debit, credit, minor) in ENTRIES {
        let key = id.to_string();
        let sql = "INSERT INTO journal (id, key, request_hash, kind, member, reverses, at, who, \
                   memo) VALUES ($1, $2, $3, $4, 1, $5, $6, '', '')";
        let values = [
            id.into(),
            key.as_str().into(),
            Value::Bytes(&[0; 32]),
            kind.into(),
            reverses.into(),
            (1000 + id).into(),
        ];
        db.execute(sql, &values).await.unwrap();
        for (seq, account, minor) in [(0_u32, debit, minor), (1, credit, -minor)] {
            let sql = "INSERT INTO posting (journal, seq, account, amount) VALUES ($1, $2, $3, $4)";
            let minor = Value::Int(Some(minor));
            let values = [id.into(), seq.into(), account.into(), minor];
            db.execute(sql, &values).await.unwrap();
            let sql = "UPDATE balance SET amount = amount + $2 WHERE account = $1";
            db.execute(sql, &[account.into(), minor]).await.unwrap();
        }
    }
    for sql in SOLD_11 {
        db.execute(sql, &[]).await.unwrap();
    }
}

async fn check_12(store: &dyn Store) {
    let mut db = store.reader().await.unwrap();
    let db = &mut *db;
    let mut found = Vec::new();
    for id in 1..=9 {
        let checkout = checkout::find(db, CheckoutId(id)).await.unwrap();
        let order = &checkout.order;
        let kept = (order.kept.minor, order.amount.minor);
        found.push((checkout.state(), order.id.0, order.state().text(), kept));
        assert_eq!((order.member.map(MemberId::value), order.token.len()), (Some(1), 32));
        let is_given = checkout.session.is_some() || !checkout.payments.is_empty();
        assert_eq!(checkout.reference == id.to_string(), is_given, "{}", checkout.reference);
    }
    let expected = [
        ("pending", 6, "pending", (0, 300)),
        ("paid", 1, "paid", (300, 300)),
        ("refunded", 2, "refunded", (0, 300)),
        ("paid", 3, "paid", (500, 500)),
        ("paid", 7, "partly_refunded", (300, 500)),
        ("closed", 8, "cancelled", (0, 300)),
        ("pending", 9, "pending", (0, 300)),
        ("refunded", 10, "refunded", (0, 500)),
        ("pending", 11, "pending", (0, 500)),
    ];
    let expected =
        expected.map(|(checkout, id, order, kept)| (checkout.to_owned(), id, order, kept));
    assert_eq!(found, expected);
    let renewal = order::find(db, OrderId(4)).await.unwrap();
    assert_eq!((renewal.renews, renewal.state().text()), (Some(OrderId(3)), "paid"));
    let bought = order::find(db, OrderId(5)).await.unwrap();
    assert_eq!((bought.state().text(), bought.kept.minor), ("paid", 0));
    let times = order::find(db, OrderId(7)).await.unwrap();
    assert_eq!((times.created, times.paid, times.refunded), (5, Some(1008), None));
    let times = order::find(db, OrderId(10)).await.unwrap();
    assert_eq!((times.paid, times.refunded), (Some(1010), Some(1011)));

    let orders: Vec<_> = payment::of_checkout(db, CheckoutId(4)).await.unwrap();
    let orders: Vec<_> = orders.iter().map(|payment| payment.order.unwrap().0).collect();
    assert_eq!(orders, [3, 4]);
    let refunds = async |db: &mut dyn Connection, checkout| {
        let payments = payment::of_checkout(db, CheckoutId(checkout)).await.unwrap();
        let payment = payments.first().unwrap().clone();
        let said = |refund: &Refund| (refund.amount.minor, refund.state, refund.answered);
        (payment.paid_back(), payment.refunds.iter().map(said).collect::<Vec<_>>())
    };
    let made = (300, vec![(300, RefundState::Succeeded, Some(9))]);
    assert_eq!(refunds(db, 3).await, made);
    let open = vec![(200, RefundState::Succeeded, Some(9)), (100, RefundState::Requested, None)];
    assert_eq!(refunds(db, 5).await, (200, open));

    go_on(store).await;
    assert_eq!(verify(store).await.unwrap(), []);
}

/// What is said of a checkout of before has its effect, with its session alone.
async fn go_on(store: &dyn Store) {
    let names = Arc::new(Names::counted(&["outsider", "fan"], &["free"]));
    let stamp = Stamp { who: "stripe".to_owned(), now_unix: 2000 };
    let mut tx = Tx::new(store.writer().await.unwrap(), stamp, names);
    // As the writer does it.
    tx.execute("BEGIN", &[]).await.unwrap();
    let usd = Currency::parse("usd").unwrap();
    let paid = |session: Option<&str>, payment: &str| Report {
        payment: payment.to_owned(),
        reference: Some("1".to_owned()),
        session: session.map(str::to_owned),
        paid: Some(usd.minor(300)),
        ..Report::default()
    };
    let failed = RefundReport {
        name: "re_3".to_owned(),
        key: None,
        amount: usd.minor(300),
        state: RefundState::Failed,
    };
    let failed = Report { payment: "pi_3".to_owned(), refunds: vec![failed], ..Report::default() };
    for (key, report, verdict, effect) in [
        ("a", paid(None, "pi_0"), Verdict::Ignored, "its payment is not the one"),
        ("b", paid(Some("cs_other"), "pi_0"), Verdict::Ignored, "its session is not the one"),
        ("c", paid(Some("cs_1"), "pi_1"), Verdict::Applied, "order 6 is paid, 3.00 usd kept"),
        // Item 2 was bought by checkout 3, and what was paid back of it comes back.
        ("d", failed, Verdict::Applied, "order 2 is paid, 3.00 usd kept"),
    ] {
        let notice = Notice::Payment(Box::new(report));
        let event = Event { key: key.to_owned(), kind: "test".to_owned(), notice };
        let delivery = Delivery::of("stripe");
        let handled = receive(&mut tx, &delivery, &event).await.unwrap();
        assert_eq!(handled.verdict, verdict, "{}", handled.effect);
        assert!(handled.effect.starts_with(effect), "{}", handled.effect);
    }
    tx.execute("COMMIT", &[]).await.unwrap();
}

/// What version 12 knew of items is presented as before, and is listed after the first start.
#[tokio::test]
async fn items_of_before_are_published_and_keep_their_descriptions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("club.db");
    fill_12(&Sqlite::open_with(&path, &before(13, &sqlite())).await.unwrap()).await;
    check_13(Arc::new(Sqlite::open(&path).await.unwrap())).await;

    let database = Database::make();
    let url = database.url().parse().unwrap();
    fill_12(&Postgres::open_with(&url, &before(13, &postgres())).await.unwrap()).await;
    check_13(Arc::new(Postgres::open(&url).await.unwrap())).await;
}

async fn fill_12(store: &dyn Store) {
    let mut db = store.writer().await.unwrap();
    db.execute(
        "INSERT INTO item (id, name, title, policy, private, removed, created, description) VALUES \
         (1, 'reel', 'The Reel', 'free', 1, 0, 5, 'About *it*'), (2, 'off', '', 'free', 1, 0, 5, ''), \
         (3, 'bare', '', 'free', 1, 0, 5, '')",
        &[],
    )
    .await
    .unwrap();
    for (item, withdrawn) in [(1_u32, false), (2, true)] {
        let torrent = b"d4:infod6:lengthi1e4:name8:film.mp412:piece lengthi16384e6:pieces20:\
                        aaaaaaaaaaaaaaaaaaaaee";
        let values = [item.into(), Value::Bytes(torrent), withdrawn.into()];
        let sql = "INSERT INTO goods (item, root, torrent, version, published, withdrawn, broken) \
                   VALUES ($1, $2, $2, 1, 7, $3, '')";
        db.execute(sql, &values).await.unwrap();
    }
}

async fn check_13(store: Arc<dyn Store>) {
    let (club, _) = Club::open(store, testing::image(), Names::default()).await.unwrap();
    let reel = club.item("reel").await.unwrap();
    assert_eq!(reel.visibility, Visibility::Published);
    assert_eq!(club.description(reel.id).await.unwrap(), "About *it*");
    assert_eq!(club.description(ItemId(2)).await.unwrap(), "");
    let query = CatalogueQuery { search: "film about".to_owned(), limit: 9, ..Default::default() };
    assert_eq!(club.catalogue(&query).await.unwrap().items, []);
    assert_eq!(club.list_due().await.unwrap(), 0);
    assert_eq!(club.catalogue(&query).await.unwrap().items, [reel]);
    let all = CatalogueQuery { search: String::new(), ..query };
    assert_eq!(club.catalogue(&all).await.unwrap().count, 1);
    assert_eq!(club.verify().await.unwrap(), []);
}

const FOLLOW: [&str; 5] = [
    "SELECT setval(pg_get_serial_sequence('journal', 'id'), 100)",
    "SELECT setval(pg_get_serial_sequence('orders', 'id'), 5)",
    "SELECT setval(pg_get_serial_sequence('payment', 'id'), 100)",
    "SELECT setval(pg_get_serial_sequence('account', 'id'), 100)",
    "SELECT setval(pg_get_serial_sequence('webhook_event', 'id'), 100)",
];
/// Accounts: 1 what Stripe holds, 2 what ada has, 3 and 4 what items and the tier brought in.
const OLDER_11: [&str; 4] = [
    "INSERT INTO member (id, name, tier, state, generation, created) \
     VALUES (1, 'ada', 'fan', 'active', 0, 0)",
    "INSERT INTO item (id, name, title, policy, private, removed, created, currency, direct_price) \
     VALUES (1, 'reel', '', 'free', 1, 0, 0, 'usd', 300), (2, 'off', '', 'free', 1, 0, 0, 'usd', 300), \
     (3, 'more', '', 'free', 1, 0, 0, 'usd', 300)",
    "INSERT INTO account (id, name, currency, kind, floored) VALUES \
     (1, 'psp:stripe:clearing', 'usd', 'asset', 0), (2, 'member:1:prepaid', 'usd', 'liability', 1), \
     (3, 'revenue:item:1', 'usd', 'revenue', 0), (4, 'revenue:tier:fan', 'usd', 'revenue', 0)",
    "INSERT INTO balance (account, amount) VALUES (1, 0), (2, 0), (3, 0), (4, 0)",
];
type EntryRow = (u32, &'static str, Option<u32>, u32, u32, i64);
/// Number, kind, what it reverses, the accounts of its debit and credit, and the amount.
const ENTRIES: [EntryRow; 13] = [
    (1, "topup", None, 1, 2, 300),
    (2, "purchase", None, 2, 3, 300),
    (3, "topup", None, 1, 2, 300),
    (4, "purchase", None, 2, 3, 300),
    (5, "refund", Some(4), 3, 2, 300),
    (6, "topup.refund", Some(3), 2, 1, 300),
    (7, "topup", None, 1, 2, 1000),
    (8, "topup", None, 1, 2, 500),
    (9, "topup.refund", Some(8), 2, 1, 200),
    (10, "topup", None, 1, 2, 500),
    (11, "topup.refund", Some(10), 2, 1, 500),
    (12, "purchase", None, 2, 4, 500),
    (13, "purchase", None, 2, 4, 500),
];
const SOLD_11: [&str; 6] = [
    "INSERT INTO journal (id, key, request_hash, kind, member, at, who, memo) \
     SELECT 14, '14', request_hash, 'purchase', 1, 0, '', '' FROM journal WHERE id = 1",
    "INSERT INTO orders (id, member, item, way, tier, days, currency, price, discount, amount, tax, \
     credit, journal, created, refunded) VALUES \
     (1, 1, 1, 'torrent', NULL, NULL, 'usd', 300, 0, 300, 0, 0, 2, 2, NULL), \
     (2, 1, 2, 'direct', NULL, NULL, 'usd', 300, 0, 300, 0, 0, 4, 3, 1005), \
     (3, 1, NULL, NULL, 'fan', 0, 'usd', 500, 0, 500, 0, 0, 12, 4, NULL), \
     (4, 1, NULL, NULL, 'fan', 0, 'usd', 500, 0, 500, 0, 0, 13, 4, NULL), \
     (5, 1, 3, 'torrent', NULL, NULL, 'usd', 0, 0, 0, 0, 0, 14, 4, NULL)",
    "INSERT INTO checkout (id, key, provider, session, url, member, currency, amount, item, way, \
     tier, days, subscription, until, ended, closed, created) VALUES \
     (1, '1', 'stripe', 'cs_1', 'x', 1, 'usd', 300, 3, 'direct', NULL, NULL, NULL, NULL, NULL, 0, 1), \
     (2, '2', 'stripe', 'cs_2', 'x', 1, 'usd', 300, 1, 'torrent', NULL, NULL, NULL, NULL, NULL, 0, 2), \
     (3, '3', 'stripe', 'cs_3', 'x', 1, 'usd', 300, 2, 'direct', NULL, NULL, NULL, NULL, NULL, 0, 3), \
     (4, '4', 'stripe', 'cs_4', 'x', 1, 'usd', 500, NULL, NULL, 'fan', 0, 'sub_1', 99, NULL, 0, 4), \
     (5, '5', 'stripe', 'cs_5', 'x', 1, 'usd', 500, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 5), \
     (6, '6', 'stripe', 'cs_6', 'x', 1, 'usd', 300, 3, 'direct', NULL, NULL, NULL, NULL, NULL, 1, 6), \
     (7, '7', 'shop', NULL, NULL, 1, 'usd', 300, 3, 'direct', NULL, NULL, NULL, NULL, NULL, 0, 7), \
     (8, '8', 'stripe', 'cs_8', 'x', 1, 'usd', 500, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 8), \
     (9, '9', 'stripe', 'cs_9', 'x', 1, 'usd', 500, NULL, NULL, 'fan', 0, NULL, NULL, NULL, 0, 9)",
    "INSERT INTO payment (id, provider, name, checkout, paid, refunded, dispute, currency, until, \
     kept, moves, topup, bought, suspends) VALUES \
     (1, 'stripe', 'pi_2', 2, 1, 0, 0, 'usd', NULL, 300, 1, 1, 2, 0), \
     (2, 'stripe', 'pi_3', 3, 1, 300, 0, 'usd', NULL, 0, 2, 3, 4, 0), \
     (3, 'stripe', 'pi_4', 4, 1, 0, 0, 'usd', 50, 500, 1, 7, 12, 0), \
     (4, 'stripe', 'pi_5', 4, 1, 0, 0, 'usd', 99, 500, 1, 7, 13, 0), \
     (5, 'stripe', 'pi_6', 5, 1, 200, 0, 'usd', NULL, 300, 2, 8, NULL, 0), \
     (6, 'stripe', 'pi_8', 8, 1, 500, 0, 'usd', NULL, 0, 2, 10, NULL, 0), \
     (7, 'stripe', 'ch_lost', NULL, 0, 100, 0, 'usd', NULL, 0, 0, NULL, NULL, 0)",
    "INSERT INTO repayment (id, provider, key, checkout, payment, amount, refunded, asked, made, \
     link, entry) VALUES (1, 'stripe', 'a', 3, 'pi_3', 300, 300, 9, 1, NULL, 5), \
     (2, 'stripe', 'b', 5, 'pi_6', 200, 200, 9, 1, 'https://x', NULL), \
     (3, 'stripe', 'c', 5, 'pi_6', 100, 300, 9, 0, NULL, NULL)",
    "INSERT INTO webhook_event (id, provider, key, kind, received, headers, body, verdict, effect, \
     again, checkout) SELECT id, provider, 'key' || id, '', 0, '', request_hash, 'held', '', 0, id \
     FROM checkout JOIN (SELECT request_hash FROM journal WHERE id = 1) AS hashes ON 1 = 1",
];

#[test]
fn each_file_is_a_step() {
    for store in ["sqlite", "postgres"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(store);
        let version = |entry: io::Result<DirEntry>| -> i64 {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.split('_').next().unwrap().parse().unwrap()
        };
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(version).collect();
        files.sort_unstable();
        assert_eq!(files, STEPS.iter().map(|step| step.version).collect::<Vec<_>>(), "{store}");
    }
}
