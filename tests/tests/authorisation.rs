//! Who may do what on the site: every route, for a visitor and two members, with every secret and number that can
//! stand in it.
//!
//! The tables hold what is expected. A route that is in a router and not here fails a test.

#[path = "authorisation/routes.rs"]
mod routes;
#[path = "authorisation/shop.rs"]
mod shop;
#[path = "authorisation/tables.rs"]
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use tests::{PlainBrowser, Response};

use shop::{Shop, Who};
use tables::{AGREED, BALANCE, FORMS, PAGES};
#[test]
fn every_route_of_the_site_is_in_the_tables() {
    let pages = PAGES.iter().map(|(route, _)| *route);
    let tested: BTreeSet<_> =
        pages.chain(FORMS.iter().map(|form| form.route)).map(str::to_owned).collect();
    let routed = routes::of_the_site();
    let missing: Vec<_> = routed.difference(&tested).collect();
    assert!(missing.is_empty(), "add to PAGES or FORMS who may do this: {missing:?}");
    let gone: Vec<_> = tested.difference(&routed).collect();
    assert!(gone.is_empty(), "these are no routes any more: {gone:?}");
}

#[test]
fn each_asker_sees_what_is_theirs_and_no_get_changes_anything() {
    let mut shop = Shop::open();
    let before = shop.changes();
    for (route, cases) in PAGES {
        let method = match route.split(' ').next().expect("a method") {
            "ANY" => "POST",
            method => method,
        };
        for (template, expected) in *cases {
            let path = shop.fill(template);
            let answers = Who::ALL.map(|who| {
                let answer = shop.browser(who).request(method, &path, "", "");
                shop.check_nobody_elses(who, &path, &answer);
                if method == "GET" && path != "/verify" {
                    let policy = answer.headers.get("referrer-policy").map(String::as_str);
                    assert_eq!(policy, Some("no-referrer"), "{who:?} {template}");
                }
                if who != Who::Visitor && answer.status == 200 && !is_for_programs(&path) {
                    let cached = &answer.headers["cache-control"];
                    assert!(
                        is_of_all(&path) || cached.contains("no-store"),
                        "{who:?} {path} {cached}"
                    );
                }
                answer.status
            });
            assert_eq!(answers, *expected, "{method} {template}");
        }
    }
    assert_eq!(shop.changes(), before, "a GET changed something");
    shop.check_log();
}

#[test]
fn a_secret_that_is_made_up_is_answered_like_one_that_cannot_be() {
    let shop = Shop::open();
    let browser = PlainBrowser::from_network(&shop.daemon, 30);
    let ask = |template: &str| {
        let path = shop.fill(template);
        let answer = browser.request("GET", &path, "", "");
        (answer.status, answer.text())
    };
    for (made_up, malformed) in [
        ("/orders/{made-up.order}", "/orders/x"),
        ("/orders/{made-up.order}/film.torrent", "/orders/x/film.torrent"),
        ("/sign-in/{made-up.link}", "/sign-in/x"),
        ("/sign-in/{used.link}", "/sign-in/x"),
        ("/feed/{made-up.feed}/club.xml", "/feed/x/club.xml"),
        ("/feed/{ada.old-feed}/club.xml", "/feed/x/club.xml"),
        ("/t/{made-up.download}/film.torrent", "/t/x/film.torrent"),
        ("/t/{ada.old-download}/film.torrent", "/t/x/none.torrent"),
        ("/ws/{made-up.ws}/film.bin", "/ws/x/film.bin"),
        ("/d/{made-up.d}/film.bin", "/d/x/film.bin"),
        ("/items/draft", "/items/none"),
        ("/items/draft/buy", "/items/none/buy"),
        ("/t/free/draft.torrent", "/t/free/none.torrent"),
    ] {
        assert_eq!(ask(made_up), ask(malformed), "{made_up}");
    }
}

