//! Buying as a visitor, from the form to the torrent.

mod gift;
mod membership;
mod since;
mod till;
mod topup;

use axum::http::header::{LOCATION, SET_COOKIE};
use club::provider::{Event, Notice, Report, Secret};
use club::{
    Amount, Buyer, Currency, Delivery, DeliveryMethod, Email, NewDiscount, NewGoods, NewListing,
    NewMember, NewOrder, NewTopup, NewVouchers, Off, OrderState, Page, Prices, ProductRequest,
    Stamp, Subject, Verdict, Worth,
};
use futures_util::future::join_all;
use metainfo::{MakeOptions, TorrentPlan};
use policy::ItemId;
use tempfile::TempDir;

use self::till::{Form, Till, between, bought, location, stamp, usd};
use super::*;
use crate::http::Origin;
use crate::pay::{Payments, Providers, StripeApi, TierPlan};

#[tokio::test]
async fn a_visitor_buys_with_a_voucher_and_gets_the_torrent() {
    let till = Till::new().await;
    let code = till.voucher(Worth::Amount(usd(1000))).await;
    let form = till.open("/items/film/buy").await;
    for text in ["Direct download", "$3.00", "$2.25", "You save $0.75 by sharing", "type=\"email\""]
    {
        assert!(form.body.contains(text), "{text}: {}", form.body);
    }
    assert!(!form.body.contains("value=\"stripe\"") && !form.body.contains("value=\"balance\""));
    let sent = till.send(&form, &bought(&code)).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(!sent.headers.contains_key(SET_COOKIE), "nobody is signed in");
    let path = sent.headers[LOCATION].to_str().unwrap();
    assert!(path.starts_with("/orders/") && path.len() == 40, "{path}");
    let page = till.shop.get(path).await;
    assert_eq!(page.headers["cache-control"], "private, no-store");
    assert_eq!(page.headers["x-robots-tag"], "noindex");
    for text in ["Thank you", "Receipt", "$2.25", "eve@example.org", "Order 1", "A Film, torrent"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("/d/"), "no direct download was bought");
    let torrent = format!("{path}/film.torrent");
    assert!(page.body.contains(&torrent));
    let torrent = till.shop.get(&torrent).await;
    assert_eq!(
        (torrent.status, &torrent.headers["content-type"]),
        (StatusCode::OK, &"application/x-bittorrent".parse().unwrap())
    );
    assert!(torrent.body.contains("http://t.example/announce/"), "it holds a passkey");
    let eve = till.member("eve@example.org").await.unwrap();
    let eves =
        till.site().torrent_access().own(&eve, &till.site().club.item("film").await.unwrap());
    assert!(eves.is_some_and(|own| own.entitled));
    // The receipt of one order opens no other item.
    till.publish("other", Prices::default()).await;
    assert_eq!(till.shop.get(&format!("{path}/other.torrent")).await.status, 404);
}

#[tokio::test]
async fn a_direct_download_lists_its_files() {
    let till = Till::new().await;
    let code = till.voucher(Worth::Amount(usd(300))).await;
    let form = till.open("/items/film/buy?method=direct").await;
    assert!(form.body.contains("value=\"direct\" checked"), "{}", form.body);
    let mut fields = bought(&code);
    fields[0].1 = "direct";
    let path = location(&till.send(&form, &fields).await);
    let page = till.shop.get(&path).await;
    assert!(page.body.contains("https://club.example/d/"), "{}", page.body);
    assert!(page.body.contains("film.bin</a>") && page.body.contains("$3.00"));
}

#[tokio::test]
async fn a_visitor_who_does_not_pay_leaves_no_member() {
    let till = Till::new().await;
    let form = till.open("/items/film/buy").await;
    let small = till.voucher(Worth::Amount(usd(100))).await;
    let tier = till.voucher(Worth::Tier { tier: "fan".to_owned(), days: 3 }).await;
    for (code, expected) in [
        ("", "No voucher has this code"),
        ("nonsense", "No voucher has this code"),
        (&*small, "This voucher holds $1.00 and you would pay $2.25"),
        (&*tier, "This voucher is for something else"),
    ] {
        let answer = till.send(&form, &bought(code)).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(expected), "{expected}: {}", answer.body);
        assert!(answer.body.contains("value=\"eve@example.org\""), "what was typed stays");
    }
    for (place, value, expected) in [
        (0, "pigeon", "Choose how you want to have it delivered"),
        (1, "eve", "Write an e-mail address"),
        (2, "credit", "Choose how you want to pay"),
        (2, "balance", "Choose how you want to pay"),
        (2, "stripe", "Choose how you want to pay"),
        (4, "", "Tick this box"),
    ] {
        let mut fields = bought(&small);
        fields[place].1 = value;
        let answer = till.send(&form, &fields).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(expected), "{expected}: {}", answer.body);
    }
    assert_eq!(till.members().await, 0);
    assert_eq!(till.orders().await.len(), 0);
}

