//! Money, vouchers and orders over the admin API.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn an_amount_is_minor_units_or_a_decimal_in_text() {
    let fixture = Fixture::new().await;
    fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    let amounts = [json!(225), json!("2.25"), json!("2.250")];
    for (key, amount) in amounts.into_iter().enumerate() {
        let topup = json!({"key": key.to_string(), "amount": amount, "currency": "usd"});
        let entry = fixture.post("/members/ada/topups", topup).await.created();
        assert_eq!(entry["postings"][0]["minor"].as_i64().map(i64::abs), Some(225), "{entry}");
    }
    let amounts = [
        (json!(-1), "-0.01"),
        (json!(i64::MIN), "-92233720368547758.08"),
        (json!(2.25), "expected an amount"),
        (json!(true), "expected an amount"),
    ];
    for (amount, said) in amounts {
        let topup = json!({"key": "x", "amount": amount, "currency": "usd"});
        fixture.post("/members/ada/topups", topup).await.fails(422, said);
    }
    fixture.demo().await;
    let prices = json!({"torrent_price": 300, "minimum": 200, "currency": "usd"});
    let priced = fixture.put("/items/demo/prices", prices).await.ok();
    assert_eq!(
        (&priced["torrent_price"]["amount"], &priced["minimum"]["minor"]),
        (&json!("3.00"), &json!(200))
    );
    let order =
        json!({"key": "o", "pay": 250, "product": {"item": {"item": "demo", "as": "torrent"}}});
    let order = fixture.post("/members/ada/orders", order).await.created();
    assert_eq!((&order["minor"], &order["price"]["minor"]), (&json!(250), &json!(250)));
}

#[tokio::test]
async fn a_balance_is_paid_in_spent_and_paid_back() {
    let fixture = shop().await;
    let paid = fixture.post("/members/ada/topups", topup("T1", "10.00")).await.created();
    assert_eq!((&paid["memo"], &paid["member"]), (&json!("cash"), &json!(1)));
    assert_eq!(balance(&fixture).await, "10.00");

    let buy = || json!({"key": "T2", "product": {"item": {"item": "demo", "as": "torrent"}}});
    let order = fixture.post("/members/ada/orders", buy()).await.created();
    assert_eq!(
        (&order["id"], &order["amount"], &order["as"]),
        (&json!(1), &json!("2.25"), &json!("torrent"))
    );
    assert_eq!(fixture.post("/members/ada/orders", buy()).await.created(), order);
    assert_eq!(balance(&fixture).await, "7.75");
    assert_eq!(fixture.get("/orders/1").await.ok(), order);
    assert_eq!(rows(&fixture.get("/members/ada/orders").await.ok()), [order]);

    let other = json!({"key": "T2", "product": {"item": {"item": "demo", "as": "direct"}}});
    fixture.post("/members/ada/orders", other).await.fails(409, "was another request's");
    let part = json!({"key": "T3", "amount": "1.25"});
    fixture.post("/orders/1/refunds", part).await.created();
    assert_eq!(fixture.get("/members/ada").await.ok()["rights"][0]["revoked"], Value::Null);
    let shown = fixture.get("/orders/1").await.ok();
    assert_eq!((&shown["paid_back"]["amount"], &shown["refunded"]), (&json!("1.25"), &json!(null)));
    let more = json!({"key": "T4", "amount": "1.01"});
    fixture.post("/orders/1/refunds", more).await.fails(409, "1.00 usd of order 1 are left");
    let rest = fixture.post("/orders/1/refunds", json!({"key": "T4"})).await.created();
    assert_eq!(rest["postings"][0]["amount"], "1.00");
    assert_eq!(balance(&fixture).await, "10.00");
    assert!(fixture.get("/members/ada").await.ok()["rights"][0]["revoked"].is_string());
    fixture
        .post("/orders/1/refunds", json!({"key": "T5"}))
        .await
        .fails(409, "order 1 was paid back already, all 2.25 usd of it");
    fixture.post("/orders/9/refunds", json!({"key": "T5"})).await.fails(404, "no order 9");
}

