use std::sync::Arc;

use club::provider::{Claim, Dispute, Ending, Event, Grant, MemberHint, Notice, Refused, Report};
use club::{
    Buyer, Checkout, Delivery, DeliveryMethod, Email, Fault, MailText, NewCheckout, NewOrder,
    NewPurchase, Page, Prices, Product, ProductRequest, Stamp, Store, Verdict,
};
use policy::{ItemId, MemberId, MemberState, Right};

use super::money::{check_sound, usd};
use super::{House, NOW, check_refused, stamp};

pub(crate) async fn what_is_paid_is_in_force_when_it_returns(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    let order = checkout(&house, "1", item()).await;
    assert_eq!((order.state().as_str(), order.order.amount), ("pending", usd(300)));
    let (verdict, effect) = hear(&house, "evt_1", paid(&order, 300)).await;
    assert_eq!((verdict, effect.as_str()), (Verdict::Applied, "order 1 is paid, 3.00 usd kept"));
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_balance(&house, 0).await;

    let refunded = Report { refunded: Some(usd(300)), ..of("pi_1") };
    hear(&house, "evt_2", refunded).await;
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    assert_eq!(house.club.checkout(order.id).await.unwrap().state(), "refunded");
    check_balance(&house, 0).await;
    check_sound(&house).await;
    assert_eq!(
        House::open(store).await.right(reel, ada).map_or(0, |right| right.until),
        Right::REFUNDED
    );
}

pub(crate) async fn a_delivery_has_its_effect_once(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let order = checkout(&house, "1", ProductRequest::Topup(usd(500))).await;
    hear(&house, "evt_1", paid(&order, 500)).await;
    let (verdict, _) = hear(&house, "evt_1", paid(&order, 500)).await;
    assert_eq!(verdict, Verdict::Duplicate);
    let (verdict, effect) = hear(&house, "evt_2", paid(&order, 500)).await;
    assert_eq!((verdict, effect.as_str()), (Verdict::Applied, "all of it was known"));
    check_balance(&house, 500).await;
    let kept = house.club.deliveries(Page::FIRST).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|kept| (kept.key.as_deref(), kept.again)).collect();
    assert_eq!(kept, [(Some("evt_1"), 1), (Some("evt_2"), 0)]);
}

pub(crate) async fn wrong_amounts_and_unknown_orders_grant_nothing(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    let eur = club::Currency::parse("eur").unwrap();
    let mixed = Report { paid: Some(eur.minor(300)), ..paid(&order, 300) };
    let unknown = Report { reference: Some(order.reference.clone() + "0"), ..paid(&order, 300) };
    let nobodys = Report { reference: None, by_link: false, ..paid(&order, 300) };
    for (key, report, why) in [
        ("evt_1", paid(&order, 299), "2.99 usd paid for checkout 1, which costs 3.00 usd"),
        ("evt_2", paid(&order, 301), "3.01 usd paid for checkout 1, which costs 3.00 usd"),
        ("evt_3", mixed, "3.00 eur paid for checkout 1, which costs 3.00 usd"),
        ("evt_4", unknown, "3.00 usd paid for no checkout of ours"),
        ("evt_5", nobodys, "3.00 usd paid for no checkout of ours"),
    ] {
        let (verdict, effect) = hear(&house, key, report).await;
        assert_eq!(verdict, Verdict::Held, "{effect}");
        assert!(effect.starts_with(why), "{effect}");
    }
    let alerts = house.club.alerts(false, Page::FIRST).await.unwrap();
    assert_eq!((alerts.len(), alerts[0].kind.text(), alerts[0].times), (1, "payment", 5));
    assert_eq!(house.club.open_alerts(), 1);
    assert_eq!(house.right(reel, ada), None);
    assert_eq!(house.club.journal(Page::FIRST).await.unwrap(), []);
    assert_eq!(house.club.checkout(order.id).await.unwrap().state(), "pending");
}

pub(crate) async fn an_order_of_another_provider_is_not_theirs(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    let event = event("evt_1", Notice::Payment(Box::new(paid(&order, 300))));
    let delivery = Delivery { provider: "shop".to_owned(), ..Delivery::default() };
    let verdict = house.club.receive(&stamp(), delivery, event).await.unwrap().verdict;
    assert_eq!(verdict, Verdict::Held);
    assert_eq!(house.right(reel, ada), None);
}

