use std::sync::Arc;

use club::provider::{Event, Notice, RefundReport, RefundState, Report};
use club::{
    Amount, Begun, CheckoutId, Delivery, EntryId, Fault, NewCheckout, NewRefund, OrderState,
    ProductRequest, Refund, RefundAnswer, RefundOf, Store, Verdict,
};
use policy::Right;

use super::money::{check_sound, usd};
use super::payments::{check_balance, checkout, hear, item, of, stocked};
use super::{House, check_refused, payments, stamp};

pub(crate) async fn another_begins_once_the_first_is_answered(store: Arc<dyn Store>) {
    let (house, order) = paid(store.clone()).await;
    let first = noted(begin(&house, order, "1", Some(usd(200))).await);
    let unanswered = Begun::Unanswered(Box::new(first.clone()));
    assert_eq!(begin(&house, order, "1", Some(usd(200))).await, unanswered);
    assert_eq!(begin(&house, order, "2", Some(usd(100))).await, unanswered);
    let house = House::open(store).await;
    assert_eq!(begin(&house, order, "2", None).await, unanswered, "a restart changes nothing");
    assert_eq!(kept(&house, order).await, 500, "nobody knows whether it was made");

    let link = "https://btcpay.example.org/pp_1";
    let offered = RefundAnswer {
        name: Some("pp_1".to_owned()),
        state: RefundState::Requested,
        link: Some(link.to_owned()),
    };
    for _ in 0..2 {
        house.club.answer_refund(&stamp(), &first, offered.clone()).await.unwrap();
    }
    assert_eq!(kept(&house, order).await, 300);
    let mut made = first;
    (made.name, made.link) = (offered.name, offered.link);
    (made.answered, made.entry) = (Some(stamp().now_unix), Some(EntryId(2)));
    let known = Begun::Made(Some(Box::new(made.clone())));
    assert_eq!(begin(&house, order, "1", None).await, known);
    assert_eq!(house.club.refunds(order).await.unwrap(), [made]);

    assert_eq!(begin(&house, order, "3", Some(usd(301))).await, Begun::Less(usd(300)));
    let rest = noted(begin(&house, order, "3", None).await);
    assert_eq!(rest.amount, usd(300));
    answer(&house, &rest, None, RefundState::Succeeded).await;
    assert_eq!(begin(&house, order, "4", None).await, Begun::NothingLeft);
    check_sound(&house).await;
}

pub(crate) async fn what_was_not_made_is_forgotten(store: Arc<dyn Store>) {
    let (house, order) = paid(store).await;
    for _ in 0..2 {
        let refused = noted(begin(&house, order, "1", None).await);
        house.club.forget_refund(&stamp(), &refused, true).await.unwrap();
    }
    assert_eq!(
        (kept(&house, order).await, house.club.refunds(order).await.unwrap()),
        (500, vec![])
    );
}

pub(crate) async fn a_key_is_of_one_order_and_amount(store: Arc<dyn Store>) {
    let (house, order) = paid(store).await;
    begin(&house, order, "1", Some(usd(200))).await;
    let new = |amount| NewRefund { of: RefundOf::Checkout(order), key: "1".to_owned(), amount };
    let refused = house.club.begin_refund(&stamp(), new(Some(usd(100)))).await;
    let text = "the key `1` was used for another request, see refund 1";
    check_refused(refused, Fault::Conflict, text);
    let nameless = NewRefund { key: String::new(), ..new(None) };
    let refused = house.club.begin_refund(&stamp(), nameless).await;
    check_refused(refused, Fault::Request, "a key of 0 bytes, expected 1 to 255");
}

