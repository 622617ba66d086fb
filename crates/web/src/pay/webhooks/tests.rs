//! Webhooks on a real club, without a socket.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, Request};
use club::provider::{Algorithm, Format, Grant, Hook, HookFields, Kofi, Secret, Stripe};
use club::{
    Amount, Checkout, Club, Currency, Image, Items, Names, NewCheckout, NewMember, Page,
    ProductRequest, Sqlite, Stamp,
};
use data_encoding::HEXLOWER;
use futures_util::stream::pending;
use hmac::{Hmac, KeyInit, Mac};
use policy::{Entitlements, Roster, Rules};
use serde_json::json;
use sha2::Sha256;
use tempfile::TempDir;
use tower::ServiceExt;
use tracker::Now;

use super::*;
use crate::pay::{HookSettings, Providers, Screening};

#[tokio::test]
async fn a_signed_event_is_answered_after_its_effect() {
    let fixture = Fixture::new().await;
    let order = fixture.order(500).await;
    let body = paid(&order, 500);
    assert_eq!(fixture.stripe(&body, NOW).await, (200, "applied\n".to_owned()));
    assert_eq!(fixture.balance().await, 500);
    assert_eq!(fixture.stripe(&body, NOW + 9).await, (200, "duplicate\n".to_owned()));
    assert_eq!(fixture.balance().await, 500);
}

#[tokio::test]
async fn what_is_not_stripes_is_refused_kept_and_counted() {
    let fixture = Fixture::new().await;
    let order = fixture.order(500).await;
    let body = paid(&order, 500);
    let signed = signature("whsec_test", NOW, &body);
    let mut changed = body.clone();
    let place = changed.len() / 2;
    changed[place] ^= 1;
    for (headers, body, status) in [
        (vec![("stripe-signature", signature("whsec_other", NOW, &body))], body.clone(), 400),
        (vec![("stripe-signature", signature("whsec_test", NOW - 301, &body))], body.clone(), 400),
        (vec![("stripe-signature", signed.clone())], changed, 400),
        (vec![("stripe-signature", signed.clone())], body[..place].to_vec(), 400),
        (vec![], body.clone(), 400),
        (vec![("stripe-signature", signed.clone())], vec![b' '; MAX_BODY_BYTES + 1], 413),
    ] {
        assert_eq!(fixture.post("/webhooks/stripe", &headers, body).await.0, status, "{headers:?}");
        // One refused delivery a second is kept.
        fixture.unix.fetch_add(1, Ordering::Relaxed);
    }
    assert_eq!(fixture.balance().await, 0);
    let kept = fixture.club.deliveries(Page::FIRST).await.unwrap();
    let words: Vec<_> = kept.iter().map(|kept| kept.verdict.text()).collect();
    assert_eq!(words, ["forged", "stale", "forged", "forged", "forged", "oversized"]);
    assert!(kept.iter().all(|kept| kept.delivery.body.len() <= 4096));
    let stripe = |word, count| ("stripe".to_owned(), word, count);
    let counts = [stripe("forged", 4), stripe("oversized", 1), stripe("stale", 1)];
    assert_eq!(fixture.payments.heard().counts(), counts);
}

#[tokio::test]
async fn a_body_at_the_bound_is_taken() {
    let fixture = Fixture::new().await;
    let mut body = paid(&fixture.order(500).await, 500);
    body.resize(MAX_BODY_BYTES, b' ');
    assert_eq!(fixture.stripe(&body, NOW).await.0, 200);
}

#[tokio::test]
async fn who_sends_no_body_keeps_nobody_out() {
    let fixture = Fixture::new().await;
    let order = fixture.order(500).await;
    for _ in 0..=MAX_AT_ONCE {
        let never = Body::from_stream(pending::<Result<Bytes, std::io::Error>>());
        let plausible = signature("whsec_other", NOW, b"");
        let request = Request::post("/webhooks/stripe").header("stripe-signature", plausible);
        let request = request.body(never).unwrap();
        tokio::spawn(fixture.router.clone().oneshot(request));
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.stripe(&paid(&order, 500), NOW).await.0, 200);
}

