use std::sync::Arc;

use club::provider::{Event, Notice, Report};
use club::{
    Amount, Begun, CheckoutId, Delivery, Fault, NewCheckout, NewRepayment, ProductRequest,
    Repayment, Store,
};

use super::money::{check_sound, usd};
use super::{House, check_refused, stamp};

pub(crate) async fn another_begins_once_the_first_is_answered(store: Arc<dyn Store>) {
    let (house, order) = paid(store.clone()).await;
    let first = noted(begin(&house, order, "1", Some(usd(200))).await);
    let unanswered = Begun::Unanswered(Box::new(first.clone()));
    assert_eq!(begin(&house, order, "1", Some(usd(200))).await, unanswered);
    assert_eq!(begin(&house, order, "2", Some(usd(100))).await, unanswered);
    let house = House::open(store).await;
    assert_eq!(begin(&house, order, "2", None).await, unanswered, "a restart changes nothing");

    let link = Some("https://btcpay.example.org/pp_1");
    house.club.enter_repayment(&stamp(), &first, link).await.unwrap();
    house.club.enter_repayment(&stamp(), &first, link).await.unwrap();
    assert_eq!(kept(&house, order).await, 300);
    let mut made = first;
    (made.made, made.link) = (true, link.map(str::to_owned));
    let known = Begun::Made(Some(Box::new(made.clone())));
    assert_eq!(begin(&house, order, "1", None).await, known);
    assert_eq!(house.club.repayments(order).await.unwrap(), [made]);

    assert_eq!(begin(&house, order, "3", Some(usd(301))).await, Begun::Less(usd(300)));
    let rest = noted(begin(&house, order, "3", None).await);
    assert_eq!(rest.amount, usd(300));
    house.club.enter_repayment(&stamp(), &rest, None).await.unwrap();
    assert_eq!(begin(&house, order, "4", None).await, Begun::NothingLeft);
    check_sound(&house).await;
}

pub(crate) async fn what_was_not_made_is_forgotten(store: Arc<dyn Store>) {
    let (house, order) = paid(store).await;
    for _ in 0..2 {
        let refused = noted(begin(&house, order, "1", None).await);
        house.club.forget_repayment(&stamp(), &refused, true).await.unwrap();
    }
    assert_eq!(
        (kept(&house, order).await, house.club.repayments(order).await.unwrap()),
        (500, vec![])
    );
}

pub(crate) async fn a_key_is_of_one_order_and_amount(store: Arc<dyn Store>) {
    let (house, order) = paid(store).await;
    begin(&house, order, "1", Some(usd(200))).await;
    let new = |amount| NewRepayment { checkout: order, key: "1".to_owned(), bought: None, amount };
    let refused = house.club.begin_repayment(&stamp(), new(Some(usd(100)))).await;
    let text = "the key `1` was another checkout's, see order 1";
    check_refused(refused, Fault::Conflict, text);
    let nameless = NewRepayment { key: String::new(), ..new(None) };
    let refused = house.club.begin_repayment(&stamp(), nameless).await;
    check_refused(refused, Fault::Request, "a key of 0 bytes, expected 1 to 255");
}

/// An order of ada's, a top-up of 5.00 that was paid.
async fn paid(store: Arc<dyn Store>) -> (House, CheckoutId) {
    let house = House::open(store).await;
    house.add_member("ada").await;
    let (provider, member) = ("btcpay".to_owned(), "ada".to_owned());
    let new = NewCheckout { provider, member, product: ProductRequest::Topup(usd(500)) };
    let order = house.club.make_checkout(&stamp(), "order", new).await.unwrap().id;
    let report = Report {
        payment: "inv_1".to_owned(),
        reference: Some(order.0.to_string()),
        paid: Some(usd(500)),
        ..Report::default()
    };
    let notice = Notice::Payment(Box::new(report));
    let event = Event { key: "paid".to_owned(), kind: "test".to_owned(), notice };
    house.club.receive(&stamp(), Delivery::of("btcpay"), event).await.unwrap();
    (house, order)
}

async fn begin(house: &House, order: CheckoutId, key: &str, amount: Option<Amount>) -> Begun {
    let new = NewRepayment { checkout: order, key: key.to_owned(), bought: None, amount };
    house.club.begin_repayment(&stamp(), new).await.unwrap()
}

/// The repayment that its provider is to be asked for now.
fn noted(begun: Begun) -> Repayment {
    let noted = match begun {
        Begun::New(noted) => Some(*noted),
        _ => None,
    };
    noted.unwrap()
}

async fn kept(house: &House, order: CheckoutId) -> i64 {
    house.club.checkout(order).await.unwrap().payments[0].kept
}