pub(crate) async fn paid_twice_the_second_is_in_the_balance(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let orders = [checkout(&house, "1", item()).await, checkout(&house, "2", item()).await];
    for (order, payment) in orders.iter().zip(["pi_1", "pi_2"]) {
        let report = Report { payment: payment.to_owned(), ..paid(order, 300) };
        let (verdict, effect) = hear(&house, payment, report).await;
        assert_eq!(verdict == Verdict::Held, payment == "pi_2", "{effect}");
    }
    check_balance(&house, 300).await;
    // The provider pays the second one back: the first stays bought.
    hear(&house, "evt_3", Report { refunded: Some(usd(300)), ..of("pi_2") }).await;
    check_balance(&house, 0).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_sound(&house).await;
}

pub(crate) async fn a_refund_that_came_first_is_settled_once_its_payment_is_known(
    store: Arc<dyn Store>,
) {
    let (house, ada, reel) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    let refunded = || Report { refunded: Some(usd(300)), ..of("pi_1") };
    assert_eq!(hear(&house, "evt_1", refunded()).await.0, Verdict::Held);
    let (verdict, effect) = hear(&house, "evt_2", paid(&order, 300)).await;
    assert_eq!(
        (verdict, effect.as_str()),
        (Verdict::Applied, "order 1 is refunded, 0.00 usd kept")
    );
    assert_eq!(hear(&house, "evt_1", refunded()).await.0, Verdict::Applied);
    assert_eq!(house.right(reel, ada), None);
    assert_eq!(house.club.journal(Page::FIRST).await.unwrap(), []);
}

pub(crate) async fn a_dispute_suspends_until_it_is_won(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    hear(&house, "evt_1", paid(&order, 300)).await;
    hear(&house, "evt_2", Report { dispute: Dispute::Open, ..of("pi_1") }).await;
    assert_eq!(house.standing(ada).state, MemberState::Suspended);
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    hear(&house, "evt_3", Report { dispute: Dispute::Won, ..of("pi_1") }).await;
    assert_eq!(house.standing(ada).state, MemberState::Active);
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_sound(&house).await;
}

/// Neither who became a member by the order or after it, nor who owes for another reason, nor who was named by the payer.
pub(crate) async fn a_strangers_dispute_suspends_nobody_who_spent_nothing(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    let club = &house.club;
    let place = async |key: &str, address: &str, product: ProductRequest| {
        let buyer = Buyer::Visitor(Email::parse(address).unwrap());
        let new = NewOrder {
            buyer,
            product,
            pay: None,
            discount: None,
            consent: false,
            gift: false,
            seen: None,
        };
        let order = club.place_order(&stamp(), key, new).await.unwrap();
        club.add_checkout(&stamp(), key, order.id, "stripe").await.unwrap()
    };
    let pay = async |key: &str, made: &Checkout, minor: i64| {
        let report = Report { payment: format!("pi {key}"), ..paid(made, minor) };
        let (verdict, effect) = hear(&house, &format!("paid {key}"), report).await;
        assert_eq!(verdict, Verdict::Applied, "{effect}");
    };
    let dispute = async |key: &str| {
        let report = Report { dispute: Dispute::Open, ..of(&format!("pi {key}")) };
        hear(&house, &format!("disputed {key}"), report).await;
    };
    // The owner buys, and is a member, before the stranger's order is paid.
    let (topup, days) = (ProductRequest::Topup(usd(500)), 31);
    let patron = ProductRequest::Tier { tier: "patron".to_owned(), days, price: usd(500) };
    let strangers = place("1", "eve@example.org", patron.clone()).await;
    let own = place("2", "eve@example.org", item()).await;
    pay("2", &own, 300).await;
    pay("1", &strangers, 500).await;
    dispute("1").await;
    let eve = club.order(own.order.id).await.unwrap().member.unwrap();
    assert_eq!(house.standing(eve).state, MemberState::Active);
    // The stranger's order makes the account.
    let made = place("3", "cleo@example.org", patron).await;
    pay("3", &made, 500).await;
    let cleo = club.order(made.order.id).await.unwrap().member.unwrap();
    dispute("3").await;
    assert_eq!(house.standing(cleo).state, MemberState::Active);
    // A debt that was there before is no reason, although the stranger's money paid it off for a while.
    let adas = Email::parse("ada@example.org").unwrap();
    club.set_email(&stamp(), "ada", Some(adas), MailText::default()).await.unwrap();
    let own = checkout(&house, "4", topup.clone()).await;
    pay("4", &own, 500).await;
    club.buy(&stamp(), "spends", "ada", "reel", DeliveryMethod::Torrent).await.unwrap();
    hear(&house, "back", Report { refunded: Some(usd(500)), ..of("pi 4") }).await;
    assert_eq!(club.balance("ada").await.unwrap()[0].owed, usd(225));
    for (key, product, minor) in [("5", item(), 300), ("6", topup, 500)] {
        let strangers = place(key, "ada@example.org", product).await;
        pay(key, &strangers, minor).await;
        dispute(key).await;
        assert_eq!(club.balance("ada").await.unwrap()[0].owed, usd(225), "{key}");
        assert_eq!(house.standing(ada).state, MemberState::Active, "{key}");
    }
    // Who pays without an order of ours names the member.
    let claim = Claim {
        member: MemberHint::Explicit("ada".to_owned()),
        grant: Grant { tier: "patron".to_owned(), days, price: usd(500) },
    };
    let report = Report { paid: Some(usd(500)), claim: Some(claim), ..of("pi 7") };
    assert_eq!(hear(&house, "7", report).await.0, Verdict::Applied);
    dispute("7").await;
    assert_eq!(house.standing(ada).state, MemberState::Active);
    check_sound(&house).await;
}

