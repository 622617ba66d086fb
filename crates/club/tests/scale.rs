//! How the club does with a million members: figures, not facts. Run with
//! `cargo test --release -p club --test scale -- --ignored --nocapture --test-threads 1`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use club::{Club, Counters, Image, Item, Items, Names, SessionCount, Sqlite, Store};
use policy::{Entitlements, ItemId, MemberId, PolicyId, Roster, Rules, TierId};
use wire::PeerId;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn starts_with_a_million_members() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir.path().join("club.db")).await;
    for _ in 0..3 {
        let begun = Instant::now();
        let (_club, loaded) = open(store.clone()).await;
        assert_eq!(
            (loaded.members, loaded.items, loaded.entitlements),
            (1_000_000, 100_000, 5_000_000)
        );
        println!("start: {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn flushes_50_000_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir.path().join("club.db")).await;
    let (club, _) = open(store).await;
    for round in 0..4 {
        let counts: Vec<_> = (0..50_000).map(|number| count(number, round)).collect();
        let begun = Instant::now();
        club.flush(&counts, 2_000_000_000).await.unwrap();
        println!("flush {round}: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    assert_eq!(club.prune_sessions(2_000_000_000 + 22 * 86_400).await.unwrap(), 50_000);
    println!("prune: {:?}", begun.elapsed());
}

async fn open(store: Arc<dyn Store>) -> (Club, club::Loaded) {
    let image = Image {
        roster: Arc::new(Roster::new()),
        rights: Arc::new(Entitlements::default()),
        aliases: Arc::default(),
        items: Arc::new(Nowhere),
    };
    Club::open(store, image, Names::from(&Rules::default())).await.unwrap()
}

struct Nowhere;

impl Items for Nowhere {
    fn put(&self, _: &Item, _: Option<PolicyId>, _: Option<TierId>) {}
    fn remove(&self, _: &Item) {}
}

/// A count of a member somewhere in the table.
fn count(number: u32, round: u64) -> SessionCount {
    let mut peer_id = *b"-lt20B0-............";
    peer_id[8..12].copy_from_slice(&number.to_be_bytes());
    SessionCount {
        member: MemberId::new(number.wrapping_mul(2_654_435_761) % 1_000_000 + 1).unwrap(),
        item: ItemId(number % 100_000 + 1),
        peer_id: PeerId(peer_id),
        key: number,
        epoch: 1_999_999_000,
        seen: 2_000_000_000,
        counters: Counters { uploaded: round << 20, downloaded: 0 },
        left: Some(0),
    }
}

async fn filled(path: &Path) -> Arc<dyn Store> {
    let store = Sqlite::open(path).await.unwrap();
    let mut db = store.writer().await.unwrap();
    for sql in [
        "BEGIN",
        "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 1000000) \
         INSERT INTO member SELECT n, 'member-' || n, 'fan', NULL, 'active', 0, NULL, 0 FROM n",
        "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 100000) \
         INSERT INTO item (id, name, title, policy, size_bytes, private, removed, created) \
         SELECT n, 'item-' || n, 'Item ' || n, 'free', 1, 0, 0, 0 FROM n",
        "INSERT INTO info_hash SELECT id, 0, randomblob(20) FROM item WHERE id > 0",
        "WITH RECURSIVE n (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n WHERE n < 49) \
         INSERT INTO entitlement SELECT id, (id * 13 + n * 20011) % 1000000 + 1, \
         NULL, 0, NULL, 'order 7', 0, NULL FROM item, n WHERE id > 0",
        "COMMIT",
    ] {
        db.execute(sql, &[]).await.unwrap();
    }
    Arc::new(store)
}
