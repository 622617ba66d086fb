//! How long pages of the catalogue take at 100,000 items, and whether that is within its budget. Run on a quiet
//! machine with `cargo test --release -p club --test catalogue_scale -- --ignored --nocapture --test-threads 1`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use club::{
    CatalogueQuery, CatalogueSort, Club, Image, Items, ListedItem, Names, Postgres, Sqlite, Store,
    Tag, Value,
};
use policy::{ItemId, Rules};
use tests::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn pages_from_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("club.db")).await.unwrap();
    check(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn pages_from_postgres() {
    let database = Database::make();
    let store = Postgres::open(&database.url().parse().unwrap()).await.unwrap();
    check(Arc::new(store)).await;
}

async fn check(store: Arc<dyn Store>) {
    let mut numbers = Numbers(1);
    let begun = Instant::now();
    fill(&*store, &mut numbers).await;
    let club = open(store).await;
    println!("filled in {:?}", begun.elapsed());
    let begun = Instant::now();
    while club.list_due().await.unwrap() > 0 {}
    println!("listed in {:?}", begun.elapsed());

    // How common the words are: in how many of a hundred texts the first is, and so on.
    let words = |range: std::ops::Range<u64>| {
        move |numbers: &mut Numbers| word(range.start + numbers.below(range.end - range.start))
    };
    type Search = Box<dyn Fn(&mut Numbers) -> (String, Option<Tag>)>;
    let untagged = |search: fn(&mut Numbers) -> String| -> Search {
        Box::new(move |numbers| (search(numbers), None))
    };
    let kinds: [(&str, Search); 9] = [
        ("everything", untagged(|_| String::new())),
        ("a word of most items", Box::new(move |numbers| (words(0..3)(numbers), None))),
        ("a word of many items", Box::new(move |numbers| (words(10..100)(numbers), None))),
        ("a rare word", Box::new(move |numbers| (words(2000..9000)(numbers), None))),
        (
            "two words",
            Box::new(move |numbers| {
                (format!("{} {}", words(0..20)(numbers), words(20..500)(numbers)), None)
            }),
        ),
        (
            "three letters",
            Box::new(move |numbers| (words(0..9000)(numbers).chars().take(3).collect(), None)),
        ),
        (
            "one letter",
            untagged(|numbers| {
                char::from(b'a' + u8::try_from(numbers.below(26)).unwrap()).to_string()
            }),
        ),
        ("a tag", Box::new(|numbers| (String::new(), Some(tag(numbers))))),
        ("a tag and a word", Box::new(move |numbers| (words(0..100)(numbers), Some(tag(numbers))))),
    ];
    let mut all = Vec::new();
    for (kind, search) in kinds {
        let mut took = Vec::new();
        for number in 0..QUERIES {
            let (search, tag) = search(&mut numbers);
            let sorts = [CatalogueSort::Newest, CatalogueSort::Price, CatalogueSort::Title];
            let sort = *sorts.get(number % 3).unwrap();
            let mut query = CatalogueQuery { search, tag, sort, after: None, limit: 24 };
            // Each second query is for a page further on.
            for _ in 0..=number % 2 {
                let begun = Instant::now();
                let page = club.catalogue(&query).await.unwrap();
                took.push(begun.elapsed());
                query.after = page.next;
            }
        }
        println!("{kind}: median {:?}, p99 {:?}", quantile(&mut took, 50), quantile(&mut took, 99));
        all.extend(took);
    }
    let p99 = quantile(&mut all, 99);
    println!(
        "all: median {:?}, p99 {p99:?}, longest {:?}",
        quantile(&mut all, 50),
        quantile(&mut all, 100)
    );
    let begun = Instant::now();
    assert_eq!(club.tags(50).await.unwrap().len(), 50);
    println!("tags: {:?}", begun.elapsed());
    assert!(p99 <= BUDGET, "a page takes {p99:?}, and {BUDGET:?} at most");
}

/// Items with titles of four words and descriptions of sixty; the first words are in most texts, the last in few.
async fn fill(store: &dyn Store, numbers: &mut Numbers) {
    let mut db = store.writer().await.unwrap();
    db.execute("BEGIN", &[]).await.unwrap();
    for id in 1..=ITEMS {
        let text = |numbers: &mut Numbers, words: usize| {
            let words: Vec<_> = (0..words).map(|_| word(numbers.skewed())).collect();
            words.join(" ")
        };
        let (title, description) = (text(numbers, 4), text(numbers, 60));
        let tags: Vec<_> = (0..3).map(|_| tag(numbers).to_string()).collect();
        let (name, tags) = (format!("item-{id}"), tags.join(" "));
        let sql = "INSERT INTO item (id, name, title, policy, private, removed, created, tags, currency, \
                   torrent_price) VALUES ($1, $2, $3, 'free', 0, 0, 0, $4, 'usd', $5)";
        let price = Value::Int(Some(i64::try_from(numbers.below(3000)).unwrap()));
        let values =
            [id.into(), name.as_str().into(), title.as_str().into(), tags.as_str().into(), price];
        db.execute(sql, &values).await.unwrap();
        let sql = "INSERT INTO description (item, markdown) VALUES ($1, $2)";
        db.execute(sql, &[id.into(), description.as_str().into()]).await.unwrap();
        let torrent = format!(
            "d4:infod6:lengthi1e4:name12:file-{id:07}12:piece lengthi16384e6:pieces20:\
             aaaaaaaaaaaaaaaaaaaaee"
        );
        let published = u32::try_from(numbers.below(1 << 30)).unwrap();
        let values = [id.into(), Value::Bytes(torrent.as_bytes()), published.into()];
        let sql = "INSERT INTO goods (item, root, torrent, version, published, withdrawn, broken) \
                   VALUES ($1, $2, $2, 1, $3, 0, '')";
        db.execute(sql, &values).await.unwrap();
        db.execute("INSERT INTO listing_due (item) VALUES ($1)", &[id.into()]).await.unwrap();
    }
    db.execute("COMMIT", &[]).await.unwrap();
}

async fn open(store: Arc<dyn Store>) -> Club {
    let image = Image {
        roster: Arc::default(),
        rights: Arc::default(),
        aliases: Arc::default(),
        items: Arc::new(Nowhere),
    };
    Club::open(store, image, Names::from(&Rules::default())).await.unwrap().0
}

struct Nowhere;

impl Items for Nowhere {
    fn put(&self, _: &ListedItem) {}
    fn remove(&self, _: ItemId) {}
}

/// A word by how common it is, 0 first. Its letters depend on nothing else.
fn word(number: u64) -> String {
    let mut letters = Numbers(number + 7);
    let length = 3 + letters.below(6);
    let letter = |_| char::from(b'a' + u8::try_from(letters.below(26)).unwrap());
    (0..length).map(letter).collect()
}

/// One of a hundred tags, of which the first are more common.
fn tag(numbers: &mut Numbers) -> Tag {
    format!("tag-{}", numbers.skewed() / 200).parse().unwrap()
}

/// The same numbers each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Below 20,000, small ones far more often: as words of a language are.
    fn skewed(&mut self) -> u64 {
        let (first, second, third) = (self.below(1000), self.below(1000), self.below(1000));
        first * second * third / 50_000
    }
}

fn quantile(took: &mut [Duration], percent: usize) -> Duration {
    took.sort();
    *took.get((took.len() - 1) * percent / 100).unwrap()
}

const ITEMS: u32 = 100_000;
const QUERIES: usize = 100;
/// The design's budget for a page, all of it.
const BUDGET: Duration = Duration::from_millis(50);
