//! The catalogue, items, covers and what search engines read.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use club::{Amount, Currency, Details, NewGoods, NewListing, Prices, Stamp, Visibility};
use metainfo::{MakeOptions, TorrentPlan};

use super::*;

#[tokio::test]
async fn the_catalogue_shows_what_is_published_with_its_price() {
    let shop = Shop::new().await;
    assert!(shop.get("/").await.body.contains("Nothing is published yet"));
    shop.publish("film", "club", prices(Some(225), Some(300)), details("Nothing <So> Plain")).await;
    shop.publish("reel", "free", Prices::default(), details("Trailer reel")).await;
    let page = shop.get("/").await.body;
    for expected in [
        "href=\"/items/film\">Nothing &#60;So&#62; Plain</a>",
        "from $2.25",
        "Trailer reel",
        "class=\"price good\">Free</p>",
        "src=\"/covers/film/",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("<So>"));
}

#[tokio::test]
async fn search_tags_and_order_lead_to_pages_of_their_own() {
    let shop = Shop::new().await;
    for number in 0..25 {
        let tags = vec!["film".parse().unwrap()];
        let details = Details { tags: Some(tags), ..details(&format!("Reel {number:02}")) };
        shop.publish(&format!("reel-{number}"), "free", Prices::default(), details).await;
    }
    let first = shop.get("/?tag=film&sort=title").await.body;
    assert_eq!(first.matches("class=\"card\"").count(), 24);
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(next.starts_with("/?tag=film&#38;sort=title&#38;after="), "{next}");
    let second = shop.get(&next.replace("&#38;", "&")).await.body;
    assert!(second.contains("Reel 24") && second.matches("class=\"card\"").count() == 1);
    let found = shop.get("/?q=reel+07").await.body;
    assert!(found.contains("1 item found.") && found.contains("Reel 07"), "{found}");
    // What can't be read is left out, and what is hostile is escaped.
    for query in ["?q=%3Cscript%3E&tag=%22%3E", "?sort=x&after=nonsense", "?q=a&q=b", "?%ff=%ff"] {
        let answer = shop.get(&format!("/{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert!(!answer.body.contains("<script>"), "{query}");
    }
}

#[tokio::test]
async fn an_item_says_what_it_costs_and_what_is_in_it_before_anybody_pays() {
    let shop = Shop::new().await;
    let details = Details {
        description: Some("A *projectionist*. <script>alert(1)</script>".to_owned()),
        subtitle: Some("Film, 88 minutes".to_owned()),
        ..details("Nothing So Plain")
    };
    shop.publish("film", "club", prices(Some(225), Some(300)), details).await;
    let page = shop.get("/items/film").await.body;
    for expected in [
        "<h1>Nothing So Plain</h1>",
        "Film, 88 minutes",
        "<em>projectionist</em>",
        "film.mp4",
        "MP4 video",
        "1.0 kB",
        "$3.00",
        "You save $0.75 by sharing",
        "Buy for $2.25",
        "href=\"/items/film/buy\"",
        "\"priceCurrency\":\"USD\"",
        "rel=\"canonical\" href=\"https://club.example/items/film\"",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("<script>"), "{page}");
    assert!(!page.contains("magnet:"), "{page}");
}

#[tokio::test]
async fn a_free_item_has_torrent_magnet_and_feed() {
    let shop = Shop::new().await;
    shop.publish("reel", "free", Prices::default(), details("Reel")).await;
    let page = shop.get("/items/reel").await.body;
    for expected in ["/t/free/reel.torrent", "href=\"magnet:?xt=", "href=\"/feeds\"", "Free"] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("/items/reel/buy"));
}

#[tokio::test]
async fn a_free_torrent_has_its_items_name_and_is_found_by_no_number() {
    let shop = Shop::new().await;
    let unlisted = Details { visibility: Some(Visibility::Unlisted), ..details("For friends") };
    shop.publish("friends", "free", Prices::default(), unlisted).await;
    let item = shop.site.club.item("friends").await.unwrap();
    assert_eq!(shop.get("/t/free/friends.torrent").await.status, 200);
    for other in [item.id.0.to_string(), item.info_hashes[0].to_string()] {
        assert_eq!(shop.get(&format!("/t/free/{other}.torrent")).await.status, 404, "{other}");
    }
}

#[tokio::test]
async fn a_collection_and_its_parts_lead_to_each_other() {
    let shop = Shop::new().await;
    for (name, visibility) in [
        ("one", Visibility::Published),
        ("two", Visibility::Unlisted),
        ("three", Visibility::Draft),
    ] {
        let details = Details { visibility: Some(visibility), ..details(&format!("Part {name}")) };
        shop.publish(name, "club", prices(Some(300), None), details).await;
    }
    let parts = ["two", "one", "three"].map(str::to_owned).to_vec();
    let all = Details { parts: Some(parts), ..details("All of them") };
    shop.publish("box", "club", prices(Some(500), Some(600)), all).await;
    let page = shop.get("/items/box").await.body;
    let places: Vec<_> = ["In this collection", "/items/two\">Part two", "/items/one\">Part one"]
        .map(|part| page.find(part))
        .to_vec();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?} {page}");
    assert!(!page.contains("Part three"), "a draft is nothing anybody learns of");
    let page = shop.get("/items/one").await.body;
    for expected in ["All of them has this and more, for $5.00.", "href=\"/items/box\""] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
}

