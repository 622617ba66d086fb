//! Orders are paid back at providers that pay each request, that are slow, and whose answers are
//! lost.

use std::fs;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Asked, Daemon, Provider, btcpay_signature, post, stripe_signature};

const REEL: [u8; 20] = *b"reel reel reel reel ";

#[test]
fn refunds_at_once_are_paid_once() {
    for provider in ["btcpay", "stripe"] {
        let shop = Shop::open(provider, Answers::Together(3));
        shop.buy("ada");
        let said = at_once(&[&["checkout", "refund", "1"][..]; 3], &shop);
        assert_eq!(said.iter().filter(|(is_done, _)| *is_done).count(), 1, "{said:?}");
        let nothing =
            said.iter().filter(|(_, said)| said.contains("nothing of checkout 1 is left"));
        assert_eq!(nothing.count(), 2, "{said:?}");
        assert_eq!(shop.refunds().len(), 1, "{provider}");
        assert_eq!(shop.daemon.json(&["checkout", "show", "1"])["state"], "refunded");
    }
}

#[test]
fn parts_at_once_are_never_more_than_was_paid() {
    let shop = Shop::open("btcpay", Answers::Together(3));
    shop.buy("ada");
    let said = at_once(&[&["checkout", "refund", "1", "--amount", "1.50"][..]; 3], &shop);
    assert_eq!(said.iter().filter(|(is_done, _)| *is_done).count(), 1, "{said:?}");
    assert_eq!(shop.refunds().len(), 1);
    assert_eq!(
        shop.daemon.json(&["checkout", "show", "1"])["payments"][0]["kept"]["amount"],
        "0.75"
    );
}

#[test]
fn the_same_key_at_once_is_answered_alike_and_paid_once() {
    let shop = Shop::open("btcpay", Answers::Together(4));
    shop.buy("ada");
    // The order and the purchase that it paid are one thing.
    let order = ["checkout", "refund", "1", "--key", "once"];
    let sale = ["refund", "1", "--key", "once"];
    let said = at_once(&[&order, &order, &sale, &sale], &shop);
    for (is_done, said) in &said {
        assert!(*is_done && said.contains("https://btcpay.example.org/pp_1"), "{said}");
    }
    assert_eq!(shop.refunds().len(), 1);
    let other = shop.daemon.refuses(&["checkout", "refund", "1", "--key", "once", "--amount", "1"]);
    assert!(other.contains("the key `once` was used for another request, see refund 1"), "{other}");
}

#[test]
fn the_payers_link_is_printed_and_kept() {
    let shop = Shop::open("btcpay", Answers::All);
    shop.buy("ada");
    let link = json!("https://btcpay.example.org/pp_1");
    let part = ["refund", "1", "--amount", "1.00", "--key", "part"];
    assert_eq!(shop.daemon.json(&part)["link"], link);
    let rest = shop.daemon.json(&["refund", "1"]);
    assert_eq!(
        (&rest["kind"], &rest["link"]),
        (&json!("refund"), &json!("https://btcpay.example.org/pp_2"))
    );
    let again = shop.daemon.json(&part);
    assert_eq!(again["link"], link);
    assert_ne!(again["id"], rest["id"], "the first's entry");
    assert_eq!(shop.daemon.json(&["checkout", "refund", "1", "--key", "part"])["link"], link);
    let order = shop.daemon.json(&["checkout", "show", "1"]);
    assert_eq!(
        (&order["refunds"][0]["link"], &order["refunds"][0]["amount"]["amount"]),
        (&link, &json!("1.00"))
    );
    let shown = shop.daemon.run(&["checkout", "show", "1"]).stdout;
    assert!(String::from_utf8_lossy(&shown).contains("https://btcpay.example.org/pp_2"));
    assert_eq!(shop.refunds().len(), 2);
}

