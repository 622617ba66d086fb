//! Members' own pages: what is theirs, and never what is another's.

use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, LOCATION};
use club::{
    Currency, DeliveryMethod, NewMember, NewTopup, Page, Prices, Served, Subject, Visibility,
};
use policy::ItemId;

use super::shop::{details, prices};
use super::sign_in::{Browser, shop, stamp};
use super::*;

#[tokio::test]
async fn a_visitor_is_sent_to_sign_in() {
    let mut visitor = Browser::new(club().await);
    for path in [
        "/library",
        "/library.csv",
        "/library.json",
        "/library?q=film&page=2",
        "/me",
        "/me/data.json",
        "/me/money",
    ] {
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
    assert!(!page.contains("of ada<") && !page.contains("to ada<"), "{page}");
}

#[tokio::test]
async fn nothing_is_for_sale_to_whoever_has_it() {
    let mut ada = Browser::new(club().await);
    let page = ada.shop.get("/items/film").await.body;
    assert!(page.contains("/items/film/buy") && !page.contains("You have this"), "{page}");
    ada.sign_in().await;
    let page = ada.get("/items/film").await.body;
    assert!(page.contains("/library?q=film\">Download or watch</a>"), "{page}");
    assert!(!page.contains("/items/film/buy\""), "{page}");
    assert!(page.contains("/items/film/buy?gift=yes\">Give it to somebody"), "{page}");
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
        for path in ["/library", "/library.csv", "/library.json", "/me", "/me/data.json"] {
            assert_eq!(browser.get(path).await.status, 303, "{path}");
        }
    }
}

#[tokio::test]
async fn the_account_shows_what_is_the_members_and_no_secret() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let page = ada.get("/me").await;
    assert_eq!(page.headers[CACHE_CONTROL], "private, no-store");
    for expected in
        ["ada, Fan", "$7.00", "Film of ada", "paid", "$3.00", "ada@example.org", "(this one)"]
    {
        assert!(page.body.contains(expected), "{expected} in {}", page.body);
    }
    assert!(!page.body.contains("bob") && !page.body.contains("t.example/announce"));
    let id = ada.shop.site.club.member("ada").await.unwrap().id.to_string();
    let order = ada.shop.site.club.orders(&id, Page::FIRST).await.unwrap().remove(0);
    assert!(page.body.contains(&format!("href=\"/orders/{}\"", order.token)), "{}", page.body);
    let money = ada.get("/me/money").await;
    assert_eq!(
        (money.status.as_u16(), &money.headers[LOCATION]),
        (303, &"/me#money".parse().unwrap())
    );

    let data = ada.get("/me/data.json").await;
    assert_eq!(data.headers[CACHE_CONTROL], "private, no-store");
    assert!(!data.body.contains("bob") && !data.body.contains("secret"), "{}", data.body);
    let data: serde_json::Value = serde_json::from_str(&data.body).unwrap();
    assert_eq!(data["member"]["email"], "ada@example.org");
    let lengths = ["orders", "statement", "sign_ins", "library"]
        .map(|part| data[part].as_array().unwrap().len());
    assert_eq!(lengths, [1, 2, 1, 3]);
}

#[tokio::test]
async fn the_passkey_is_shown_on_request_and_the_old_one_dies_by_rotation() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let passkey = |body: &str| {
        let rest = body.split("http://t.example/announce/").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    ada.get("/me").await;
    let shown = ada.post("/me/passkey", "").await;
    assert_eq!(shown.headers[CACHE_CONTROL], "private, no-store");
    let before = passkey(&shown.body);
    let bound = |browser: &Browser| {
        let club = &browser.shop.site.club;
        let item = ItemId(1);
        let tracker = Arc::clone(&browser.shop.site.tracker);
        let club = Arc::clone(club);
        async move { tracker.bound_turn(club.member("ada").await.unwrap().id, item) }
    };
    let rotated = ada.post("/me/passkey/rotate", "").await;
    assert!(
        rotated.status == 200 && rotated.body.contains("Your passkey was replaced"),
        "{}",
        rotated.body
    );
    assert!(!rotated.body.contains("t.example/announce"));
    let after = passkey(&ada.post("/me/passkey", "").await.body);
    assert_ne!(before, after);
    let generation = |key: &str| {
        let key = wire::Passkey::new(key.as_bytes()).unwrap();
        ada.shop.site.keyring.verify(policy::Label::Announce, &key).unwrap().generation
    };
    let member = ada.shop.site.club.member("ada").await.unwrap();
    assert_eq!(generation(&after), member.generation);
    assert_ne!(generation(&before), member.generation);
    assert_eq!(member.old_key_until, None);

    // "This isn't me" replaces the key in the item's torrent too, of items that she may have.
    let turn = bound(&ada).await;
    assert_eq!(ada.post("/me/passkey/rotate", "item=1").await.status, 200);
    assert_ne!(bound(&ada).await, turn);
    let generation = ada.shop.site.club.member("ada").await.unwrap().generation;
    for item in ["3", "999", "x", "-1", "0"] {
        assert_eq!(
            ada.post("/me/passkey/rotate", &format!("item={item}")).await.status,
            404,
            "{item}"
        );
    }
    assert_eq!(ada.shop.site.club.member("ada").await.unwrap().generation, generation);
}

