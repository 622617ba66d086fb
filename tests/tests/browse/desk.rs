//! The dashboard: signing in by password and code, and what admins do there.

use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use tests::{Ask, Goods};
use totp_rs::Builder;

use crate::browser::{Browser, Mode};
use crate::shop::{Shop, text};
use crate::stripe::Stripe;

#[test]
fn an_owner_watches_a_swarm_suspends_members_edits_an_item_and_replays_an_event() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let stripe = Stripe::start();
    let shop = Shop::open(&stripe.settings());
    let film = Goods::file("film.webm", 90_000);
    shop.sell(&film, "lights", "Harbour Lights");
    let secret = Goods::file("secret.webm", 90_000);
    secret.publish(&shop, "secret", "club");
    let (ada, bob) = (shop.member("ada", "fan"), shop.member("bob", "outsider"));
    stripe.says_expired(&shop, 1);
    sign_in(&browser, &shop, "olga", "owner");
    assert_eq!(browser.text(".who"), "olga, owner");

    // A swarm appears while a client announces, and its page says who is in it.
    shop.announce(&Ask::of(shop.info_hash("lights"), 1).by(&ada).seeding());
    browser.open(&page(&shop, "/swarms/lights"));
    browser.sees("Who is in it");
    assert_eq!(browser.text("table.list tbody td"), "ada");
    assert_eq!(browser.count("svg.swarm circle"), 1);
    // Why a member was refused.
    shop.announce(&Ask::of(shop.info_hash("secret"), 2).by(&bob));
    browser.open(&page(&shop, "/members"));
    browser.click("bob");
    browser.sees("Last announces");
    assert_eq!(browser.count("td.bad"), 1, "{}", browser.text("main"));

    browser.open(&page(&shop, "/members"));
    browser.click_at("[aria-label='Choose ada']");
    browser.click_at("[aria-label='Choose bob']");
    browser.click("Suspend");
    browser.sees("2 members were changed.");
    for member in ["ada", "bob"] {
        assert_eq!(shop.json(&["member", "show", member])["state"], "suspended");
    }

    browser.open(&page(&shop, "/items/lights"));
    browser.fill("#title", "Harbour Lights, again");
    browser.click("Save the texts");
    browser.sees("It is saved");
    assert_eq!(shop.json(&["item", "show", "lights"])["title"], "Harbour Lights, again");

    browser.open(&page(&shop, "/events"));
    browser.click("1");
    browser.click("Hear it again");
    browser.sees("Heard again");
    assert_eq!(browser.errors(), [""; 0]);

    // The record names her, and no secret is in the log.
    let record = shop.json(&["audit"]).to_string();
    assert!(record.contains("admin olga"), "{record}");
    let log = shop.log();
    assert!(!log.contains(PASSWORD) && !log.contains("set-up/"), "{log}");
    drop((film, secret));
}

#[test]
fn read_only_signs_in_with_a_recovery_code_reads_tables_without_scripts_and_changes_nothing() {
    let Some(browser) = Browser::start(Mode::Scriptless) else { return };
    let shop = Shop::open("");
    for name in ["ada", "bob", "carl"] {
        shop.member(name, "fan");
    }
    let recovery = sign_in(&browser, &shop, "rita", "read-only");
    browser.open(&page(&shop, "/account"));
    browser.click("Sign out");
    browser.is_at("/sign-in");
    fill_in(&browser, "rita", &recovery);
    browser.sees("Announces");
    // It counts once.
    browser.forget();
    browser.open(&page(&shop, "/sign-in"));
    fill_in(&browser, "rita", &recovery);
    browser.sees("Name, password or code is wrong.");
    let used = text(&shop.json(&["admin", "list"])[0]["recovery_codes"].to_string().into());
    assert_eq!(used, "9");

    sign_in_again(&browser, &shop, "rita");
    browser.open(&page(&shop, "/members"));
    assert_eq!(browser.count("table tbody tr"), 3);
    assert_eq!(browser.count("[type=checkbox]"), 0, "there is nothing to choose");
    browser.fill("#by-search", "bo");
    browser.click("Show");
    browser.sees("bob");
    assert_eq!(browser.count("table tbody tr"), 1);
    browser.click("bob");
    browser.click("Suspend");
    browser.sees("Your role is read-only, which may not change this.");
    assert_eq!(shop.json(&["member", "show", "bob"])["state"], "active");
}

/// Sets an admin up and signs in; returns a recovery code.
#[track_caller]
pub(crate) fn sign_in(browser: &Browser, shop: &Shop, name: &str, role: &str) -> String {
    let made = shop.json(&["admin", "add", name, "--role", role]);
    let link = text(&made["url"]);
    let path = link.split_once("/set-up/").expect("a link").1;
    browser.open(&page(shop, &format!("/set-up/{path}")));
    let secret = browser.text("#secret").replace(' ', "");
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let now: u64 = Timestamp::now().as_second().try_into().expect("a clock that is set");
    let code = |at: u64| {
        let totp = Builder::new().with_secret(secret.clone()).build().expect("a secret");
        totp.generate(at).to_string()
    };
    browser.fill("#code", &code(now));
    browser.fill("#password", PASSWORD);
    browser.fill("#again", PASSWORD);
    browser.click("Set up");
    browser.sees("Your recovery codes");
    let recovery = browser.text(".codes li");
    browser.click("Sign in");
    browser.is_at("/sign-in");
    // The code that was used counts no more; the next one does already.
    fill_in(browser, name, &code(now + 30));
    browser.sees("Announces");
    recovery
}

/// Signs in anew, as whoever lost everything.
#[track_caller]
fn sign_in_again(browser: &Browser, shop: &Shop, name: &str) {
    shop.json(&["admin", "remove", name]);
    browser.forget();
    sign_in(browser, shop, name, "read-only");
}

#[track_caller]
fn fill_in(browser: &Browser, name: &str, code: &str) {
    browser.fill("#name", name);
    browser.fill("#password", PASSWORD);
    browser.fill("#code", code);
    browser.click("Sign in");
}

/// The address of a page of the dashboard.
pub(crate) fn page(shop: &Shop, path: &str) -> String {
    format!("http://localhost:{}{path}", shop.listening().admin.port())
}

const PASSWORD: &str = "correct-horse-battery";
