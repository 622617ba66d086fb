//! The way over a payment provider's page and back: what the shop shows while it knows nothing.

use tests::{Goods, Http};

use crate::browser::{Browser, Mode};
use crate::shop::Shop;
use crate::stripe::Stripe;

#[test]
fn a_webhook_that_comes_late_ends_the_wait_by_itself() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let stripe = Stripe::start();
    let (shop, _goods) = shop(&stripe);
    // The way back comes from another site, and the member is still signed in.
    sign_in(&browser, &shop);
    pay_by_card(&browser, &shop, None);
    browser.click("Pay");
    browser.sees("Waiting for the payment");
    assert_eq!(browser.text(".who"), "ada");
    gives_nothing(&browser, &shop);

    stripe.says_paid(&shop, 1, 225);
    browser.sees("Thank you");
    browser.click("Download the torrent");
    browser.saved("lights.torrent");
    assert_eq!(shop.json(&["order", "list", "ada"])[0]["state"], "paid");
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn without_a_webhook_nothing_is_granted_and_the_payment_can_be_made_again() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let stripe = Stripe::start();
    let (shop, _goods) = shop(&stripe);
    pay_by_card(&browser, &shop, Some("eve@example.org"));
    browser.click("Leave");
    browser.sees("You came back without having paid.");
    gives_nothing(&browser, &shop);
    // The payment that was begun goes on where it was.
    browser.click("Go on with the payment");
    browser.sees("Pay here");
    browser.click("Pay");
    browser.sees("Waiting for the payment");
    gives_nothing(&browser, &shop);
    // Whoever comes back as if from a payment is believed no more than before.
    let order = browser.url();
    browser.open(&format!("{order}?session_id=cs_1&paid=yes"));
    browser.sees("Waiting for the payment");
    gives_nothing(&browser, &shop);

    stripe.says_expired(&shop, 1);
    browser.sees("Not paid");
    gives_nothing(&browser, &shop);
    assert_eq!(shop.json(&["member", "list"]).as_array().unwrap().len(), 0, "nobody paid");
    browser.click("Pay again: Card");
    browser.sees("Pay here");
    browser.click("Pay");
    browser.sees("Waiting for the payment");
    assert_eq!(browser.url(), order);
    stripe.says_paid(&shop, 2, 225);
    browser.sees("Thank you");
    assert_eq!(browser.count("a[href$='lights.torrent']"), 1);
}

#[test]
fn a_balance_is_topped_up_by_card_and_spent_with_one_click() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let stripe = Stripe::start();
    let (shop, _goods) = shop(&stripe);
    sign_in(&browser, &shop);
    browser.open(&shop.page("/items/lights"));
    assert_eq!(browser.count("form.one-click"), 0, "the balance does not cover it");
    browser.open(&shop.page("/me"));
    browser.click("Top up");
    browser.sees("Amount");
    browser.click_at("[name=amount][value='5.00']");
    browser.click_at("[name=way][value=stripe]");
    browser.click("Top up");
    browser.sees("Pay here");
    browser.click("Pay");
    browser.sees("Waiting for the payment");
    assert_eq!(browser.text(".who"), "ada", "nothing is in the balance yet");
    stripe.says_paid(&shop, 1, 500);
    browser.sees("Thank you");

    browser.open(&shop.page("/items/lights"));
    browser.click("Buy the torrent for $2.25 from your balance");
    browser.sees("Thank you");
    browser.click("Download the torrent");
    browser.saved("lights.torrent");
    assert_eq!(shop.json(&["balance", "ada"])[0]["prepaid"]["minor"], 275);
    assert!(browser.text(".who").starts_with("$2.75"));
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn a_voucher_that_is_typed_is_not_left_over_by_a_choice_that_was_not_made() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let stripe = Stripe::start();
    let (shop, _goods) = shop(&stripe);
    browser.open(&shop.page("/items/lights/buy"));
    browser.fill("#email", "eve@example.org");
    browser.fill("#voucher", &shop.voucher("5.00"));
    browser.click_at("[name=consent]");
    // The card is what the form begins with.
    browser.click("Buy");
    browser.sees("\"Card\" is chosen above.");
    assert_eq!(shop.json(&["order", "list"]).as_array().unwrap().len(), 0);
    browser.click_at("[name=way][value=voucher]");
    browser.click("Buy");
    browser.sees("Thank you");
}

/// Signs ada in.
#[track_caller]
fn sign_in(browser: &Browser, shop: &Shop) {
    shop.member("ada", "outsider");
    browser.open(&shop.sign_in("ada").0);
    browser.click("Sign in");
    browser.is_at("/library");
}

/// Goes to Stripe's page for the torrent.
#[track_caller]
fn pay_by_card(browser: &Browser, shop: &Shop, email: Option<&str>) {
    browser.open(&shop.page("/items/lights/buy"));
    browser.click_at("[name=way][value=stripe]");
    if let Some(email) = email {
        browser.fill("#email", email);
    }
    browser.click_at("[name=consent]");
    browser.click("Buy");
    browser.sees("Pay here");
}

/// The order that is shown is not paid, and its torrent is nowhere.
#[track_caller]
fn gives_nothing(browser: &Browser, shop: &Shop) {
    assert_eq!(browser.count("a[href$='lights.torrent']"), 0);
    let order = browser.url();
    let (_, token) = order.split_once("/orders/").expect("an order's page");
    let token = token.split('?').next().expect("a token");
    let target = format!("/orders/{token}/lights.torrent");
    let torrent = Http::to(shop.listening().web.port()).get(&target, "");
    assert_eq!(torrent.status, 404);
    assert_ne!(shop.json(&["order", "list"])[0]["state"], "paid");
}

#[track_caller]
fn shop(stripe: &Stripe) -> (Shop, Goods) {
    let shop = Shop::open(&stripe.settings());
    let goods = Goods::file("lights.bin", 50_000);
    shop.sell(&goods, "lights", "Harbour Lights");
    (shop, goods)
}