#[tokio::test]
async fn the_books_are_read_and_balance() {
    let fixture = shop().await;
    fixture.post("/members/ada/topups", topup("T1", "10.00")).await.created();
    fixture.post("/members/ada/topups", topup("T1", "10.00")).await.created();
    fixture.post("/members/ada/topups", topup("T1", "10.01")).await.fails(409, "the key `T1`");
    let journal = fixture.get("/ledger/journal").await.ok();
    assert_eq!(journal["entries"].as_array().unwrap().len(), 1);
    assert_eq!(journal["entries"][0]["memo"], "cash");
    let trial = json!([{"currency": "usd", "debits": 1000, "credits": -1000, "sum": 0}]);
    assert_eq!(fixture.get("/ledger/trial").await.ok(), trial);
    let statement = fixture.get("/members/ada/statement").await.ok();
    assert_eq!(statement["lines"][0]["balance"]["amount"], "10.00");
}

#[tokio::test]
async fn what_is_no_money_is_refused() {
    let fixture = shop().await;
    for (amount, currency, expected) in [
        ("10.001", "usd", "finer than usd"),
        ("-1", "usd", "is no amount"),
        ("0", "usd", "more than nothing"),
        ("10", "xyz", "no currency `xyz`"),
    ] {
        let new = json!({"key": "T1", "amount": amount, "currency": currency});
        fixture.post("/members/ada/topups", new).await.fails(422, expected);
    }
    let keyless = json!({"amount": "1", "currency": "usd"});
    fixture.post("/members/ada/topups", keyless).await.fails(422, "missing field `key`");
    fixture.post("/members/cleo/topups", topup("T1", "1")).await.fails(404, "no member `cleo`");
}

#[tokio::test]
async fn what_people_type_is_a_line_of_1000_characters() {
    let fixture = shop().await;
    let with = |memo: &str, credit: bool| json!({"key": "T1", "amount": "1", "currency": "usd", "memo": memo, "credit": credit});
    for credit in [false, true] {
        let memo = with("a\nb", credit);
        fixture.post("/members/ada/topups", memo).await.fails(422, "'\\n' can't be in a memo");
        let memo = with(&"a".repeat(1001), credit);
        fixture.post("/members/ada/topups", memo).await.fails(422, "1000 characters at most");
    }
    let worth = json!({"money": {"amount": "1", "currency": "usd"}});
    let vouchers = json!({"key": "T1", "count": 1, "worth": worth, "memo": "\u{1b}[2J"});
    fixture.post("/vouchers", vouchers).await.fails(422, "can't be in a memo");
    for (field, text) in [("title", "a\u{2028}b"), ("description", "a\u{1}b")] {
        let why = format!("can't be in a {field}");
        fixture.put("/items/demo/details", json!({field: text})).await.fails(422, &why);
    }
    fixture.put("/items/demo/details", json!({"description": "a\nb"})).await.ok();
    fixture.post("/members/ada/topups", with(&"a".repeat(1000), false)).await.created();
}

#[tokio::test]
async fn prices_that_are_not_named_stay() {
    let fixture = shop().await;
    let set = async |prices| fixture.put("/items/demo/prices", prices).await;
    let prices = |item: &Value| {
        ["torrent_price", "direct_price"]
            .map(|price| item[price]["amount"].as_str().map(str::to_owned))
    };
    let some = |text: &str| Some(text.to_owned());
    let item = set(json!({"direct_price": "4"})).await.ok();
    assert_eq!(prices(&item), [some("2.25"), some("4.00")]);
    set(json!({"torrent_price": "4.01"})).await.fails(422, "costs less than the torrent");
    set(json!({"torrent_price": "1", "currency": "eur"})).await.fails(422, "can't be mixed");
    let item = set(json!({"withdraw": ["direct"]})).await.ok();
    assert_eq!(prices(&item), [some("2.25"), None]);
    assert_eq!(prices(&set(json!({"free": true})).await.ok()), [some("0.00"), some("0.00")]);
    assert_eq!(prices(&set(json!({"withdraw": ["direct", "torrent"]})).await.ok()), [None, None]);
    set(json!({"torrent_price": "1"})).await.fails(422, "in which currency?");
    assert_eq!(prices(&fixture.get("/items/demo").await.ok()), [None, None]);
}

