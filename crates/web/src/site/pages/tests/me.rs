//! Members' own pages: what is theirs, and never what is another's.

use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, LOCATION};
use club::{Currency, DeliveryMethod, NewMember, NewTopup, Prices, Visibility};

use super::shop::{details, prices};
use super::sign_in::{Browser, shop, stamp};
use super::*;

#[tokio::test]
async fn a_visitor_is_sent_to_sign_in() {
    let mut visitor = Browser::new(club().await);
    for path in ["/library", "/library.csv", "/library.json", "/library?q=film&page=2"] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert_eq!(answer.headers[LOCATION], "/sign-in", "{path}");
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store", "{path}");
    }
}

#[tokio::test]
async fn the_library_lists_what_a_member_may_have_and_how_they_came_by_it() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let page = ada.get("/library").await;
    assert_eq!(page.headers[CACHE_CONTROL], "private, no-store");
    for expected in [
        "Film of ada</a>",
        "Bought 15 January 2027, order 1",
        "Gift to ada</a>",
        "Given to you 15 January 2027",
        "Free reel</a>",
        "https://club.example/t/",
        "href=\"magnet:?xt=",
        "https://club.example/d/",
        "film.mp4</a>",
        "<video controls",
        "/club.xml",
        "/podcast.xml",
        "src=\"/covers/film/",
        "Search 3 items",
    ] {
        assert!(page.body.contains(expected), "{expected} in {}", page.body);
    }
    assert!(!page.body.contains("bob") && !page.body.contains("friends"), "{}", page.body);
    // A private torrent has no magnet, and the given item no direct link: its tier has no web seed.
    assert_eq!(page.body.matches("magnet:?").count(), 1);
    assert_eq!(page.body.matches("/d/").count(), 2);
    assert!(!page.body.contains("/ws/"), "{}", page.body);

    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    let page = bob.get("/library").await.body;
    assert!(page.contains("Film of bob</a>") && page.contains("Free reel</a>"), "{page}");
    assert!(!page.contains("ada"), "{page}");
}

#[tokio::test]
async fn links_of_the_library_give_the_torrent_to_their_owner_and_to_nobody_else() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let page = ada.get("/library").await.body;
    let torrent = page.split("https://club.example").find(|part| part.contains("film.torrent"));
    let path = torrent.unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(ada.shop.get(&path).await.status, 200);
    let foreign = path.replace("film.torrent", "secret.torrent");
    assert_eq!(ada.shop.get(&foreign).await.status, 403);
    ada.shop.site.club.revoke(&stamp(), "ada", "gift").await.unwrap();
    assert!(!ada.get("/library").await.body.contains("Gift to ada"));
    ada.shop.site.club.suspend(&stamp(), "ada").await.unwrap();
    assert_eq!(ada.shop.get(&path).await.status, 403);
}

#[tokio::test]
async fn a_tier_to_everything_is_named_and_its_web_seed_is_linked_where_it_has_one() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    ada.shop.site.club.set_tier(&stamp(), "ada", "patron", None).await.unwrap();
    let page = ada.get("/library").await.body;
    assert!(page.contains("Film of bob</a>") && page.contains("With your membership"), "{page}");
    assert!(page.contains("<h2>Patron</h2>"), "{page}");
    assert!(!page.contains("/ws/"), "{page}");
    let tier = policy::Rules::default().tiers.find("patron").unwrap();
    let urls =
        PublicUrls { site: PUBLIC_URL.to_owned(), web_seed_tiers: vec![tier], ..Fixture::urls() };
    ada.shop.site.set_face(urls, Masthead::default(), Appearance::default());
    let page = ada.get("/library").await.body;
    assert!(page.contains("https://club.example/ws/"), "{page}");
}

