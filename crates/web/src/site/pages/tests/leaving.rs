//! Members who leave: a subscription that is cancelled at its provider, and an account that is deleted.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use club::provider::{Event, Notice, Report, Secret};
use club::{
    CheckoutId, Currency, Delivery, NewCheckout, NewTopup, OrderState, Page, ProductRequest,
    Subject, Verdict,
};
use policy::MemberState;

use super::me::club;
use super::sign_in::{Browser, stamp};
use super::*;
use crate::pay::{Payments, Providers, StripeApi};

#[tokio::test]
async fn a_subscription_is_cancelled_at_its_provider_and_runs_to_its_end() {
    let (mut ada, requests) = subscriber("200 OK").await;
    let page = ada.get("/me").await.body;
    for expected in
        ["My subscriptions", "Patron", "$5.00", "Paid until 14 February 2027, then renewed"]
    {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    let done = ada.post("/me/subscriptions/1/cancel", "").await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("yours until 14 February 2027"), "{}", done.body);
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /v1/subscriptions/sub_1 HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\ncancel_at_period_end=true"), "{request}");
    assert!(request.contains("idempotency-key: cancel:sub_1:1800000000"), "{request}");
    let page = ada.get("/me").await.body;
    assert!(page.contains("Cancelled, runs until 14 February 2027"), "{page}");
    assert!(!page.contains("/me/subscriptions/1/cancel"), "{page}");
    assert_eq!(ada.post("/me/subscriptions/1/cancel", "").await.status, 404, "once");
    assert!(requests.try_recv().is_err());
    let member = ada.shop.site.club.member("ada").await.unwrap();
    assert_eq!((member.tier.as_str(), member.tier_until), ("patron", Some(UNTIL)));
    let row = ada.shop.site.club.audit(Page { after: 0, limit: 1000 }).await.unwrap().pop();
    let row = row.unwrap();
    assert_eq!((row.what.as_str(), row.detail.as_str()), ("subscription.cancel", "checkout 1"));
}

#[tokio::test]
async fn what_the_provider_does_not_cancel_goes_on() {
    let (mut ada, _requests) = subscriber("500 Broken").await;
    ada.get("/me").await;
    let refused = ada.post("/me/subscriptions/1/cancel", "").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Your subscription goes on"), "{}", refused.body);
    assert!(ada.get("/me").await.body.contains("then renewed"));
    // Where no provider can be told, the page says where to go.
    let subscription = ada.shop.site.club.subscriptions(id(&ada.shop, "ada").await).await.unwrap();
    assert_eq!(subscription[0].cancelled, None);
    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    assert!(!bob.get("/me").await.body.contains("My subscriptions"));
    assert_eq!(bob.post("/me/subscriptions/1/cancel", "").await.status, 404, "it is ada's");
    assert_eq!(bob.post("/me/subscriptions/x/cancel", "").await.status, 400);
}

#[tokio::test]
async fn where_the_provider_has_no_way_the_page_says_where_to_cancel() {
    let mut ada = Browser::new(club().await);
    subscribe(&ada.shop).await;
    ada.sign_in().await;
    let page = ada.get("/me").await.body;
    assert!(page.contains("Cancel it at Stripe, where you pay, or ask us."), "{page}");
    assert!(!page.contains("/me/subscriptions/1/cancel"), "{page}");
}

