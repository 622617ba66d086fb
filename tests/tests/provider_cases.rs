//! What other shops on the same account, failed refunds and lost invoices do to a daemon: the inputs
//! of public bug reports, sent by providers that sign as the real ones do.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Ask, Daemon, Provider, btcpay_signature, eventually, post, stripe_signature};

const REEL: [u8; 20] = *b"reel reel reel reel ";

#[test]
fn a_session_of_another_shop_pays_no_checkout_of_ours() {
    let shop = Shop::stripe();
    let (made, ask) = shop.checkout("ada");
    let reference = made["reference"].as_str().unwrap();
    let foreign = |id: u64, reference: &str| {
        let mut event = paid(id, "cs_other_site_1", 225, "pi_other_1");
        event["data"]["object"]["client_reference_id"] = json!(reference);
        event["data"]["object"]["metadata"] = json!({"order": reference});
        event
    };
    for (id, reference) in [(1, "1"), (2, reference)] {
        assert_eq!(shop.send(&foreign(id, reference)), Some(200));
        assert!(shop.refuses(&ask), "{reference}");
    }
    assert_eq!(shop.verdicts(), ["ignored", "ignored"]);
    assert_eq!(shop.daemon.json(&["checkout", "show", "1"])["state"], "pending");
    assert_eq!(shop.send(&paid(3, "cs_1", 225, "pi_1")), Some(200));
    assert!(!shop.refuses(&ask));
    // By a Payment Link that carries the reference, of another buyer.
    let (made, ask) = shop.checkout("bob");
    let mut link = foreign(4, made["reference"].as_str().unwrap());
    link["data"]["object"]["payment_link"] = json!("plink_1");
    assert_eq!(shop.send(&link), Some(200));
    assert!(!shop.refuses(&ask));
}

#[test]
fn a_refund_that_failed_gives_back_the_right() {
    let shop = Shop::stripe();
    let (_, ask) = shop.checkout("ada");
    shop.send(&paid(1, "cs_1", 225, "pi_1"));
    let charge = json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 225,
        "currency": "usd", "metadata": {}});
    shop.send(&event(2, "charge.refunded", charge));
    assert!(shop.refuses(&ask), "paid back");
    let refund = json!({"id": "re_1", "object": "refund", "amount": 225, "charge": "ch_1",
        "payment_intent": "pi_1", "currency": "usd", "status": "failed",
        "failure_reason": "lost_or_stolen_card", "metadata": {}});
    assert_eq!(shop.send(&event(3, "refund.failed", refund)), Some(200));
    assert!(!shop.refuses(&ask), "the money came back");
    let order = shop.daemon.json(&["order", "show", "1"]);
    assert_eq!((&order["state"], &order["paid_back"]["minor"]), (&json!("paid"), &json!(0)));
    let checkout = shop.daemon.json(&["checkout", "show", "1"]);
    assert_eq!(checkout["refunds"][0]["state"], "failed");
    shop.check_books();
}

#[test]
fn an_order_stays_paid_while_one_of_two_payments_is_kept() {
    let shop = Shop::stripe();
    let (made, ask) = shop.checkout("ada");
    shop.send(&paid(1, "cs_1", 225, "pi_1"));
    let mut second = paid(2, "cs_2", 225, "pi_2");
    second["data"]["object"]["client_reference_id"] = made["reference"].clone();
    second["data"]["object"]["payment_link"] = json!("plink_1");
    shop.send(&second);
    assert_eq!(shop.verdicts(), ["applied", "held"]);
    for (id, payment, state) in [(3, "pi_2", "paid"), (4, "pi_1", "refunded")] {
        let charge = json!({"id": "ch_1", "payment_intent": payment, "amount_refunded": 225,
            "currency": "usd", "metadata": {}});
        shop.send(&event(id, "charge.refunded", charge));
        assert_eq!(shop.daemon.json(&["order", "show", "1"])["state"], state);
        assert_eq!(shop.daemon.json(&["checkout", "show", "1"])["state"], state);
        assert_eq!(shop.refuses(&ask), state == "refunded");
    }
    shop.check_books();
}

