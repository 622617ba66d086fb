//! The examples of `tracker.yaml` and `docs/payments.md`, taken from the files themselves, against
//! the payloads that the providers document.

use std::fs;
use std::ops::Deref;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tests::{Daemon, Database, post};

#[test]
fn a_patreon_member_pays_month_by_month() {
    let shop = Shop::new();
    shop.member("ada", "outsider");
    let january = patron("ada", "2026-01-01T08:24:05.000+00:00", "Paid");
    assert_eq!(shop.patreon("members:pledge:create", &january), Some(200));
    let first = shop.tier_end("ada", "fan");
    // The same charge is told of again and again.
    assert_eq!(shop.patreon("members:update", &january), Some(200));
    assert_eq!(shop.tier_end("ada", "fan"), first);
    let february = patron("ada", "2026-02-01T08:24:05.000+00:00", "Paid");
    assert_eq!(shop.patreon("members:update", &february), Some(200));
    assert_eq!(shop.tier_end("ada", "fan") - first, 35 * 86_400);
    assert_eq!(shop.verdicts(), ["applied", "applied", "applied"]);
    check_books(&shop);
}

#[test]
fn a_declined_charge_at_patreon_gives_nothing() {
    let shop = Shop::new();
    shop.member("bob", "outsider");
    for status in ["Declined", "Pending", "Deleted", "Other"] {
        let pledge = patron("bob", "2026-01-01T08:24:05.000+00:00", status);
        assert_eq!(shop.patreon("members:pledge:create", &pledge), Some(200));
    }
    // A follower has no charge at all.
    assert_eq!(shop.patreon("members:update", &payload("patreon", "members", 1)), Some(200));
    assert_eq!(shop.json(&["member", "show", "bob"])["tier"], "outsider");
    assert_eq!(shop.verdicts(), ["ignored"; 5]);
    // A patron whose note names nobody here waits for somebody to look.
    let stranger = patron("", "2026-01-01T08:24:05.000+00:00", "Paid");
    assert_eq!(shop.patreon("members:update", &stranger), Some(200));
    assert_eq!(shop.verdicts()[5], "held");
}

#[test]
fn a_charge_that_patreon_pays_back_takes_its_month_along() {
    let shop = Shop::new();
    shop.member("ada", "outsider");
    for month in ["2026-01-01T08:24:05.000+00:00", "2026-02-01T08:24:05.000+00:00"] {
        assert_eq!(shop.patreon("members:update", &patron("ada", month, "Paid")), Some(200));
    }
    let both = shop.tier_end("ada", "fan");
    let mut refunded = patron("ada", "2026-02-01T08:24:05.000+00:00", "Refunded");
    // By then the patron is entitled to nothing any more.
    refunded["data"]["attributes"]["currently_entitled_amount_cents"] = json!(0);
    assert_eq!(shop.patreon("members:update", &refunded), Some(200));
    assert_eq!(both - shop.tier_end("ada", "fan"), 35 * 86_400);
    check_books(&shop);
}

#[test]
fn tax_and_partial_refunds_at_lemon_squeezy_are_counted_apart() {
    let shop = Shop::new();
    shop.member("ada", "outsider");
    let order = shop.lemon_checkout();
    let paid = order.payload(0);
    assert_eq!(shop.lemon(&paid), Some(200));
    assert_eq!(shop.kept(), "5.00", "6.00 with 1.00 of tax");
    assert_eq!(shop.lemon(&order.payload(2)), Some(200));
    assert_eq!(shop.kept(), "4.00", "1.20 with 0.20 of tax was paid back");
    let mut all = order.payload(2);
    all["data"]["attributes"]["refunded_amount"] = json!(600);
    all["data"]["attributes"]["status"] = json!("refunded");
    assert_eq!(shop.lemon(&all), Some(200));
    assert_eq!(shop.kept(), "0.00");
    assert_eq!(shop.verdicts(), ["applied"; 3]);
    check_books(&shop);
}

#[test]
fn an_order_of_lemon_squeezy_counts_when_it_is_paid_and_names_a_checkout() {
    let shop = Shop::new();
    shop.member("ada", "outsider");
    let order = shop.lemon_checkout();
    let mut pending = order.payload(0);
    pending["data"]["attributes"]["status"] = json!("pending");
    assert_eq!(shop.lemon(&pending), Some(200));
    // Somebody else's goods in the same shop.
    assert_eq!(shop.lemon(&payload("lemonsqueezy", "orders", 1)), Some(200));
    assert_eq!(shop.verdicts(), ["ignored", "ignored"]);
    assert!(shop.json(&["alert", "list"]).as_array().unwrap().is_empty());
}