#[tokio::test]
async fn drafts_and_what_is_not_offered_are_nothing_anybody_learns_of() {
    let shop = Shop::new().await;
    let draft = Details { visibility: Some(Visibility::Draft), ..details("Secret draft") };
    shop.publish("draft", "club", prices(Some(100), None), draft).await;
    let unlisted = Details { visibility: Some(Visibility::Unlisted), ..details("For friends") };
    shop.publish("unlisted", "club", prices(Some(100), None), unlisted).await;
    shop.publish("gone", "free", Prices::default(), details("Gone")).await;
    let stamp = Stamp { who: "test".to_owned(), now_unix: NOW.unix };
    shop.fixture.club.remove_item(&stamp, "gone").await.unwrap();

    let nothing = shop.get("/items/never").await.body;
    for path in ["/items/draft", "/items/gone", "/items/1", "/items/2", "/covers/draft/x.svg"] {
        let answer = shop.get(path).await;
        assert_eq!((answer.status, &answer.body), (StatusCode::NOT_FOUND, &nothing), "{path}");
    }
    let page = shop.get("/items/unlisted").await;
    assert!(page.status == 200 && page.body.contains("noindex"));
    for path in ["/", "/sitemap.xml", "/?q=secret", "/?q=friends"] {
        let body = shop.get(path).await.body;
        assert!(!body.contains("draft") && !body.contains("unlisted"), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_cover_is_drawn_where_there_is_none_and_kept_for_ever() {
    let shop = Shop::new().await;
    shop.publish("film", "free", Prices::default(), details("A & <B>")).await;
    let page = shop.get("/items/film").await.body;
    let path = page.split("class=\"cover\" src=\"").nth(1).unwrap().split('"').next().unwrap();
    let cover = shop.get(path).await;
    assert_eq!(
        (cover.status, &cover.headers[CONTENT_TYPE]),
        (StatusCode::OK, &"image/svg+xml".parse().unwrap())
    );
    assert_eq!(cover.headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert!(cover.headers["content-security-policy"].to_str().unwrap().ends_with("sandbox"));
    assert!(cover.body.contains("A &amp; &lt;B&gt;"), "{}", cover.body);
    assert_eq!(shop.get("/covers/film/other.svg").await.headers[CACHE_CONTROL], "no-cache");
    assert_eq!(shop.get("/covers/film/other-medium.jpg").await.status, 404);
}

#[tokio::test]
async fn search_engines_find_pages_and_no_secrets() {
    let shop = Shop::new().await;
    shop.publish("film", "free", Prices::default(), details("Film")).await;
    let sitemap = shop.get("/sitemap.xml").await;
    assert_eq!(sitemap.headers[CONTENT_TYPE], "application/xml");
    assert!(
        sitemap.body.contains("<loc>https://club.example/items/film</loc>"),
        "{}",
        sitemap.body
    );
    let robots = shop.get("/robots.txt").await.body;
    assert!(
        robots.contains("Disallow: /t/\n")
            && robots.contains("Sitemap: https://club.example/sitemap.xml")
    );
}

#[tokio::test]
async fn tiers_stand_side_by_side_with_what_belongs_to_them() {
    let usd = Currency::parse("usd").unwrap();
    let tier = |id: &str, price: Option<Amount>| TierOffer {
        id: id.to_owned(),
        price: price.map(|amount| (amount, "month")),
        earned_by: None,
        is_inside: price.is_some(),
        entitles_all: price.is_some(),
        web_seed_rate: price.map(|_| 4_000_000),
        max_peers: if price.is_some() { 80 } else { 50 },
    };
    let tiers = vec![tier("outsider", None), tier("patron", Some(usd.minor(500)))];
    let shop = Shop::with(PUBLIC_URL, Appearance { tiers, ..Appearance::default() }).await;
    let page = shop.get("/club").await.body;
    for expected in ["Patron", "$5.00", "a month", "up to 4.0 MB/s", "Up to 80 peers"] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("Outsider"));
    shop.publish("film", "club", Prices::default(), details("Film")).await;
    let item = shop.get("/items/film").await.body;
    assert!(
        item.contains("Patron members have this and everything else we make.")
            && item.contains("$5.00 a month"),
        "{item}"
    );
    assert!(Shop::new().await.get("/club").await.body.contains("There is no membership yet"));
}

#[tokio::test]
async fn pages_are_light() {
    let shop = Shop::new().await;
    for number in 0..24 {
        shop.publish(&format!("reel-{number}"), "free", Prices::default(), details("Reel")).await;
    }
    let mut bytes = 0;
    let page = shop.get("/").await.body;
    let assets = page.split('"').filter(|part| part.starts_with("/assets/"));
    for path in std::iter::once("/").chain(assets) {
        bytes += shop.ask(with(browser(Method::GET, path), "accept-encoding", "gzip")).await.bytes;
    }
    assert!(bytes < 20_000, "{bytes}");
}

impl Shop {
    /// Publishes a film of a kilobyte.
    pub(super) async fn publish(&self, name: &str, policy: &str, prices: Prices, details: Details) {
        let folder = self.fixture.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        let root = folder.join(format!("{name}.mp4"));
        fs::write(&root, name.repeat(1000).get(..1000).unwrap()).unwrap();
        let plan = TorrentPlan::scan(
            &root,
            &MakeOptions { private: policy != "free", ..MakeOptions::default() },
        )
        .unwrap();
        let torrent = plan.make(NonZeroUsize::MIN, &|_| ControlFlow::Continue(())).unwrap();
        let listing = NewListing {
            name: name.to_owned(),
            title: details.title.clone().unwrap(),
            policy: policy.to_owned(),
            prices,
            details,
        };
        let stamp = Stamp { who: "test".to_owned(), now_unix: NOW.unix };
        self.fixture.club.publish(&stamp, listing, NewGoods { root, torrent }).await.unwrap();
    }
}

pub(super) fn details(title: &str) -> Details {
    Details { title: Some(title.to_owned()), ..Details::default() }
}

pub(super) fn prices(torrent: Option<i64>, direct: Option<i64>) -> Prices {
    let usd = Currency::parse("usd").unwrap();
    Prices {
        torrent: torrent.map(|minor| usd.minor(minor)),
        direct: direct.map(|minor| usd.minor(minor)),
    }
}