#[test]
fn an_invoice_that_the_server_does_not_know_stops_no_other() {
    let (shop, _) = Shop::btcpay(|asked| match asked {
        "inv_1" => (404, json!({"code": "invoice-not-found", "message": "no such invoice"})),
        "inv_2" => (500, json!({})),
        other => (200, invoice(other, "Settled", "")),
    });
    let asks = ["ada", "bob", "cleo"].map(|member| shop.checkout(member).1);
    eventually("the webhook that was lost is made up for", || {
        (shop.daemon.json(&["checkout", "show", "3"])["state"] == "paid").then_some(())
    });
    assert_eq!(asks.each_ref().map(|ask| shop.refuses(ask)), [true, true, false]);
    let [gone, later] = ["1", "2"].map(|id| shop.daemon.json(&["checkout", "show", id]));
    assert_eq!((&gone["state"], &later["state"]), (&json!("closed"), &json!("pending")));
    let alerts = shop.daemon.json(&["alert", "list"]).to_string();
    assert!(alerts.contains("BTCPay knows no invoice inv_1 any more"), "{alerts}");
    let asked = || shop.provider.asked().iter().filter(|it| it.what.ends_with("inv_1")).count();
    let before = asked();
    let others = shop.provider.asked().len();
    eventually("it is asked again", || (shop.provider.asked().len() > others + 4).then_some(()));
    assert_eq!(asked(), before, "what is closed is not asked about");
}

#[test]
fn an_invoice_of_another_shop_pays_no_checkout_of_ours() {
    let (shop, reference) = Shop::btcpay(|_| (200, invoice("", "New", "")));
    let (made, ask) = shop.checkout("ada");
    let told = made["reference"].as_str().unwrap().to_owned();
    *reference.lock().unwrap() = told;
    let body = json!({"deliveryId": "dlv_1", "type": "InvoiceSettled", "timestamp": 1,
        "isRedelivery": false, "storeId": "store_1", "invoiceId": "shopA"});
    let body = body.to_string();
    let header = btcpay_signature("whsec_e2e", body.as_bytes());
    let port = shop.daemon.listening().web.port();
    assert_eq!(post(port, "/webhooks/btcpay", &header, body.as_bytes()), Some(200));
    assert_eq!(shop.verdicts(), ["ignored"]);
    assert!(shop.refuses(&ask));
}

#[test]
fn a_pull_payment_that_was_called_off_is_no_refund() {
    let (shop, _) = Shop::btcpay(|asked| match asked {
        "pp_1" => (200, json!({"id": "pp_1", "archived": true, "expiresAt": null})),
        "payouts" => (200, json!([{"id": "p_1", "state": "Cancelled"}])),
        invoice_id => (200, invoice(invoice_id, "Settled", "")),
    });
    let (_, ask) = shop.checkout("ada");
    eventually("it is paid", || (!shop.refuses(&ask)).then_some(()));
    shop.daemon.json(&["refund", "1"]);
    assert!(shop.refuses(&ask), "it is offered");
    eventually("it is called off", || (!shop.refuses(&ask)).then_some(()));
    let checkout = shop.daemon.json(&["checkout", "show", "1"]);
    assert_eq!(
        (&checkout["refunds"][0]["state"], &checkout["state"]),
        (&json!("cancelled"), &json!("paid"))
    );
    shop.check_books();
}

/// A daemon with one provider, where the reel costs 2.25 as a torrent.
struct Shop {
    daemon: Daemon,
    provider: Provider,
    name: &'static str,
    _secrets: TempDir,
}

impl Shop {
    fn stripe() -> Self {
        let made = Mutex::new(0);
        let provider = Provider::start(move |_| {
            let mut made = made.lock().unwrap();
            *made += 1;
            let id = format!("cs_{made}");
            (200, json!({"id": id, "object": "checkout.session", "url": "https://pay.example.org"}))
        });
        Self::open("stripe", provider, "")
    }