/// Whoever pays without being signed in may give anybody's address.
pub(crate) async fn a_dispute_over_what_a_stranger_paid_suspends_who_spent_it(
    store: Arc<dyn Store>,
) {
    let (house, ada, reel) = stocked(store).await;
    let club = &house.club;
    let adas = Email::parse("ada@example.org").unwrap();
    club.set_email(&stamp(), "ada", Some(adas.clone()), MailText::default()).await.unwrap();
    let later = Stamp { now_unix: NOW + 60, ..stamp() };
    let pay = async |number: &str, product: ProductRequest, minor: i64| {
        let buyer = Buyer::Visitor(adas.clone());
        let new = NewOrder {
            buyer,
            product,
            pay: None,
            discount: None,
            consent: false,
            gift: false,
            seen: None,
        };
        let order = club.place_order(&later, number, new).await.unwrap();
        let made = club.add_checkout(&later, number, order.id, "stripe").await.unwrap();
        let report = Report { payment: format!("pi_{number}"), ..paid(&made, minor) };
        assert_eq!(hear(&house, number, report).await.0, Verdict::Applied);
    };
    let say = async |dispute: Dispute, number: &str| {
        let report = Report { dispute, ..of(&format!("pi_{number}")) };
        hear(&house, &format!("{dispute:?} {number}"), report).await;
        house.standing(ada).state
    };
    pay("1", item(), 300).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    assert_eq!(say(Dispute::Open, "1").await, MemberState::Active);
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    check_alert(&house).await;
    // One of ada's own is a reason, and the stranger's is none when that one is won.
    let own = checkout(&house, "2", item()).await;
    hear(&house, "2", Report { payment: "pi_2".to_owned(), ..paid(&own, 300) }).await;
    assert_eq!(say(Dispute::Open, "2").await, MemberState::Suspended);
    assert_eq!(say(Dispute::Won, "2").await, MemberState::Active);
    // Who spends what a stranger paid in answers for it.
    pay("3", ProductRequest::Topup(usd(500)), 500).await;
    let patron = ProductRequest::Tier { tier: "patron".to_owned(), days: 31, price: usd(500) };
    let purchase = NewPurchase {
        member: "ada".to_owned(),
        product: patron,
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    };
    club.purchase(&later, "spends", purchase).await.unwrap();
    assert_eq!(say(Dispute::Open, "3").await, MemberState::Suspended);
    check_sound(&house).await;
}