pub(crate) async fn the_providers_event_may_come_before_its_answer(store: Arc<dyn Store>) {
    let (house, order) = paid(store).await;
    let asked = noted(begin(&house, order, "1", Some(usd(200))).await);
    let said = |key: Option<&str>, name: &str, state| Report {
        refunds: vec![RefundReport {
            name: name.to_owned(),
            key: key.map(str::to_owned),
            amount: usd(200),
            state,
        }],
        ..of("inv_1")
    };
    // It does not carry our key, so it seems another refund until the answer names it.
    tell(&house, "evt_1", said(None, "re_1", RefundState::Succeeded)).await;
    assert_eq!((kept(&house, order).await, made(&house, order).await.len()), (300, 2));
    answer(&house, &asked, Some("re_1"), RefundState::Requested).await;
    let refunds = made(&house, order).await;
    assert_eq!((kept(&house, order).await, refunds.len()), (300, 1));
    assert_eq!((refunds[0].state, refunds[0].key.as_deref()), (RefundState::Succeeded, Some("1")));

    // Where it carries our key it answers for the provider.
    noted(begin(&house, order, "2", Some(usd(200))).await);
    tell(&house, "evt_2", said(Some("2"), "re_2", RefundState::Requested)).await;
    assert_eq!((kept(&house, order).await, made(&house, order).await.len()), (100, 2));
    assert!(matches!(begin(&house, order, "2", None).await, Begun::Made(Some(_))));
    check_sound(&house).await;
}

pub(crate) async fn a_refund_that_failed_comes_back(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    let order = checkout(&house, "1", item()).await;
    hear(&house, "evt_1", payments::paid(&order, 300)).await;
    hear(&house, "evt_2", Report { refunded: Some(usd(300)), ..of("pi_1") }).await;
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    let failed = Report { refunds: vec![re_1(300, RefundState::Failed)], ..of("pi_1") };
    let (verdict, effect) = hear(&house, "evt_3", failed).await;
    assert_eq!((verdict, effect.as_str()), (Verdict::Applied, "order 1 is paid, 3.00 usd kept"));
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_balance(&house, 0).await;
    // What was said before it failed comes late and again.
    let late = Report { refunds: vec![re_1(300, RefundState::Requested)], ..of("pi_1") };
    hear(&house, "evt_4", late).await;
    hear(&house, "evt_5", Report { refunded: Some(usd(300)), ..of("pi_1") }).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    let found = house.club.order(order.order.id).await.unwrap();
    assert_eq!((found.state(), found.kept), (OrderState::Paid, usd(300)));
    // It can be paid back by another one.
    let asked = noted(begin(&house, order.id, "1", None).await);
    answer(&house, &asked, Some("re_2"), RefundState::Succeeded).await;
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);
    let found = house.club.order(order.order.id).await.unwrap();
    assert_eq!((found.state(), found.kept), (OrderState::Refunded, usd(0)));
    check_sound(&house).await;
    let again = House::open(store).await;
    assert_eq!(again.right(reel, ada).unwrap().until, Right::REFUNDED);
}

pub(crate) async fn a_part_that_failed_comes_back_and_the_rest_stays_paid_back(
    store: Arc<dyn Store>,
) {
    let (house, ada, reel) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    let refunds = |part, rest| Report {
        refunds: vec![re_1(100, part), RefundReport { name: "re_2".to_owned(), ..re_1(150, rest) }],
        ..of("pi_1")
    };
    use RefundState::{Cancelled, Failed, Requested, Succeeded};
    hear(&house, "evt_1", refunds(Requested, Requested)).await;
    hear(&house, "evt_2", payments::paid(&order, 300)).await;
    for (key, part, rest, kept, state) in [
        ("evt_3", Requested, Succeeded, 50, OrderState::PartlyRefunded),
        ("evt_4", Cancelled, Succeeded, 150, OrderState::PartlyRefunded),
        ("evt_5", Cancelled, Failed, 300, OrderState::Paid),
    ] {
        hear(&house, key, refunds(part, rest)).await;
        let found = house.club.order(order.order.id).await.unwrap();
        assert_eq!((found.kept, found.state()), (usd(kept), state), "{key}");
        assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
        check_balance(&house, 0).await;
    }
    check_sound(&house).await;
}

