use serde_json::{Value, json};

use super::*;

#[test]
fn signatures_are_judged_as_by_stripes_own_library() {
    let vectors = include_str!("../../../../tests/data/webhooks.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let stripe = &vectors["stripe"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let secrets = vec![Secret::new(&text(&stripe["secret"])).unwrap()];
    let ours = Stripe { secrets, live: None };
    let body = text(&stripe["body"]);
    for case in stripe["cases"].as_array().unwrap() {
        let now = u32::try_from(case["now"].as_u64().unwrap()).unwrap();
        let header = text(&case["header"]);
        let accepted = ours.verify(&header, body.as_bytes(), now).is_ok();
        assert_eq!(accepted, case["accept"].as_bool().unwrap(), "{}", case["case"]);
        if accepted {
            let changed = body.replace("evt_test", "evt_tesu");
            assert!(ours.verify(&header, changed.as_bytes(), now).is_err(), "a byte changed");
            let long = format!("{header},{}", "v0=".repeat(2000));
            assert!(ours.verify(&long, body.as_bytes(), now).is_err(), "over 4 KiB");
            let both = vec![Secret::new("whsec_new").unwrap(), ours.secrets[0].clone()];
            let both = Stripe { secrets: both, live: None };
            assert!(both.verify(&header, body.as_bytes(), now).is_ok(), "while a secret changes");
        }
    }
}

/// What `scripts/stripe-oracle` had Stripe's Python library sign and judge.
#[test]
fn signatures_are_judged_as_by_stripes_python_library() {
    let cases = include_str!("../../../../tests/data/stripe-sdk.json");
    let cases: Value = serde_json::from_str(cases).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    let mut accepted = 0;
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let secrets = vec![Secret::new(text("secret")).unwrap()];
        let ours = Stripe { secrets, live: None };
        let now = u32::try_from(case["now"].as_u64().unwrap()).unwrap();
        let is_taken = ours.verify(text("header"), text("body").as_bytes(), now).is_ok();
        assert_eq!(is_taken, case["accept"].as_bool().unwrap(), "{case}");
        accepted += u32::from(is_taken);
    }
    assert!(accepted >= 20 && cases.len() >= 100, "{accepted} of {}", cases.len());
}

#[test]
fn late_ones_are_stale_and_others_forged() {
    let secrets = vec![Secret::new("whsec_test_secret").unwrap()];
    let ours = Stripe { secrets, live: None };
    let header = "t=1700000000,v1=4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f6196a230150";
    let body = b"{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
    assert_eq!(ours.verify(header, body, 1_700_000_301), Err(Refused::Stale(301)));
    assert!(matches!(ours.verify(header, b"{}", 1_700_000_301), Err(Refused::Forged(_))));
}

#[test]
fn a_session_grants_only_what_was_paid() {
    let read = |status: &str, mode: &str| {
        notice(
            "checkout.session.completed",
            json!({
                "id": "cs_1", "mode": mode, "payment_status": status, "client_reference_id": "r-7",
                "amount_total": 225, "currency": "usd", "payment_intent": "pi_1", "metadata": {},
            }),
        )
    };
    let Notice::Payment(report) = read("paid", "payment") else { panic!() };
    assert_eq!((report.payment.as_str(), report.reference.as_deref()), ("pi_1", Some("r-7")));
    assert_eq!((report.session.as_deref(), report.paid.unwrap().minor), (Some("cs_1"), 225));
    assert!(matches!(read("no_payment_required", "payment"), Notice::Payment(_)));
    assert!(matches!(read("unpaid", "payment"), Notice::Nothing(_)));
    assert!(matches!(read("paid", "subscription"), Notice::Nothing(_)));
}

