//! What the pages show and change, and who may change it.

use club::AdminRole::{Owner, ReadOnly, Staff};
use club::{NewItem, NewMember, Page};
use wire::InfoHash;

use super::*;

#[tokio::test]
async fn every_page_is_there_for_every_role_and_for_nobody_else() {
    let house = House::new().await;
    house.fill().await;
    for (name, role) in [("ada", Owner), ("bob", Staff), ("eve", ReadOnly)] {
        let (mut browser, ..) = Browser::arrive(&house, name, role).await;
        for (path, text) in PAGES {
            let page = browser.get(path).await;
            let is_owners = path == "/admins" && role != Owner;
            let expected = if is_owners { 403 } else { 200 };
            assert_eq!(page.status.as_u16(), expected, "{name} {path}: {}", page.body);
            assert!(is_owners || page.body.contains(text), "{name} {path}: {}", page.body);
            let control = page.headers.get("cache-control").map(|value| value.to_str().unwrap());
            assert!(is_owners || control == Some("private, no-store"), "{path}");
        }
        let mut stranger = Browser::new(&house);
        for (path, _) in PAGES {
            assert_eq!(stranger.get(path).await.headers["location"], "/sign-in", "{path}");
        }
    }
}

#[tokio::test]
async fn read_only_changes_nothing_and_staff_nothing_of_the_owners() {
    let house = House::new().await;
    house.fill().await;
    let (mut owner, ..) = Browser::arrive(&house, "ada", Owner).await;
    let (mut staff, ..) = Browser::arrive(&house, "bob", Staff).await;
    let (mut reader, ..) = Browser::arrive(&house, "eve", ReadOnly).await;
    let before = house.record().await;
    for (route, need) in access::FORMS {
        let path = path_of(route);
        for (browser, role) in [(&mut reader, ReadOnly), (&mut staff, Staff)] {
            if need.is_met_by(role) {
                continue;
            }
            browser.get("/account").await;
            let refused = browser.post(&path, FIELDS).await;
            assert_eq!(refused.status, 403, "{role} {path}: {}", refused.body);
            assert!(refused.body.contains("may not change this"), "{path}: {}", refused.body);
        }
        let mut stranger = Browser::new(&house);
        stranger.get("/sign-in").await;
        if *need != access::Need::Nothing {
            let refused = stranger.post(&path, FIELDS).await;
            assert_eq!(refused.headers["location"], "/sign-in", "{path}");
        }
    }
    assert_eq!(house.record().await, before);
    // It is the role that refuses, and not the form.
    owner.get("/account").await;
    assert_eq!(owner.post("/members/1/suspend", "").await.status, 303);
    assert_eq!(house.state("m1").await, "suspended");
    assert_eq!(house.record().await, before + 1);
}

#[tokio::test]
async fn what_concerns_money_and_admins_asks_again_after_ten_minutes() {
    let house = House::new().await;
    house.fill().await;
    let (mut ada, ..) = Browser::arrive(&house, "ada", Owner).await;
    house.wait(601);
    let before = house.record().await;
    for (route, need) in access::FORMS {
        if !need.wants_confirmation() {
            continue;
        }
        ada.get("/account").await;
        let asked = ada.post(&path_of(route), FIELDS).await;
        assert_eq!(asked.headers["location"], "/confirm?back=%2Fevents", "{route}");
    }
    assert_eq!(house.record().await, before);
    ada.get("/confirm").await;
    ada.post("/confirm", &format!("secret={PASSWORD}&back=/items/reel")).await;
    let page = ada.get("/items/reel").await;
    let (_, prices) = page.body.split_once("/items/reel/prices").unwrap();
    let fields = format!("torrent_price=2.25&currency=usd&seen={}", seen_in(prices));
    let priced = ada.post("/items/reel/prices", &fields).await;
    assert_eq!(priced.headers["location"], "/items/reel?saved=true", "{}", priced.body);
}

#[tokio::test]
async fn several_members_are_suspended_as_ticked_and_resumed_as_filtered() {
    let house = House::new().await;
    house.fill().await;
    let (mut bob, ..) = Browser::arrive(&house, "bob", Staff).await;
    let page = bob.get("/members").await;
    assert_eq!(page.body.matches("type=\"checkbox\"").count(), 3, "{}", page.body);
    let done = bob.post("/members/bulk", "action=suspend&which=ticked&row=1&row=3").await;
    assert_eq!(done.headers["location"], "/members?done=2");
    let states = [house.state("m1").await, house.state("m2").await, house.state("m3").await];
    assert_eq!(states, ["suspended", "active", "suspended"]);

    for (fields, status) in [
        ("action=suspend&which=ticked", 400),
        ("action=erase&which=ticked&row=1", 400),
        ("action=suspend&which=ticked&row=99", 404),
    ] {
        bob.get("/members").await;
        assert_eq!(bob.post("/members/bulk", fields).await.status.as_u16(), status, "{fields}");
    }
    bob.get("/members?state=suspended").await;
    let fields = "action=resume&which=all&state=suspended";
    let asked = bob.post("/members/bulk", fields).await;
    assert!(asked.body.contains("resume 2 members"), "{}", asked.body);
    assert_eq!(house.state("m1").await, "suspended");
    let done = bob.post("/members/bulk", &format!("{fields}&sure=true")).await;
    assert_eq!(done.headers["location"], "/members?state=suspended&done=2");
    assert_eq!([house.state("m1").await, house.state("m3").await], ["active", "active"]);
    // The record says who it was.
    let rows = house.fixture.club.audit(Page::FIRST).await.unwrap();
    let who = &rows.iter().rfind(|row| row.what == "member.resume").unwrap().who;
    assert_eq!(who, "admin bob");
}