#[test]
fn donations_and_memberships_at_kofi_give_a_tier() {
    let shop = Shop::new();
    for name in ["ada", "bob", "eve", "joe"] {
        shop.member(name, "outsider");
    }
    let (donation, membership, tiered) = (kofi(0), kofi(1), kofi(2));
    let with = |payment: &Value, id: &str, fields: Value| {
        let mut payment = payment.clone();
        payment["kofi_transaction_id"] = json!(id);
        for (name, value) in fields.as_object().unwrap() {
            payment[name] = value.clone();
        }
        payment
    };
    let ada = with(&donation, "1", json!({"message": "Good luck with it! (member: ada)"}));
    let bob = with(&membership, "2", json!({"message": "bob: thanks"}));
    let eve =
        with(&tiered, "3", json!({"from_name": "eve", "tier_name": "Gold", "amount": "5.00"}));
    for payment in [&ada, &bob, &eve] {
        assert_eq!(shop.kofi(payment), Some(200));
    }
    let first = shop.tier_end("ada", "fan");
    shop.tier_end("bob", "fan");
    shop.tier_end("eve", "patron");
    // The next month of a membership.
    let again = with(&ada, "4", json!({"type": "Subscription", "is_subscription_payment": true}));
    assert_eq!(shop.kofi(&again), Some(200));
    assert_eq!(shop.tier_end("ada", "fan") - first, 35 * 86_400);
    assert_eq!(shop.verdicts(), ["applied"; 4]);
    for payment in [
        with(&ada, "5", json!({"amount": "2.99"})),
        with(&ada, "6", json!({"currency": "EUR"})),
        with(&donation, "7", json!({})),
        with(&eve, "8", json!({"amount": "4.99"})),
        with(&ada, "9", json!({"message": "joe is great", "from_name": "bob"})),
    ] {
        assert_eq!(shop.kofi(&payment), Some(200));
    }
    assert_eq!(shop.verdicts()[4..], ["held"; 5]);
    assert_eq!(shop.json(&["member", "show", "joe"])["tier"], "outsider");
    check_books(&shop);
}

#[test]
fn shop_orders_and_commissions_at_kofi_give_nothing() {
    let shop = Shop::new();
    shop.member("ada", "outsider");
    for mut payment in [kofi(3), kofi(4)] {
        payment["message"] = json!("member: ada");
        payment["from_name"] = json!("ada");
        assert_eq!(shop.kofi(&payment), Some(200));
    }
    assert_eq!(shop.json(&["member", "show", "ada"])["tier"], "outsider");
    assert_eq!(shop.verdicts(), ["ignored", "ignored"]);
}

#[test]
fn a_reference_in_a_message_at_kofi_pays_its_checkout() {
    let shop = Shop::new();
    shop.member("ada", "outsider");
    let reference = shop.reference("kofi");
    let with = |index: usize, id: &str, amount: &str| {
        let mut payment = kofi(index);
        payment["message"] = json!(format!("Good luck! {reference}."));
        payment["kofi_transaction_id"] = json!(id);
        payment["amount"] = json!(amount);
        payment
    };
    // Of the shop's goods or not, for its own amount.
    assert_eq!(shop.kofi(&with(0, "1", "5.01")), Some(200));
    assert_eq!(shop.kofi(&with(4, "2", "5.00")), Some(200));
    assert_eq!(shop.verdicts(), ["held", "applied"]);
    assert_eq!(shop.kept(), "5.00");
    assert_eq!(shop.json(&["member", "show", "ada"])["tier"], "outsider");
    check_books(&shop);
}

#[test]
fn a_nul_in_a_signed_webhook_is_kept_like_any_text() {
    let database = Database::make();
    let shop = Shop::with(&format!("database: {}\n", database.url()));
    shop.member("ada", "outsider");
    let mut payment = kofi(0);
    payment["message"] = json!("a\u{0}da");
    payment["from_name"] = json!("\u{0}");
    payment["kofi_transaction_id"] = json!("t\u{0}1");
    assert_eq!(shop.kofi(&payment), Some(200));
    assert_eq!(shop.verdicts(), ["held"]);
}

/// A daemon with all examples of the two files.
struct Shop {
    daemon: Daemon,
    _secrets: TempDir,
}

impl Shop {
    fn new() -> Self {
        Self::with("")
    }

    fn with(rest: &str) -> Self {
        let secrets = tempfile::tempdir().unwrap();
        let example = examples();
        let path = secrets.path().display().to_string();
        let example = example
            .replace("secrets/", &format!("{path}/"))
            .replace("$STRIPE_WEBHOOK_SECRET", &format!("{path}/stripe_webhook"));
        let words = example.split(|c: char| c.is_whitespace() || "[],".contains(c));
        for file in words.filter(|word| word.starts_with(&path)) {
            let name = file.rsplit('/').next().unwrap();
            fs::write(file, format!("{name}-secret\n")).unwrap();
        }
        let daemon = Daemon::start("", &format!("payments:\n{example}{rest}"));
        Self { daemon, _secrets: secrets }
    }

