use std::sync::Arc;

use super::money::{check_sound, usd};
use super::payments::{checkout, hear, item, of, paid, stocked};
use super::{House, check_refused, stamp};
use club::provider::Report;
use club::{
    Buyer, Email, Fault, NewOrder, Order, OrderState, Page, ProductRequest, Store, Verdict,
};

pub(crate) async fn a_visitor_is_a_member_once_paid(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let club = &house.club;
    let order = place(&house, "1", "Eve@Example.org").await;
    assert_eq!((order.member, order.state(), order.token.len()), (None, OrderState::Pending, 32));
    assert_eq!(place(&house, "1", "eve@example.org").await, order, "the same request finds it");
    let by_token = club.order_by_token(&order.token).await.unwrap();
    assert_eq!(by_token.as_ref(), Some(&order));
    assert_eq!(club.order_by_token("").await.unwrap(), None);
    let checkout = club.add_checkout(&stamp(), "c", order.id, "stripe").await.unwrap();
    assert_eq!(club.members(Page::FIRST).await.unwrap().len(), 1, "ada alone");
    assert_eq!(
        club.refund(&stamp(), "r", order.id, None).await.unwrap_err().fault(),
        Fault::Conflict
    );

    let (verdict, effect) = hear(&house, "evt_1", paid(&checkout, 300)).await;
    assert_eq!(verdict, Verdict::Applied, "{effect}");
    let eve = club.member_of_email(&email("eve@example.org")).await.unwrap().unwrap();
    assert_eq!((eve.name.as_str(), eve.tier.as_str()), ("buyer-1", "outsider"));
    assert_eq!(house.right(reel, eve.id).unwrap().until, u32::MAX);
    assert_eq!(house.right(reel, ada), None);
    let order = club.order(order.id).await.unwrap();
    assert_eq!((order.member, order.state()), (Some(eve.id), OrderState::Paid));
    // What the same address buys next is the same member's.
    let next = place(&house, "2", "eve@example.org").await;
    let next = club.add_checkout(&stamp(), "d", next.id, "stripe").await.unwrap();
    let again = Report { payment: "pi_2".to_owned(), ..paid(&next, 300) };
    let (verdict, effect) = hear(&house, "evt_2", again).await;
    assert_eq!(verdict, Verdict::Held, "bought already: {effect}");
    assert_eq!(club.balance("buyer-1").await.unwrap()[0].prepaid, usd(300));
    assert_eq!(club.members(Page::FIRST).await.unwrap().len(), 2);

    let unpaid = place(&house, "3", "eve@example.org").await;
    club.erase_member(&stamp(), "buyer-1").await.unwrap();
    let unpaid = club.order(unpaid.id).await.unwrap();
    assert_eq!((unpaid.email, unpaid.member), (None, Some(eve.id)));
    assert_eq!(club.member_of_email(&email("eve@example.org")).await.unwrap(), None);
    check_sound(&house).await;
}

pub(crate) async fn a_visitors_address_may_be_a_members(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    for (key, address) in [("1", "eve@example.org"), ("2", "bob@example.org")] {
        let order = place(&house, key, address).await;
        let made = house.club.add_checkout(&stamp(), key, order.id, "stripe").await.unwrap();
        let report = Report { payment: format!("pi_{key}"), ..paid(&made, 300) };
        assert_eq!(hear(&house, key, report).await.0, Verdict::Applied);
    }
    let names: Vec<_> = house.club.members(Page::FIRST).await.unwrap();
    let names: Vec<_> = names.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["ada", "buyer-1", "buyer-2"]);
    // A name that is taken is not taken away.
    house.add_member("buyer-3").await;
    let order = place(&house, "3", "cleo@example.org").await;
    let made = house.club.add_checkout(&stamp(), "3", order.id, "stripe").await.unwrap();
    hear(&house, "3", Report { payment: "pi_3".to_owned(), ..paid(&made, 300) }).await;
    let cleo = house.club.member_of_email(&email("cleo@example.org")).await.unwrap().unwrap();
    assert_eq!(cleo.name, "buyer-3-2");
}

pub(crate) async fn an_order_has_any_number_of_checkouts(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let first = checkout(&house, "1", item()).await;
    let add = async |key| house.club.add_checkout(&stamp(), key, first.order.id, "shop").await;
    let second = add("2").await.unwrap();
    assert_eq!((second.order.id, second.id.0), (first.order.id, 2));
    assert_eq!(add("2").await.unwrap().id, second.id);
    let (verdict, _) = hear(&house, "evt_1", paid(&first, 300)).await;
    assert_eq!(verdict, Verdict::Applied);
    let text = "order 1 is paid: `usher order refund 1` pays it back";
    check_refused(add("3").await, Fault::Conflict, text);
    // Both were paid: the other's money is in the balance until one goes back.
    let delivery = club::Delivery::of("shop");
    let report = Report { payment: "pi_2".to_owned(), ..paid(&second, 300) };
    let notice = club::provider::Notice::Payment(Box::new(report));
    let event = super::payments::event("evt_2", notice);
    let handled = house.club.receive(&stamp(), delivery, event).await.unwrap();
    assert_eq!(handled.verdict, Verdict::Held, "{}", handled.effect);
    hear(&house, "evt_3", Report { refunded: Some(usd(300)), ..of("pi_1") }).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    assert_eq!(house.club.order(first.order.id).await.unwrap().state(), OrderState::Paid);
    let states: Vec<_> = house.club.checkouts_of(first.order.id).await.unwrap();
    let states: Vec<_> = states.iter().map(club::Checkout::state).collect();
    assert_eq!(states, ["refunded", "paid"]);
    check_sound(&house).await;
}