#[test]
fn a_form_that_was_not_on_a_page_of_the_asker_changes_nothing() {
    let mut shop = Shop::open();
    let before = shop.changes();
    for form in FORMS {
        let mut tokens = BTreeMap::new();
        for who in Who::ALL {
            shop.browser(who).read(form.page);
            let token = shop.browser(who).hidden("form_token").expect("a token");
            tokens.insert(format!("{who:?}"), token);
        }
        let path = shop.fill(form.path);
        let fields: Vec<_> =
            form.fields.iter().map(|(name, value)| (*name, shop.fill(value))).collect();
        let foreign = stranger_token(&shop);
        for who in [Who::Visitor, Who::Ada] {
            let own = tokens[&format!("{who:?}")].clone();
            let others = if who == Who::Ada { &tokens["Bob"] } else { &tokens["Ada"] };
            for (what, token, headers, expected) in [
                ("no token", None, SAME, 403),
                ("an empty token", Some(""), SAME, 403),
                ("another visitor's token", Some(&*foreign), SAME, 403),
                ("a member's token", Some(others), SAME, 403),
                ("a foreign origin", Some(&own), "Origin: https://evil.example\r\n", 403),
                ("no origin", Some(&own), "", 403),
                ("another site", Some(&own), "Sec-Fetch-Site: cross-site\r\n", 403),
                ("a neighbour", Some(&own), "Sec-Fetch-Site: same-site\r\n", 403),
                ("an address that was typed", Some(&own), "Sec-Fetch-Site: none\r\n", 403),
                (
                    "another site that claims ours",
                    Some(&own),
                    "Sec-Fetch-Site: cross-site\r\nOrigin: http://127.0.0.1\r\n",
                    403,
                ),
            ] {
                let answer = send(shop.browser(who), &path, token, &fields, headers);
                assert_eq!(answer.status, expected, "{who:?} {} with {what}", form.route);
            }
            // A form of scripts is none.
            let body = shop.browser(who).form(&[]);
            let headers = format!("Content-Type: text/plain\r\n{SAME}");
            let answer = shop.browser(who).request("POST", &path, &headers, &body);
            assert_eq!(answer.status, 415, "{who:?} {}", form.route);
        }
    }
    assert_eq!(shop.changes(), before, "a form from elsewhere changed something");
    for who in [Who::Ada, Who::Bob] {
        assert_eq!(shop.browser(who).get("/me").status, 200, "{who:?} is signed in still");
    }
}

#[test]
fn each_form_acts_on_what_is_the_askers_and_on_nothing_else() {
    let mut shop = Shop::open();
    for form in FORMS {
        for (who, template, fields, expected) in form.cases {
            let before = shop.changes();
            let bobs_key = shop.daemon.json(&["member", "show", "bob"])["passkey"].clone();
            let path = shop.fill(template);
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| (*name, shop.fill(value))).collect();
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let browser = shop.browser(*who);
            browser.read(form.page);
            let answer = browser.post(&path, &fields);
            assert_eq!(
                answer.status,
                *expected,
                "{who:?} {template} {fields:?}: {}",
                answer.text()
            );
            // What was typed is shown again.
            let known = format!("{path} {fields:?}");
            shop.check_nobody_elses(*who, &known, &answer);
            if *expected >= 400 {
                assert_eq!(shop.changes(), before, "{who:?} {template} {fields:?}");
            }
            assert_eq!(shop.daemon.json(&["member", "show", "bob"])["passkey"], bobs_key);
        }
    }
    shop.check_log();
    // Whoever asks for another's address has not got it.
    let ada = shop.daemon.json(&["member", "show", "ada"]);
    assert_eq!(ada["email"], "ada@example.org");
}

#[test]
fn the_admins_api_is_on_its_socket_alone_and_serves_no_pages() {
    let mut shop = Shop::open();
    for target in
        ["/api/v1/members", "/api/v1/members/ada", "/api/v1/audit", "/metrics", "/api/v1/vouchers"]
    {
        for who in Who::ALL {
            assert_eq!(shop.browser(who).get(target).status, 404, "{who:?} {target}");
        }
    }
    for target in ["/", "/library", "/me", "/redeem"] {
        assert_eq!(shop.api(target).status, 404, "{target}");
    }
    assert_eq!(shop.api("/api/v1/members/ada").status, 200);
    // The cookie of a member opens no admin's page, and an admin has no cookie here.
    let cookie = format!("__Host-usher-admin={}", shop.word("ada.cookie").to_owned());
    let headers = format!("Cookie: {cookie}\r\n");
    let answer = PlainBrowser::new(&shop.daemon).request("GET", "/me", &headers, "");
    assert_eq!(answer.status, 303);
}