#[tokio::test]
async fn what_a_form_says_of_price_item_and_currency_counts_for_nothing() {
    let till = Till::new().await;
    let code = till.voucher(Worth::Amount(usd(1000))).await;
    let form = till.open("/items/film/buy").await;
    let mut fields = bought(&code).to_vec();
    let tampered = [
        ("price", "0.01"),
        ("currency", "jpy"),
        ("amount", "0.01"),
        ("item", "2"),
        ("total", "0"),
        ("name", "x"),
    ];
    fields.extend(tampered);
    let path = location(&till.send(&form, &fields).await);
    let orders = till.orders().await;
    assert_eq!((orders[0].amount, orders[0].state()), (usd(225), OrderState::Paid));
    assert!(till.shop.get(&path).await.body.contains("$2.25"));
    assert_eq!(till.site().club.balance("buyer-1").await.unwrap()[0].prepaid, usd(775));
}

#[tokio::test]
async fn a_form_sent_twice_buys_once() {
    let till = Till::new().await;
    let form = till.open("/items/film/buy").await;
    let codes =
        [till.voucher(Worth::Amount(usd(225))).await, till.voucher(Worth::Amount(usd(225))).await];
    let all = codes.iter().map(|code| till.send_owned(&form, bought(code).to_vec()));
    let answers = join_all(all).await;
    assert_eq!(location(&answers[0]), location(&answers[1]));
    assert_eq!(till.orders().await.len(), 1);
    let vouchers = till.site().club.vouchers(Page::FIRST).await.unwrap();
    assert_eq!(vouchers.iter().filter(|voucher| voucher.redeemed_by.is_some()).count(), 1);
    // The same form for something else is not the same request.
    let mut other = bought(&codes[1]).to_vec();
    other[0].1 = "direct";
    let answer = till.send(&form, &other).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("sent before with other choices"), "{}", answer.body);
    assert_ne!(between(&answer.body, "name=\"key\" value=\"", "\""), form.key);
}

#[tokio::test]
async fn a_form_needs_its_token_and_a_key_of_ours() {
    let till = Till::new().await;
    let code = till.voucher(Worth::Amount(usd(1000))).await;
    for path in ["/items/film/buy", "/redeem"] {
        let mut form = till.open(path).await;
        form.token = "00".repeat(20);
        assert_eq!(till.send(&form, &bought(&code)).await.status, 403, "{path}");
    }
    let mut form = till.open("/items/film/buy").await;
    form.key = "page:1".to_owned();
    assert_eq!(till.send(&form, &bought(&code)).await.status, 403);
    let request = browser(Method::POST, "/items/film/buy");
    assert_eq!(till.shop.ask(request).await.status, 403);
    assert_eq!((till.members().await, till.orders().await.len()), (0, 0));
}

#[tokio::test]
async fn buying_with_another_address_opens_this_order_alone() {
    let till = Till::new().await;
    let club = &till.site().club;
    let paid =
        |address: &str| club::Claimant { email: Email::parse(address).unwrap(), consent: true };
    let first = till.voucher(Worth::Amount(usd(5000))).await;
    club.redeem_for_visitor(&stamp(), &first, paid("ada@example.org")).await.unwrap();
    let ada = till.member("ada@example.org").await.unwrap();
    let form = till.open("/items/film/buy").await;
    let code = till.voucher(Worth::Amount(usd(225))).await;
    let mut fields = bought(&code).to_vec();
    fields[1].1 = "Ada@Example.org";
    let sent = till.send(&form, &fields).await;
    assert!(!sent.headers.contains_key(SET_COOKIE));
    let page = till.shop.get(&location(&sent)).await;
    assert!(!page.headers.contains_key(SET_COOKIE));
    assert!(page.body.contains("Sign in</a>") && !page.body.contains("$50.00"), "{}", page.body);
    assert!(!page.body.contains("/t/"), "a key to all of ada's torrents would be in such a link");
    let name = ada.id.to_string();
    assert_eq!(
        club.balance(&name).await.unwrap()[0].prepaid,
        usd(5000),
        "nothing of ada's is spent"
    );
    assert_eq!(till.orders().await.last().unwrap().member, Some(ada.id));
}

