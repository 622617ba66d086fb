//! Payments from order to announce, against providers that sign as the real ones do, send twice,
//! out of order and late, and do not always get through.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Ask, Asked, Daemon, Provider, btcpay_signature, eventually, post, stripe_signature};

const FILM: [u8; 20] = *b"film film film film ";

#[test]
fn paid_at_stripe_is_inside_and_paid_back_is_outside() {
    let stripe = stripe();
    let daemon = daemon(&stripe_section(&stripe));
    daemon.item("film", FILM, "club");
    daemon.json(&[
        "item",
        "set",
        "film",
        "--torrent-price",
        "2.25",
        "--direct-price",
        "3.00",
        "--currency",
        "usd",
    ]);
    let ask = Ask::of(FILM, 1).by(&daemon.member("ada", "outsider"));
    assert!(refused(&daemon, &ask));

    let made =
        daemon.json(&["checkout", "add", "ada", "film", "--as", "torrent", "--provider", "stripe"]);
    assert_eq!((&made["state"], &made["amount"]), (&json!("pending"), &json!("2.25")));
    assert_eq!(made["url"], "https://pay.example.org/cs_1");
    let reference = made["reference"].as_str().unwrap();
    check_session_call(&stripe.asked()[0], reference);
    assert!(refused(&daemon, &ask), "an order is not a payment");

    assert_eq!(send(&daemon, &session_paid(1, 1, 224)), Some(200));
    assert!(refused(&daemon, &ask), "less was paid");
    assert_eq!(send(&daemon, &session_paid(2, 1, 225)), Some(200));
    assert!(!refused(&daemon, &ask), "paid");
    let events = daemon.json(&["event", "list"]);
    let verdicts: Vec<_> = events.as_array().unwrap().iter().map(|e| &e["verdict"]).collect();
    assert_eq!(verdicts, ["held", "applied"]);

    // The purchase from the balance is the first as well.
    let paid_back = daemon.json(&["refund", "1"]);
    assert_eq!(paid_back["kind"], "refund");
    assert_eq!(daemon.json(&["checkout", "show", "1"])["state"], "refunded");
    let call = stripe.asked().pop().unwrap();
    assert_eq!(call.what, "POST /v1/refunds");
    let key = call.header("idempotency-key").trim_start_matches("refund:").to_owned();
    let expected = [("payment_intent", "pi_1"), ("amount", "225"), ("metadata[key]", &key)];
    assert_eq!(call.form(), pairs(&expected));
    assert!(refused(&daemon, &ask), "paid back");
    assert_eq!(send(&daemon, &refunded(3, 1, 225)), Some(200));
    assert_eq!(
        daemon.json(&["checkout", "show", "1"])["payments"][0]["refunded"]["amount"],
        "2.25"
    );
    check_books(&daemon);
    assert!(!daemon.log().contains("whsec_e2e") && !daemon.log().contains("sk_test_e2e"));
}

