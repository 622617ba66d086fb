//! A Stripe that nobody pays at: its page leads back to the shop, and a test says what it reports, and when.

use std::fs;
use std::sync::Mutex;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Asked, Provider, post, stripe_signature};

use crate::shop::Shop;

/// Stripe's API and the pages it sends payers to, on an address that is not the shop's.
pub(crate) struct Stripe {
    provider: Provider,
    secrets: TempDir,
}

impl Stripe {
    pub(crate) fn start() -> Self {
        let secrets = tempfile::tempdir().expect("a folder");
        for (name, secret) in [("key", "sk_test"), ("secret", SECRET)] {
            fs::write(secrets.path().join(name), secret).expect("a secret");
        }
        let pages = Mutex::new(Vec::new());
        let provider = Provider::start(move |asked| answer(asked, &mut pages.lock().unwrap()));
        Self { provider, secrets }
    }

    /// The section `payments` of `tracker.yaml`.
    pub(crate) fn settings(&self) -> String {
        let folder = self.secrets.path().display();
        format!(
            "payments:\n  stripe: {{base_url: '{}', key_file: '{folder}/key', webhook_secret_files: ['{folder}/secret']}}\n",
            self.provider.url()
        )
    }

    /// Reports that the session of this number, from 1, was paid.
    #[track_caller]
    pub(crate) fn says_paid(&self, shop: &Shop, number: u32, minor: u32) {
        let session = json!({
            "id": format!("cs_{number}"), "object": "checkout.session", "mode": "payment",
            "payment_status": "paid", "payment_intent": format!("pi_{number}"),
            "amount_total": minor, "currency": "usd", "metadata": {},
        });
        send(shop, &format!("evt_paid_{number}"), "checkout.session.completed", &session);
    }

    /// Reports that a session ended without a payment.
    #[track_caller]
    pub(crate) fn says_expired(&self, shop: &Shop, number: u32) {
        let session = json!({
            "id": format!("cs_{number}"), "object": "checkout.session", "mode": "payment",
            "payment_status": "unpaid", "metadata": {},
        });
        send(shop, &format!("evt_expired_{number}"), "checkout.session.expired", &session);
    }
}

/// Makes sessions, and shows the page of each.
fn answer(asked: &Asked, pages: &mut Vec<String>) -> (u16, Value) {
    if let Some(number) = asked.what.strip_prefix("GET /pay/cs_") {
        let number: usize = number.parse().expect("a number");
        return (200, Value::String(pages[number - 1].clone()));
    }
    if asked.what == "POST /v1/refunds" {
        return (200, json!({"id": "re_1", "object": "refund", "status": "succeeded"}));
    }
    if asked.what != "POST /v1/checkout/sessions" {
        return (404, json!({"error": {"message": format!("no {}", asked.what)}}));
    }
    let form = asked.form();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let (paid, left) = (field("success_url").expect("a URL"), field("cancel_url").expect("a URL"));
    pages.push(format!(
        "<!doctype html><title>Checkout</title><main><h1>Pay here</h1>\
         <p><a href=\"{paid}\">Pay</a><p><a href=\"{left}\">Leave</a></main>"
    ));
    let id = format!("cs_{}", pages.len());
    let url = format!("http://{}/pay/{id}", asked.header("host"));
    (200, json!({"id": id, "object": "checkout.session", "url": url}))
}

#[track_caller]
fn send(shop: &Shop, id: &str, kind: &str, object: &Value) {
    let now: u64 = jiff::Timestamp::now().as_second().try_into().expect("a clock that is set");
    let event = json!({"id": id, "object": "event", "type": kind, "created": now,
        "livemode": false, "data": {"object": object}});
    let body = event.to_string();
    let signature = stripe_signature(SECRET, now, body.as_bytes());
    let port = shop.listening().web.port();
    assert_eq!(post(port, "/webhooks/stripe", &signature, body.as_bytes()), Some(200));
}

const SECRET: &str = "whsec_test";