#[tokio::test]
async fn what_an_account_has_already_is_not_sold_to_it_again() {
    let till = Till::new().await;
    for expected in ["Thank you", "Paid, and not delivered"] {
        let form = till.open("/items/film/buy").await;
        let code = till.voucher(Worth::Amount(usd(225))).await;
        let path = location(&till.send(&form, &bought(&code)).await);
        let page = till.shop.get(&path).await;
        assert!(page.body.contains(expected), "{}", page.body);
        let torrent = till.shop.get(&format!("{path}/film.torrent")).await;
        assert_eq!(torrent.status == 200, expected == "Thank you");
    }
    let owner = till.member("eve@example.org").await.unwrap().name;
    assert_eq!(till.site().club.balance(&owner).await.unwrap()[0].prepaid, usd(225));
    let form = till.open("/redeem").await;
    let code = till.voucher(Worth::Item(ItemId(1))).await;
    let fields = [("code", &*code), ("email", "eve@example.org"), ("consent", "yes")];
    let refused = till.send(&form, &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("use another e-mail address"), "{}", refused.body);
}

#[tokio::test]
async fn the_return_page_grants_nothing_and_a_late_webhook_shows() {
    let till = Till::with_stripe(true).await;
    let form = till.open("/items/film/buy").await;
    assert!(form.body.contains("value=\"stripe\" checked"), "{}", form.body);
    let mut fields = bought("").to_vec();
    fields[2].1 = "stripe";
    let sent = till.send(&form, &fields).await;
    assert_eq!(location(&sent), "https://pay.example/cs_1");
    let again = till.send(&form, &fields).await;
    assert_eq!(location(&again), "https://pay.example/cs_1", "the same form is the same order");
    let order = till.orders().await.remove(0);
    assert_eq!((order.state(), till.members().await), (OrderState::Pending, 0));
    let path = format!("/orders/{}", order.token);
    for query in ["", "?session_id=cs_1&payment_status=paid&redirect_status=succeeded"] {
        let page = till.shop.get(&format!("{path}{query}")).await;
        assert_eq!(page.headers["refresh"], format!("3; url={path}"));
        assert!(page.body.contains("Waiting for the payment") && !page.body.contains("Receipt"));
        assert!(page.body.contains("https://pay.example/cs_1"), "{}", page.body);
        assert_eq!(till.shop.get(&format!("{path}/film.torrent")).await.status, 404);
    }
    let left = till.shop.get(&format!("{path}?left=yes")).await;
    assert!(left.body.contains("without having paid") && !left.headers.contains_key("refresh"));
    assert_eq!((till.orders().await[0].state(), till.members().await), (OrderState::Pending, 0));

    let checkouts = till.site().club.checkouts_of(order.id).await.unwrap();
    assert_eq!(checkouts.len(), 1);
    let report = Report {
        payment: "pi_1".to_owned(),
        reference: Some(checkouts[0].reference.clone()),
        session: Some("cs_1".to_owned()),
        paid: Some(usd(225)),
        ..Report::default()
    };
    till.hear("evt_1", report.clone()).await;
    let page = till.shop.get(&path).await;
    assert!(
        page.body.contains("Thank you") && !page.headers.contains_key("refresh"),
        "{}",
        page.body
    );
    assert_eq!(till.shop.get(&format!("{path}/film.torrent")).await.status, 200);
    till.hear("evt_2", Report { refunded: Some(usd(225)), ..report }).await;
    let page = till.shop.get(&path).await;
    assert!(page.body.contains("Refunded") && page.body.contains("Paid back"), "{}", page.body);
    assert_eq!(till.shop.get(&format!("{path}/film.torrent")).await.status, 404);
}

