use std::sync::Arc;

use club::{Fault, Page, Store};
use policy::{Generation, ItemId, MemberId, Right};

use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_grant_is_in_force_when_it_returns(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    let held = house.club.grant(&stamp(), "ada", "reel-1", Some(NOW + 1), "grant").await.unwrap();
    assert!(held.is_live(NOW) && !held.is_live(NOW + 1));
    let right = Right { until: NOW + 1, ..Right::default() };
    assert_eq!(house.right(reel, ada), Some(right));
    let again = House::open(store).await;
    assert_eq!((again.right(reel, ada), again.loaded.entitlements), (Some(right), 1));
}

pub(crate) async fn a_later_grant_replaces_an_earlier_one(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    house.club.grant(&stamp(), "ada", "reel-1", None, "order 7").await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, u32::MAX);
    let held = house.club.grant(&stamp(), "ada", "reel-1", Some(NOW + 5), "grant").await.unwrap();
    assert_eq!(house.right(reel, ada).unwrap().until, NOW + 5);
    let listed = house.club.entitlements_of_member("ada", Page::FIRST).await.unwrap();
    assert_eq!(listed, [held]);
}

pub(crate) async fn a_revoked_right_keeps_the_generation_of_its_passkey(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store.clone()).await;
    house.club.grant(&stamp(), "ada", "reel-1", None, "grant").await.unwrap();
    house.club.rotate_bound(&stamp(), "ada", "reel-1", None).await.unwrap();
    house.club.revoke(&stamp(), "ada", "reel-1").await.unwrap();
    let revoked = Right { until: Right::REVOKED, generation: Generation(1), old_key_until: 0 };
    assert_eq!(house.right(reel, ada), Some(revoked));
    let again = House::open(store).await;
    assert_eq!((again.right(reel, ada), again.loaded.entitlements), (Some(revoked), 0));
    again.club.grant(&stamp(), "ada", "reel-1", None, "grant").await.unwrap();
    assert_eq!(again.right(reel, ada), Some(Right { until: u32::MAX, ..revoked }));
}

pub(crate) async fn an_entitlement_to_all_is_one_of_its_own(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    house.club.grant(&stamp(), "ada", "all", None, "grant").await.unwrap();
    assert_eq!(house.right(ItemId::ANY, ada).unwrap().until, u32::MAX);
    assert_eq!(house.right(reel, ada), None);
    house.club.revoke(&stamp(), "ada", "all").await.unwrap();
    assert!(!house.right(ItemId::ANY, ada).is_some_and(|right| right.is_live(NOW)));
}

pub(crate) async fn ends_that_have_passed_are_refused(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let past = house.club.grant(&stamp(), "ada", "reel-1", Some(NOW), "grant").await;
    let text = "1800000000 is not in the future: name a later date, or `revoke` what was granted";
    check_refused(past, Fault::Request, text);
    assert_eq!(house.right(reel, ada), None);
}

pub(crate) async fn lists_are_by_member_and_by_item(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let bob = house.add_member("bob").await;
    for (member, item) in [("bob", "reel-1"), ("ada", "reel-1"), ("ada", "all")] {
        house.club.grant(&stamp(), member, item, None, "grant").await.unwrap();
    }
    let page = |after| Page { after, limit: 1 };
    let items = async |page| {
        let held = house.club.entitlements_of_member("ada", page).await.unwrap();
        held.iter().map(|held| held.item).collect::<Vec<_>>()
    };
    assert_eq!(items(Page::FIRST).await, [ItemId::ANY, reel]);
    assert_eq!(items(page(0)).await, [ItemId::ANY]);
    let members = async |item, page| {
        let held = house.club.entitlements_of_item(item, page).await.unwrap();
        held.iter().map(|held| held.member).collect::<Vec<_>>()
    };
    assert_eq!(members("reel-1", Page::FIRST).await, [ada, bob]);
    assert_eq!(members("reel-1", page(ada.value())).await, [bob]);
    assert_eq!(members("all", Page::FIRST).await, [ada]);
}

pub(crate) async fn what_is_not_held_can_not_be_revoked(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let text = "member `ada` holds no entitlement to `reel-1`";
    check_refused(house.club.revoke(&stamp(), "1", "1").await, Fault::Missing, text);
    house.club.grant(&stamp(), "ada", "reel-1", None, "grant").await.unwrap();
    house.club.revoke(&stamp(), "ada", "reel-1").await.unwrap();
    check_refused(house.club.revoke(&stamp(), "ada", "reel-1").await, Fault::Missing, text);
    let text = "no item `reel-2`: `usher item list` shows those there are";
    check_refused(house.club.revoke(&stamp(), "ada", "reel-2").await, Fault::Missing, text);
}

/// A house with a member and an item.
async fn stocked(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let reel = house.add_item("reel-1", &[1]).await;
    (house, ada, reel)
}