#[tokio::test]
async fn the_library_is_searched_filtered_and_paged() {
    let shop = club().await;
    for number in 0..45 {
        let name = format!("reel-{number}");
        shop.publish(&name, "free", Prices::default(), details(&format!("Part {number:02}"))).await;
    }
    let mut ada = Browser::new(shop);
    ada.sign_in().await;
    let count = |body: &str| body.matches("class=\"holding\"").count();
    for (query, expected) in [
        ("", 20),
        ("?page=2", 20),
        ("?page=3", 8),
        // What is past the end or can't be read is the nearest page.
        ("?page=99999999999999999999", 20),
        ("?page=4", 8),
        ("?page=-1", 20),
        ("?q=part+07", 1),
        ("?q=PART", 20),
        ("?source=bought", 1),
        ("?source=gifts", 1),
        ("?source=membership", 0),
        ("?source=free&page=3", 6),
        ("?source=%22%3E%3Cscript%3E", 20),
        ("?q=a&q=b", 20),
        ("?%ff=%ff", 20),
    ] {
        let page = ada.get(&format!("/library{query}")).await;
        assert_eq!((page.status.as_u16(), count(&page.body)), (200, expected), "{query}");
        assert!(!page.body.contains("<script>"), "{query}");
    }
    let page = ada.get("/library?q=nothing").await.body;
    assert!(page.contains("Nothing matches."), "{page}");
    let next = ada.get("/library?source=free").await.body;
    assert!(next.contains("rel=\"next\" href=\"/library?source=free&#38;page=2\""), "{next}");
}

#[tokio::test]
async fn the_library_is_exported_whole_and_without_anybody_elses_items() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let json = ada.get("/library.json").await;
    assert_eq!(json.headers[CACHE_CONTROL], "private, no-store");
    assert_eq!(json.headers[CONTENT_DISPOSITION], "attachment; filename=\"library.json\"");
    let items: Vec<serde_json::Value> = serde_json::from_str(&json.body).unwrap();
    let mut found: Vec<_> = items
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), item["source"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("film", "bought"), ("gift", "granted"), ("reel", "free")]);
    let film = items.iter().find(|item| item["name"] == "film").unwrap();
    assert_eq!(
        (&film["order"], &film["since"]),
        (&serde_json::json!(1), &serde_json::json!("2027-01-15T08:00:00Z"))
    );
    let csv = ada.get("/library.csv").await;
    assert_eq!(csv.headers[CACHE_CONTROL], "private, no-store");
    assert_eq!(csv.body.lines().count(), 4, "{}", csv.body);
    assert!(csv.body.contains("\"film\",\"Film of ada\",\"\",\"1000\",\"bought\""), "{}", csv.body);
    assert!(!csv.body.contains("secret") && !json.body.contains("secret"));
}

#[tokio::test]
async fn a_suspended_or_removed_member_is_signed_out() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    let club = Arc::clone(&ada.shop.site.club);
    club.suspend(&stamp(), "ada").await.unwrap();
    club.remove_member(&stamp(), "bob").await.unwrap();
    for browser in [&mut ada, &mut bob] {
        for path in ["/library", "/library.csv", "/library.json"] {
            assert_eq!(browser.get(path).await.status, 303, "{path}");
        }
    }
}

/// A shop with ada, who bought a film and was given an item, and bob, who bought another film; there is a free
/// item, an unlisted free one and a draft too.
async fn club() -> Arc<Shop> {
    let shop = shop(PUBLIC_URL).await;
    let club = Arc::clone(&shop.site.club);
    let new = NewMember { name: "bob".to_owned(), tier: "fan".to_owned(), tier_until: None };
    club.add_member(&stamp(), new).await.unwrap();
    for (name, title) in
        [("film", "Film of ada"), ("gift", "Gift to ada"), ("secret", "Film of bob")]
    {
        shop.publish(name, "club", prices(Some(225), Some(300)), details(title)).await;
    }
    shop.publish("reel", "free", Prices::default(), details("Free reel")).await;
    for (name, visibility) in [("friends", Visibility::Unlisted), ("draft", Visibility::Draft)] {
        let hidden = club::Details { visibility: Some(visibility), ..details("For friends") };
        shop.publish(name, "free", Prices::default(), hidden).await;
    }
    for (member, item) in [("ada", "film"), ("bob", "secret")] {
        let amount = Currency::parse("usd").unwrap().minor(1000);
        let (member, provider, memo) = (member.to_owned(), "hand".to_owned(), String::new());
        let topup = NewTopup { member: member.clone(), amount, provider, memo };
        club.topup(&stamp(), &format!("topup {member}"), topup).await.unwrap();
        club.buy(&stamp(), &format!("buy {member}"), &member, item, DeliveryMethod::Direct)
            .await
            .unwrap();
    }
    club.grant(&stamp(), "ada", "gift", None, "grant").await.unwrap();
    shop
}