#[test]
fn a_session_names_the_subscription_that_it_began() {
    let session = |subscription: Value, link: Value| {
        notice(
            "checkout.session.completed",
            json!({
                "id": "cs_1", "mode": "subscription", "payment_status": "paid",
                "client_reference_id": null, "metadata": {"order": "r-7"},
                "subscription": subscription, "payment_link": link,
            }),
        )
    };
    let begun = |by_link| {
        Notice::Begun(Beginning {
            subscription: "sub_1".to_owned(),
            session: "cs_1".to_owned(),
            reference: Some("r-7".to_owned()),
            by_link,
        })
    };
    assert_eq!(session(json!("sub_1"), Value::Null), begun(false));
    assert_eq!(session(json!("sub_1"), json!("plink_1")), begun(true));
    assert!(matches!(session(Value::Null, Value::Null), Notice::Nothing(_)));
}

#[test]
fn an_invoice_is_read_in_the_older_and_the_newer_shape() {
    let line = json!({"data": [{"period": {"start": 1, "end": 1_802_592_000}, "metadata": {}}]});
    let older = json!({
        "id": "in_1", "amount_paid": 500, "currency": "usd", "payment_intent": "pi_2",
        "subscription": "sub_1", "subscription_details": {"metadata": {"order": "r-7"}}, "lines": line,
    });
    let newer = json!({
        "id": "in_1", "amount_paid": 500, "currency": "usd", "lines": line,
        "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {"order": "r-7"}}},
    });
    for (object, payment) in [(older, "pi_2"), (newer, "in_1")] {
        let Notice::Payment(report) = notice("invoice.paid", object) else { panic!() };
        assert_eq!((report.payment.as_str(), report.reference.as_deref()), (payment, Some("r-7")));
        assert_eq!(report.subscription.as_deref(), Some("sub_1"));
        assert_eq!((report.until, report.paid.unwrap().minor), (Some(1_802_592_000), 500));
    }
}

#[test]
fn a_session_says_whether_the_payer_brought_the_reference() {
    let read = |link: Value| {
        let session = json!({
            "id": "cs_1", "mode": "payment", "payment_status": "paid", "amount_total": 225,
            "currency": "usd", "payment_link": link, "metadata": {"order": "r-7"},
        });
        let Notice::Payment(report) = notice("checkout.session.completed", session) else {
            panic!()
        };
        (report.payment, report.by_link, report.reference)
    };
    assert_eq!(read(json!("plink_1")), ("cs_1".to_owned(), true, Some("r-7".to_owned())));
    assert_eq!(read(Value::Null), ("cs_1".to_owned(), false, Some("r-7".to_owned())));
}

#[test]
fn null_is_absent() {
    let manual = json!({
        "id": "in_manual", "object": "invoice", "billing_reason": "manual", "amount_paid": 10800,
        "currency": "usd", "payment_intent": "pi_manual", "subscription": null,
        "subscription_details": {"metadata": null}, "status": "paid",
        "lines": {"data": [{"id": "il_1", "metadata": {"task": "15"},
            "period": {"start": 1_727_211_051, "end": 1_727_211_051}}]},
    });
    assert_eq!(notice("invoice.paid", manual), Notice::Nothing("an invoice of no subscription"));
}

#[test]
fn what_says_too_little_is_held_for_its_order_alone() {
    let held = |kind: &str, object: Value| match notice(kind, object) {
        Notice::Held(held) => (held.why, held.about.unwrap()),
        other => panic!("{other:?}"),
    };
    let session = json!({"id": "cs_1", "mode": "payment", "payment_status": "paid",
        "amount_total": null, "currency": "usd", "client_reference_id": "r-7"});
    let (why, about) = held("checkout.session.completed", session);
    assert_eq!(why, "no whole number at /amount_total");
    assert_eq!((about.reference.as_deref(), about.session.as_deref()), (Some("r-7"), Some("cs_1")));
    let invoice = json!({"id": "in_1", "subscription": "sub_1", "amount_paid": 500,
        "currency": "usd", "lines": {"data": [{"period": null}]}});
    let (why, about) = held("invoice.paid", invoice);
    assert!(why.contains("until when"), "{why}");
    assert_eq!(about.subscription.as_deref(), Some("sub_1"));
    let charge = json!({"id": "ch_1", "amount_refunded": 70_050, "currency": "isk"});
    let (why, about) = held("charge.refunded", charge);
    assert_eq!(
        (why.as_str(), about.payment.as_str()),
        ("70050 is not a whole amount of isk", "ch_1")
    );
}

