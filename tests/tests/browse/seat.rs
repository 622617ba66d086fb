//! A member's own passkey, shown and replaced on the page of the account.

use tests::{Ask, Goods};

use crate::browser::{Browser, Mode};
use crate::shop::Shop;

#[test]
fn the_old_passkey_is_refused_once_it_is_replaced() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let shop = Shop::open("");
    let goods = Goods::file("secret.bin", 50_000);
    goods.publish(&shop, "secret", "club");
    shop.json(&["item", "set", "secret", "--title", "Secret Film"]);
    shop.member("ada", "patron");
    let hash = shop.info_hash("secret");
    let is_let_in = |passkey: &str| {
        let ask = Ask { passkey: Some(passkey.to_owned()), ..Ask::of(hash, 1) };
        shop.announce(&ask).text("failure reason").is_none()
    };
    browser.open(&shop.sign_in("ada").0);
    browser.click("Sign in");
    browser.is_at("/library");

    let old = passkey(&browser, &shop);
    assert!(is_let_in(&old));
    browser.open(&shop.page("/me"));
    browser.sees("Secret Film");
    assert!(!browser.source().contains(&old), "it is hidden until it is asked for");
    browser.click("Replace it");
    browser.sees("Your passkey was replaced.");
    assert!(!is_let_in(&old));
    let new = passkey(&browser, &shop);
    assert!(new != old && is_let_in(&new));
}

/// The passkey in the announce URL that the page shows on demand.
#[track_caller]
fn passkey(browser: &Browser, shop: &Shop) -> String {
    browser.open(&shop.page("/me"));
    browser.click("Show it");
    let url = browser.attribute("#announce", "value");
    url.rsplit('/').next().expect("a passkey").to_owned()
}