#[tokio::test]
async fn what_cannot_be_genuine_is_refused_unread() {
    let fixture = Fixture::new().await;
    let tag = "ab".repeat(32);
    let refused = |provider: &str, headers: &[(&'static str, String)]| {
        let path = format!("/webhooks/{provider}");
        let mut request = Request::post(&path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        // A body that never comes.
        let never = Body::from_stream(pending::<Result<Bytes, std::io::Error>>());
        let request = request.body(never).unwrap();
        let screening = fixture.payments.screen(request.method(), &path, request.headers());
        assert_eq!(screening, Screening::Refused, "{headers:?}");
        fixture.router.clone().oneshot(request)
    };
    for signature in [
        String::new(),
        "nonsense".to_owned(),
        format!("v1={tag}"),
        format!("t={NOW}"),
        format!("t={NOW},v0={tag}"),
        format!("t={},v1={tag}", NOW - 301),
        format!("t={NOW},v1={}", "AB".repeat(32)),
    ] {
        let answer = refused("stripe", &[("stripe-signature", signature)]).await.unwrap();
        assert_eq!(answer.status(), 400);
    }
    assert_eq!(refused("stripe", &[]).await.unwrap().status(), 400);
    for signature in ["", "sha256=", "sha256=abcd", &tag, &format!("sha256={tag}00")] {
        let answer = refused("shop", &[("x-signature", signature.to_owned())]).await.unwrap();
        assert_eq!(answer.status(), 400, "{signature}");
    }
    let long = ("content-length", (MAX_BODY_BYTES + 1).to_string());
    let signed = ("stripe-signature", format!("t={NOW},v1={tag}"));
    assert_eq!(refused("stripe", &[signed.clone(), long]).await.unwrap().status(), 413);

    let screen = |method: Method, path: &str, (name, value): (&'static str, String)| {
        let request = Request::builder().method(&method).header(name, value).body(()).unwrap();
        fixture.payments.screen(&method, path, request.headers())
    };
    let hook = ("x-signature", format!("sha256={tag}"));
    assert_eq!(screen(Method::POST, "/webhooks/stripe", signed.clone()), Screening::Plausible);
    assert_eq!(screen(Method::POST, "/webhooks/shop", hook), Screening::Plausible);
    assert_eq!(screen(Method::POST, "/webhooks/kofi", signed.clone()), Screening::Plausible);
    for (method, path) in [
        (Method::GET, "/webhooks/stripe"),
        (Method::POST, "/webhooks/btcpay"),
        (Method::POST, "/webhooks/"),
        (Method::POST, "/"),
    ] {
        assert_eq!(screen(method, path, signed.clone()), Screening::NotOne, "{path}");
    }
}

#[tokio::test]
async fn unknown_kinds_are_answered_with_200() {
    let fixture = Fixture::new().await;
    let body =
        json!({"id": "evt_9", "type": "price.created", "created": NOW, "data": {"object": {}}});
    let (status, word) = fixture.stripe(body.to_string().as_bytes(), NOW).await;
    assert_eq!((status, word.as_str()), (200, "ignored\n"));
}

#[tokio::test]
async fn a_wrong_amount_is_held_and_answered_with_200() {
    let fixture = Fixture::new().await;
    let order = fixture.order(500).await;
    let (status, word) = fixture.stripe(&paid(&order, 499), NOW).await;
    assert_eq!((status, word.as_str()), (200, "held\n"));
    assert_eq!(fixture.balance().await, 0);
}

#[tokio::test]
async fn signed_nonsense_is_malformed() {
    let fixture = Fixture::new().await;
    for body in ["", "{}", "[1, 2", "\u{fffd}"] {
        let (status, word) = fixture.stripe(body.as_bytes(), NOW).await;
        assert_eq!((status, word.as_str()), (400, "malformed\n"), "{body}");
    }
}

#[tokio::test]
async fn only_providers_of_the_configuration_have_a_webhook() {
    let fixture = Fixture::new().await;
    for path in ["/webhooks/btcpay", "/webhooks/other", "/webhooks/", "/webhooks"] {
        assert_eq!(fixture.post(path, &[], Vec::new()).await.0, 404, "{path}");
    }
    let get = Request::builder().method(Method::GET).uri("/webhooks/stripe");
    let response = fixture.router.clone().oneshot(get.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 405);
}

#[tokio::test]
async fn kofi_is_known_by_its_token_which_is_not_kept() {
    let fixture = Fixture::new().await;
    for (token, status) in [("kofi-token", 200), ("kofi-other", 400)] {
        let json = json!({"verification_token": token, "message_id": "m1", "type": "Donation",
            "from_name": "ada", "amount": "3.00", "currency": "USD", "kofi_transaction_id": token});
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("data", &json.to_string()).finish().into_bytes();
        assert_eq!(fixture.post("/webhooks/kofi", &[], body).await.0, status);
    }
    assert_eq!(fixture.club.member("ada").await.unwrap().tier, "fan");
    let kept = fixture.club.deliveries(Page::FIRST).await.unwrap();
    for kept in &kept {
        let body = String::from_utf8_lossy(&kept.delivery.body);
        assert!(!body.contains("verification_token"), "{body}");
    }
    let (verdict, _) = fixture.payments.replay(kept[0].id).await.unwrap();
    assert_eq!(verdict, club::Verdict::Duplicate);
    assert!(fixture.payments.replay(kept[1].id).await.unwrap_err().to_string().contains("forged"));
}

#[tokio::test]
async fn objects_of_other_shops_are_ignored_whatever_is_in_them() {
    let fixture = Fixture::new().await;
    fixture.order(500).await;
    let manual = json!({"id": "in_manual", "billing_reason": "manual", "amount_paid": 10800,
        "currency": "usd", "payment_intent": "pi_manual", "subscription": null,
        "subscription_details": {"metadata": null}, "status": "paid",
        "lines": {"data": [{"id": "il_1", "metadata": {"task": "15"}, "period": null}]}});
    let event =
        json!({"id": "evt_7", "type": "invoice.paid", "created": NOW, "data": {"object": manual}});
    let (status, word) = fixture.stripe(event.to_string().as_bytes(), NOW).await;
    assert_eq!((status, word.as_str()), (200, "ignored\n"));
    let free = json!({"id": "cs_other", "mode": "payment", "payment_status": "paid",
        "amount_total": null, "currency": null, "client_reference_id": 7, "metadata": null});
    let event = json!({"id": "evt_8", "type": "checkout.session.completed", "created": "now",
        "data": {"object": free}});
    let (status, word) = fixture.stripe(event.to_string().as_bytes(), NOW).await;
    assert_eq!((status, word.as_str()), (200, "ignored\n"));
    let kept = fixture.club.deliveries(Page::FIRST).await.unwrap();
    let kinds: Vec<_> = kept.iter().map(|kept| kept.kind.as_str()).collect();
    assert_eq!(kinds, ["invoice.paid", "checkout.session.completed"]);
}

#[tokio::test]
async fn what_our_order_lacks_is_held() {
    let fixture = Fixture::new().await;
    let order = fixture.order(500).await;
    let mut body: serde_json::Value = serde_json::from_slice(&paid(&order, 500)).unwrap();
    body["data"]["object"]["amount_total"] = json!(null);
    let (status, word) = fixture.stripe(body.to_string().as_bytes(), NOW).await;
    assert_eq!((status, word.as_str()), (200, "held\n"));
    let kept = fixture.club.deliveries(Page::FIRST).await.unwrap();
    assert!(kept[0].effect.ends_with("no whole number at /amount_total"), "{}", kept[0].effect);
    assert_eq!(fixture.club.alerts(false, Page::FIRST).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_hook_of_the_configuration_is_verified_as_it_says() {
    let fixture = Fixture::new().await;
    let order = fixture.order(500).await;
    let body = json!({"id": "p1", "total": 500, "currency": "USD", "order": order.reference});
    let body = body.to_string().into_bytes();
    let tag = HEXLOWER.encode(&mac("hook-secret", &[&body]));
    let event = ("x-event", "order_created".to_owned());
    let unsigned = fixture.post("/webhooks/shop", std::slice::from_ref(&event), body.clone()).await;
    assert_eq!(unsigned.0, 400);
    let headers = [("x-signature", format!("sha256={tag}")), event];
    let (status, word) = fixture.post("/webhooks/shop", &headers, body.clone()).await;
    // The order is to be paid at Stripe.
    assert_eq!((status, word.as_str()), (200, "held\n"));
}

struct Fixture {
    _folder: TempDir,
    club: Arc<Club>,
    payments: Arc<Payments>,
    router: Router,
    unix: Arc<AtomicU32>,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = Image {
            roster: Arc::new(Roster::new()),
            rights: Arc::new(Entitlements::default()),
            aliases: Arc::default(),
            items: Arc::new(Nowhere),
        };
        let store = Arc::new(Sqlite::open(&folder.path().join("club.db")).await.unwrap());
        let club = Club::open(store, image, Names::from(&Rules::default())).await.unwrap().0;
        let club = Arc::new(club);
        let ada =
            NewMember { name: "ada".to_owned(), tier: "outsider".to_owned(), tier_until: None };
        club.add_member(&stamp(), ada).await.unwrap();
        let unix = Arc::new(AtomicU32::new(NOW));
        let read = Arc::clone(&unix);
        let clock = Box::new(move || Now { secs: 0, unix: read.load(Ordering::Relaxed) });
        let payments = Arc::new(Payments::new(Arc::clone(&club), providers(), clock).unwrap());
        let router = router(Arc::clone(&payments));
        Self { _folder: folder, club, payments, router, unix }
    }

    /// An order for so much more in ada's balance.
    async fn order(&self, minor: i64) -> Checkout {
        let new = NewCheckout {
            provider: "stripe".to_owned(),
            member: "ada".to_owned(),
            product: ProductRequest::Topup(usd(minor)),
        };
        let made = self.club.make_checkout(&stamp(), "key", new).await.unwrap();
        self.club.set_session(made.id, "cs_1", "https://pay.example.org").await.unwrap().0
    }

    async fn stripe(&self, body: &[u8], now: u32) -> (u16, String) {
        let headers = [("stripe-signature", signature("whsec_test", now, body))];
        self.post("/webhooks/stripe", &headers, body.to_vec()).await
    }

    async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> (u16, String) {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    async fn balance(&self) -> i64 {
        let balances = self.club.balance("ada").await.unwrap();
        balances.first().map_or(0, |balance| balance.prepaid.minor)
    }
}

fn providers() -> Providers {
    let secrets = |text: &str| vec![Secret::new(text).unwrap()];
    let fields = HookFields {
        id: vec!["/id".to_owned()],
        amount: "/total".to_owned(),
        currency: Some("/currency".to_owned()),
        reference: Some("/order".to_owned()),
        ..HookFields::default()
    };
    let hook = Hook {
        secrets: secrets("hook-secret"),
        algorithm: Algorithm::HmacSha256,
        format: Format::Hex,
        prefix: "sha256=".to_owned(),
        fields,
        paid: vec!["order_created".to_owned()],
        refunded: Vec::new(),
        paid_status: Vec::new(),
        refunded_status: Vec::new(),
        gives: None,
    };
    let header = axum::http::HeaderName::from_static("x-signature");
    let event_header = Some(axum::http::HeaderName::from_static("x-event"));
    Providers {
        stripe: Some(Stripe { secrets: secrets("whsec_test"), live: None }),
        kofi: Some(Kofi {
            tokens: secrets("kofi-token"),
            gives: Grant { tier: "fan".to_owned(), days: 35, price: usd(300) },
            memberships: [].into(),
        }),
        hooks: [("shop".to_owned(), HookSettings { header, event_header, hook })].into(),
        ..Providers::default()
    }
}

/// A session of an order that was paid, as Stripe says so.
fn paid(order: &Checkout, minor: i64) -> Vec<u8> {
    let body = json!({
        "id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": NOW,
        "livemode": false,
        "data": {"object": {
            "id": "cs_1", "mode": "payment", "payment_status": "paid",
            "client_reference_id": order.reference, "payment_intent": "pi_1",
            "amount_total": minor, "currency": "usd",
        }},
    });
    serde_json::to_vec_pretty(&body).unwrap()
}

fn signature(secret: &str, now: u32, body: &[u8]) -> String {
    let tag = mac(secret, &[now.to_string().as_bytes(), b".", body]);
    format!("t={now},v1={}", HEXLOWER.encode(&tag))
}

fn mac(secret: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn usd(minor: i64) -> Amount {
    Currency::parse("usd").unwrap().minor(minor)
}

fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: NOW }
}

/// No tracker stands behind this fixture.
struct Nowhere;

impl Items for Nowhere {
    fn put(&self, _: &club::ListedItem) {}
    fn remove(&self, _: policy::ItemId) {}
}

const NOW: u32 = 1_800_000_000;