#[test]
fn thirty_two_connections_spend_a_balance_once() {
    let shop = Shop::open();
    let mut ada = shop_browser(&shop, "ada");
    ada.read("/items/album/buy");
    let token = ada.hidden("form_token").expect("a token");
    let before = shop.daemon.json(&["balance", "ada"])[0]["prepaid"]["amount"].clone();
    assert_eq!(before, "17.00");
    let spend = |number: usize| {
        let ada = ada.clone();
        let token = token.clone();
        // Each form has a key of its own, as if the page had been opened 32 times.
        let key = format!("{number:032x}");
        move || {
            let fields =
                [BALANCE, &[("form_token", token.as_str()), ("key", key.as_str())]].concat();
            ada.request("POST", "/items/album/buy", FORM, &ada.form(&fields)).status
        }
    };
    let threads: Vec<_> = (0..32).map(|number| thread::spawn(spend(number))).collect();
    let statuses: Vec<_> =
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect();
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(303), count(422)), (1, 31), "{statuses:?}");
    let left = shop.daemon.json(&["balance", "ada"])[0]["prepaid"]["amount"].clone();
    assert_eq!(left, "14.75");
    assert_eq!(shop.daemon.json(&["order", "list", "ada"]).as_array().expect("orders").len(), 2);
    shop.daemon.json(&["ledger", "trial"]);
}

#[test]
fn what_a_form_says_of_price_currency_and_item_counts_for_nothing() {
    let shop = Shop::open();
    let mut ada = shop_browser(&shop, "ada");
    ada.read("/items/album/buy");
    let tampered = [
        ("price", "0.01"),
        ("total", "0"),
        ("amount", "0.01"),
        ("currency", "jpy"),
        ("item", "3"),
        ("name", "reel"),
        ("member", "bob"),
        ("order", "1"),
        ("discount_amount", "2.24"),
    ];
    let order = ada.submit("/items/album/buy", &[BALANCE, &tampered].concat());
    let orders = shop.daemon.json(&["order", "list", "ada"]);
    let newest = orders.as_array().expect("orders").last().expect("an order");
    assert_eq!((&newest["amount"], &newest["currency"]), (&"2.25".into(), &"usd".into()));
    assert_eq!(newest["item"]["name"], "album");
    assert_eq!(shop.daemon.json(&["balance", "ada"])[0]["prepaid"]["amount"], "14.75");
    // The same form again is the same order.
    let again = ada.post("/items/album/buy", BALANCE);
    assert!(again.status == 303 && again.headers["location"] == order, "{}", again.text());
    shop.daemon.json(&["ledger", "trial"]);
}