#[tokio::test]
async fn a_month_has_all_that_was_sent_in_it_to_its_member_alone() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let club = Arc::clone(&ada.shop.site.club);
    let page = ada.get("/me/traffic").await.body;
    assert!(!page.contains("<svg"), "nothing was sent yet: {page}");
    let members = [club.member("ada").await.unwrap().id, club.member("bob").await.unwrap().id];
    let today = NOW.unix / 86_400;
    let sent = [
        (members[0], today, 2_000_000),
        (members[0], today - 40, 1_000_000),
        (members[1], today, 7),
    ];
    let row = |(member, day, bytes)| Served { item: ItemId(1), member: Some(member), day, bytes };
    club.add_served(sent.map(row).to_vec()).await.unwrap();
    let page = ada.get("/me/traffic").await.body;
    assert_eq!(page.matches("<rect ").count(), 12);
    let heights = ["height=\"100\"", "height=\"50\""].map(|height| page.matches(height).count());
    assert_eq!(heights, [1, 1], "{page}");
    assert!(page.contains("2.0 MB") && page.contains("1.0 MB"), "{page}");
    assert!(page.contains("nothing in the last twelve months"), "{page}");
}

#[tokio::test]
async fn sign_ins_are_ended_by_their_own_member_alone() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let mut other = Browser::new(Arc::clone(&ada.shop));
    other.sign_in().await;
    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    let club = Arc::clone(&ada.shop.site.club);
    let bobs = Subject::Member(club.member("bob").await.unwrap().id);
    let of_bob = club.sign_ins_of(bobs, NOW.unix).await.unwrap()[0].id.0;
    let page = ada.get("/me").await.body;
    assert!(!page.contains(&format!("/me/sign-ins/{of_bob}/end")), "{page}");
    assert_eq!(ada.post(&format!("/me/sign-ins/{of_bob}/end"), "").await.status, 404);
    assert_eq!(ada.post("/me/sign-ins/999/end", "").await.status, 404);
    assert_eq!(bob.get("/me").await.status, 200);

    let id = page
        .split("/me/sign-ins/")
        .filter_map(|part| part.split_once("/end")?.0.parse::<u32>().ok());
    let ids: Vec<_> = id.collect();
    assert_eq!(ids.len(), 2, "{page}");
    let others = *ids.iter().max().unwrap();
    assert_eq!(ada.post(&format!("/me/sign-ins/{others}/end"), "").await.status, 303);
    assert_eq!(other.get("/me").await.status, 303);
    ada.get("/me").await;
    assert_eq!(ada.post("/me/sign-ins/end", "").await.status, 303);
    assert_eq!(ada.get("/me").await.status, 303);
    assert_eq!(bob.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_new_address_is_mailed_to_and_changes_nothing_yet() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let club = Arc::clone(&ada.shop.site.club);
    ada.get("/me").await;
    assert_eq!(ada.post("/me/email", "email=nonsense").await.status, 400);
    let before = club.mail(None, Page::FIRST).await.unwrap().len();
    let sent = ada.post("/me/email", "email=new%40example.org").await;
    assert!(sent.status == 200 && sent.body.contains("a link is on its way"), "{}", sent.body);
    assert_eq!(club.mail(None, Page::FIRST).await.unwrap().len(), before + 1);
    let email = club.member("ada").await.unwrap().email.unwrap();
    assert_eq!(email.text(), "ada@example.org");
}