#[tokio::test]
async fn a_payment_that_ran_out_can_be_begun_anew() {
    let till = Till::with_stripe(true).await;
    let form = till.open("/items/film/buy").await;
    let mut fields = bought("").to_vec();
    fields[2].1 = "stripe";
    till.send(&form, &fields).await;
    let order = till.orders().await.remove(0);
    till.expire("cs_1").await;
    let path = format!("/orders/{}", order.token);
    let page = till.open(&path).await;
    assert!(
        page.body.contains("Not paid") && page.body.contains("nothing was charged"),
        "{}",
        page.body
    );
    let page = Form { path: format!("{path}/pay"), ..page };
    let sent = till.send(&page, &[("way", "stripe")]).await;
    assert_eq!(location(&sent), "https://pay.example/cs_2");
    assert_eq!(till.orders().await.len(), 1, "it is the same order");
    assert_eq!(till.send(&page, &[("way", "kofi")]).await.status, 400);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_named() {
    let till = Till::with_stripe(false).await;
    let form = till.open("/items/film/buy").await;
    let mut fields = bought("").to_vec();
    fields[2].1 = "stripe";
    let answer = till.send(&form, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("nothing was charged"), "{}", answer.body);
    assert_eq!(till.members().await, 0);
}

#[tokio::test]
async fn guessed_foreign_and_malformed_order_tokens_get_the_same_answer() {
    let till = Till::new().await;
    let order = till.order("1").await;
    let real = till.shop.get(&format!("/orders/{}", order.token)).await;
    assert_eq!(real.status, 200);
    let expected = till.shop.get(&format!("/orders/{}", "0".repeat(32))).await;
    assert_eq!(expected.status, 404);
    let id = order.id.0.to_string();
    let (upper, short) = (order.token.to_uppercase(), &order.token[1..]);
    for token in
        [&*id, "x", short, &format!("{}0", order.token), "%00", "..", &format!("{upper}%20")]
    {
        let answer = till.shop.get(&format!("/orders/{token}")).await;
        assert_eq!(answer.status, 404, "{token}");
        assert_eq!(till.shop.get(&format!("/orders/{token}/film.torrent")).await.status, 404);
    }
}

#[tokio::test]
async fn a_voucher_is_redeemed_without_an_account() {
    let till = Till::new().await;
    let code = till.voucher(Worth::Item(ItemId(1))).await;
    let form = till.open("/redeem").await;
    let fields = [("code", &*code), ("email", "eve@example.org"), ("consent", "yes")];
    let sent = till.send(&form, &fields).await;
    let page = till.shop.get(&location(&sent)).await;
    assert!(page.body.contains("Voucher 1") && page.body.contains("film.torrent"), "{}", page.body);
    let again = till.send(&form, &fields).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("was redeemed already"), "{}", again.body);
    let money = till.voucher(Worth::Amount(usd(1000))).await;
    let fields = [("code", &*money), ("email", "eve@example.org"), ("consent", "yes")];
    let answer = till.send(&form, &fields).await;
    assert!(answer.body.contains("$10.00 is in the balance of eve@example.org"), "{}", answer.body);
    assert!(!answer.headers.contains_key(SET_COOKIE));
    assert_eq!(till.members().await, 1);
}

#[tokio::test]
async fn a_network_that_tries_codes_waits() {
    let till = Till::new().await;
    let form = till.open("/redeem").await;
    let fields = [("code", "nonsense"), ("email", "eve@example.org"), ("consent", "yes")];
    for _ in 0..20 {
        assert_eq!(till.send(&form, &fields).await.status, 422);
    }
    assert_eq!(till.send(&form, &fields).await.status, 429);
    let buy = till.open("/items/film/buy").await;
    assert_eq!(till.send(&buy, &bought("nonsense")).await.status, 429, "it counts for both");
}