/// Each of two disputes is a reason of its own.
pub(crate) async fn two_disputes_are_two_reasons(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    for (number, payment) in [("1", "pi_1"), ("2", "pi_2")] {
        let order = checkout(&house, number, ProductRequest::Topup(usd(500))).await;
        hear(&house, payment, Report { payment: payment.to_owned(), ..paid(&order, 500) }).await;
    }
    for (dispute, payment, state) in [
        (Dispute::Open, "pi_1", MemberState::Suspended),
        (Dispute::Open, "pi_2", MemberState::Suspended),
        (Dispute::Won, "pi_1", MemberState::Suspended),
        (Dispute::Won, "pi_2", MemberState::Active),
    ] {
        let key = format!("{dispute:?} {payment}");
        hear(&house, &key, Report { dispute, ..of(payment) }).await;
        assert_eq!(house.standing(ada).state, state, "{key}");
    }
    check_balance(&house, 1000).await;
}

pub(crate) async fn days_of_a_tier_come_and_go_with_the_money(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    let tier = ProductRequest::Tier { tier: "patron".to_owned(), days: 31, price: usd(500) };
    for (number, payment) in [("1", "pi_1"), ("2", "pi_2")] {
        let order = checkout(&house, number, tier.clone()).await;
        hear(&house, payment, Report { payment: payment.to_owned(), ..paid(&order, 500) }).await;
    }
    let now = stamp().now_unix;
    assert_eq!(house.standing(ada).until, now + 62 * 86_400);
    hear(&house, "evt_3", Report { refunded: Some(usd(500)), ..of("pi_2") }).await;
    assert_eq!(house.standing(ada).until, now + 31 * 86_400);
    hear(&house, "evt_4", Report { refunded: Some(usd(500)), ..of("pi_1") }).await;
    assert_eq!(house.club.member("ada").await.unwrap().tier, "outsider");
    check_balance(&house, 0).await;
    check_sound(&house).await;
}

pub(crate) async fn a_payment_without_an_order_names_its_member(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    let claim = |member: &str| Claim {
        member: MemberHint::Explicit(member.to_owned()),
        grant: Grant { tier: "patron".to_owned(), days: 35, price: usd(300) },
    };
    let report = |payment: &str, member: &str, minor: i64| Report {
        paid: Some(usd(minor)),
        claim: Some(claim(member)),
        ..of(payment)
    };
    let (verdict, effect) = hear(&house, "1", report("txn_1", "nobody", 300)).await;
    assert_eq!(verdict, Verdict::Held, "{effect}");
    let (verdict, effect) = hear(&house, "2", report("txn_2", "ada", 299)).await;
    assert_eq!(verdict, Verdict::Held, "{effect}");
    let (verdict, effect) = hear(&house, "3", report("txn_3", "ada", 500)).await;
    assert_eq!(verdict, Verdict::Applied, "{effect}");
    assert_eq!(house.standing(ada).until, stamp().now_unix + 35 * 86_400);
    // Once there is such a member, what was held has its effect.
    house.add_member("nobody").await;
    let (verdict, effect) = hear(&house, "1", report("txn_1", "nobody", 300)).await;
    assert_eq!(verdict, Verdict::Applied, "{effect}");
}

pub(crate) async fn what_is_refused_is_kept_and_bounded(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let delivery = || Delivery {
        provider: "stripe".to_owned(),
        headers: "stripe-signature: t=1,v1=00".to_owned(),
        body: b"{}".to_vec(),
    };
    let refuse = async |second: u32, delivery: Delivery| {
        let stamp = Stamp { now_unix: NOW + second, ..stamp() };
        let refused = Refused::Forged("no signature");
        house.club.keep_refused(&stamp, delivery, &refused).await.unwrap();
    };
    for second in 0..1003 {
        refuse(second, delivery()).await;
    }
    let kept = house.club.deliveries(Page::FIRST).await.unwrap();
    assert_eq!((kept.len(), kept[0].id.0, kept[0].verdict.text()), (1000, 4, "forged"));
    assert_eq!(kept[0].effect, "forged: no signature");
    assert_eq!(house.club.deliveries(Page { after: 1003, limit: 9 }).await.unwrap().len(), 0);

    // A flood reaches the store once a second, and hides no other provider's.
    for _ in 0..3700 {
        refuse(2000, delivery()).await;
    }
    refuse(2000, Delivery::of("btcpay")).await;
    refuse(2001, delivery()).await;
    let kept = house.club.deliveries(Page { after: 1003, limit: 9 }).await.unwrap();
    let kept: Vec<_> =
        kept.iter().map(|kept| (kept.delivery.provider.as_str(), kept.effect.as_str())).collect();
    let others = "forged: no signature; 3699 more were refused before it and are not kept";
    let plain = "forged: no signature";
    assert_eq!(kept, [("stripe", plain), ("btcpay", plain), ("stripe", others)]);
}

