use super::*;

#[test]
fn patreon_and_lemon_squeezy_sign_so() {
    let patreon =
        br#"{"data":{"type":"member","id":"123","attributes":{"patron_status":"active_patron"}}}"#;
    check("patreon_test_secret", Algorithm::HmacMd5, "b53d78f3e40767324b9c983f0ab18db4", patreon);
    check(
        "lemon_test_secret",
        Algorithm::HmacSha256,
        "dd0d3b969ed01426c1491abc7b69ecf20573d6ed6382cf30b1374463b93442bd",
        br#"{"meta":{"event_name":"order_created"}}"#,
    );
}

#[track_caller]
fn check(secret: &str, algorithm: Algorithm, tag: &str, body: &[u8]) {
    let secrets = vec![Secret::new(secret).unwrap()];
    let hook = Hook { secrets, algorithm, ..shop() };
    let forged = |signature: &str, body| {
        matches!(hook.read(signature, Some("other"), body), Err(Refused::Forged(_)))
    };
    assert!(!forged(tag, body));
    assert!(!forged(&tag.to_uppercase(), body));
    assert!(forged(&tag[2..], body) && forged("", body) && forged(tag, &body[1..]));
    let prefixed = Hook { prefix: "sha=".to_owned(), ..hook.clone() };
    assert!(matches!(prefixed.read(tag, None, body), Err(Refused::Forged(_))));
    let bytes = HEXLOWER_PERMISSIVE.decode(tag.as_bytes()).unwrap();
    let base64 = Hook { format: Format::Base64, ..hook.clone() };
    let read = base64.read(&BASE64.encode(&bytes), Some("other"), body);
    assert!(!matches!(read, Err(Refused::Forged(_))));
}

#[test]
fn pointers_say_where_what_is() {
    let body = br#"{"data":{"id":7,"total":"2.50","currency":"EUR","note":"ada","order":"r-12"}}"#;
    let event = shop().parse(Some("order_created"), body).unwrap();
    let report = payment(event.notice);
    assert_eq!((report.payment.as_str(), report.reference.as_deref()), ("7", Some("r-12")));
    assert_eq!(report.paid, Some(eur(250)));
    assert_eq!(report.claim.unwrap().member, MemberHint::Explicit("ada".to_owned()));
    assert_eq!(shop().parse(Some("order_created"), body).unwrap().key, event.key);

    let report = payment(shop().parse(Some("order_refunded"), body).unwrap().notice);
    assert_eq!((report.paid, report.refunded), (None, Some(eur(Amount::MAX_MINOR))));
    let other = shop().parse(Some("order_viewed"), body).unwrap();
    assert!(matches!(other.notice, Notice::Nothing(_)));
}

#[test]
fn a_payment_may_be_named_by_several_fields() {
    let id = ["/id", "/date"].map(str::to_owned).to_vec();
    let hook = Hook { fields: HookFields { id, ..shop().fields }, ..shop() };
    let read = |id: &str, date: &str| {
        let body = format!(
            r#"{{"id": {id}, "date": {date}, "data": {{"total": "2.50", "note": "ada"}}}}"#
        );
        hook.parse(Some("order_created"), body.as_bytes()).unwrap().notice
    };
    assert_eq!(payment(read("7", "\"2026-01-01\"")).payment, "7:2026-01-01");
    let long = payment(read("7", &format!("\"{}\"", "1".repeat(199)))).payment;
    assert!(long.len() == 64 && !long.contains(':'), "{long}");
    assert_eq!(payment(read("7", &format!("\"{}\"", "1".repeat(198)))).payment.len(), 200);
    for (id, date) in [("null", "\"2026\""), ("7", "null"), ("7", "true"), ("\"\"", "1")] {
        let Notice::Held(held) = read(id, date) else { panic!("{id} {date}") };
        assert!(held.about.is_none() && held.why.starts_with("no id at /"), "{}", held.why);
    }
}