    fn deliver(&self, name: &str, headers: &str, body: &[u8]) -> Option<u16> {
        post(self.listening().web.port(), &format!("/webhooks/{name}"), headers, body)
    }

    fn patreon(&self, kind: &str, member: &Value) -> Option<u16> {
        let body = member.to_string();
        let tag = tag::<Hmac<Md5>>("patreon-secret", body.as_bytes());
        let headers = format!("X-Patreon-Signature: {tag}\r\nX-Patreon-Event: {kind}\r\n");
        self.deliver("patreon", &headers, body.as_bytes())
    }

    fn lemon(&self, order: &Value) -> Option<u16> {
        let body = order.to_string();
        let tag = tag::<Hmac<Sha256>>("lemon-secret", body.as_bytes());
        self.deliver("lemon", &format!("X-Signature: {tag}\r\n"), body.as_bytes())
    }

    fn kofi(&self, payment: &Value) -> Option<u16> {
        let mut payment = payment.clone();
        payment["verification_token"] = json!("kofi_token-secret");
        let json = payment.to_string();
        let data = percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC);
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.deliver("kofi", form, format!("data={data}").as_bytes())
    }

    /// What ada is to pay 5.00 for at Lemon Squeezy.
    fn lemon_checkout(&self) -> LemonOrder {
        LemonOrder { reference: self.reference("lemon") }
    }

    /// The reference of a checkout for 5.00 more in ada's balance.
    fn reference(&self, provider: &str) -> String {
        let topup =
            ["checkout", "add", "ada", "--topup", "5.00", "--currency", "usd", "--provider"];
        let made = self.json(&[&topup[..], &[provider]].concat());
        made["reference"].as_str().unwrap().to_owned()
    }

    fn kept(&self) -> String {
        let shown = self.json(&["checkout", "show", "1"]);
        shown["payments"][0]["kept"]["amount"].as_str().unwrap().to_owned()
    }

    /// When a member's tier ends, in Unix seconds.
    #[track_caller]
    fn tier_end(&self, member: &str, tier: &str) -> i64 {
        let shown = self.json(&["member", "show", member]);
        assert_eq!(shown["tier"], tier, "{shown}");
        let until: jiff::Timestamp = shown["tier_until"].as_str().unwrap().parse().unwrap();
        until.as_second()
    }

    fn verdicts(&self) -> Vec<String> {
        let events = self.json(&["event", "list"]);
        let verdict = |event: &Value| event["verdict"].as_str().unwrap().to_owned();
        events.as_array().unwrap().iter().map(verdict).collect()
    }
}

impl Deref for Shop {
    type Target = Daemon;

    fn deref(&self) -> &Daemon {
        &self.daemon
    }
}

struct LemonOrder {
    reference: String,
}

impl LemonOrder {
    fn payload(&self, index: usize) -> Value {
        let mut order = payload("lemonsqueezy", "orders", index);
        order["meta"]["custom_data"]["order"] = json!(self.reference);
        order
    }
}

/// The lines below `payments:` of all examples.
fn examples() -> String {
    let (_, section) = TRACKER.split_once("\npayments:\n").unwrap();
    // Lines of YAML are further in than sentences.
    let lines = section.lines().take_while(|line| line.is_empty() || line.starts_with("  "));
    let example: String = lines
        .filter_map(|line| line.strip_prefix("  #   "))
        .map(|line| format!("  {line}\n"))
        .collect();
    let hooks = DOCS.split("```yaml\n").skip(1).map(|block| {
        let (block, _) = block.split_once("```").unwrap();
        block.strip_prefix("payments:\n  hooks:\n").unwrap()
    });
    let hooks: String = hooks.collect();
    assert!(example.contains("  hooks:\n    patreon:\n") && hooks.contains("    lemon:\n"));
    // The hooks are the last of the example.
    example + &hooks
}

fn patron(note: &str, date: &str, status: &str) -> Value {
    let mut member = payload("patreon", "members", 0);
    let attributes = &mut member["data"]["attributes"];
    attributes["note"] = json!(note);
    attributes["last_charge_date"] = json!(date);
    attributes["last_charge_status"] = json!(status);
    member
}

fn kofi(index: usize) -> Value {
    payload("kofi", "payments", index)
}

fn payload(provider: &str, list: &str, index: usize) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/club/tests/data/payloads");
    let text = fs::read_to_string(format!("{folder}/{provider}.json")).unwrap();
    let documents: Value = serde_json::from_str(&text).unwrap();
    documents[list][index].clone()
}

fn tag<M: Mac + KeyInit>(secret: &str, body: &[u8]) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

fn check_books(daemon: &Daemon) {
    let trial = daemon.json(&["ledger", "trial"]).to_string();
    assert!(trial.contains("\"sum\":\"0.00\"") || trial.contains("\"sum\":0"), "{trial}");
}

const DOCS: &str = include_str!("../../docs/payments.md");
const TRACKER: &str = include_str!("../../tracker.yaml");