pub(crate) async fn a_checkout_is_made_once_at_its_price(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    let prices = Prices { torrent: Some(usd(100)), direct: Some(usd(900)) };
    let club = &house.club;
    assert_eq!(
        order.order.product,
        Product::Item { item: ItemId(1), method: DeliveryMethod::Direct }
    );
    club.set_session(order.id, "cs_1", "https://pay.example.org/1").await.unwrap();
    let again = checkout(&house, "1", item()).await;
    assert_eq!((again.id, again.session.as_deref()), (order.id, Some("cs_1")));
    club.set_prices(&stamp(), "reel", prices).await.unwrap();
    hear(&house, "evt_1", paid(&order, 300)).await;
    assert_eq!(club.checkout(order.id).await.unwrap().state(), "paid");

    let new =
        |product| NewCheckout { provider: "stripe".to_owned(), member: "ada".to_owned(), product };
    let refused = club.make_checkout(&stamp(), "1", new(ProductRequest::Topup(usd(1)))).await;
    let text = "the key `1` was used for another request, see checkout 1";
    check_refused(refused, Fault::Conflict, text);
    let refused = club.make_checkout(&stamp(), "2", new(ProductRequest::Topup(usd(0)))).await;
    assert_eq!(refused.unwrap_err().fault(), Fault::Request);
    let open = club.open_checkouts("stripe", 0, Page::FIRST).await.unwrap();
    assert_eq!(open.len(), 0, "what is paid is not asked for again");
}

pub(crate) async fn what_was_bought_is_not_ordered_again(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    hear(&house, "evt_1", paid(&order, 300)).await;
    let new =
        |product| NewCheckout { provider: "stripe".to_owned(), member: "ada".to_owned(), product };
    // The direct download that was bought includes the torrent.
    let torrent = ProductRequest::Item { item: "reel".to_owned(), method: DeliveryMethod::Torrent };
    for (key, product) in [("2", item()), ("3", torrent)] {
        let refused = house.club.make_checkout(&stamp(), key, new(product)).await;
        let text = "member `ada` has bought `reel` so already, with order 1";
        check_refused(refused, Fault::Conflict, text);
    }
    assert_eq!(checkout(&house, "1", item()).await.id, order.id, "the same request finds it");
    hear(&house, "evt_2", Report { refunded: Some(usd(300)), ..of("pi_1") }).await;
    checkout(&house, "4", item()).await;
}

pub(crate) async fn a_topup_of_a_member_who_is_gone_is_held(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let order = checkout(&house, "1", ProductRequest::Topup(usd(500))).await;
    house.club.erase_member(&stamp(), "ada").await.unwrap();
    for _ in 0..2 {
        let (verdict, effect) = hear(&house, "evt_1", paid(&order, 500)).await;
        let text = "order 1 is paid, its money is in the balance: \
                    member 1 was removed, for good: add it anew";
        assert_eq!((verdict, effect.as_str()), (Verdict::Held, text));
    }
    check_alert(&house).await;
    let (verdict, effect) =
        hear(&house, "evt_2", Report { refunded: Some(usd(500)), ..of("pi_1") }).await;
    assert_eq!(verdict, Verdict::Applied, "{effect}");
    assert_eq!(hear(&house, "evt_1", paid(&order, 500)).await.0, Verdict::Applied);
    check_sound(&house).await;
}

