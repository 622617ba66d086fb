//! The payloads that providers document, each with every field in turn missing, null or of another
//! type. None of it is an error but for what makes a body an event.

use serde_json::{Value, json};

use super::*;
use crate::values::money::Currency;

#[test]
fn any_field_of_a_stripe_event_may_be_anything() {
    let documents = read(include_str!("../../../tests/data/payloads/stripe.json"));
    let stripe = Stripe { secrets: Vec::new(), live: Some(false) };
    for event in documents["events"].as_array().unwrap() {
        let body = json!({
            "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy", "object": "event", "api_version": "2024-06-20", "created": 1_686_089_970,
            "data": {"object": event["object"], "previous_attributes": null}, "livemode": false, "pending_webhooks": 0,
            "request": {"id": null, "idempotency_key": null}, "type": event["type"],
        });
        check(&body, "/type", &["/id", "/type"], |body| stripe.parse(body));
    }
}

#[test]
fn each_kind_of_event_that_stripe_is_asked_for_is_documented_and_means_something() {
    let documents = read(include_str!("../../../tests/data/payloads/stripe.json"));
    let documented: Vec<_> =
        documents["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    let stripe = Stripe { secrets: Vec::new(), live: None };
    for kind in Stripe::EVENTS {
        let body = json!({"id": "evt_1", "type": kind, "data": {"object": {}}}).to_string();
        let event = stripe.parse(body.as_bytes()).unwrap();
        assert_ne!(
            event.notice,
            Notice::Nothing("not an event that changes anything here"),
            "{kind}"
        );
        let is_alike = |other: &&Value| {
            other.as_str().unwrap().rsplit_once('.').unwrap().0 == kind.rsplit_once('.').unwrap().0
        };
        assert!(documented.iter().any(is_alike), "{kind}");
    }
    for kind in documented {
        assert!(Stripe::EVENTS.contains(&kind.as_str().unwrap()), "{kind}");
    }
}

#[test]
fn any_field_of_a_btcpay_webhook_and_invoice_may_be_anything() {
    let documents = read(include_str!("../../../tests/data/payloads/btcpay.json"));
    let btcpay = Btcpay { secrets: Vec::new(), store: "store_1".to_owned() };
    for body in documents["webhooks"].as_array().unwrap() {
        let essential = if body.get("invoiceId").is_some() { "/type" } else { "/deliveryId" };
        check(body, "/type", &["/type", essential], |body| btcpay.parse(body));
    }
    for body in documents["invoices"].as_array().unwrap() {
        let event = |body: &[u8]| {
            let invoice: Invoice = serde_json::from_slice(body)?;
            Ok(invoice.event("inv_1", "InvoiceSettled"))
        };
        check(body, "", &[], event);
    }
}

#[test]
fn any_field_of_a_kofi_payment_may_be_anything() {
    let documents = read(include_str!("../../../tests/data/payloads/kofi.json"));
    let kofi = Kofi {
        tokens: vec![Secret::new("kofi-token").unwrap()],
        gives: grant(),
        memberships: [("Bronze".to_owned(), grant())].into(),
    };
    for body in documents["payments"].as_array().unwrap() {
        check(body, "/type", &["/verification_token"], |body| {
            let mut form = form_urlencoded::Serializer::new(String::new());
            let form = form.append_pair("data", std::str::from_utf8(body).unwrap()).finish();
            let event = kofi.read(form.as_bytes());
            // What is kept of it says the same.
            let kept = Kofi::without_token(form.as_bytes()).unwrap();
            assert!(event.is_err() || kofi.parse(&kept) == event);
            event
        });
    }
}

#[test]
fn any_field_of_a_hooks_body_may_be_anything() {
    let at = |pointer: &str| Some(pointer.to_owned());
    let patreon = HookFields {
        id: ["/data/id", "/data/attributes/last_charge_date"].map(str::to_owned).to_vec(),
        amount: "/data/attributes/currently_entitled_amount_cents".to_owned(),
        member: at("/data/attributes/note"),
        status: at("/data/attributes/last_charge_status"),
        ..HookFields::default()
    };
    let patreon = Hook {
        paid: vec!["members:update".to_owned()],
        paid_status: vec!["Paid".to_owned()],
        gives: Some(grant()),
        ..hook(patreon)
    };
    let documents = read(include_str!("../../../tests/data/payloads/patreon.json"));
    for body in documents["members"].as_array().unwrap() {
        check(body, "", &[], |body| patreon.parse(Some("members:update"), body));
    }
    let lemon = HookFields {
        event: at("/meta/event_name"),
        id: vec!["/data/id".to_owned()],
        amount: "/data/attributes/total".to_owned(),
        tax: at("/data/attributes/tax"),
        refunded_amount: at("/data/attributes/refunded_amount"),
        currency: at("/data/attributes/currency"),
        reference: at("/meta/custom_data/order"),
        ..HookFields::default()
    };
    let lemon = Hook {
        paid: vec!["order_created".to_owned()],
        refunded: vec!["order_refunded".to_owned()],
        ..hook(lemon)
    };
    let documents = read(include_str!("../../../tests/data/payloads/lemonsqueezy.json"));
    for body in documents["orders"].as_array().unwrap() {
        check(body, "/meta/event_name", &[], |body| lemon.parse(None, body));
    }
}

/// Reads a document as it is, and with each field changed. The kind of event is at `kind`, or not in
/// the document; only a body that lacks one of `essential` may be refused.
#[track_caller]
fn check(
    document: &Value,
    kind: &str,
    essential: &[&str],
    read: impl Fn(&[u8]) -> Result<Event, Refused>,
) {
    let whole = read(document.to_string().as_bytes()).unwrap();
    assert!(kind.is_empty() || document.pointer(kind).unwrap() == &whole.kind);
    let mut pointers = Vec::new();
    collect(document, "", &mut pointers);
    let long = "x".repeat(300);
    let others = [
        json!(null),
        json!(7),
        json!(-7),
        json!(2.5),
        json!(1e300),
        json!(u64::MAX),
        json!(true),
        json!("text"),
        json!(long),
        json!("a\u{0}b"),
        json!([]),
        json!([null, "a", {"id": 7}]),
        json!({}),
        json!({"id": 7}),
    ];
    for pointer in &pointers {
        let changes = others.iter().map(Some).chain([None]);
        for change in changes {
            let mut changed = document.clone();
            set(&mut changed, pointer, change);
            let about = format!("{pointer} is {change:?} in {document}");
            match read(changed.to_string().as_bytes()) {
                Ok(event) => {
                    check_event(&event, &about);
                    let names_kind = kind.starts_with(pointer.as_str());
                    assert!(names_kind || event.kind == whole.kind, "{about}");
                }
                Err(refused) => {
                    assert!(essential.contains(&pointer.as_str()), "{refused}: {about}");
                }
            }
        }
    }
}

/// An event that can be kept, and that says something where it is a payment's.
#[track_caller]
fn check_event(event: &Event, about: &str) {
    assert!((1..=255).contains(&event.key.len()), "{about}");
    assert!(!format!("{event:?}").contains(r"\0"), "{about}");
    if let Notice::Payment(report) = &event.notice {
        assert!((1..=200).contains(&report.payment.len()), "{about}");
        let says = report.paid.is_some() || report.refunded.is_some() || !report.refunds.is_empty();
        assert!(says || report.dispute != Dispute::None, "{about}");
    }
}

/// Pointers to all that is in a document.
fn collect(value: &Value, at: &str, pointers: &mut Vec<String>) {
    let mut add = |key: &str, value: &Value| {
        let pointer = format!("{at}/{key}");
        pointers.push(pointer.clone());
        collect(value, &pointer, pointers);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| add(key, value)),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| add(&index.to_string(), value));
        }
        _ => {}
    }
}

/// Replaces or removes what is at a pointer.
fn set(document: &mut Value, pointer: &str, change: Option<&Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap(), change) {
        (Value::Object(fields), Some(value)) => _ = fields.insert(key.to_owned(), value.clone()),
        (Value::Object(fields), None) => _ = fields.remove(key),
        (Value::Array(elements), Some(value)) => {
            elements[key.parse::<usize>().unwrap()] = value.clone()
        }
        (Value::Array(elements), None) => _ = elements.remove(key.parse().unwrap()),
        _ => panic!("{pointer}"),
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn grant() -> Grant {
    Grant { tier: "fan".to_owned(), days: 35, price: Currency::parse("usd").unwrap().minor(300) }
}

fn hook(fields: HookFields) -> Hook {
    Hook {
        secrets: Vec::new(),
        algorithm: Algorithm::HmacSha256,
        format: Format::Hex,
        prefix: String::new(),
        fields,
        paid: Vec::new(),
        refunded: Vec::new(),
        paid_status: Vec::new(),
        refunded_status: Vec::new(),
        gives: None,
    }
}