pub(crate) async fn an_order_is_cancelled_until_it_is_wanted_again(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let made = checkout(&house, "1", item()).await;
    house.club.set_session(made.id, "cs_1", "").await.unwrap();
    let state = async || house.club.order(made.order.id).await.unwrap().state();
    let closed = club::provider::Notice::Closed { session: "cs_1".to_owned() };
    let event = super::payments::event("evt_1", closed);
    house.club.receive(&stamp(), club::Delivery::of("stripe"), event).await.unwrap();
    assert_eq!(state().await, OrderState::Cancelled);
    let again = house.club.add_checkout(&stamp(), "2", made.order.id, "stripe").await.unwrap();
    assert_eq!(state().await, OrderState::Pending);
    house.club.cancel_order(&stamp(), made.order.id).await.unwrap();
    assert_eq!(state().await, OrderState::Cancelled);
    // Money that comes after all pays it.
    hear(&house, "evt_2", paid(&again, 300)).await;
    assert_eq!(state().await, OrderState::Paid);
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    let refused = house.club.cancel_order(&stamp(), made.order.id).await;
    check_refused(refused, Fault::Conflict, "order 1 is paid: `usher order refund 1` pays it back");
}

pub(crate) async fn a_visitors_order_that_nobody_pays_is_cancelled(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let club = &house.club;
    let abandoned = place(&house, "1", "eve@example.org").await;
    // Somebody began to pay one, and another is a member's.
    let begun = place(&house, "2", "bob@example.org").await;
    let checkout = club.add_checkout(&stamp(), "c", begun.id, "stripe").await.unwrap();
    let buyer = Buyer::Member("ada".to_owned());
    let members = NewOrder {
        buyer,
        product: item(),
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    };
    let members = club.place_order(&stamp(), "3", members).await.unwrap();
    let created = abandoned.created;
    let cancel = async |before| club.cancel_abandoned_orders(before, before + 9).await.unwrap();
    assert_eq!(cancel(created).await, 0, "it is too young");
    assert_eq!(cancel(created + 1).await, 1);
    assert_eq!(cancel(created + 1).await, 0, "it is cancelled once");
    let order = async |id| club.order(id).await.unwrap();
    let now = order(abandoned.id).await;
    assert_eq!((now.state(), now.cancelled), (OrderState::Cancelled, Some(created + 10)));
    for other in [begun.id, members.id] {
        assert_eq!(order(other).await.state(), OrderState::Pending);
    }
    let record = club.audit(Page::FIRST).await.unwrap();
    let last = record.last().unwrap();
    let found = (last.who.as_str(), last.what.as_str(), last.detail.as_str());
    assert_eq!(found, ("usher", "order.cancel", "order 1"));
    // Whoever comes back can pay it, and a payment of a cancelled order counts.
    let late = club.add_checkout(&stamp(), "d", abandoned.id, "stripe").await.unwrap();
    assert_eq!(order(abandoned.id).await.state(), OrderState::Pending);
    club.cancel_order(&stamp(), abandoned.id).await.unwrap();
    assert_eq!(hear(&house, "evt_1", paid(&late, 300)).await.0, Verdict::Applied);
    let paid_late = order(abandoned.id).await;
    assert_eq!((paid_late.state(), paid_late.cancelled), (OrderState::Paid, None));
    assert!(house.right(reel, paid_late.member.unwrap()).is_some());
    assert_eq!(house.right(reel, ada), None);
    let begun = Report { payment: "pi_2".to_owned(), ..paid(&checkout, 300) };
    assert_eq!(hear(&house, "evt_2", begun).await.0, Verdict::Applied);
    check_sound(&house).await;
}

pub(crate) async fn more_abandoned_orders_than_one_step_takes_are_cancelled(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    for number in 0..201 {
        place(&house, &number.to_string(), &format!("buyer{number}@example.org")).await;
    }
    let before = stamp().now_unix + 1;
    assert_eq!(house.club.cancel_abandoned_orders(before, before).await.unwrap(), 201);
}

pub(crate) async fn the_periods_of_a_subscription_are_orders(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    let product = ProductRequest::Subscription { tier: "patron".to_owned(), price: usd(500) };
    let made = checkout(&house, "1", product).await;
    let now = stamp().now_unix;
    for (payment, months) in [("pi_1", 1), ("pi_2", 2), ("pi_3", 3)] {
        let report = Report {
            payment: payment.to_owned(),
            until: Some(now + months * 30 * 86_400),
            subscription: Some("sub_1".to_owned()),
            by_link: false,
            ..paid(&made, 500)
        };
        assert_eq!(hear(&house, payment, report).await.0, Verdict::Applied);
    }
    hear(&house, "evt_9", Report { refunded: Some(usd(500)), ..of("pi_2") }).await;
    let orders = house.club.orders("ada", Page::FIRST).await.unwrap();
    let found: Vec<_> = orders
        .iter()
        .map(|order| (order.id.0, order.renews.map(|first| first.0), order.state()))
        .collect();
    let (paid, refunded) = (OrderState::Paid, OrderState::Refunded);
    assert_eq!(found, [(1, None, paid), (2, Some(1), refunded), (3, Some(1), paid)]);
    assert_eq!(house.standing(ada).until, now + 90 * 86_400);
    hear(&house, "evt_10", Report { refunded: Some(usd(500)), ..of("pi_3") }).await;
    assert_eq!(house.standing(ada).until, now + 30 * 86_400);
    check_sound(&house).await;
}

async fn place(house: &House, key: &str, address: &str) -> Order {
    let buyer = Buyer::Visitor(email(address));
    let new = NewOrder {
        buyer,
        product: item(),
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    };
    house.club.place_order(&stamp(), key, new).await.unwrap()
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}