#[test]
fn what_btcpay_did_not_answer_is_not_asked_for_again() {
    let mut shop = Shop::open("btcpay", Answers::Lost);
    shop.buy("ada");
    let refund = ["checkout", "refund", "1", "--key", "first"];
    for again in [&refund[..], &refund, &refund[..3]] {
        let said = shop.daemon.refuses(again);
        assert!(
            said.contains("whether 2.25 usd of checkout 1 were paid back is not known"),
            "{said}"
        );
        assert!(
            said.contains("look at btcpay, then say `usher checkout answer 1 --made`"),
            "{said}"
        );
    }
    shop.daemon.kill();
    shop.daemon.restart();
    shop.daemon.refuses(&refund);
    assert_eq!(shop.refunds().len(), 1);
    let order = shop.daemon.json(&["checkout", "show", "1"]);
    assert_eq!((&order["state"], &order["refunds"][0]["made"]), (&json!("paid"), &json!(false)));

    shop.daemon.json(&["checkout", "answer", "1", "--not-made"]);
    shop.daemon.refuses(&refund);
    assert_eq!(shop.refunds().len(), 2, "a person said that it was not made");
    let made = ["checkout", "answer", "1", "--made", "--link", "https://btcpay.example.org/pp_2"];
    assert_eq!(shop.daemon.json(&made)["state"], "refunded");
    assert_eq!(shop.daemon.json(&refund)["link"], "https://btcpay.example.org/pp_2");
    let said = shop.daemon.refuses(&made);
    assert!(said.contains("each refund of checkout 1 was answered"), "{said}");
    assert_eq!(shop.refunds().len(), 2);
}

#[test]
fn what_stripe_did_not_answer_is_asked_again_by_its_own_key() {
    let shop = Shop::open("stripe", Answers::LostOnce);
    shop.buy("ada");
    let said = shop.daemon.refuses(&["checkout", "refund", "1", "--amount", "1.00", "--key", "k"]);
    assert!(
        said.contains("`usher checkout refund 1 --key k` asks again and pays it once"),
        "{said}"
    );
    let said = shop.daemon.refuses(&["checkout", "refund", "1", "--amount", "1.00"]);
    assert!(said.contains("the answer of stripe was lost"), "{said}");
    assert_eq!(shop.refunds().len(), 1);
    let made = shop.daemon.json(&["checkout", "refund", "1", "--key", "k"]);
    assert_eq!(made["payments"][0]["kept"]["amount"], "1.25");
    let asked = shop.refunds();
    let key = |asked: &Asked| (asked.header("idempotency-key").to_owned(), asked.body.clone());
    assert_eq!(key(&asked[0]), key(&asked[1]));
    assert_eq!(asked.len(), 2);
}

#[test]
fn what_a_provider_refused_may_be_asked_for_again() {
    let shop = Shop::open("btcpay", Answers::Refused);
    shop.buy("ada");
    for _ in 0..2 {
        let said = shop.daemon.refuses(&["checkout", "refund", "1", "--key", "k"]);
        assert!(said.contains("btcpay refused with 403: no such permission"), "{said}");
    }
    assert_eq!(shop.refunds().len(), 2);
    assert_eq!(shop.daemon.json(&["checkout", "show", "1"])["refunds"], json!([]));
}

/// How refunds are answered.
#[derive(Clone, Copy)]
enum Answers {
    All,
    /// Never.
    Lost,
    LostOnce,
    Refused,
    /// Once so many were asked for, or a while has passed.
    Together(usize),
}

/// A daemon with a provider, where ada buys the reel for 2.25.
struct Shop {
    daemon: Daemon,
    provider: Provider,
    name: &'static str,
    _secrets: TempDir,
}

impl Shop {
    fn open(name: &'static str, answers: Answers) -> Self {
        let asked = Arc::new((Mutex::new(0), Condvar::new()));
        let provider = Provider::start(move |call| answer(call, answers, &asked));
        let secrets = tempfile::tempdir().unwrap();
        fs::write(secrets.path().join("key"), "sk_test_e2e\n").unwrap();
        fs::write(secrets.path().join("hook"), "whsec_e2e\n").unwrap();
        let folder = secrets.path().display();
        let store = if name == "btcpay" { "store: store_1, " } else { "" };
        let daemon = Daemon::start(
            "",
            &format!(
                "payments:\n  {name}: {{base_url: '{}', {store}key_file: {folder}/key, \
                 webhook_secret_files: [{folder}/hook]}}",
                provider.url()
            ),
        );
        daemon.item("reel", REEL, "club");
        let price = ["item", "set", "reel", "--torrent-price", "2.25", "--currency", "usd"];
        daemon.json(&price);
        Self { daemon, provider, name, _secrets: secrets }
    }