#[test]
fn a_refund_says_how_far_it_got() {
    for (kind, status, state) in [
        ("refund.created", json!("pending"), RefundState::Requested),
        ("refund.updated", json!("requires_action"), RefundState::Requested),
        ("refund.updated", Value::Null, RefundState::Requested),
        ("refund.updated", json!("succeeded"), RefundState::Succeeded),
        ("refund.updated", json!("canceled"), RefundState::Cancelled),
        ("refund.failed", json!("failed"), RefundState::Failed),
        ("charge.refund.updated", json!("failed"), RefundState::Failed),
    ] {
        let object = json!({"id": "re_1", "object": "refund", "amount": 500, "charge": "ch_1",
            "payment_intent": "pi_1", "currency": "usd", "status": status, "metadata": {}});
        let Notice::Payment(report) = notice(kind, object) else { panic!("{kind}") };
        assert_eq!((report.payment.as_str(), report.refunded), ("pi_1", None));
        let refund = &report.refunds[0];
        assert_eq!((refund.name.as_str(), refund.amount.minor), ("re_1", 500));
        assert_eq!(refund.state, state, "{kind} {status}");
    }
}

#[test]
fn refunds_and_disputes_name_the_payment() {
    let charge = json!({
        "id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 100, "currency": "usd",
        "metadata": {"order": "r-7"},
    });
    let Notice::Payment(report) = notice("charge.refunded", charge) else { panic!() };
    assert_eq!((report.payment.as_str(), report.refunded.unwrap().minor), ("pi_1", 100));

    for (kind, status, expected) in [
        ("charge.dispute.created", "needs_response", Some(Dispute::Open)),
        ("charge.dispute.created", "warning_needs_response", None),
        ("charge.dispute.closed", "won", Some(Dispute::Won)),
        ("charge.dispute.closed", "lost", Some(Dispute::Lost)),
        ("charge.dispute.closed", "warning_closed", Some(Dispute::Won)),
        ("charge.dispute.updated", "warning_under_review", None),
        ("charge.dispute.updated", "under_review", Some(Dispute::Open)),
        ("charge.dispute.funds_withdrawn", "needs_response", Some(Dispute::Open)),
    ] {
        let object = json!({"charge": "ch_1", "payment_intent": "pi_1", "status": status});
        let dispute = match notice(kind, object) {
            Notice::Payment(report) => Some(report.dispute),
            _ => None,
        };
        assert_eq!(dispute, expected, "{kind} {status}");
    }
}

#[test]
fn the_other_mode_and_unknown_kinds_change_nothing() {
    let body = json!({"id": "evt_1", "type": "price.created", "created": 1, "livemode": false,
        "data": {"object": {}}});
    let read = |live| {
        let ours = Stripe { secrets: Vec::new(), live };
        ours.parse(body.to_string().as_bytes()).unwrap().notice
    };
    for live in [None, Some(true), Some(false)] {
        assert!(matches!(read(live), Notice::Nothing(_)));
    }
    let ours = Stripe { secrets: Vec::new(), live: None };
    for body in ["", "{}", "[]", "{\"id\":\"evt_1\"}", "\u{0}"] {
        assert!(matches!(ours.parse(body.as_bytes()), Err(Refused::Malformed(_))), "{body}");
    }
}

#[track_caller]
fn notice(kind: &str, object: Value) -> Notice {
    let body = json!({"id": "evt_1", "type": kind, "created": 1_800_000_000, "livemode": true,
        "data": {"object": object}});
    let ours = Stripe { secrets: Vec::new(), live: Some(true) };
    ours.parse(body.to_string().as_bytes()).unwrap().notice
}
