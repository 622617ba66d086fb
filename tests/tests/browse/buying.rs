//! From the catalogue to a receipt: with the mouse, without scripts, on a phone, by keyboard alone.

use serde_json::Value;
use tests::{Goods, Kind, Program, eventually};
use thirtyfour::Key;

use crate::browser::{Browser, Mode, Scheme};
use crate::shop::Shop;

#[test]
fn an_item_is_found_bought_with_a_voucher_and_downloaded_by_a_client_of_a_member() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let (shop, goods) = shop();
    buy(&browser, &shop, "eve@example.org", 1280);
    assert_eq!(shop.json(&["order", "list"])[0]["state"], "paid");

    // The receipt signs nobody in; a code does, once.
    browser.open(&shop.page("/library"));
    browser.is_at("/sign-in");
    let (_, code) = shop.sign_in("buyer-1");
    browser.click("I have a code");
    browser.fill("#code", &code);
    browser.click("Sign in");
    browser.is_at("/library");
    browser.sees("Harbour Lights");
    browser.click("Torrent");

    let client = Program::download(Kind::Libtorrent21, &browser.saved("lights.torrent"));
    eventually("the download", || goods.are_in(client.folder()).then_some(()));
    eventually("the client is seated as a member's", || {
        let swarm = shop.json(&["swarm", "lights"]);
        (swarm["inside_seeders"] == 1 && swarm["outside_seeders"] == 0).then_some(())
    });
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn an_item_is_bought_without_scripts_on_a_phone_and_on_a_desktop() {
    let Some(browser) = Browser::start(Mode::Scriptless) else { return };
    let (shop, _goods) = shop();
    browser.open(&shop.page("/feeds"));
    assert_eq!(browser.count("input[data-copy]"), 1);
    assert_eq!(browser.count("button"), 0, "a script made the button that copies");
    browser.open(&shop.page("/"));
    assert!(is_shown(&browser, SORT));
    browser.click("Sort");
    browser.is_at("/?sort=");
    for (email, width) in [("ada@example.org", 390), ("bob@example.org", 1280)] {
        buy(&browser, &shop, email, width);
    }
    let orders = shop.json(&["order", "list"]);
    let states: Vec<_> = orders.as_array().unwrap().iter().map(|order| &order["state"]).collect();
    assert_eq!(states, ["paid", "paid"]);
}

#[test]
fn an_item_is_bought_by_keyboard_alone_and_the_focus_is_always_seen() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let (shop, _goods) = shop();
    browser.open(&shop.page("/"));
    assert!(!is_shown(&browser, SORT), "a choice of order takes effect by a script");
    tab_to(&browser, "Search");
    browser.press("lights");
    browser.press(Key::Enter);
    browser.sees("1 item found.");
    tab_to(&browser, "Harbour Lights");
    browser.press(Key::Enter);
    browser.sees("What you get");
    tab_to(&browser, "Buy for $2.25");
    browser.press(Key::Enter);
    browser.sees("Delivery");
    tab_to(&browser, "E-mail");
    browser.press("eve@example.org");
    tab_to(&browser, "Voucher code");
    browser.press(shop.voucher("5.00"));
    tab_to(&browser, "Deliver it");
    browser.press(Key::Space);
    tab_to(&browser, "Buy");
    browser.press(Key::Enter);
    browser.sees("Thank you");
    tab_to(&browser, "Download the torrent");
    browser.press(Key::Enter);
    browser.saved("lights.torrent");
}

/// Buys the torrent with a voucher, and looks whether each page on the way is as wide as the window.
#[track_caller]
fn buy(browser: &Browser, shop: &Shop, email: &str, width: u32) {
    browser.look(width, Scheme::Light);
    browser.open(&shop.page("/"));
    fits(browser, width);
    browser.fill("#q", "lights");
    browser.press(Key::Enter);
    browser.sees("1 item found.");
    fits(browser, width);
    browser.click("Harbour Lights");
    browser.sees("What you get");
    fits(browser, width);
    browser.click("Buy for $2.25");
    browser.sees("Delivery");
    browser.click("Show the price");
    browser.sees("It costs $2.25.");
    browser.fill("#email", email);
    browser.fill("#voucher", "not a code");
    browser.click_at("[name=consent]");
    browser.click("Buy for $2.25");
    browser.sees("Nothing was bought yet.");
    fits(browser, width);
    browser.fill("#voucher", &shop.voucher("5.00"));
    browser.click("Buy");
    browser.sees("Thank you");
    browser.sees("$2.25");
    fits(browser, width);
}

/// Whether a reader sees what a CSS selector finds.
#[track_caller]
fn is_shown(browser: &Browser, selector: &str) -> bool {
    let script = format!("return document.querySelector('{selector}').checkVisibility()");
    browser.run(&script).as_bool().expect("a visibility")
}

/// Nothing reaches beyond the window's width.
#[track_caller]
fn fits(browser: &Browser, width: u32) {
    let wide = browser.run("return document.documentElement.scrollWidth");
    assert!(wide.as_u64() <= Some(width.into()), "{}: {wide} of {width} pixels", browser.url());
}

/// Presses Tab until what has the focus is named so, and looks at each step whether that can be seen.
#[track_caller]
fn tab_to(browser: &Browser, name: &str) {
    for _ in 0..60 {
        browser.press(Key::Tab);
        let focus = browser.run(FOCUS);
        // After the last link comes the browser's own window.
        if focus == Value::Null {
            continue;
        }
        assert!(focus["is_outlined"] == true && focus["is_shown"] == true, "{focus}");
        if focus["name"].as_str().unwrap().starts_with(name) {
            return;
        }
    }
    panic!("Tab does not lead to {name}");
}

#[track_caller]
fn shop() -> (Shop, Goods) {
    let shop = Shop::open("");
    let goods = Goods::folder("Harbour Lights", &[("Film.webm", 300_000), ("Booklet.pdf", 20_000)]);
    shop.sell(&goods, "lights", "Harbour Lights");
    let other = Goods::file("reel.bin", 1000);
    other.publish(&shop, "reel", "free");
    (shop, goods)
}

/// The button that sorts the catalogue.
const SORT: &str = "button[data-noscript]";
/// What has the focus, and whether a reader sees that.
const FOCUS: &str = "
    const focus = document.activeElement;
    if (!focus || focus === document.body) return null;
    const style = getComputedStyle(focus);
    const label = focus.labels?.length ? focus.labels[0] : focus;
    // Of a link on two lines, the first.
    const place = focus.getClientRects()[0];
    const shown = document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2);
    return {
        name: label.textContent.trim(),
        is_outlined: focus.matches(':focus-visible') && style.outlineStyle !== 'none'
            && parseFloat(style.outlineWidth) >= 2,
        // Neither clipped, nor covered, nor outside the window.
        is_shown: focus.contains(shown),
    };";
