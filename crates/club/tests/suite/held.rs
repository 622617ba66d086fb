//! Rights that come from several places: a refund ends what came from its payment, and no more.

use std::sync::Arc;

use club::{DeliveryMethod, Fault, NewVouchers, Order, Page, Store, Worth};
use policy::{ItemId, MemberId, Right};

use super::money::{check_sound, priced, stripe};
use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_refund_leaves_the_voucher_or_grant_from_before(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    let bob = house.add_member("bob").await;
    house.club.topup(&stamp(), "bob's", stripe("bob", 2000)).await.unwrap();
    redeem(&house, "ada").await;
    house.club.grant(&stamp(), "bob", "reel-1", Some(NOW + 9), "admin").await.unwrap();
    for name in ["ada", "bob"] {
        house.club.rotate_bound(&stamp(), name, "reel-1", None).await.unwrap();
        let order = buy(&house, name, DeliveryMethod::Torrent).await;
        check_source(&house, name, &order.id.to_string()).await;
        assert_eq!(house.right(reel, house_id(&house, name).await).unwrap().until, u32::MAX);
        refund(&house, &order).await;
    }
    for (name, id, source, until) in
        [("ada", ada, "voucher 1", u32::MAX), ("bob", bob, "admin", NOW + 9)]
    {
        check_source(&house, name, source).await;
        let right = house.right(reel, id).unwrap();
        assert_eq!((right.until, right.generation.0), (until, 1), "{name}");
        assert_eq!(House::open(store.clone()).await.right(reel, id), Some(right), "{name}");
    }
    // Bought and paid back once more, it is still there.
    let again = buy(&house, "bob", DeliveryMethod::Direct).await;
    refund(&house, &again).await;
    assert_eq!(house.right(reel, bob).unwrap().until, NOW + 9);
    check_sound(&house).await;
}

pub(crate) async fn what_is_bought_again_after_a_refund_has_a_new_key(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let key = || house.right(reel, ada).unwrap().generation.0;
    let order = buy(&house, "ada", DeliveryMethod::Torrent).await;
    let first = key();
    refund(&house, &order).await;
    assert_eq!(key(), first, "whoever seeds goes on");
    buy(&house, "ada", DeliveryMethod::Torrent).await;
    assert_eq!(key(), first + 1);
}

pub(crate) async fn what_was_held_waits_for_the_last_order_to_be_paid_back(store: Arc<dyn Store>) {
    for last in 0..2 {
        let (house, ada, reel) = stocked_once(&store, last).await;
        let (name, item) = (format!("ada{last}"), "reel-1");
        house.club.grant(&stamp(), &name, item, Some(NOW + 9), "admin").await.unwrap();
        let orders = [
            buy(&house, &name, DeliveryMethod::Torrent).await,
            buy(&house, &name, DeliveryMethod::Direct).await,
        ];
        refund(&house, &orders[1 - last]).await;
        check_source(&house, &name, &orders[last].id.to_string()).await;
        assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
        refund(&house, &orders[last]).await;
        check_source(&house, &name, "admin").await;
        assert_eq!(house.right(reel, ada).unwrap().until, NOW + 9);
    }
}

pub(crate) async fn a_grant_to_what_is_paid_for_outlasts_the_refund(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let order = buy(&house, "ada", DeliveryMethod::Torrent).await;
    house.club.grant(&stamp(), "ada", "reel-1", None, "admin").await.unwrap();
    refund(&house, &order).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
}

pub(crate) async fn a_grant_that_ends_sooner_takes_no_paid_right(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let order = buy(&house, "ada", DeliveryMethod::Torrent).await;
    let grant = async || house.club.grant(&stamp(), "ada", "reel-1", Some(NOW + 1), "admin").await;
    let text = "order 1 gave this for ever: `usher refund 1` or `usher revoke` ends it";
    check_refused(grant().await, Fault::Conflict, text);
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    refund(&house, &order).await;
    grant().await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, NOW + 1);

    buy(&house, "ada", DeliveryMethod::Torrent).await;
    house.club.revoke(&stamp(), "ada", "reel-1").await.unwrap();
    grant().await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, NOW + 1);
}

pub(crate) async fn a_revoked_right_does_not_come_back_by_a_refund(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    redeem(&house, "ada").await;
    let torrent = buy(&house, "ada", DeliveryMethod::Torrent).await;
    house.club.revoke(&stamp(), "ada", "reel-1").await.unwrap();
    // Who should not buy is suspended; what is bought after a revocation is a right of its own.
    let direct = buy(&house, "ada", DeliveryMethod::Direct).await;
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    refund(&house, &direct).await;
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REFUNDED);

    house.club.grant(&stamp(), "ada", "reel-1", Some(NOW + 1), "admin").await.unwrap();
    house.club.revoke(&stamp(), "ada", "reel-1").await.unwrap();
    refund(&house, &torrent).await;
    assert_eq!(house.right(reel, ada).unwrap().until, Right::REVOKED);
}

async fn stocked(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let reel = priced(&house).await;
    house.club.topup(&stamp(), "paid", stripe("ada", 2000)).await.unwrap();
    (house, ada, reel)
}

/// A member for each number, and the item for all.
async fn stocked_once(store: &Arc<dyn Store>, number: usize) -> (House, MemberId, ItemId) {
    let house = House::open(store.clone()).await;
    let name = format!("ada{number}");
    let ada = house.add_member(&name).await;
    let reel = if number == 0 { priced(&house).await } else { ItemId(1) };
    house.club.topup(&stamp(), &name, stripe(&name, 2000)).await.unwrap();
    (house, ada, reel)
}

async fn redeem(house: &House, name: &str) {
    let new =
        NewVouchers { worth: Worth::Item(ItemId(1)), count: 1, expires: None, memo: String::new() };
    let issued = house.club.issue_vouchers(&stamp(), "voucher", new).await.unwrap();
    house.club.redeem(&stamp(), &issued[0].code.to_string(), name).await.unwrap();
}

async fn buy(house: &House, name: &str, method: DeliveryMethod) -> Order {
    let bought = house.club.orders(name, Page::FIRST).await.unwrap().len();
    let key = format!("{name} buys {bought}");
    house.club.buy(&stamp(), &key, name, "reel-1", method).await.unwrap()
}

async fn refund(house: &House, order: &Order) {
    house.club.refund(&stamp(), &format!("{} back", order.id), order.id, None).await.unwrap();
}

async fn house_id(house: &House, name: &str) -> MemberId {
    house.club.member(name).await.unwrap().id
}

async fn check_source(house: &House, name: &str, source: &str) {
    let held = house.club.entitlements_of_member(name, Page::FIRST).await.unwrap();
    assert_eq!(held[0].source, source, "{name}");
}
