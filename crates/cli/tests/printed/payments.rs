//! The commands about payment providers.

use api::checkout::{CheckoutRefunded, CheckoutView, PaymentView, RefundView};
use api::event::{EventDetail, EventView, Replayed};
use api::product::{DeliveryMethod, ProductKind};

use super::samples::{ada, at, item_product, tier_product, topup_product, usd};
use super::typed::typed;

#[test]
fn checkouts() {
    let pending = CheckoutView {
        id: 7,
        order: 12,
        provider: "stripe".to_owned(),
        reference: "usher-9f2c-4b1d8e7a".to_owned(),
        member: Some(ada()),
        email: None,
        product: item_product(DeliveryMethod::Torrent),
        amount: usd(225),
        state: "pending".to_owned(),
        url: Some("https://checkout.example.org/c/pay/cs_7".to_owned()),
        session: Some("cs_7".to_owned()),
        until: None,
        created: at("20T10:00:00"),
        payments: Vec::new(),
        refunds: Vec::new(),
    };
    let paid = PaymentView {
        name: "pi_8".to_owned(),
        state: "paid".to_owned(),
        refunded: usd(100),
        kept: usd(400),
        topup: Some(42),
        order: Some(13),
    };
    let unpaid = PaymentView {
        name: "pi_9".to_owned(),
        state: "pending".to_owned(),
        refunded: usd(0),
        kept: usd(0),
        topup: None,
        order: None,
    };
    let made = RefundView {
        key: Some("k1".to_owned()),
        name: Some("re_1".to_owned()),
        payment: "pi_8".to_owned(),
        amount: usd(100),
        asked: at("21T10:00:00"),
        state: "succeeded".to_owned(),
        made: true,
        link: None,
        entry: Some(44),
    };
    let unanswered = RefundView {
        name: None,
        amount: usd(200),
        state: "requested".to_owned(),
        made: false,
        link: Some("https://pay.example.org/pull-payments/2".to_owned()),
        entry: None,
        ..made.clone()
    };
    let subscription = CheckoutView {
        id: 8,
        order: 13,
        product: tier_product(ProductKind::Subscription, None),
        amount: usd(500),
        state: "paid".to_owned(),
        until: Some(at("30T10:00:00")),
        payments: vec![paid, unpaid],
        refunds: vec![made, unanswered],
        ..pending.clone()
    };
    let by_hook = CheckoutView {
        id: 9,
        order: 14,
        provider: "gumroad".to_owned(),
        member: None,
        email: Some("bob@example.org".to_owned()),
        product: topup_product(),
        amount: usd(1000),
        url: None,
        session: None,
        ..pending.clone()
    };
    typed("checkout add ada reel --as torrent --provider stripe --key k")
        .answer("POST /checkouts", &pending)
        .check();
    typed("checkout add bob --topup 10.00 --currency usd --provider gumroad --key k")
        .answer("POST /checkouts", &by_hook)
        .check_with("hook");
    let checkouts = vec![pending, subscription.clone(), by_hook.clone()];
    typed("checkout list").list("GET /checkouts", "checkouts", &checkouts).check();
    typed("checkout show 8").answer("GET /checkouts/8", &subscription).check();
    typed("checkout show 9").answer("GET /checkouts/9", &by_hook).check_with("pending");

    let refunded = CheckoutRefunded {
        checkout: CheckoutView { state: "refunded".to_owned(), ..subscription },
        link: None,
    };
    typed("checkout refund 8 --amount 4.00 --key k")
        .answer("POST /checkouts/8/refunds", &refunded)
        .check();
    let link = Some("https://pay.example.org/pull-payments/2".to_owned());
    typed("checkout answer 8 --made --link https://pay.example.org/pull-payments/2")
        .answer("POST /checkouts/8/answer", &CheckoutRefunded { link, ..refunded })
        .check();
}

#[test]
fn events() {
    let applied = EventView {
        id: 11,
        provider: "stripe".to_owned(),
        key: Some("evt_11".to_owned()),
        kind: "checkout.session.completed".to_owned(),
        received: at("20T10:00:01"),
        verdict: "applied".to_owned(),
        effect: "checkout 7: paid 2.25 usd, order 12 sold".to_owned(),
        again: 2,
    };
    let forged = EventView {
        id: 12,
        key: None,
        kind: String::new(),
        verdict: "forged".to_owned(),
        effect: "the signature is not ours".to_owned(),
        again: 0,
        ..applied.clone()
    };
    typed("event list").list("GET /events", "events", &[applied.clone(), forged]).check();
    let detail = EventDetail {
        event: applied,
        headers: "content-type: application/json\nstripe-signature: t=1,v1=00".to_owned(),
        body: "{\"id\": \"evt_11\"}".to_owned(),
        erased: None,
    };
    typed("event show 11").answer("GET /events/11", &detail).check();
    let erased = EventDetail {
        headers: String::new(),
        body: String::new(),
        erased: Some(at("22T12:00:00")),
        ..detail
    };
    typed("event show 11").answer("GET /events/11", &erased).check_with("erased");
    let replayed = Replayed {
        verdict: "duplicate".to_owned(),
        effect: "checkout 7 was paid already".to_owned(),
    };
    typed("event replay 11").answer("POST /events/11/replay", &replayed).check();
}