#[tokio::test]
async fn forms_of_the_account_from_elsewhere_or_without_a_token_change_nothing() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    bob.get("/me").await;
    let mut visitor = Browser::new(Arc::clone(&ada.shop));
    visitor.get("/sign-in").await;
    let club = Arc::clone(&ada.shop.site.club);
    let before = club.member("ada").await.unwrap();
    let mail = club.mail(None, Page::FIRST).await.unwrap().len();
    let id = club.sign_ins_of(Subject::Member(before.id), NOW.unix).await.unwrap()[0].id.0;
    let end = format!("/me/sign-ins/{id}/end");
    for (path, fields) in [
        ("/me/passkey", ""),
        ("/me/passkey/rotate", "item=1"),
        ("/me/sign-ins/end", ""),
        (end.as_str(), ""),
        ("/me/email", "email=eve%40example.org"),
        ("/me/tokens", ""),
    ] {
        ada.get("/me").await;
        let good = ada.token.clone();
        ada.source = "cross-site";
        assert_eq!(ada.post(path, fields).await.status, 403, "{path}");
        ada.source = "same-origin";
        for token in [String::new(), bob.token.clone(), visitor.token.clone()] {
            ada.token = token;
            assert_eq!(ada.post(path, fields).await.status, 403, "{path}");
        }
        ada.token = good;
        // A visitor has a token, and no account.
        assert_eq!(visitor.post(path, fields).await.status, 403, "{path}");
        assert_eq!(ada.get(path).await.status, 405, "{path}");
    }
    assert_eq!(club.member("ada").await.unwrap(), before);
    assert_eq!(club.mail(None, Page::FIRST).await.unwrap().len(), mail);
    assert_eq!(ada.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_members_token_reads_the_members_numbers_and_nothing_else() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    ada.get("/me").await;
    let page = ada.post("/me/tokens", "").await.body;
    let start = page.find("ushm_").unwrap();
    let secret = page[start..start + 48].to_owned();
    // Shown once.
    assert!(!ada.get("/me").await.body.contains(&secret));
    let shop = Arc::clone(&ada.shop);
    let ask = async |path: &str, token: Option<&str>| {
        let request = browser(Method::GET, path);
        shop.ask(match token {
            Some(token) => with(request, "authorization", &format!("Bearer {token}")),
            None => request,
        })
        .await
    };
    let own = ask("/api/v1/me", Some(&secret)).await;
    assert_eq!(
        (own.status, &own.headers[CACHE_CONTROL]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let numbers: api::me::OwnNumbers = serde_json::from_str(&own.body).unwrap();
    assert_eq!(
        (numbers.name.as_str(), numbers.tier.as_str(), numbers.purchases),
        ("ada", "fan", 1)
    );
    assert_eq!(numbers.balances[0].prepaid.amount, "7.00");
    assert_eq!((numbers.ratio, numbers.uploaded), (None, 0));
    assert!(own.headers["ratelimit"].to_str().unwrap().starts_with("\"token\";r=9;"));
    assert!(!own.body.contains("bob"), "{}", own.body);

    let admins = format!("usht_{}", &secret[5..]);
    for (token, problem) in [(None, "unauthenticated"), (Some(admins.as_str()), "unauthenticated")]
    {
        let refused = ask("/api/v1/me", token).await;
        assert_eq!(refused.status, 401);
        assert!(refused.body.contains(&format!("urn:usher:problem:{problem}")), "{}", refused.body);
        assert!(refused.headers.contains_key("www-authenticate"));
    }
    // It signs nobody in, and opens no other path.
    assert_eq!(ask("/me", Some(&secret)).await.status, 303);
    assert_eq!(ask("/api/v1/members", Some(&secret)).await.status, 404);

    let mut bob = Browser::new(Arc::clone(&shop));
    bob.sign_in_as("bob").await;
    bob.get("/me").await;
    let id = shop.site.club.member_tokens(shop.site.club.member("ada").await.unwrap().id).await;
    let id = id.unwrap()[0].id.0;
    assert_eq!(bob.post(&format!("/me/tokens/{id}/revoke"), "").await.status, 404);
    assert_eq!(ask("/api/v1/me", Some(&secret)).await.status, 200);
    ada.get("/me").await;
    assert_eq!(ada.post(&format!("/me/tokens/{id}/revoke"), "").await.status, 303);
    assert_eq!(ask("/api/v1/me", Some(&secret)).await.status, 401);
}

/// A shop with ada, who bought a film and was given an item, and bob, who bought another film; there is a free
/// item, an unlisted free one and a draft too.
pub(super) async fn club() -> Arc<Shop> {
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
