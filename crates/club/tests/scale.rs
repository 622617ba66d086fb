//! How the club does with a million members, and whether that is within its budgets. Run on a quiet machine
//! with `cargo test --release -p club --test scale -- --ignored --nocapture --test-threads 1`; `scripts/bench`
//! reads what it prints.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use club::{Club, Counters, Image, Items, Names, SessionCount, Sqlite, Stamp, Store};
use policy::{
    Entitlements, Generation, ItemId, MemberId, MemberState, Right, Roster, Rules, Standing, TierId,
};
use wire::PeerId;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn starts_with_a_million_members() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir.path().join("club.db")).await;
    let mut starts = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        let (_club, loaded) = open(store.clone()).await;
        assert_eq!(
            (loaded.members, loaded.items, loaded.entitlements),
            (1_000_000, 100_000, 5_000_000)
        );
        starts.push(begun.elapsed());
        println!("start: {:?}", begun.elapsed());
    }
    let (club, _) = open(store).await;
    let stamp = Stamp { who: "admin".to_owned(), now_unix: 2_000_000_000 };
    let mut grants = Vec::new();
    for number in 1..=5 {
        let (member, begun) = (format!("member-{number}"), Instant::now());
        club.grant(&stamp, &member, "item-7", None, "grant").await.unwrap();
        grants.push(begun.elapsed());
        println!("a grant is in force after {:?}", begun.elapsed());
    }
    within("a start", starts, START);
    within("a grant", grants, GRANT);
}

#[test]
#[ignore = "takes seconds"]
fn a_million_standings_and_five_million_rights_in_memory() {
    let before = resident();
    let roster = Roster::new();
    let standing = Standing {
        tier: TierId::OUTSIDER,
        until: u32::MAX,
        then: TierId::OUTSIDER,
        state: MemberState::Active,
        generation: Generation(0),
        old_key_until: 0,
    };
    for id in 1..=1_000_000 {
        roster.set(MemberId::new(id).unwrap(), standing);
    }
    let with_roster = resident();
    println!("roster: {} MiB", (with_roster - before) >> 20);
    assert!(with_roster - before <= 1_000_000 * ROSTER_BYTES, "the roster takes more");
    let rights = Entitlements::default();
    for item in 1..=100_000 {
        for number in 0..50 {
            let member = MemberId::new((item * 13 + number * 20_011) % 1_000_000 + 1).unwrap();
            rights.set(ItemId(item), member, Right { until: u32::MAX, ..Right::default() });
        }
    }
    let each = (resident() - with_roster) / rights.len();
    println!("entitlements: {each} B each");
    assert!(each <= ENTITLEMENT_BYTES, "an entitlement takes more");
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute"]
async fn flushes_50_000_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir.path().join("club.db")).await;
    let (club, _) = open(store).await;
    let mut flushes = Vec::new();
    for round in 0..4 {
        let counts: Vec<_> = (0..50_000).map(|number| count(number, round)).collect();
        let begun = Instant::now();
        club.flush(&counts, 2_000_000_000).await.unwrap();
        flushes.push(begun.elapsed());
        println!("flush {round}: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    assert_eq!(club.prune_sessions(2_000_000_000 + 22 * 86_400).await.unwrap(), 50_000);
    println!("prune: {:?}", begun.elapsed());
    within("pruning", vec![begun.elapsed()], PRUNE);
    within("a flush", flushes, FLUSH);
}

/// Holds the median to a budget.
#[track_caller]
fn within(what: &str, mut took: Vec<Duration>, budget: Duration) {
    took.sort();
    let median = took[took.len() / 2];
    assert!(median <= budget, "{what} takes {median:?}, and {budget:?} at most: {took:?}");
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
    fn put(&self, _: &club::ListedItem) {}
    fn remove(&self, _: ItemId) {}
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
    db.execute("BEGIN", &[]).await.unwrap();
    for sql in MILLION.split(';').filter(|sql| !sql.trim().is_empty()) {
        db.execute(sql, &[]).await.unwrap();
    }
    db.execute("COMMIT", &[]).await.unwrap();
    Arc::new(store)
}

/// A million members, 100 000 items and five million entitlements; `scripts/ab` fills its database by it, too.
const MILLION: &str = include_str!("data/million.sql");
/// The design's budget for a start.
const START: Duration = Duration::from_secs(2);
/// Shorter than a person notices.
const GRANT: Duration = Duration::from_millis(100);
/// A third of the interval at which traffic is flushed, for as many sessions as change in it.
const FLUSH: Duration = Duration::from_secs(1);
/// Once a day, beside everything else.
const PRUNE: Duration = Duration::from_secs(5);
/// A slot of 16 bytes, with what the table grows ahead.
const ROSTER_BYTES: usize = 20;
/// An entry of the map with its share of what is free.
const ENTITLEMENT_BYTES: usize = 32;