#[tokio::test]
async fn an_account_is_deleted_by_its_member_with_all_that_names_them() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let shop = Arc::clone(&ada.shop);
    let club = Arc::clone(&shop.site.club);
    let topup = NewTopup {
        member: "ada".to_owned(),
        amount: usd(700),
        provider: "hand".to_owned(),
        memo: String::new(),
    };
    club.topup(&stamp(), "more", topup).await.unwrap();
    let library = ada.get("/library").await.body;
    let urls = library.split('"').filter_map(|part| part.strip_prefix(PUBLIC_URL));
    let secret = urls.filter(|path| path.starts_with("/feed/") || path.starts_with("/t/"));
    let secret: Vec<_> = secret.map(str::to_owned).collect();
    assert!(secret.len() >= 3, "{secret:?}");
    let before = club.member("ada").await.unwrap();
    assert!(ada.get("/me").await.body.contains("href=\"/me/delete\""));
    let page = ada.get("/me/delete").await;
    for expected in ["type the word <strong>delete</strong>", "$14.00", "What is kept"] {
        assert!(page.body.contains(expected), "{expected} in {}", page.body);
    }
    for word in ["", "word=", "word=yes", "word=delet"] {
        let refused = ada.post("/me/delete", word).await;
        assert_eq!(refused.status, 422, "{word}");
        assert!(refused.body.contains("Nothing was deleted"), "{}", refused.body);
    }
    assert_eq!(club.member("ada").await.unwrap(), before);

    let deleted = ada.post("/me/delete", "word=+Delete").await;
    assert_eq!(deleted.status, 200, "{}", deleted.body);
    assert!(deleted.body.contains("Your account is deleted"), "{}", deleted.body);
    assert!(!deleted.body.contains(">ada<"), "{}", deleted.body);
    assert_eq!(deleted.headers[CACHE_CONTROL], "private, no-store");
    let cookie = deleted.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-usher-member=;") && cookie.ends_with("Max-Age=0"));
    let number = before.id.to_string();
    let after = club.member(&number).await.unwrap();
    assert_eq!((after.state, &after.email), (MemberState::Removed, &None));
    assert!(club.member("ada").await.is_err());
    assert_eq!(club.sign_ins_of(Subject::Member(before.id), NOW.unix).await.unwrap(), []);
    assert_eq!(ada.get("/me").await.status, 303);
    for path in &secret {
        assert_eq!(shop.get(path).await.status, 404, "{path}");
    }
    // The books stay; nobody is named in them, or in the record.
    let orders = club.orders(&number, Page::FIRST).await.unwrap();
    assert_eq!((orders.len(), orders[0].state(), &orders[0].email), (1, OrderState::Paid, &None));
    let record = club.audit(Page { after: 0, limit: 1000 }).await.unwrap();
    let mut hers = record.iter().filter(|row| row.member == Some(before.id));
    assert!(hers.all(|row| row.detail.is_empty()), "{record:?}");
}

#[tokio::test]
async fn nobody_is_charged_for_an_account_that_is_gone() {
    let (mut ada, _requests) = subscriber("200 OK").await;
    let page = ada.get("/me/delete").await.body;
    assert!(page.contains("Cancel it first") && !page.contains("name=\"word\""), "{page}");
    ada.get("/me").await;
    assert_eq!(ada.post("/me/delete", "word=delete").await.status, 422);
    assert!(ada.shop.site.club.member("ada").await.is_ok());
    assert_eq!(ada.post("/me/subscriptions/1/cancel", "").await.status, 200);
    ada.get("/me/delete").await;
    assert_eq!(ada.post("/me/delete", "word=delete").await.status, 200);
    assert!(ada.shop.site.club.member("ada").await.is_err());
}

#[tokio::test]
async fn a_checkout_that_is_paid_after_the_account_is_gone_is_charged_once() {
    let (ada, requests) = subscriber("200 OK").await;
    let (club, payments) = (&ada.shop.site.club, ada.shop.site.payments().unwrap());
    assert_eq!(payments.cancel_subscriptions_of_nobody().await.unwrap(), 0);
    assert!(requests.try_recv().is_err(), "ada's goes on");
    let product = ProductRequest::Subscription { tier: "patron".to_owned(), price: usd(500) };
    let new = NewCheckout { provider: "stripe".to_owned(), member: "ada".to_owned(), product };
    let open = club.make_checkout(&stamp(), "d", new).await.unwrap();
    club.erase_member(&stamp(), "ada").await.unwrap();
    let report = Report {
        payment: "pi_2".to_owned(),
        reference: Some(open.reference),
        by_link: true,
        subscription: Some("sub_2".to_owned()),
        paid: Some(usd(500)),
        until: Some(UNTIL),
        ..Report::default()
    };
    let notice = Notice::Payment(Box::new(report));
    let event = Event { key: "evt_2".to_owned(), kind: "test".to_owned(), notice };
    let handled = club.receive(&stamp(), Delivery::of("stripe"), event).await.unwrap();
    assert_eq!(handled.verdict, Verdict::Held, "{}", handled.effect);
    assert_eq!(payments.cancel_subscriptions_of_nobody().await.unwrap(), 0);
    for subscription in ["sub_1", "sub_2"] {
        let request = requests.recv().unwrap();
        let path = format!("POST /v1/subscriptions/{subscription} HTTP/1.1\r\n");
        assert!(request.starts_with(&path), "{request}");
        assert!(request.ends_with("cancel_at_period_end=true"), "{request}");
    }
    assert_eq!(payments.cancel_subscriptions_of_nobody().await.unwrap(), 0);
    assert!(requests.try_recv().is_err(), "once");
}