pub(crate) async fn what_is_paid_for_a_subscription_that_is_gone_is_held(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    let tier = || ProductRequest::Subscription { tier: "patron".to_owned(), price: usd(500) };
    let order = checkout(&house, "1", tier()).await;
    let now = stamp().now_unix;
    let period = |payment: &str, months: u32| Report {
        payment: payment.to_owned(),
        until: Some(now + months * 30 * 86_400),
        subscription: Some("sub_1".to_owned()),
        ..paid(&order, 500)
    };
    assert_eq!(hear(&house, "evt_1", period("pi_1", 1)).await.0, Verdict::Applied);
    let ending = Ending {
        subscription: "sub_1".to_owned(),
        reference: Some(order.reference.clone()),
        at: now,
    };
    let delivery = Delivery { provider: "stripe".to_owned(), ..Delivery::default() };
    let ended = event("evt_2", Notice::Ended(ending));
    house.club.receive(&stamp(), delivery, ended).await.unwrap();
    let (verdict, effect) = hear(&house, "evt_3", period("pi_2", 2)).await;
    let text =
        "order 2 is paid, its money is in the balance: the subscription of checkout 1 is over";
    assert_eq!((verdict, effect.as_str()), (Verdict::Held, text));
    assert_eq!(hear(&house, "evt_3", period("pi_2", 2)).await.0, Verdict::Held);
    assert_ne!(house.standing(ada).until, now + 60 * 86_400);
    check_balance(&house, 500).await;
    check_alert(&house).await;

    // So it is where the member is gone.
    let other = checkout(&house, "2", tier()).await;
    house.club.remove_member(&stamp(), "ada").await.unwrap();
    let report = Report {
        reference: Some(other.reference),
        subscription: Some("sub_2".to_owned()),
        ..period("pi_3", 3)
    };
    let (verdict, effect) = hear(&house, "evt_4", report).await;
    assert_eq!(verdict, Verdict::Held, "{effect}");
    check_sound(&house).await;
}

async fn check_alert(house: &House) {
    let alerts = house.club.alerts(false, Page::FIRST).await.unwrap();
    assert_eq!((alerts.len(), alerts[0].kind.text()), (1, "payment"));
}

pub(super) async fn stocked(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    house.club.set_tier(&stamp(), "ada", "outsider", None).await.unwrap();
    let reel = house.add_item("reel", &[1]).await;
    let prices = Prices { torrent: Some(usd(225)), direct: Some(usd(300)) };
    house.club.set_prices(&stamp(), "reel", prices).await.unwrap();
    (house, ada, reel)
}

pub(super) fn item() -> ProductRequest {
    ProductRequest::Item { item: "reel".to_owned(), method: DeliveryMethod::Direct }
}

pub(super) async fn checkout(house: &House, key: &str, product: ProductRequest) -> Checkout {
    let new = NewCheckout { provider: "stripe".to_owned(), member: "ada".to_owned(), product };
    house.club.make_checkout(&stamp(), key, new).await.unwrap()
}

pub(super) fn of(payment: &str) -> Report {
    Report { payment: payment.to_owned(), ..Report::default() }
}

/// By a link that carries the reference.
pub(super) fn paid(order: &Checkout, minor: i64) -> Report {
    let reference = Some(order.reference.clone());
    Report { reference, by_link: true, paid: Some(usd(minor)), ..of("pi_1") }
}

pub(super) fn event(key: &str, notice: Notice) -> Event {
    Event { key: key.to_owned(), kind: "test".to_owned(), notice }
}

pub(super) async fn hear(house: &House, key: &str, report: Report) -> (Verdict, String) {
    let delivery = Delivery { provider: "stripe".to_owned(), ..Delivery::default() };
    let event = event(key, Notice::Payment(Box::new(report)));
    let handled = house.club.receive(&stamp(), delivery, event).await.unwrap();
    (handled.verdict, handled.effect)
}

pub(super) async fn check_balance(house: &House, minor: i64) {
    let balances = house.club.balance("ada").await.unwrap();
    let prepaid = balances.first().map_or(0, |balance| balance.prepaid.minor);
    assert_eq!(prepaid, minor);
}