pub(crate) async fn an_order_is_paid_while_a_payment_of_it_is_kept(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let order = checkout(&house, "1", item()).await;
    let second = || Report { payment: "pi_2".to_owned(), ..payments::paid(&order, 300) };
    hear(&house, "evt_1", payments::paid(&order, 300)).await;
    let (verdict, effect) = hear(&house, "evt_2", second()).await;
    let text =
        "order 1 is paid, its money is in the balance: it was paid before, 3.00 usd too much";
    assert_eq!((verdict, effect.as_str()), (Verdict::Held, text));
    check_balance(&house, 300).await;
    let state = async || {
        let checkout = house.club.checkout(order.id).await.unwrap();
        (checkout.state(), checkout.order.state(), house.right(reel, ada).unwrap().until)
    };
    let is_paid = ("paid".to_owned(), OrderState::Paid, u32::MAX);
    for refunded in ["pi_2", "pi_1"] {
        assert_eq!(state().await, is_paid);
        hear(&house, refunded, Report { refunded: Some(usd(300)), ..of(refunded) }).await;
        check_balance(&house, 0).await;
    }
    assert_eq!(state().await, ("refunded".to_owned(), OrderState::Refunded, Right::REFUNDED));
    check_sound(&house).await;

    // So it is where the one that bought it goes back first.
    let order = checkout(&house, "2", item()).await;
    for payment in ["pi_3", "pi_4"] {
        let paid = Report { payment: payment.to_owned(), ..payments::paid(&order, 300) };
        hear(&house, payment, paid).await;
    }
    hear(&house, "evt_9", Report { refunded: Some(usd(300)), ..of("pi_3") }).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    check_balance(&house, 0).await;
    let again = Report { payment: "pi_4".to_owned(), ..payments::paid(&order, 300) };
    assert_eq!(hear(&house, "pi_4", again).await.0, Verdict::Applied, "nothing is too much");
    check_sound(&house).await;
}

fn re_1(minor: i64, state: RefundState) -> RefundReport {
    RefundReport { name: "re_1".to_owned(), key: None, amount: usd(minor), state }
}

/// A checkout of ada's, of a top-up of 5.00 that was paid.
async fn paid(store: Arc<dyn Store>) -> (House, CheckoutId) {
    let house = House::open(store).await;
    house.add_member("ada").await;
    let (provider, member) = ("btcpay".to_owned(), "ada".to_owned());
    let new = NewCheckout { provider, member, product: ProductRequest::Topup(usd(500)) };
    let checkout = house.club.make_checkout(&stamp(), "order", new).await.unwrap().id;
    house.club.set_session(checkout, "inv_1", "").await.unwrap();
    let session = Some("inv_1".to_owned());
    tell(&house, "paid", Report { session, paid: Some(usd(500)), ..of("inv_1") }).await;
    (house, checkout)
}

async fn tell(house: &House, key: &str, report: Report) {
    let notice = Notice::Payment(Box::new(report));
    let event = Event { key: key.to_owned(), kind: "test".to_owned(), notice };
    house.club.receive(&stamp(), Delivery::of("btcpay"), event).await.unwrap();
}

async fn begin(house: &House, checkout: CheckoutId, key: &str, amount: Option<Amount>) -> Begun {
    let new = NewRefund { of: RefundOf::Checkout(checkout), key: key.to_owned(), amount };
    house.club.begin_refund(&stamp(), new).await.unwrap()
}

async fn answer(house: &House, refund: &Refund, name: Option<&str>, state: RefundState) {
    let answer = RefundAnswer { name: name.map(str::to_owned), state, link: None };
    house.club.answer_refund(&stamp(), refund, answer).await.unwrap();
}

/// The refund that its provider is to be asked for now.
fn noted(begun: Begun) -> Refund {
    let noted = match begun {
        Begun::New(noted) => Some(*noted),
        _ => None,
    };
    noted.unwrap()
}

async fn made(house: &House, checkout: CheckoutId) -> Vec<Refund> {
    house.club.refunds(checkout).await.unwrap()
}

async fn kept(house: &House, checkout: CheckoutId) -> i64 {
    house.club.checkout(checkout).await.unwrap().payments[0].kept
}