#[tokio::test]
async fn vouchers_are_issued_listed_redeemed_and_voided() {
    let fixture = shop().await;
    let money = json!({"money": {"amount": "10.00", "currency": "usd"}});
    let batch = json!({"key": "fair", "count": 2, "worth": money});
    let issued = fixture.post("/vouchers", batch.clone()).await.created();
    let codes: BTreeSet<_> =
        issued.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!((codes.len(), &issued[0]["money"]["minor"]), (2, &json!(1000)));
    fixture.post("/vouchers", batch).await.fails(409, "issued these vouchers already");

    let redeem = json!({"code": issued[0]["code"], "member": "ada"});
    let redeemed = fixture.post("/vouchers/redeem", redeem.clone()).await.ok();
    assert_eq!(
        (&redeemed["state"], &redeemed["member"]["name"]),
        (&json!("redeemed"), &json!("ada"))
    );
    fixture.post("/vouchers/redeem", redeem).await.fails(409, "voucher 1 was redeemed");
    assert_eq!(balance(&fixture).await, "10.00");
    assert_eq!(fixture.delete("/vouchers/2").await.ok()["state"], "void");
    let listed = fixture.get("/vouchers").await.ok()["vouchers"].clone();
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("redeemed"), &json!("void")));
    assert!(codes.iter().all(|code| !listed.to_string().contains(code)));
}

#[tokio::test]
async fn a_voucher_gives_an_item_or_days_of_a_tier() {
    let fixture = shop().await;
    for (key, worth) in
        [("one", json!({"item": "demo"})), ("two", json!({"tier": {"tier": "patron", "days": 30}}))]
    {
        let issued = fixture
            .post("/vouchers", json!({"key": key, "count": 1, "worth": worth}))
            .await
            .created();
        let redeem = json!({"code": issued[0]["code"], "member": "ada"});
        fixture.post("/vouchers/redeem", redeem).await.ok();
    }
    let ada = fixture.get("/members/ada").await.ok();
    assert_eq!(
        (&ada["rights"][0]["item"]["name"], &ada["tier"]),
        (&json!("demo"), &json!("patron"))
    );
    let worthless = json!({"key": "three", "count": 1, "worth": {"item": "reel"}});
    fixture.post("/vouchers", worthless).await.fails(404, "no item `reel`");
}

#[tokio::test]
async fn a_voucher_is_redeemed_once_under_32_at_once() {
    let fixture = shop().await;
    let money = json!({"money": {"amount": "10.00", "currency": "usd"}});
    let issued = fixture.post("/vouchers", json!({"key": "k", "count": 1, "worth": money})).await;
    let redeem = json!({"code": issued.created()[0]["code"], "member": "ada"});
    let attempts = (0..32).map(|_| fixture.post("/vouchers/redeem", redeem.clone()));
    let statuses: Vec<u16> =
        futures_util::future::join_all(attempts).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(balance(&fixture).await, "10.00");
}

#[tokio::test]
async fn wrong_codes_are_limited_and_right_ones_are_not() {
    let fixture = shop().await;
    let money = json!({"money": {"amount": "1.00", "currency": "usd"}});
    let issued =
        fixture.post("/vouchers", json!({"key": "k", "count": 13, "worth": money})).await.created();
    let redeem = async |code: &Value, member: &str| {
        fixture.post("/vouchers/redeem", json!({"code": code, "member": member})).await
    };
    for issued in &issued.as_array().unwrap()[..12] {
        redeem(&issued["code"], "ada").await.ok();
    }
    assert_eq!(balance(&fixture).await, "12.00");
    for _ in 0..10 {
        redeem(&json!("00000-00000-00000-00000-00000-00"), "ada")
            .await
            .fails(404, "no such voucher");
    }
    let last = &issued[12]["code"];
    redeem(last, "ada").await.fails(429, "wait a minute");
    redeem(last, "bob").await.ok();
}

/// A fixture with two members and an item for sale.
async fn shop() -> Fixture {
    stock(Fixture::new().await).await
}

/// Adds two members and an item for sale.
pub(super) async fn stock(fixture: Fixture) -> Fixture {
    for name in ["ada", "bob"] {
        fixture.post("/members", json!({"name": name, "tier": "outsider"})).await.created();
    }
    fixture.demo().await;
    let prices = json!({"torrent_price": "2.25", "direct_price": "3.00", "currency": "usd"});
    fixture.put("/items/demo/prices", prices).await.ok();
    fixture
}

pub(super) fn topup(key: &str, amount: &str) -> Value {
    json!({"key": key, "amount": amount, "currency": "usd", "memo": "cash"})
}

async fn balance(fixture: &Fixture) -> String {
    let balances = fixture.get("/members/ada/balance").await.ok();
    balances[0]["prepaid"]["amount"].as_str().unwrap().to_owned()
}