    fn buy(&self, member: &str) {
        self.daemon.member(member, "outsider");
        let order = ["checkout", "add", member, "reel", "--as", "torrent", "--provider", self.name];
        self.daemon.json(&order);
        let body = match self.name {
            "btcpay" => json!({"deliveryId": "dlv_1", "type": "InvoiceSettled", "timestamp": 1,
                "isRedelivery": false, "storeId": "store_1", "invoiceId": "inv_1"}),
            _ => json!({"id": "evt_1", "object": "event", "type": "checkout.session.completed",
                "created": 1, "livemode": false, "data": {"object": {
                "id": "cs_1", "object": "checkout.session", "mode": "payment",
                "payment_status": "paid", "client_reference_id": null, "payment_intent": "pi_1",
                "amount_total": 225, "currency": "usd", "metadata": {}}}}),
        };
        let body = body.to_string();
        let now = jiff::Timestamp::now().as_second().try_into().unwrap();
        let header = match self.name {
            "btcpay" => btcpay_signature("whsec_e2e", body.as_bytes()),
            _ => stripe_signature("whsec_e2e", now, body.as_bytes()),
        };
        let path = format!("/webhooks/{}", self.name);
        let port = self.daemon.listening().web.port();
        assert_eq!(post(port, &path, &header, body.as_bytes()), Some(200));
        assert_eq!(self.daemon.json(&["checkout", "show", "1"])["state"], "paid");
    }

    fn refunds(&self) -> Vec<Asked> {
        self.provider.asked().into_iter().filter(is_refund).collect()
    }
}

fn is_refund(call: &Asked) -> bool {
    call.what.starts_with("POST") && call.what.contains("refund")
}

fn answer(call: &Asked, answers: Answers, asked: &(Mutex<usize>, Condvar)) -> (u16, Value) {
    if !is_refund(call) {
        let url = "https://pay.example.org/1";
        let status = if call.what.starts_with("GET") { "Settled" } else { "New" };
        return if call.what.contains("/checkout/sessions") {
            (200, json!({"id": "cs_1", "object": "checkout.session", "url": url}))
        } else {
            (
                200,
                json!({"id": "inv_1", "amount": "2.25", "currency": "USD", "status": status,
                "checkoutLink": url, "metadata": {}}),
            )
        };
    }
    let (count, more) = asked;
    let mut count = count.lock().unwrap();
    *count += 1;
    let number = *count;
    match answers {
        Answers::Lost => return (502, json!({})),
        Answers::LostOnce if number == 1 => return (502, json!({})),
        Answers::Refused => return (403, json!({"message": "no such permission"})),
        Answers::Together(wanted) => {
            more.notify_all();
            let patience = Duration::from_millis(500);
            drop(more.wait_timeout_while(count, patience, |count| *count < wanted).unwrap());
        }
        Answers::All | Answers::LostOnce => {}
    }
    let link = format!("https://btcpay.example.org/pp_{number}");
    (200, json!({"id": format!("re_{number}"), "status": "succeeded", "viewLink": link}))
}

/// Asks all of these at once: whether each was done, and what was said.
fn at_once(asked: &[&[&str]], shop: &Shop) -> Vec<(bool, String)> {
    thread::scope(|scope| {
        let mut asking = Vec::new();
        for arguments in asked {
            asking.push(scope.spawn(move || {
                let output = shop.daemon.run(arguments);
                let said = [output.stdout, output.stderr].concat();
                (output.status.success(), String::from_utf8_lossy(&said).into_owned())
            }));
        }
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    })
}