    /// Its server answers a question about the last part of a path as `answer` says; invoices are
    /// counted. Returns where the reference may be put that a foreign invoice carries.
    fn btcpay(
        answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static,
    ) -> (Self, Arc<Mutex<String>>) {
        let (made, reference) = (Mutex::new(0), Arc::new(Mutex::new(String::new())));
        let told = Arc::clone(&reference);
        let provider = Provider::start(move |asked| {
            let last = asked.what.rsplit('/').next().unwrap_or_default();
            if asked.what.starts_with("POST") && last == "refund" {
                return (200, json!({"id": "pp_1", "viewLink": "https://btcpay.example.org/pp_1"}));
            }
            if asked.what.starts_with("POST") {
                let mut made = made.lock().unwrap();
                *made += 1;
                return (200, invoice(&format!("inv_{made}"), "New", ""));
            }
            if last == "shopA" {
                return (200, invoice(last, "Settled", &told.lock().unwrap()));
            }
            answer(last)
        });
        (Self::open("btcpay", provider, "store: store_1, poll: 1s, "), reference)
    }

    fn open(name: &'static str, provider: Provider, more: &str) -> Self {
        let secrets = tempfile::tempdir().unwrap();
        fs::write(secrets.path().join("key"), "sk_test_e2e\n").unwrap();
        fs::write(secrets.path().join("hook"), "whsec_e2e\n").unwrap();
        let (folder, url) = (secrets.path().display(), provider.url());
        let section = format!(
            "payments:\n  {name}: {{base_url: '{url}', {more}key_file: {folder}/key, \
             webhook_secret_files: [{folder}/hook]}}"
        );
        let daemon = Daemon::start("", &section);
        daemon.item("reel", REEL, "club");
        daemon.json(&["item", "set", "reel", "--torrent-price", "2.25", "--currency", "usd"]);
        Self { daemon, provider, name, _secrets: secrets }
    }

    /// A new member's checkout, and what they announce.
    fn checkout(&self, member: &str) -> (Value, Ask) {
        let ask = Ask::of(REEL, 1).by(&self.daemon.member(member, "outsider"));
        let add = ["checkout", "add", member, "reel", "--as", "torrent", "--provider", self.name];
        (self.daemon.json(&add), ask)
    }

    fn send(&self, event: &Value) -> Option<u16> {
        let body = event.to_string();
        let header = stripe_signature("whsec_e2e", now(), body.as_bytes());
        let port = self.daemon.listening().web.port();
        post(port, "/webhooks/stripe", &header, body.as_bytes())
    }

    fn refuses(&self, ask: &Ask) -> bool {
        self.daemon.announce(ask).text("failure reason").is_some()
    }

    fn verdicts(&self) -> Vec<String> {
        let events = self.daemon.json(&["event", "list"]);
        let verdict = |event: &Value| event["verdict"].as_str().unwrap().to_owned();
        events.as_array().unwrap().iter().map(verdict).collect()
    }

    fn check_books(&self) {
        let trial = self.daemon.json(&["ledger", "trial"]).to_string();
        assert!(trial.contains("\"sum\":\"0.00\"") || trial.contains("\"sum\":0"), "{trial}");
    }
}

fn invoice(id: &str, status: &str, reference: &str) -> Value {
    json!({"id": id, "amount": "2.25", "currency": "USD", "status": status,
        "checkoutLink": "https://btcpay.example.org/i", "metadata": {"orderId": reference}})
}

/// A session that was paid.
fn paid(id: u64, session: &str, minor: i64, payment: &str) -> Value {
    let session = json!({"id": session, "object": "checkout.session", "mode": "payment",
        "payment_status": "paid", "client_reference_id": null, "payment_intent": payment,
        "amount_total": minor, "currency": "usd", "metadata": {}});
    event(id, "checkout.session.completed", session)
}

fn event(id: u64, kind: &str, object: Value) -> Value {
    json!({"id": format!("evt_{id}"), "object": "event", "type": kind, "created": now(),
        "livemode": false, "data": {"object": object}})
}

fn now() -> u64 {
    jiff::Timestamp::now().as_second().try_into().unwrap()
}
