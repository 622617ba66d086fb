//! A gift, from who pays for it to who has it, and back.

use metainfo::Torrent;
use tests::{Ask, Goods};

use crate::browser::{Browser, Mode};
use crate::shop::Shop;
use crate::stripe::Stripe;

#[test]
fn a_gift_is_bought_passed_on_redeemed_and_taken_back_by_a_refund() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let stripe = Stripe::start();
    let shop = Shop::open(&stripe.settings());
    let goods = Goods::file("lights.bin", 50_000);
    shop.sell(&goods, "lights", "Harbour Lights");
    shop.json(&["item", "set", "lights", "--policy", "club"]);

    browser.open(&shop.page("/items/lights/buy"));
    browser.click_at("[name=gift]");
    browser.click_at("[name=way][value=stripe]");
    browser.fill("#email", "ada@example.org");
    browser.click_at("[name=consent]");
    browser.click("Buy");
    browser.sees("Pay here");
    browser.click("Pay");
    browser.sees("Waiting for the payment");
    assert_eq!(browser.count("#gift-code"), 0);
    stripe.says_paid(&shop, 1, 225);
    browser.sees("Nobody has redeemed it yet.");
    let bought = browser.url();
    let code = browser.attribute("#gift-code", "value");
    browser.click("Page to print");
    browser.sees(&code);
    assert!(!browser.text("body").contains("2.25"), "what it cost is not on it");

    // Somebody else, who has the code alone.
    browser.forget();
    browser.open(&shop.page("/redeem"));
    browser.fill("#code", &code);
    browser.fill("#email", "bob@example.org");
    browser.click_at("[name=consent]");
    browser.click("Redeem");
    browser.click("Download the torrent");
    let given = browser.url();
    let torrent = std::fs::read(browser.saved("lights.torrent")).expect("a torrent");
    let torrent = Torrent::read(&torrent).expect("a torrent");
    let tracker = torrent.trackers.first().expect("a tracker");
    let passkey = tracker.rsplit('/').next().expect("a passkey").to_owned();
    let is_let_in = || {
        let hash = shop.info_hash("lights");
        let ask = Ask { passkey: Some(passkey.clone()), ..Ask::of(hash, 1) };
        shop.announce(&ask).text("failure reason").is_none()
    };
    assert!(is_let_in());
    browser.open(&bought);
    browser.sees("It was redeemed.");

    shop.json(&["order", "refund", "1"]);
    browser.open(&bought);
    browser.sees("what it gave was taken back");
    browser.open(&given);
    browser.sees("was taken back");
    assert_eq!(browser.count("a[href$='lights.torrent']"), 0);
    assert!(!is_let_in());
    assert_eq!(browser.errors(), [""; 0]);
}