#[tokio::test]
async fn a_buyer_chooses_the_price_from_a_floor_and_codes_take_something_off() {
    let till = Till::new().await;
    let club = &till.site().club;
    club.set_minimum(&stamp(), "film", Some(usd(100))).await.unwrap();
    let half = NewDiscount {
        code: "HALF".to_owned(),
        off: Off::Percent(50),
        item: None,
        until: None,
        most: None,
    };
    club.add_discount(&stamp(), half).await.unwrap();
    let form = till.open("/items/film/buy").await;
    assert!(
        form.body.contains("from $1.00") && form.body.contains("we suggest $2.25"),
        "{}",
        form.body
    );
    let code = till.voucher(Worth::Amount(usd(1000))).await;
    for (more, expected) in [
        ([("amount", "0.99"), ("step", "buy")], "The lowest price is $1.00"),
        ([("amount", "abc"), ("step", "buy")], "Write an amount in digits"),
        ([("discount", "NOPE"), ("step", "buy")], "no such discount code"),
    ] {
        let answer = till.send(&form, &[&bought(&code)[..], &more].concat()).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(expected), "{expected}: {}", answer.body);
    }
    let price = [&bought("")[..], &[("discount", "half"), ("step", "price")]].concat();
    let shown = till.send(&form, &price).await;
    assert!(shown.body.contains("It costs <b>$1.12</b>"), "{}", shown.body);
    assert_eq!(till.orders().await.len(), 0, "nothing is bought by asking");
    let fields = [&bought(&code)[..], &[("amount", "4,50")]].concat();
    let path = location(&till.send(&form, &fields).await);
    assert!(till.shop.get(&path).await.body.contains("$4.50"));
}

#[tokio::test]
async fn what_is_not_for_sale_has_no_form() {
    let till = Till::new().await;
    till.publish("gift", Prices::default()).await;
    assert_eq!(till.shop.get("/items/gift/buy").await.status, 404);
    assert_eq!(till.shop.get("/items/none/buy").await.status, 404);
    assert_eq!(till.shop.get("/items/1/buy").await.status, 404, "an id is no name");
    till.site().club.withdraw(&stamp(), "film").await.unwrap();
    assert_eq!(till.shop.get("/items/film/buy").await.status, 404);
}

#[tokio::test]
async fn a_member_buys_from_the_balance_with_one_form() {
    let till = Till::new().await;
    let cookie = till.sign_in(1000).await;
    let form = till.open_as("/items/film/buy", &cookie).await;
    for text in ["value=\"balance\" checked", "Your balance: $10.00"] {
        assert!(form.body.contains(text), "{text}: {}", form.body);
    }
    assert!(!form.body.contains("type=\"email\""));
    let mut fields = bought("").to_vec();
    fields[2].1 = "balance";
    let sent = till.send(&form, &fields).await;
    let again = till.send(&form, &fields).await;
    assert_eq!(location(&sent), location(&again));
    assert_eq!(till.site().club.balance("ada").await.unwrap()[0].prepaid, usd(775));
    // What a form says of an address counts for nothing where somebody is signed in.
    let order = till.orders().await.remove(0);
    let ada = till.site().club.member("ada").await.unwrap();
    assert_eq!((order.member, order.email), (Some(ada.id), None));
    let twice = till.open_as("/items/film/buy", &cookie).await;
    let refused = till.send(&twice, &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("has this already"), "{}", refused.body);
    // A form of hers is of no use to anybody else.
    let stolen = Form { cookie: till.open("/redeem").await.cookie, ..form };
    assert_eq!(till.send(&stolen, &fields).await.status, 403);
}

#[tokio::test]
async fn a_balance_spent_by_32_at_once_never_goes_below_nothing() {
    let till = Till::new().await;
    let cookie = till.sign_in(1000).await;
    for number in 0..32 {
        let price = Prices { torrent: Some(usd(300)), direct: None };
        till.publish(&format!("part-{number}"), price).await;
    }
    let form = till.open_as("/items/film/buy", &cookie).await;
    let mut fields = bought("").to_vec();
    fields[2].1 = "balance";
    let spend = async |number: u32| {
        let path = format!("/items/part-{number}/buy");
        let (cookie, token) = (form.cookie.clone(), form.token.clone());
        let form = Form { path, cookie, token, key: format!("{number:032x}"), body: String::new() };
        till.send(&form, &fields).await.status.as_u16()
    };
    let answers = join_all((0..32).map(spend)).await;
    let count = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(303), count(422)), (3, 29));
    assert_eq!(till.site().club.balance("ada").await.unwrap()[0].prepaid, usd(100));
}