#[test]
fn nobody_takes_over_an_account_by_its_address() {
    let mut shop = Shop::open();
    let ada = shop.word("ada.email").to_owned();
    let codes: Vec<_> = (0..3)
        .map(|_| {
            let issued =
                shop.daemon.json(&["voucher", "issue", "--amount", "3.00", "--currency", "usd"]);
            issued[0]["code"].as_str().expect("a code").to_owned()
        })
        .collect();
    let mut eve = PlainBrowser::from_network(&shop.daemon, 60);
    let known = |browser: &PlainBrowser| browser.cookie("__Host-usher-member").is_some();

    // Buying what ada has, and what she has not, with her address.
    for (item, code) in [("film", &codes[0]), ("album", &codes[1])] {
        let path = format!("/items/{item}/buy");
        eve.read(&path);
        let fields = [
            ("method", "torrent"),
            ("way", "voucher"),
            ("voucher", code),
            ("email", &*ada),
            AGREED,
        ];
        let order = eve.submit(&path, &fields);
        let page = eve.get(&order);
        let word = |kind: &str| shop.word(&format!("ada.{kind}"));
        for kind in ["passkey", "cookie", "download", "feed", "ws", "order"] {
            assert!(!page.text().contains(word(kind)), "{item} shows ada's {kind}");
        }
        assert!(!known(&eve), "{item}");
        let torrent = eve.get(&format!("{order}/{item}.torrent")).status;
        assert_eq!(torrent, if item == "album" { 200 } else { 404 }, "only what was bought now");
    }
    // Redeeming for her.
    eve.read("/redeem");
    let redeemed = eve.post("/redeem", &[("code", &codes[2]), ("email", &ada), AGREED]);
    assert_eq!(redeemed.status, 200);
    assert!(!redeemed.text().contains("17.00") && !known(&eve), "{}", redeemed.text());
    for path in ["/me", "/me/traffic", "/library", "/me/data.json", "/library.csv"] {
        assert_eq!(eve.get(path).status, 303, "{path}");
    }
    // bob asks for her address: nothing is mailed to her, and nothing changes.
    let before = shop.daemon.json(&["mail", "list"]);
    let bob = shop.browser(Who::Bob);
    bob.read("/me");
    let for_known = bob.post("/me/email", &[("email", &ada)]);
    bob.read("/me");
    let for_unknown = bob.post("/me/email", &[("email", "new@example.org")]);
    let neutral = |answer: &Response, address: &str| {
        answer
            .text()
            .replace(address, "ADDRESS")
            .split("role=\"status\"")
            .nth(1)
            .map(|rest| rest.split("</p>").next().expect("a sentence").to_owned())
    };
    let said = neutral(&for_known, &ada);
    assert!(said.is_some() && said == neutral(&for_unknown, "new@example.org"), "{said:?}");
    let count = |mail: &serde_json::Value| {
        let all = mail.as_array().expect("a list").iter();
        all.filter(|mail| mail["to"] == ada).count()
    };
    assert_eq!(count(&shop.daemon.json(&["mail", "list"])), count(&before));
    assert_eq!(shop.daemon.json(&["member", "show", "bob"])["email"], "bob@example.org");
    assert_eq!(shop.daemon.json(&["member", "show", "ada"])["email"], *ada);
}

#[test]
fn every_test_that_the_safety_page_names_is_there() {
    let house = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(house.join("docs/safety.md")).expect("the page");
    let words = page.split('`').skip(1).step_by(2);
    let named: BTreeSet<_> = words
        .filter(|word| word.matches('_').count() >= 3)
        .filter(|word| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        })
        .collect();
    assert!(named.len() > 20, "{named:?}");
    let source = routes::source_of(&house);
    let missing: Vec<_> =
        named.iter().filter(|name| !source.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "docs/safety.md names tests that are not there: {missing:?}");
}

/// Somebody else's token, from a browser that is new.
fn stranger_token(shop: &Shop) -> String {
    let mut stranger = PlainBrowser::from_network(&shop.daemon, 40);
    stranger.read("/redeem");
    stranger.hidden("form_token").expect("a token")
}

/// A browser that is signed in, in a network of its own.
fn shop_browser(shop: &Shop, member: &str) -> PlainBrowser {
    let mut browser = PlainBrowser::from_network(&shop.daemon, 50);
    browser.sign_in(&shop.daemon, member);
    browser
}

fn send(
    browser: &PlainBrowser,
    path: &str,
    token: Option<&str>,
    fields: &[(&str, String)],
    headers: &str,
) -> Response {
    let mut all: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // Without a value the browser would fill in its own.
    all.push(("form_token", token.unwrap_or_default()));
    let mut body = browser.form(&all);
    if token.is_none() {
        body = body.replace("&form_token=", "").replace("form_token=", "");
    }
    let headers = format!("Content-Type: application/x-www-form-urlencoded\r\n{headers}");
    browser.request("POST", path, &headers, &body)
}

/// Whether clients fetch a path by themselves.
fn is_for_programs(path: &str) -> bool {
    ["/t/", "/feed/", "/ws/", "/d/"].iter().any(|start| path.starts_with(start))
}

/// Whether everybody gets the same at a path.
fn is_of_all(path: &str) -> bool {
    ["/assets/", "/covers/", "/robots.txt", "/sitemap.xml"]
        .iter()
        .any(|start| path.starts_with(start))
}

const SAME: &str = "Sec-Fetch-Site: same-origin\r\n";
const FORM: &str =
    "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