#[tokio::test]
async fn the_second_of_two_admins_sees_what_the_first_one_did() {
    let house = House::new().await;
    house.fill().await;
    let (mut ada, ..) = Browser::arrive(&house, "ada", Owner).await;
    let (mut bob, ..) = Browser::arrive(&house, "bob", Staff).await;
    let (first, second) =
        (seen(&ada.get("/items/reel").await), seen(&bob.get("/items/reel").await));
    assert_eq!(first, second);
    let fields = "subtitle=&tags=&visibility=published&description=";
    let saved = ada.post("/items/reel/texts", &format!("title=Hers&{fields}&seen={first}")).await;
    assert_eq!(saved.headers["location"], "/items/reel?saved=true", "{}", saved.body);
    let refused = bob.post("/items/reel/texts", &format!("title=His&{fields}&seen={second}")).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body.contains("<td>Hers</td><td>His</td>"), "{}", refused.body);
    assert!(refused.body.contains("value=\"His\""), "what was typed is not lost");
    let again = seen(&refused);
    let saved = bob.post("/items/reel/texts", &format!("title=His&{fields}&seen={again}")).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert!(bob.get("/items/reel?saved=true").await.body.contains("It is saved"));
}

#[tokio::test]
async fn what_people_typed_is_text_on_the_dashboard() {
    let house = House::new().await;
    house.fill().await;
    let (mut ada, ..) = Browser::arrive(&house, "ada", Owner).await;
    let seen = seen(&ada.get("/items/reel").await);
    let evil = "%3Cscript%3Ealert(1)%3C/script%3E";
    let fields = format!(
        "title={evil}&subtitle={evil}&tags=&visibility=published&description={evil}&seen={seen}"
    );
    assert_eq!(ada.post("/items/reel/texts", &fields).await.status, 303);
    for path in
        ["/items/reel", "/items", "/", "/swarms", "/audit", &format!("/members?search={evil}")]
    {
        let page = ada.get(path).await;
        assert!(!page.body.contains("<script>"), "{path}");
        assert!(!page.body.contains(" style="), "{path}");
    }
}

impl House {
    /// Three members and an item.
    async fn fill(&self) {
        let club = &self.fixture.club;
        for name in ["m1", "m2", "m3"] {
            let new = NewMember { name: name.to_owned(), tier: "fan".to_owned(), tier_until: None };
            club.add_member(&stamp(), new).await.unwrap();
        }
        let item = NewItem {
            name: "reel".to_owned(),
            title: "The reel".to_owned(),
            policy: "priority".to_owned(),
            info_hashes: vec![InfoHash([7; 20])],
            size_bytes: Some(700 << 20),
            private: true,
        };
        club.add_item(&stamp(), item).await.unwrap();
    }

    /// How many changes there were, without sign-ins and what admins do to themselves.
    async fn record(&self) -> usize {
        let rows = self.fixture.club.audit(Page::FIRST).await.unwrap();
        let is_own = |what: &str| what.starts_with("sign-in.") || what.starts_with("admin.");
        rows.iter().filter(|row| !is_own(&row.what) || row.what == "admin.remove").count()
    }

    async fn state(&self, member: &str) -> &'static str {
        let member = self.fixture.club.member(member).await.unwrap();
        match member.state {
            policy::MemberState::Active => "active",
            policy::MemberState::Suspended => "suspended",
            policy::MemberState::Removed => "removed",
        }
    }
}

/// What a form of texts says it was made from.
fn seen(page: &Answer) -> String {
    seen_in(&page.body)
}

fn seen_in(body: &str) -> String {
    let (_, rest) = body.split_once("name=\"seen\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// A path that a route matches.
fn path_of(route: &str) -> String {
    route
        .replace("{id}", "1")
        .replace("{alert}", "1")
        .replace("{event}", "1")
        .replace("{item}", "reel")
        .replace("{member}", "1")
        .replace("{name}", "ada")
        .replace("{token}", "x")
}

/// Fields of every form.
const FIELDS: &str = "back=/events&action=suspend&which=ticked&row=1&title=x&subtitle=&tags=&\
                      visibility=draft&description=&torrent_price=1.00&currency=usd";
const PAGES: [(&str, &str); 16] = [
    ("/", "Announces"),
    ("/account", "Was it you?"),
    ("/admins", "ada"),
    ("/alerts", "No alert is open."),
    ("/audit", "member.add"),
    ("/checkouts", "No checkout is like that."),
    ("/events", "No event is like that."),
    ("/items", "The reel"),
    ("/items/reel", "Description, in Markdown"),
    ("/ledger", "No entry is like that."),
    ("/members", "m1"),
    ("/members/m1", "Last announces"),
    ("/orders", "No order is like that."),
    ("/swarms", "The reel"),
    ("/swarms/reel", "Nobody is announcing now."),
    ("/vouchers", "No voucher is like that."),
];