#[test]
fn forged_stale_and_oversized_webhooks_do_nothing_and_are_counted() {
    let stripe = stripe();
    let daemon = daemon(&stripe_section(&stripe));
    let ada = daemon.member("ada", "outsider");
    let topup =
        ["checkout", "add", "ada", "--topup", "5.00", "--currency", "usd", "--provider", "stripe"];
    daemon.json(&topup);
    let body = session_paid(1, 1, 500).to_string();
    let port = daemon.listening().web.port();
    let deliver = |headers: &str, body: &[u8]| post(port, "/webhooks/stripe", headers, body);
    let good = stripe_signature("whsec_e2e", now(), body.as_bytes());
    let late = stripe_signature("whsec_e2e", now() - 400, body.as_bytes());
    let other = stripe_signature("whsec_other", now(), body.as_bytes());
    assert_eq!(deliver("", body.as_bytes()), Some(400));
    assert_eq!(deliver(&late, body.as_bytes()), Some(400));
    assert_eq!(deliver(&other, body.as_bytes()), Some(400));
    assert_eq!(deliver(&good, &body.as_bytes()[1..]), Some(400));
    assert_eq!(deliver(&good, &vec![b' '; 300 << 10]), Some(413));
    assert_eq!(deliver(&good, body.as_bytes()), Some(200));
    assert_eq!(deliver(&good, body.as_bytes()), Some(200), "a replay in time is a duplicate");
    let id = ada["id"].to_string();
    let balance = daemon.json(&["balance", &id]).to_string();
    assert!(balance.contains("5.00") && !balance.contains("10.00"), "{balance}");

    for _ in 0..2 {
        let part = ["checkout", "refund", "1", "--amount", "1.50", "--key", "once"];
        assert_eq!(daemon.json(&part)["payments"][0]["kept"]["amount"], "3.50");
    }
    assert_eq!(stripe.asked().len(), 2, "a session and one refund");
    let said = daemon.refuses(&["checkout", "refund", "1", "--amount", "3.51"]);
    assert!(said.contains("3.50 usd are left of checkout 1"), "{said}");

    let mut http = tests::Http::to(daemon.listening().admin.port());
    let metrics = String::from_utf8(http.get("/metrics", "").body).unwrap();
    for (verdict, count) in [("forged", 3), ("stale", 1), ("oversized", 1), ("applied", 2)] {
        let line =
            format!("usher_webhooks_total{{provider=\"stripe\",verdict=\"{verdict}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
}

/// Twenty-four orders with events that are doubled, out of order and late, from four senders,
/// while the daemon dies twice: each sender repeats until it hears 200, as providers do.
#[test]
fn whatever_the_order_each_payment_ends_as_its_events_say() {
    let stripe = stripe();
    let daemon = Arc::new(Mutex::new(daemon(&stripe_section(&stripe))));
    let mut events = Vec::new();
    let mut expected = BTreeMap::new();
    for number in 1..=24u64 {
        let daemon = daemon.lock().unwrap();
        let name = format!("m{number}");
        daemon.member(&name, "outsider");
        daemon.json(&[
            "checkout",
            "add",
            &name,
            "--topup",
            "5.00",
            "--currency",
            "usd",
            "--provider",
            "stripe",
        ]);
        let id = number * 10;
        events.push(session_paid(id, number, 500));
        let (more, state) = match number % 6 {
            0 => (vec![refunded(id + 1, number, 200), refunded(id + 2, number, 500)], "refunded"),
            1 => (vec![refunded(id + 1, number, 200)], "paid"),
            2 => (vec![disputed(id + 1, number, "needs_response")], "disputed"),
            3 => {
                let opened = disputed(id + 1, number, "needs_response");
                (vec![opened, disputed(id + 2, number, "won")], "paid")
            }
            4 => {
                let opened = disputed(id + 1, number, "needs_response");
                (vec![opened, disputed(id + 2, number, "lost")], "lost")
            }
            _ => (Vec::new(), "paid"),
        };
        events.extend(more);
        expected.insert(number, state);
    }
    let mut random = fastrand::Rng::with_seed(7);
    let doubled: Vec<_> = events.iter().filter(|_| random.u8(..10) < 2).cloned().collect();
    assert!(doubled.len() > 4);
    events.extend(doubled);
    random.shuffle(&mut events);

    let deaths = events.len() / 3;
    thread::scope(|scope| {
        for (sender, share) in events.chunks(events.len().div_ceil(4)).enumerate() {
            let daemon = &daemon;
            scope.spawn(move || {
                for (place, event) in share.iter().enumerate() {
                    if sender == 0 && [deaths / 8, deaths / 4].contains(&place) {
                        let shop = &mut daemon.lock().unwrap().daemon;
                        shop.kill();
                        shop.restart();
                    }
                    eventually("the event is taken", || {
                        let port = daemon.lock().unwrap().listening().web.port();
                        let body = event.to_string();
                        let header = stripe_signature("whsec_e2e", now(), body.as_bytes());
                        let status = post(port, "/webhooks/stripe", &header, body.as_bytes());
                        status.filter(|status| *status == 200)
                    });
                }
            });
        }
    });
    let daemon = daemon.lock().unwrap();
    let orders = daemon.json(&["checkout", "list"]);
    for (number, state) in expected {
        let place = usize::try_from(number).unwrap() - 1;
        assert_eq!(orders[place]["state"], state, "{}", orders[place]);
    }
    check_books(&daemon);
}

#[test]
fn a_subscription_lasts_as_long_as_it_is_paid() {
    let stripe = stripe();
    let daemon = daemon(&stripe_section(&stripe));
    daemon.member("ada", "outsider");
    let subscribe =
        ["checkout", "add", "ada", "--tier", "patron", "--subscribe", "--provider", "stripe"];
    let made = daemon.json(&subscribe);
    assert_eq!(
        (&made["amount"], &made["product"], &made["tier"]),
        (&json!("5.00"), &json!("subscription"), &json!("patron"))
    );
    let form = stripe.asked()[0].form();
    for pair in pairs(&[
        ("mode", "subscription"),
        ("line_items[0][price_data][recurring][interval]", "month"),
        ("subscription_data[metadata][order]", made["reference"].as_str().unwrap()),
    ]) {
        assert!(form.contains(&pair), "{pair:?} is not in {form:?}");
    }
    let (first, second) = (now() + 30 * 86_400, now() + 60 * 86_400);
    // The second period's invoice comes first.
    let reference = made["reference"].as_str().unwrap();
    for (id, end) in [(2, second), (1, first)] {
        assert_eq!(send(&daemon, &invoice_paid(id, reference, end)), Some(200));
    }
    assert_eq!(ends(&daemon), Some(second));
    let failed = event(3, "invoice.payment_failed", json!({"id": "in_3"}));
    assert_eq!(send(&daemon, &failed), Some(200));
    assert_eq!(ends(&daemon), Some(second));
    let deleted = json!({"id": "sub_1", "ended_at": first, "metadata": {"order": reference}});
    assert_eq!(send(&daemon, &event(4, "customer.subscription.deleted", deleted)), Some(200));
    assert_eq!(ends(&daemon), Some(first));
    check_books(&daemon);
}

#[test]
fn a_btcpay_webhook_wakes_and_a_lost_one_is_found_by_asking() {
    let status = Arc::new(Mutex::new("New"));
    let (said, made) = (Arc::clone(&status), Mutex::new(0));
    let btcpay = Provider::start(move |asked| {
        let mut made = made.lock().unwrap();
        *made += usize::from(asked.what.starts_with("POST"));
        let is_made = asked.what.starts_with("POST") && *made == 2;
        let id = if is_made || asked.what.ends_with("inv_2") { "inv_2" } else { "inv_1" };
        // The second invoice settles while nobody says so.
        let status = if id == "inv_2" { "Settled" } else { *said.lock().unwrap() };
        let status = if asked.what.starts_with("POST") { "New" } else { status };
        let link = format!("https://btcpay.example.org/i/{id}");
        (
            200,
            json!({"id": id, "amount": "5.00", "currency": "USD", "status": status,
            "checkoutLink": link, "metadata": {}}),
        )
    });
    let daemon = daemon(&format!(
        "  btcpay: {{base_url: '{}', store: store_1, key_file: $key, webhook_secret_files: [$btcpay], poll: 1s}}",
        btcpay.url()
    ));
    daemon.member("ada", "outsider");
    daemon.member("bob", "outsider");
    let topup = |name| {
        daemon.json(&[
            "checkout",
            "add",
            name,
            "--topup",
            "5.00",
            "--currency",
            "usd",
            "--provider",
            "btcpay",
        ])
    };
    assert_eq!(topup("ada")["url"], "https://btcpay.example.org/i/inv_1");
    let call = &btcpay.asked()[0];
    assert_eq!(call.what, "POST /api/v1/stores/store_1/invoices");
    assert_eq!(call.header("authorization"), "token sk_test_e2e");

    let body = br#"{
  "deliveryId": "dlv_1", "isRedelivery": false, "type": "InvoiceSettled",
  "timestamp": 1700000000, "storeId": "store_1", "invoiceId": "inv_1"
}"#;
    let port = daemon.listening().web.port();
    let deliver = |header: &str| post(port, "/webhooks/btcpay", header, body);
    let header = btcpay_signature("btcpay-e2e", body);
    assert_eq!(deliver(&btcpay_signature("other", body)), Some(400));
    assert_eq!(deliver(&header), Some(200));
    assert_eq!(
        daemon.json(&["checkout", "show", "1"])["state"],
        "pending",
        "the API says otherwise"
    );
    *status.lock().unwrap() = "Settled";
    assert_eq!(deliver(&header), Some(200));
    assert_eq!(daemon.json(&["checkout", "show", "1"])["state"], "paid");

    topup("bob");
    eventually("the lost webhook is made up for", || {
        (daemon.json(&["checkout", "show", "2"])["state"] == "paid").then_some(())
    });
    check_books(&daemon);
}

#[test]
fn a_provider_that_is_down_is_said_so_and_the_order_stays() {
    let stripe =
        Provider::start(|_| (402, json!({"error": {"message": "Your card was declined."}})));
    let daemon = daemon(&stripe_section(&stripe));
    daemon.member("ada", "outsider");
    let topup = ["checkout", "add", "ada", "--topup", "5.00", "--currency", "usd", "--provider"];
    let said = daemon.refuses(&[&topup[..], &["stripe"]].concat());
    assert!(said.contains("stripe refused with 402: Your card was declined."), "{said}");
    assert_eq!(daemon.json(&["checkout", "list"])[0]["state"], "pending");
    let said = daemon.refuses(&[&topup[..], &["btcpay"]].concat());
    assert!(
        said.contains("set payments.stripe.key_file, payments.btcpay, payments.kofi"),
        "{said}"
    );
}

#[test]
fn what_came_for_an_erased_member_is_said_to_be_erased() {
    let stripe = stripe();
    let daemon = daemon(&stripe_section(&stripe));
    daemon.member("ada", "outsider");
    let topup =
        ["checkout", "add", "ada", "--topup", "5.00", "--currency", "usd", "--provider", "stripe"];
    daemon.json(&topup);
    let mut paid = session_paid(1, 1, 500);
    paid["data"]["object"]["customer_details"] = json!({"email": "ada@example.org"});
    assert_eq!(send(&daemon, &paid), Some(200));
    let shown = || String::from_utf8(daemon.run(&["event", "show", "1"]).stdout).unwrap();
    assert!(shown().contains("ada@example.org"));
    daemon.json(&["member", "erase", "ada"]);
    let after = shown();
    assert!(
        !after.contains("ada@") && after.contains("Headers and body were erased with their member")
    );
    assert!(after.contains("order 1 is paid, 5.00 usd kept"), "{after}");
    let said = daemon.refuses(&["event", "replay", "1"]);
    assert!(said.contains("event 1 was erased with its member"), "{said}");
    check_books(&daemon);
}

#[test]
fn a_missing_secret_is_named_before_anything_starts() {
    let section = "payments:\n  stripe: {webhook_secret_files: [gone]}\n";
    let said = Daemon::fails_to_start("", section);
    assert!(said.contains("the secret") && said.contains("gone cannot be read"), "{said}");
}

/// Answers with a session or a refund, each counted.
fn stripe() -> Provider {
    let made = Mutex::new((0, 0));
    Provider::start(move |asked| {
        let mut made = made.lock().unwrap();
        if asked.what.ends_with("/refunds") {
            made.1 += 1;
            let id = format!("re_{}", made.1);
            return (200, json!({"id": id, "object": "refund", "status": "succeeded"}));
        }
        made.0 += 1;
        let id = format!("cs_{}", made.0);
        let url = format!("https://pay.example.org/{id}");
        (200, json!({"id": id, "object": "checkout.session", "url": url}))
    })
}

fn stripe_section(stripe: &Provider) -> String {
    format!(
        "  stripe: {{base_url: '{}', key_file: $key, webhook_secret_files: [$stripe-old, $stripe]}}",
        stripe.url()
    )
}

/// A daemon with these payments, where `$` stands for the folder of its secrets.
struct Shop {
    daemon: Daemon,
    _secrets: TempDir,
}

impl Deref for Shop {
    type Target = Daemon;

    fn deref(&self) -> &Daemon {
        &self.daemon
    }
}

fn daemon(section: &str) -> Shop {
    let secrets = tempfile::tempdir().unwrap();
    for (name, secret) in [
        ("key", "sk_test_e2e"),
        ("stripe-old", "whsec_old"),
        ("stripe", "whsec_e2e"),
        ("btcpay", "btcpay-e2e"),
    ] {
        fs::write(secrets.path().join(name), format!("{secret}\n")).unwrap();
    }
    let section = section.replace('$', &format!("{}/", secrets.path().display()));
    let daemon = Daemon::start("", &format!("payments:\n{section}"));
    Shop { daemon, _secrets: secrets }
}

fn check_session_call(call: &Asked, reference: &str) {
    assert_eq!(call.what, "POST /v1/checkout/sessions");
    assert_eq!(call.header("authorization"), "Bearer sk_test_e2e");
    assert_eq!(call.header("content-type"), "application/x-www-form-urlencoded");
    assert!(reference.starts_with("usher-") && reference.len() > 40, "{reference}");
    assert_eq!(call.header("idempotency-key"), reference);
    let form = call.form();
    for pair in pairs(&[
        ("mode", "payment"),
        ("client_reference_id", reference),
        ("metadata[order]", reference),
        ("payment_intent_data[metadata][order]", reference),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "225"),
    ]) {
        assert!(form.contains(&pair), "{pair:?} is not in {form:?}");
    }
}