#[test]
fn only_a_status_that_counts_is_paid() {
    let fields = HookFields { status: Some("/status".to_owned()), ..shop().fields };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let hook = Hook {
        fields,
        paid: words(&["update"]),
        refunded: words(&["update", "refund"]),
        paid_status: words(&["Paid"]),
        refunded_status: words(&["Refunded", "Fraud"]),
        ..shop()
    };
    let read = |kind, status: &str| {
        let body =
            format!(r#"{{"status":{status},"data":{{"id":7,"total":"2.50","note":"ada"}}}}"#);
        hook.parse(Some(kind), body.as_bytes()).unwrap().notice
    };
    let paid = payment(read("update", "\"Paid\""));
    assert_eq!((paid.paid.is_some(), paid.refunded), (true, None));
    let refunded = payment(read("update", "\"Refunded\""));
    assert_eq!((refunded.paid, refunded.refunded.is_some()), (None, true));
    for (kind, status) in [
        ("update", "\"Declined\""),
        ("update", "\"paid\""),
        ("update", "null"),
        ("update", "7"),
        ("refund", "\"Paid\""),
    ] {
        assert!(matches!(read(kind, status), Notice::Nothing(_)), "{kind} {status}");
    }
}

#[test]
fn tax_on_top_is_not_the_price_and_is_paid_back_with_its_share() {
    let at = |path: &str| Some(path.to_owned());
    let fields = HookFields {
        id: vec!["/id".to_owned()],
        amount: "/total".to_owned(),
        tax: at("/tax"),
        refunded_amount: at("/refunded"),
        decimal: false,
        reference: at("/order"),
        ..HookFields::default()
    };
    let hook = Hook { fields, ..shop() };
    #[track_caller]
    fn check(hook: &Hook, body: &str, paid: i64, refunded: i64) {
        let body = format!(r#"{{"id": 7, "order": "r-12", {body}}}"#);
        let read = |kind| payment(hook.parse(Some(kind), body.as_bytes()).unwrap().notice);
        assert_eq!(read("order_created").paid.unwrap().minor, paid, "{body}");
        assert_eq!(read("order_refunded").refunded.unwrap().minor, refunded, "{body}");
    }
    check(&hook, r#""total": 500, "tax": 0, "refunded": 100"#, 500, 100);
    check(&hook, r#""total": 600, "tax": 100, "refunded": 120"#, 500, 100);
    check(&hook, r#""total": 600, "tax": 100, "refunded": 1"#, 500, 1);
    check(&hook, r#""total": 600, "tax": 100, "refunded": 0"#, 500, 0);
    check(&hook, r#""total": 600, "tax": 100, "refunded": 600"#, 500, 500);
    check(&hook, r#""total": 600, "tax": 100, "refunded": 601"#, 500, 500);
    check(&hook, r#""total": 600, "tax": null, "refunded": 600"#, 600, 600);
    check(
        &hook,
        r#""total": 1000000000000000, "tax": 1, "refunded": 999999999999998"#,
        999_999_999_999_999,
        999_999_999_999_997,
    );
    let body = br#"{"id": 7, "order": "r-12", "total": 5, "tax": 6}"#;
    let held = hook.parse(Some("order_created"), body).unwrap().notice;
    let Notice::Held(held) = held else { panic!("{held:?}") };
    assert_eq!(held.why, "a tax of 0.06 usd in 0.05 usd");
}

#[test]
fn what_says_too_little_is_held_where_it_may_be_ours() {
    let read = |hook: &Hook, body: &str| hook.parse(Some("order_created"), body.as_bytes());
    for body in ["", "{", "\u{fffd}"] {
        assert!(matches!(read(&shop(), body), Err(Refused::Malformed(_))), "{body}");
    }
    let held = |hook: &Hook, body: &str| match read(hook, body).unwrap().notice {
        Notice::Held(held) => (held.why, held.about.map(|report| report.reference)),
        other => panic!("{other:?}"),
    };
    let (why, about) = held(&shop(), r#"{"data": {"id": 7, "total": "2.50"}}"#);
    assert_eq!((why.as_str(), about), ("it names no member: 2.50 usd paid", None));
    let (why, about) = held(&shop(), r#"{"data": {"id": 7, "note": "ada"}}"#);
    assert_eq!((why.as_str(), about), ("no amount at /data/total", None));
    // By the reference alone it may be somebody else's.
    let shop = Hook { gives: None, ..shop() };
    let body = r#"{"data": {"id": 7, "order": "r-12", "currency": "usd", "total": "x"}}"#;
    let (why, about) = held(&shop, body);
    assert!(why.starts_with("`x` is no"), "{why}");
    assert_eq!(about, Some(Some("r-12".to_owned())));
}

#[track_caller]
fn payment(notice: Notice) -> Report {
    match notice {
        Notice::Payment(report) => *report,
        other => panic!("{other:?}"),
    }
}

fn eur(minor: i64) -> Amount {
    Currency::parse("eur").unwrap().minor(minor)
}

fn shop() -> Hook {
    let at = |path: &str| Some(path.to_owned());
    Hook {
        secrets: vec![Secret::new("s").unwrap()],
        algorithm: Algorithm::HmacSha256,
        format: Format::Hex,
        prefix: String::new(),
        fields: HookFields {
            id: vec!["/data/id".to_owned()],
            amount: "/data/total".to_owned(),
            decimal: true,
            currency: at("/data/currency"),
            reference: at("/data/order"),
            member: at("/data/note"),
            ..HookFields::default()
        },
        paid: vec!["order_created".to_owned()],
        refunded: vec!["order_refunded".to_owned()],
        paid_status: Vec::new(),
        refunded_status: Vec::new(),
        gives: Some(Grant {
            tier: "fan".to_owned(),
            days: 31,
            price: Currency::parse("usd").unwrap().minor(250),
        }),
    }
}