#[tokio::test]
async fn what_the_provider_does_not_cancel_for_nobody_is_tried_again() {
    let (ada, requests) = subscriber("500 Broken").await;
    ada.shop.site.club.erase_member(&stamp(), "ada").await.unwrap();
    let payments = ada.shop.site.payments().unwrap();
    for _ in 0..2 {
        assert_eq!(payments.cancel_subscriptions_of_nobody().await.unwrap(), 1);
        assert!(requests.recv().unwrap().contains("/sub_1 "));
    }
}

#[tokio::test]
async fn forms_to_leave_from_elsewhere_or_without_a_token_change_nothing() {
    let (mut ada, requests) = subscriber("200 OK").await;
    let mut visitor = Browser::new(Arc::clone(&ada.shop));
    visitor.get("/sign-in").await;
    assert_eq!(visitor.get("/me/delete").await.status, 303);
    for (path, fields) in [("/me/delete", "word=delete"), ("/me/subscriptions/1/cancel", "")] {
        ada.get("/me").await;
        let good = ada.token.clone();
        ada.source = "cross-site";
        assert_eq!(ada.post(path, fields).await.status, 403, "{path}");
        ada.source = "same-origin";
        for token in [String::new(), visitor.token.clone()] {
            ada.token = token;
            assert_eq!(ada.post(path, fields).await.status, 403, "{path}");
        }
        ada.token = good;
        assert_eq!(visitor.post(path, fields).await.status, 403, "{path}");
    }
    assert!(requests.try_recv().is_err());
    assert!(ada.shop.site.club.member("ada").await.is_ok());
}

/// ada with a subscription that is paid at a Stripe which answers so, and what that is asked.
async fn subscriber(status: &'static str) -> (Browser, Receiver<String>) {
    let (base_url, requests) = stripe(status);
    let shop = Arc::into_inner(club().await).unwrap();
    let api = StripeApi {
        base_url: base_url.parse().unwrap(),
        key: Secret::new("sk_test").unwrap(),
        success_url: String::new(),
        cancel_url: String::new(),
    };
    let providers = Providers { stripe_api: Some(api), ..Providers::default() };
    let club = Arc::clone(&shop.site.club);
    let payments = Payments::new(club, providers, Box::new(|| NOW)).unwrap();
    let site = Arc::into_inner(shop.site).unwrap().with_payments(Arc::new(payments));
    let shop = Arc::new(Shop { fixture: shop.fixture, site: Arc::new(site) });
    subscribe(&shop).await;
    let mut ada = Browser::new(shop);
    ada.sign_in().await;
    (ada, requests)
}

async fn subscribe(shop: &Shop) {
    let club = &shop.site.club;
    let product = ProductRequest::Subscription { tier: "patron".to_owned(), price: usd(500) };
    let new = NewCheckout { provider: "stripe".to_owned(), member: "ada".to_owned(), product };
    let made = club.make_checkout(&stamp(), "c", new).await.unwrap();
    assert_eq!(made.id, CheckoutId(1));
    let report = Report {
        payment: "pi_1".to_owned(),
        reference: Some(made.reference),
        by_link: true,
        subscription: Some("sub_1".to_owned()),
        paid: Some(usd(500)),
        until: Some(UNTIL),
        ..Report::default()
    };
    let notice = Notice::Payment(Box::new(report));
    let event = Event { key: "evt_1".to_owned(), kind: "test".to_owned(), notice };
    let handled = club.receive(&stamp(), Delivery::of("stripe"), event).await.unwrap();
    assert_eq!(handled.verdict, Verdict::Applied, "{}", handled.effect);
}

/// A Stripe that answers everything alike, and what it is asked.
fn stripe(status: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, requests) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (mut read, mut piece) = (Vec::new(), [0; 4096]);
            while !String::from_utf8_lossy(&read).contains("\r\n\r\ncancel") {
                match stream.read(&mut piece) {
                    Ok(length) if length > 0 => read.extend_from_slice(&piece[..length]),
                    _ => break,
                }
            }
            let _ = send.send(String::from_utf8_lossy(&read).into_owned());
            let head =
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n");
            let _ = stream.write_all((head + "{}").as_bytes());
        }
    });
    (format!("http://{address}"), requests)
}

async fn id(shop: &Shop, name: &str) -> policy::MemberId {
    shop.site.club.member(name).await.unwrap().id
}

fn usd(minor: i64) -> club::Amount {
    Currency::parse("usd").unwrap().minor(minor)
}

/// A month after now.
const UNTIL: u32 = 1_800_000_000 + 30 * 86_400;