fn check_books(daemon: &Daemon) {
    let trial = daemon.json(&["ledger", "trial"]);
    let sums: Vec<_> = trial.as_array().unwrap().iter().map(|one| &one["sum"]).collect();
    assert!(!sums.is_empty() && sums.iter().all(|sum| **sum == 0), "{trial}");
}

fn refused(daemon: &Daemon, ask: &Ask) -> bool {
    daemon.announce(ask).text("failure reason").is_some()
}

fn send(daemon: &Daemon, event: &Value) -> Option<u16> {
    let body = serde_json::to_vec_pretty(event).unwrap();
    let header = stripe_signature("whsec_e2e", now(), &body);
    post(daemon.listening().web.port(), "/webhooks/stripe", &header, &body)
}

fn session_paid(id: u64, order: u64, minor: i64) -> Value {
    let session = json!({
        "id": format!("cs_{order}"), "object": "checkout.session", "mode": "payment",
        "payment_status": "paid", "client_reference_id": null,
        "payment_intent": format!("pi_{order}"), "amount_total": minor, "currency": "usd",
        "metadata": {},
    });
    event(id, "checkout.session.completed", session)
}

fn refunded(id: u64, order: u64, minor: i64) -> Value {
    let charge = json!({
        "id": format!("ch_{order}"), "payment_intent": format!("pi_{order}"), "currency": "usd",
        "amount_refunded": minor, "metadata": {},
    });
    event(id, "charge.refunded", charge)
}

