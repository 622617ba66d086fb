use std::collections::BTreeMap;
use std::sync::Arc;

use club::{
    Amount, CatalogueQuery, CatalogueSort, CoverSize, Currency, Details, Fault, FoundItems, Item,
    MAX_COUNT, NewGoods, NewListing, Page, Prices, Store, Tag, Visibility,
};
use futures_util::future::try_join_all;

use super::{House, check_refused, stamp};

pub(crate) async fn words_begin_words_of_texts_tags_and_file_names(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let details = Details {
        subtitle: Some("Film, 88 minutes".to_owned()),
        description: Some("A *quiet* night in Köln: can't sleep.".to_owned()),
        tags: tags(&["Science Fiction", "köln-süd"]),
        ..Details::default()
    };
    house.publish("bridge", "The Bridge — 橋の映画", details, 1).await;
    let other = listing("other", "100% O'Neill \"live\"", Details::default(), None);
    house.club.publish(&stamp(), other, single(1)).await.unwrap();
    for search in [
        "bridge",
        "BRI",
        "brídge",
        "night quiet",
        "minute fil",
        "koln",
        "Köln",
        "can't",
        "映画",
        "映 bridge",
        "fiction",
        "sud",
        "s01e02",
        "bridge.1080p.mkv",
        "Extras/Making",
        "  the\tbridge\n",
        "bridge\0",
        "\"bridge\" OR (zebra*) -night",
    ] {
        let hits = if search.contains("zebra") { &[][..] } else { &["bridge"] };
        assert_eq!(house.names(search).await, hits, "{search:?}");
    }
    for search in ["o'neill", "\"live\"", "100%", "100 live", "%100", "neill:*", "o & neill"] {
        assert_eq!(house.names(search).await, ["other"], "{search:?}");
    }
    for search in
        ["idge", "bridgework", "%", "*", "\"", "'", "\\", "\0", "--", "🎬", "the zebra", "_"]
    {
        assert_eq!(house.names(search).await, [""; 0], "{search:?}");
    }
    for search in ["", " ", "\n"] {
        assert_eq!(house.names(search).await, ["bridge", "other"], "{search:?}");
    }
    // Words beyond the limit don't count, however long the text is.
    let long = "bridge ".repeat(32 * 1024 / 7);
    assert_eq!(house.names(&long).await, ["bridge"]);
    assert_eq!(house.names(&"\"".repeat(32 * 1024)).await, [""; 0]);
    assert_eq!(house.names(&"x".repeat(32 * 1024)).await, [""; 0]);
    let many: Vec<_> = (0..8000).map(|number| number.to_string()).collect();
    assert_eq!(house.names(&many.join(" ")).await, [""; 0]);
    let many = ["bridge night"; 16].join(" ") + &" quiet".repeat(16) + " zebra";
    assert_eq!(house.names(&many).await, [""; 0], "only different words count");
}

pub(crate) async fn only_what_is_published_and_offered_is_listed(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    house
        .publish("reel", "Reel", Details { tags: tags(&["film", "4k"]), ..Details::default() }, 1)
        .await;
    let draft = Details {
        visibility: Some(Visibility::Draft),
        tags: tags(&["film"]),
        ..Details::default()
    };
    house.publish("draft", "Reel to come", draft, 2).await;
    let unlisted = Details { visibility: Some(Visibility::Unlisted), ..Details::default() };
    house.publish("aside", "Reel for friends", unlisted, 3).await;
    house.add_item("bare", &[9]).await;
    let listed = async |expected: &[&str], tags: &[(&str, u32)]| {
        assert_eq!(house.names("").await, expected);
        assert_eq!(house.names("reel").await, expected);
        let found = house.club.tags(99).await.unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.tag.as_str(), found.items)).collect();
        assert_eq!(found, tags);
    };
    listed(&["reel"], &[("4k", 1), ("film", 1)]).await;
    let newest = house.club.newest(9).await.unwrap();
    let newest: Vec<_> = newest.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(newest, ["aside", "reel"], "a draft is in no feed");

    let shown = |visibility| Details { visibility: Some(visibility), ..Details::default() };
    house.describe("draft", shown(Visibility::Published)).await;
    listed(&["draft", "reel"], &[("film", 2), ("4k", 1)]).await;
    house.describe("reel", Details { tags: tags(&["film", "hd"]), ..Details::default() }).await;
    listed(&["draft", "reel"], &[("film", 2), ("hd", 1)]).await;
    house.club.withdraw(&stamp(), "draft").await.unwrap();
    listed(&["reel"], &[("film", 1), ("hd", 1)]).await;
    house.club.replace(&stamp(), "draft", goods(2)).await.unwrap();
    listed(&["draft", "reel"], &[("film", 2), ("hd", 1)]).await;
    house.club.remove_item(&stamp(), "draft").await.unwrap();
    house.describe("reel", shown(Visibility::Unlisted)).await;
    listed(&[], &[]).await;
    assert_eq!(house.club.verify().await.unwrap(), []);
}

