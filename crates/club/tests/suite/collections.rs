//! Collections: what comes with an item, who has it, and what a refund takes back.

use std::sync::Arc;

use club::provider::{Dispute, Report};
use club::{
    Claimant, DeliveryMethod, Details, Email, Fault, Item, NewVouchers, Order, Page, Prices,
    ProductRequest, Redeemed, Store, Worth,
};
use policy::{ItemId, MemberId, Right};

use super::money::{check_sound, stripe, usd};
use super::payments::{checkout, hear, of, paid};
use super::{House, check_refused, stamp};

pub(crate) async fn who_buys_a_collection_has_its_parts(store: Arc<dyn Store>) {
    let (house, ada) = stocked(store.clone()).await;
    let order = buy(&house, "box", DeliveryMethod::Torrent).await;
    assert_eq!(order.amount, usd(500));
    for item in ITEMS {
        assert_eq!(until(&house, item, ada), u32::MAX, "{item}");
    }
    assert_eq!(until(&House::open(store).await, "one", ada), u32::MAX);
    let refused = house.club.buy(&stamp(), "again", "ada", "one", DeliveryMethod::Torrent).await;
    let text = "member `ada` has bought `one` so already, with order 1";
    check_refused(refused, Fault::Conflict, text);
    refund(&house, &order).await;
    for item in ITEMS {
        assert_eq!(until(&house, item, ada), Right::REFUNDED, "{item}");
    }
    check_sound(&house).await;
}

pub(crate) async fn a_part_that_was_bought_alone_stays_after_the_refund(store: Arc<dyn Store>) {
    let (house, ada) = stocked(store).await;
    let one = buy(&house, "one", DeliveryMethod::Torrent).await;
    let all = buy(&house, "box", DeliveryMethod::Torrent).await;
    refund(&house, &all).await;
    assert_eq!([until(&house, "one", ada), until(&house, "two", ada)], [u32::MAX, Right::REFUNDED]);

    let all = buy(&house, "box", DeliveryMethod::Torrent).await;
    refund(&house, &one).await;
    assert_eq!(until(&house, "one", ada), u32::MAX);
    refund(&house, &all).await;
    assert_eq!(until(&house, "one", ada), Right::REFUNDED);
}

pub(crate) async fn an_order_keeps_the_parts_that_it_was_sold_with(store: Arc<dyn Store>) {
    let (house, ada) = stocked(store).await;
    let order = buy(&house, "box", DeliveryMethod::Torrent).await;
    set_parts(&house, "box", &["two", "three"]).await;
    assert_eq!(until(&house, "one", ada), u32::MAX);
    assert_eq!(house.right(id(&house, "three").await, ada), None);
    refund(&house, &order).await;
    assert_eq!(until(&house, "one", ada), Right::REFUNDED);
}

pub(crate) async fn a_revoked_part_does_not_come_back_with_its_collection(store: Arc<dyn Store>) {
    let (house, ada) = stocked(store).await;
    let item = "box".to_owned();
    let product = ProductRequest::Item { item, method: DeliveryMethod::Torrent };
    let order = checkout(&house, "1", product).await;
    hear(&house, "evt_1", paid(&order, 500)).await;
    house.club.revoke(&stamp(), "ada", "one").await.unwrap();
    hear(&house, "evt_2", Report { dispute: Dispute::Open, ..of("pi_1") }).await;
    assert_eq!(until(&house, "two", ada), Right::REFUNDED);
    hear(&house, "evt_3", Report { dispute: Dispute::Won, ..of("pi_1") }).await;
    let untils = ITEMS.map(|item| until(&house, item, ada));
    assert_eq!(untils, [Right::REVOKED, u32::MAX, u32::MAX]);
}

pub(crate) async fn the_direct_download_of_a_collection_is_that_of_its_parts(
    store: Arc<dyn Store>,
) {
    let (house, ada) = stocked(store).await;
    let one = id(&house, "one").await;
    let torrent = buy(&house, "box", DeliveryMethod::Torrent).await;
    assert!(!house.club.bought_direct(ada, one).await.unwrap());
    refund(&house, &torrent).await;
    let direct = buy(&house, "box", DeliveryMethod::Direct).await;
    assert!(house.club.bought_direct(ada, one).await.unwrap());
    refund(&house, &direct).await;
    assert!(!house.club.bought_direct(ada, one).await.unwrap());
}

