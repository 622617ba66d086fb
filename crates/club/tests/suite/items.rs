use std::sync::Arc;

use club::{Fault, Names, Page, Store};
use policy::ItemId;

use super::{House, check_refused, names, new_item, stamp};

pub(crate) async fn a_removed_item_frees_its_name_and_hashes_but_not_its_id(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    house.add_item("reel-1", &[1, 2]).await;
    let removed = house.club.remove_item(&stamp(), "reel-1").await.unwrap();
    assert!(removed.removed && removed.info_hashes.len() == 2);
    assert_eq!((house.shelf.item(1), house.shelf.item(2)), (None, None));
    assert!(house.club.item("1").await.unwrap().info_hashes.is_empty());
    assert!(house.club.items(Page::FIRST).await.unwrap().is_empty());
    let again = house.club.remove_item(&stamp(), "1").await;
    check_refused(again, Fault::Conflict, "item 1 was removed, for good: add it anew");

    assert_eq!(house.add_item("reel-1", &[1]).await, ItemId(2));
    assert_eq!(House::open(store).await.shelf.item(1).unwrap().0, ItemId(2));
}

pub(crate) async fn an_info_hash_has_one_item(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    house.add_item("reel-1", &[1, 2]).await;
    let taken = house.club.add_item(&stamp(), new_item("reel-2", &[3, 2])).await;
    let text = format!("item `reel-1` has the info hash {} already", "02".repeat(20));
    check_refused(taken, Fault::Conflict, &text);
    let taken = house.club.add_item(&stamp(), new_item("reel-1", &[3])).await;
    check_refused(taken, Fault::Conflict, "item 1 has the name `reel-1` already");
    assert_eq!(house.shelf.item(3), None);
}

pub(crate) async fn an_item_is_known_by_name_id_and_either_info_hash(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let added = house.club.add_item(&stamp(), new_item("reel-1", &[1, 2])).await.unwrap();
    let house = House::open(store).await;
    assert_eq!(house.loaded.items, 1);
    for wanted in ["reel-1", "1", &"01".repeat(20), &"02".repeat(20)] {
        assert_eq!(house.club.item(wanted).await.unwrap(), added);
    }
    assert_eq!(house.club.items(Page::FIRST).await.unwrap(), [added]);
    assert_eq!(house.shelf.item(1), house.shelf.item(2));
    for wanted in ["0", "2", "all", "reel-2", &"03".repeat(20)] {
        let text = format!("no item `{wanted}`: `usher item list` shows those there are");
        check_refused(house.club.item(wanted).await, Fault::Missing, &text);
    }
}

pub(crate) async fn an_item_whose_policy_is_gone_is_nobodys(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let reel = house.add_item("reel-1", &[1]).await;
    let fewer = Names { policies: Names::counted(&[], &["free"]).policies, ..names() };
    let loaded = house.club.reload(fewer).await.unwrap();
    assert!(loaded.unknown_policies.iter().eq(["priority"]));
    assert_eq!(house.shelf.item(1), Some((reel, None)));
}

pub(crate) async fn one_or_two_different_info_hashes(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    for hashes in [&[][..], &[1, 1], &[1, 2, 3]] {
        let text = format!(
            "{} info hashes, expected one, or two different ones for a hybrid",
            hashes.len()
        );
        let added = house.club.add_item(&stamp(), new_item("reel-1", hashes)).await;
        check_refused(added, Fault::Request, &text);
    }
}

pub(crate) async fn set_policy_is_in_force_when_it_returns(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let reel = house.add_item("reel-1", &[1]).await;
    let policy = |house: &House| house.shelf.item(1).unwrap().1.unwrap().value();
    assert_eq!(policy(&house), 1);
    let item = house.club.set_policy(&stamp(), &"01".repeat(20), "club").await.unwrap();
    assert_eq!((item.id, item.policy.as_str(), policy(&house)), (reel, "club", 2));
    assert_eq!(policy(&House::open(store).await), 2);
    check_refused(
        house.club.set_policy(&stamp(), "reel-1", "open").await,
        Fault::Request,
        "no policy `open` in the configuration, which has free, priority, club",
    );
}