pub(crate) async fn details_change_what_they_name_and_are_recorded(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let item = house.publish("reel", "Reel", Details::default(), 1).await;
    assert_eq!((item.visibility, item.released), (Visibility::Published, None));
    let all = Details {
        title: Some("Reel 1".to_owned()),
        subtitle: Some("Film".to_owned()),
        description: Some("About *it*".to_owned()),
        tags: tags(&["b", "a", "B"]),
        visibility: Some(Visibility::Unlisted),
        released: Some(Some("1927-01-10".parse().unwrap())),
        preview: Some(Some("Extras/Making of.mkv".to_owned())),
        tier: Some(Some("fan".to_owned())),
        parts: Some(vec!["2".to_owned()]),
    };
    house.add_item("short", &[9]).await;
    let item = house.describe("reel", all).await;
    assert_eq!(item.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(item.released.unwrap().to_string(), "1927-01-10");
    assert_eq!(item.preview.as_deref(), Some("Extras/Making of.mkv"));
    assert_eq!(house.club.description(item.id).await.unwrap(), "About *it*");
    let again = house
        .describe("reel", Details { subtitle: Some(String::new()), ..Details::default() })
        .await;
    assert_eq!(again, Item { subtitle: String::new(), ..item.clone() });
    assert_eq!(house.club.item("reel").await.unwrap(), again);
    let audit = house.club.audit_of(None, Some(item.id), Page::FIRST).await.unwrap();
    let details: Vec<_> = audit.iter().filter(|row| row.what == "item.describe").collect();
    assert_eq!(details[0].detail, DETAIL);
    assert_eq!(details[1].detail, "subtitle \"\"");

    let preview =
        |path: &str| Details { preview: Some(Some(path.to_owned())), ..Details::default() };
    for path in ["", "Making of.mkv", "../a", "Extras", "Extras/making of.mkv", "a\0"] {
        let refused = house.club.describe(&stamp(), "reel", preview(path)).await;
        let why = format!(
            "item `reel` has no file {path:?}: name a file by its path inside the item, as its torrent does"
        );
        check_refused(refused, Fault::Conflict, &why);
    }
    let many: Vec<_> = (0..17).map(|number| format!("tag-{number}").parse().unwrap()).collect();
    let refused = house
        .club
        .describe(&stamp(), "reel", Details { tags: Some(many), ..Details::default() })
        .await;
    check_refused(refused, Fault::Request, "17 tags, expected 16 at most: leave some out");
    // Another version without that file has no preview; with it, it keeps it.
    let kept = house.club.replace(&stamp(), "reel", goods(2)).await.unwrap();
    assert!(kept.preview.is_some());
    let without = house.club.replace(&stamp(), "reel", single(1)).await.unwrap();
    assert_eq!(without.preview, None);
}

const DETAIL: &str = "title \"Reel 1\", subtitle \"Film\", description of 10 characters, tags \"b a\", \
     visibility unlisted, released 1927-01-10, preview \"Extras/Making of.mkv\", tier fan, parts \"short\"";

pub(crate) async fn a_cover_is_kept_in_all_sizes(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let id = house.publish("reel", "Reel", Details::default(), 1).await.id;
    let cover = async |size| house.club.cover(id, size).await.unwrap();
    assert_eq!(cover(CoverSize::Small).await, None);
    let images = |byte: u8| Some([vec![byte; 3], vec![byte; 2], vec![byte]]);
    let item = house.club.set_cover(&stamp(), "reel", images(1)).await.unwrap();
    let first = item.cover.unwrap();
    for (size, length) in [(CoverSize::Large, 3), (CoverSize::Medium, 2), (CoverSize::Small, 1)] {
        let found = cover(size).await.unwrap();
        assert_eq!((found.jpeg, found.digest), (vec![1; length], first));
    }
    let item = house.club.set_cover(&stamp(), "reel", images(2)).await.unwrap();
    assert_ne!(item.cover.unwrap(), first);
    assert_eq!(cover(CoverSize::Large).await.unwrap().jpeg, [2; 3]);
    let page = house.club.catalogue(&query("", 9)).await.unwrap();
    assert_eq!(page.items[0].cover, item.cover);
    assert_eq!(house.club.set_cover(&stamp(), "reel", None).await.unwrap().cover, None);
    assert_eq!(cover(CoverSize::Large).await, None);
    house.club.set_cover(&stamp(), "reel", images(1)).await.unwrap();
    house.club.remove_item(&stamp(), "reel").await.unwrap();
    assert_eq!(cover(CoverSize::Large).await, None);
    assert_eq!(house.club.verify().await.unwrap(), []);
}

/// Enough items that some searches match few of them and some many.
pub(crate) async fn pages_are_those_of_a_simple_model(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let models: Vec<_> = (0..1300).map(Model::new).collect();
    let stamp = stamp();
    let published = models
        .iter()
        .map(|model| house.club.publish(&stamp, model.listing(), single(model.number + 1)));
    let items = try_join_all(published).await.unwrap();
    let ids: BTreeMap<_, _> = items.iter().map(|item| (item.name.clone(), item.id.0)).collect();
    for search in ["", "all", "odd seven", "al odd", "none"] {
        for tag in [None, Some("third"), Some("ten-th")] {
            for sort in [CatalogueSort::Newest, CatalogueSort::Price, CatalogueSort::Title] {
                let mut expected: Vec<_> =
                    models.iter().filter(|model| model.matches(search, tag)).collect();
                expected.sort_by_key(|model| model.key(sort, ids[&model.name()]));
                let expected: Vec<_> = expected.iter().map(|model| model.name()).collect();
                let mut query = CatalogueQuery {
                    tag: tag.map(|tag| tag.parse().unwrap()),
                    sort,
                    ..query(search, 97)
                };
                let mut found = Vec::new();
                loop {
                    let FoundItems { items, next, count } =
                        house.club.catalogue(&query).await.unwrap();
                    let all = u32::try_from(expected.len()).unwrap();
                    assert_eq!(count, all.min(MAX_COUNT));
                    found.extend(items.into_iter().map(|item| item.name));
                    query.after = next;
                    if query.after.is_none() {
                        break;
                    }
                }
                assert_eq!(found, expected, "{search:?} {tag:?} {sort:?}");
            }
        }
    }
    for (sort, after) in [
        (CatalogueSort::Newest, ""),
        (CatalogueSort::Newest, "1"),
        (CatalogueSort::Newest, "-1.5"),
        (CatalogueSort::Price, "5.title"),
        (CatalogueSort::Price, "5.99999999999999999999"),
        (CatalogueSort::Title, "x.title"),
    ] {
        let query = CatalogueQuery { sort, after: Some(after.to_owned()), ..query("", 9) };
        let refused = house.club.catalogue(&query).await.unwrap_err();
        assert_eq!(refused.fault(), Fault::Request, "{after}");
    }
    let after = Some("5.zebra\0' OR 1".to_owned());
    let query = CatalogueQuery { sort: CatalogueSort::Title, after, ..query("", u32::MAX) };
    assert_eq!(house.club.catalogue(&query).await.unwrap().items.len(), 0);
    let first = house.club.catalogue(&CatalogueQuery { after: None, ..query }).await.unwrap();
    assert_eq!(first.items.len(), 100);
}

struct Model {
    number: u32,
}

impl Model {
    const fn new(number: u32) -> Self {
        Self { number }
    }

    fn name(&self) -> String {
        format!("item-{}", self.number)
    }

    /// Prices and dates of several are the same.
    fn price(&self) -> Option<i64> {
        (!self.number.is_multiple_of(4)).then(|| i64::from(self.number * 7919 % 50))
    }

    fn released(&self) -> i64 {
        i64::from(self.number * 7919 % 400)
    }

    fn title(&self) -> String {
        format!("Título {:03}", self.number * 31 % 500)
    }

    fn key(&self, sort: CatalogueSort, id: u32) -> (i64, String, i64) {
        let id = i64::from(id);
        match sort {
            CatalogueSort::Newest => (-self.released(), String::new(), -id),
            CatalogueSort::Price => (self.price().unwrap_or(i64::MAX), String::new(), id),
            CatalogueSort::Title => (0, self.title(), id),
        }
    }

    fn matches(&self, search: &str, tag: Option<&str>) -> bool {
        let has = |word| match word {
            "al" | "all" => true,
            "odd" => self.number % 2 == 1,
            "seven" => self.number.is_multiple_of(7),
            _ => false,
        };
        let is_tagged = match tag {
            None => true,
            Some("third") => self.number.is_multiple_of(3),
            _ => self.number.is_multiple_of(10),
        };
        is_tagged && search.split(' ').filter(|word| !word.is_empty()).all(has)
    }

    fn listing(&self) -> NewListing {
        let text = ["all", "odd", "seven"].into_iter().filter(|word| self.matches(word, None));
        let tags = ["third", "ten-th"].into_iter().filter(|tag| self.matches("", Some(tag)));
        let day = jiff::civil::date(1969, 6, 1)
            .checked_add(jiff::Span::new().days(self.released()))
            .unwrap();
        let details = Details {
            description: Some(text.collect::<Vec<_>>().join(" ")),
            tags: Some(tags.map(|tag| tag.parse().unwrap()).collect()),
            released: Some(Some(day)),
            ..Details::default()
        };
        let price = self.price().map(|minor| Currency::parse("usd").unwrap().minor(minor));
        listing(&self.name(), &self.title(), details, price)
    }
}

impl House {
    async fn publish(&self, name: &str, title: &str, details: Details, piece: u8) -> Item {
        let listing = listing(name, title, details, None);
        self.club.publish(&stamp(), listing, goods(piece)).await.unwrap()
    }

    async fn describe(&self, item: &str, details: Details) -> Item {
        self.club.describe(&stamp(), item, details).await.unwrap()
    }

    /// What a search finds, by name.
    async fn names(&self, search: &str) -> Vec<String> {
        let page = self.club.catalogue(&query(search, 9)).await.unwrap();
        assert_eq!(usize::try_from(page.count).unwrap(), page.items.len());
        let mut names: Vec<_> = page.items.into_iter().map(|item| item.name).collect();
        names.sort();
        names
    }
}

fn query(search: &str, limit: u32) -> CatalogueQuery {
    CatalogueQuery { search: search.to_owned(), limit, ..CatalogueQuery::default() }
}

fn tags(tags: &[&str]) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|tag| tag.parse().unwrap()).collect())
}

fn listing(name: &str, title: &str, details: Details, price: Option<Amount>) -> NewListing {
    NewListing {
        name: name.to_owned(),
        title: title.to_owned(),
        policy: "club".to_owned(),
        prices: Prices { torrent: price, direct: None },
        details,
    }
}

/// Two files in a folder.
fn goods(piece: u8) -> NewGoods {
    let piece = char::from(b'a' + piece);
    let torrent = format!(
        "d4:infod5:filesld6:lengthi1e4:pathl6:Extras13:Making of.mkveed6:lengthi1e4:pathl\
         23:s01e02.Bridge.1080p.mkveee4:name3:dir12:piece lengthi16384e6:pieces20:{}7:privatei1eee",
        piece.to_string().repeat(20)
    );
    NewGoods { root: format!("/goods/{piece}").into(), torrent: torrent.into_bytes() }
}

/// A file of so many bytes.
fn single(length: u32) -> NewGoods {
    let torrent = format!(
        "d4:infod6:lengthi{length}e4:name1:a12:piece lengthi16384e6:pieces20:\
         aaaaaaaaaaaaaaaaaaaa7:privatei1eee"
    );
    NewGoods { root: format!("/goods/{length}").into(), torrent: torrent.into_bytes() }
}