pub(crate) async fn a_collection_holds_items_that_hold_none(store: Arc<dyn Store>) {
    let (house, _) = stocked(store).await;
    assert_eq!(parts(&house, "box").await, ["two", "one"], "in the publisher's order");
    let of_one = house.club.collections_of(id(&house, "one").await).await.unwrap();
    assert_eq!(names(of_one), ["box"]);

    let set = async |item: &str, part: &str| {
        let details = Details { parts: Some(vec![part.to_owned()]), ..Details::default() };
        house.club.describe(&stamp(), item, details).await
    };
    let nested = |item: &str, collection: &str| {
        format!(
            "item `{item}` can't be a part of `{collection}`: the parts of a collection have no parts \
             themselves, leave it out"
        )
    };
    check_refused(set("box", "box").await, Fault::Conflict, &nested("box", "box"));
    check_refused(set("three", "box").await, Fault::Conflict, &nested("box", "three"));
    check_refused(set("one", "three").await, Fault::Conflict, &nested("one", "box"));
    let details = Details { parts: Some(vec!["one".to_owned(); 201]), ..Details::default() };
    let refused = house.club.describe(&stamp(), "box", details).await;
    check_refused(refused, Fault::Request, "201 parts, expected 200 at most: leave some out");
    assert_eq!(parts(&house, "box").await, ["two", "one"], "what is refused changes nothing");

    house.club.remove_item(&stamp(), "two").await.unwrap();
    assert_eq!(parts(&house, "box").await, ["one"]);
    set_parts(&house, "box", &[]).await;
    assert_eq!(parts(&house, "box").await, [""; 0]);
}

pub(crate) async fn a_voucher_for_a_collection_gives_its_parts(store: Arc<dyn Store>) {
    let (house, ada) = stocked(store).await;
    let worth = Worth::Item(id(&house, "box").await);
    let new = NewVouchers { worth, count: 2, expires: None, memo: String::new() };
    let issued = house.club.issue_vouchers(&stamp(), "vouchers", new).await.unwrap();
    let codes: Vec<_> = issued.iter().map(|voucher| voucher.code.to_string()).collect();
    buy(&house, "one", DeliveryMethod::Torrent).await;
    house.club.redeem(&stamp(), &codes[0], "ada").await.unwrap();
    for item in ITEMS {
        assert_eq!(until(&house, item, ada), u32::MAX, "{item}");
    }
    let email = Email::parse("bob@example.org").unwrap();
    let claimant = Claimant { email, consent: true };
    let redeemed = house.club.redeem_for_visitor(&stamp(), &codes[1], claimant).await.unwrap();
    let order = match redeemed {
        Redeemed::Order(order) => Some(order),
        Redeemed::Amount(_) => None,
    };
    let bob = order.unwrap().member.unwrap();
    for item in ITEMS {
        assert_eq!(until(&house, item, bob), u32::MAX, "{item}");
    }
    check_sound(&house).await;
}

const ITEMS: [&str; 3] = ["one", "two", "box"];

/// A member with money, and a collection of two items; a third is beside it.
async fn stocked(store: Arc<dyn Store>) -> (House, MemberId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    for (number, item) in (1..).zip(["one", "two", "three", "box"]) {
        house.add_item(item, &[number]).await;
        let cost = if item == "box" { 500 } else { 300 };
        let prices = Prices { torrent: Some(usd(cost)), direct: Some(usd(cost + 100)) };
        house.club.set_prices(&stamp(), item, prices).await.unwrap();
    }
    set_parts(&house, "box", &["two", "one", "two"]).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 5000)).await.unwrap();
    (house, ada)
}

async fn set_parts(house: &House, item: &str, parts: &[&str]) {
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    let details = Details { parts: Some(parts), ..Details::default() };
    house.club.describe(&stamp(), item, details).await.unwrap();
}

async fn parts(house: &House, item: &str) -> Vec<String> {
    names(house.club.parts(id(house, item).await).await.unwrap())
}

fn names(items: Vec<Item>) -> Vec<String> {
    items.into_iter().map(|item| item.name).collect()
}

async fn id(house: &House, item: &str) -> ItemId {
    house.club.item(item).await.unwrap().id
}

/// The items are added in this order.
fn until(house: &House, item: &str, member: MemberId) -> u32 {
    let place = ["one", "two", "three", "box"].iter().position(|it| *it == item).unwrap();
    let id = ItemId(u32::try_from(place).unwrap() + 1);
    house.right(id, member).unwrap().until
}

async fn buy(house: &House, item: &str, method: DeliveryMethod) -> Order {
    let bought = house.club.orders("ada", Page::FIRST).await.unwrap().len();
    house.club.buy(&stamp(), &format!("buy {bought}"), "ada", item, method).await.unwrap()
}

async fn refund(house: &House, order: &Order) {
    house.club.refund(&stamp(), &format!("{} back", order.id), order.id, None).await.unwrap();
}