fn disputed(id: u64, order: u64, status: &str) -> Value {
    let open = status == "needs_response";
    let kind = if open { "charge.dispute.created" } else { "charge.dispute.closed" };
    let dispute = json!({
        "id": format!("dp_{order}"), "charge": format!("ch_{order}"), "status": status,
        "payment_intent": format!("pi_{order}"),
    });
    event(id, kind, dispute)
}

fn invoice_paid(id: u64, reference: &str, end: u64) -> Value {
    let invoice = json!({
        "id": format!("in_{id}"), "amount_paid": 500, "currency": "usd",
        "payment_intent": format!("pi_in_{id}"), "subscription": "sub_1",
        "subscription_details": {"metadata": {"order": reference}},
        "lines": {"data": [{"period": {"start": end - 30 * 86_400, "end": end}}]},
    });
    event(id, "invoice.paid", invoice)
}

fn event(id: u64, kind: &str, object: Value) -> Value {
    json!({"id": format!("evt_{id}"), "object": "event", "type": kind, "created": now(),
        "livemode": false, "data": {"object": object}})
}

/// When ada's tier ends.
fn ends(daemon: &Daemon) -> Option<u64> {
    let until = daemon.json(&["checkout", "show", "1"])["until"].as_str()?.to_owned();
    let tier = daemon.json(&["member", "show", "ada"]);
    assert_eq!((&tier["tier"], &tier["tier_until"]), (&json!("patron"), &json!(until)));
    Some(until.parse::<jiff::Timestamp>().ok()?.as_second().try_into().unwrap())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn now() -> u64 {
    jiff::Timestamp::now().as_second().try_into().unwrap()
}
