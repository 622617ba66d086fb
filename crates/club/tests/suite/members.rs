use std::collections::BTreeMap;
use std::sync::Arc;

use club::{Fault, Names, NewMember, Newcomer, Page, Store};
use policy::{Generation, ItemId, MemberState, Right, Standing, TierId};

use super::{House, NOW, check_refused, names, new_item, stamp};

pub(crate) async fn a_member_is_in_force_when_added(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let new =
        NewMember { name: "ada".to_owned(), tier: "patron".to_owned(), tier_until: Some(NOW + 9) };
    let ada = house.club.add_member(&stamp(), new).await.unwrap();
    assert_eq!((ada.id.value(), ada.name.as_str(), ada.tier.as_str()), (1, "ada", "patron"));
    assert_eq!((ada.created, ada.tier_until, ada.state), (NOW, Some(NOW + 9), MemberState::Active));
    let expected = Standing {
        tier: TierId::new(2).unwrap(),
        until: NOW + 9,
        then: TierId::OUTSIDER,
        state: MemberState::Active,
        generation: Generation(0),
        old_key_until: 0,
    };
    assert_eq!(house.standing(ada.id), expected);

    let again = House::open(store).await;
    assert_eq!(again.loaded.members, 1);
    assert_eq!(again.standing(ada.id), expected);
    assert_eq!(again.club.member("1").await.unwrap(), ada);
    assert_eq!(again.club.member("ada").await.unwrap(), ada);
}

pub(crate) async fn a_member_whose_tier_is_gone_is_an_outsider(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let fewer = Names { tiers: Names::counted(&["outsider"], &[]).tiers, ..names() };
    let loaded = house.club.reload(fewer).await.unwrap();
    assert_eq!(loaded.unknown_tiers, BTreeMap::from([("fan".to_owned(), 1)]));
    assert_eq!(house.standing(ada).tier, TierId::OUTSIDER);

    let loaded = house.club.reload(names()).await.unwrap();
    assert!(loaded.unknown_tiers.is_empty());
    assert_eq!(house.standing(ada).tier.value(), 1);
}

pub(crate) async fn a_reload_that_fails_changes_nothing(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    let before = house.standing(ada);
    // The members can still be read, the items cannot.
    let rename =
        async |sql: &'static str| store.writer().await.unwrap().execute(sql, &[]).await.unwrap();
    rename("ALTER TABLE item RENAME COLUMN policy TO rule").await;
    let other = Names::counted(&["outsider", "king"], &["free"]);
    house.club.reload(other.clone()).await.unwrap_err();
    assert_eq!(house.standing(ada), before);
    let king =
        |name: &str| NewMember { name: name.to_owned(), tier: "king".to_owned(), tier_until: None };
    house.club.add_member(&stamp(), king("bob")).await.unwrap_err();
    house.add_member("eve").await;

    rename("ALTER TABLE item RENAME COLUMN rule TO policy").await;
    house.club.reload(other).await.unwrap();
    assert_eq!(house.standing(ada).tier, TierId::OUTSIDER);
    house.club.add_member(&stamp(), king("bob")).await.unwrap();
}

pub(crate) async fn the_best_tier_is_the_one_that_stands_last(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    let earns = "UPDATE member SET earned = 'friend'";
    store.writer().await.unwrap().execute(earns, &[]).await.unwrap();
    let numbers = |names: &[(&str, u8)]| {
        let number = |(name, n): &(&str, u8)| ((*name).to_owned(), TierId::new(*n).unwrap());
        names.iter().map(number).collect::<Vec<_>>()
    };
    // A tier that came later has a higher number, wherever it stands.
    let tiers = numbers(&[("outsider", 0), ("friend", 3), ("fan", 1)]);
    house.club.reload(Names { tiers, ..names() }).await.unwrap();
    let Standing { tier, then, .. } = house.standing(ada);
    assert_eq!((tier.value(), then.value()), (1, 3));
    let tiers = numbers(&[("outsider", 0), ("fan", 1), ("friend", 3)]);
    house.club.reload(Names { tiers, ..names() }).await.unwrap();
    let Standing { tier, then, .. } = house.standing(ada);
    assert_eq!((tier.value(), then.value()), (3, 1));
}

pub(crate) async fn the_seed_box_is_usher_s_alone(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let named =
        |name: &str| NewMember { name: name.to_owned(), tier: "fan".to_owned(), tier_until: None };
    let taken = "usher keeps the name `seedbox` for your own seed box: choose another name, or for \
                 a seed box `usher torrent --seed ITEM`";
    let refused = house.club.add_member(&stamp(), named("seedbox")).await;
    check_refused(refused, Fault::Request, taken);
    let newcomer = Newcomer { member: named("seedbox"), passkey: None };
    check_refused(house.club.import(&stamp(), vec![newcomer]).await, Fault::Request, taken);

    let made = house.club.seed_box(&stamp()).await.unwrap();
    assert_eq!((made.name.as_str(), made.tier.as_str()), ("seedbox", "outsider"));
    assert_eq!(house.right(ItemId::ANY, made.id).unwrap().until, u32::MAX);
    let again = House::open(store).await;
    assert_eq!(again.club.seed_box(&stamp()).await.unwrap(), made);

    // What was taken back stays so.
    again.club.revoke(&stamp(), "seedbox", "all").await.unwrap();
    again.club.seed_box(&stamp()).await.unwrap();
    assert_eq!(again.right(ItemId::ANY, made.id).unwrap().until, Right::REVOKED);
}

pub(crate) async fn a_removed_member_frees_the_name_but_not_the_id(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let first = house.add_member("ada").await;
    house.club.remove_member(&stamp(), "ada").await.unwrap();
    assert_eq!(house.standing(first).state, MemberState::Removed);
    assert_eq!(house.club.member("1").await.unwrap().state, MemberState::Removed);
    assert!(house.club.members(Page::FIRST).await.unwrap().is_empty());

    let second = house.add_member("ada").await;
    assert_eq!((first.value(), second.value()), (1, 2));
    assert_eq!(house.club.member("ada").await.unwrap().id, second);
    let resumed = house.club.resume(&stamp(), "1").await;
    check_refused(resumed, Fault::Conflict, "member 1 was removed, for good: add it anew");
}

pub(crate) async fn lists_come_in_pages_by_id(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    for name in ["bob", "ada", "cleo"] {
        house.add_member(name).await;
    }
    let page = |after, limit| house.club.members(Page { after, limit });
    let names =
        |members: Vec<club::Member>| members.into_iter().map(|m| m.name).collect::<Vec<_>>();
    assert_eq!(names(page(0, 2).await.unwrap()), ["bob", "ada"]);
    assert_eq!(names(page(2, u32::MAX).await.unwrap()), ["cleo"]);
    assert!(page(3, 2).await.unwrap().is_empty());
}

pub(crate) async fn names_are_unique(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    house.add_member("ada").await;
    let add = |name: &str, tier: &str| NewMember {
        name: name.to_owned(),
        tier: tier.to_owned(),
        tier_until: None,
    };
    let taken = house.club.add_member(&stamp(), add("ada", "fan")).await;
    check_refused(taken, Fault::Conflict, "member 1 has the name `ada` already");
    let id = house.club.add_member(&stamp(), add("7", "fan")).await;
    check_refused(
        id,
        Fault::Request,
        "a name of digits alone would be taken for an id: add a letter",
    );
    let king = house.club.add_member(&stamp(), add("bob", "king")).await;
    check_refused(
        king,
        Fault::Request,
        "no tier `king` in the configuration, which has outsider, fan, patron",
    );
}

pub(crate) async fn rotate_counts_generations(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    house.club.rotate(&stamp(), "ada", None).await.unwrap();
    assert_eq!(house.standing(ada).generation, Generation(1));
    assert_eq!(house.standing(ada).old_key_until, 0);
    let rotated = house.club.rotate(&stamp(), "ada", Some(NOW + 60)).await.unwrap();
    assert_eq!(house.standing(ada).generation, Generation(2));
    assert_eq!(house.standing(ada).old_key_until, NOW + 60);
    let again = House::open(store).await;
    assert_eq!(again.standing(ada), house.standing(ada));
    assert_eq!(again.club.member("ada").await.unwrap(), rotated);
}

pub(crate) async fn set_tier_is_in_force_when_it_returns(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    house.club.set_tier(&stamp(), "ada", "patron", Some(NOW + 1)).await.unwrap();
    let standing = house.standing(ada);
    assert_eq!((standing.tier.value(), standing.until), (2, NOW + 1));
    house.club.set_tier(&stamp(), "1", "outsider", None).await.unwrap();
    let standing = house.standing(ada);
    assert_eq!((standing.tier, standing.until), (TierId::OUTSIDER, u32::MAX));

    let past = house.club.set_tier(&stamp(), "ada", "fan", Some(NOW)).await;
    let text = "1800000000 is not in the future: name a later date, or `revoke` what was granted";
    check_refused(past, Fault::Request, text);
}

pub(crate) async fn suspended_until_resumed(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    house.club.suspend(&stamp(), "ada").await.unwrap();
    assert_eq!(house.standing(ada).state, MemberState::Suspended);
    assert_eq!(house.club.members(Page::FIRST).await.unwrap()[0].state, MemberState::Suspended);
    house.club.resume(&stamp(), "ada").await.unwrap();
    assert_eq!(house.standing(ada).state, MemberState::Active);
}

pub(crate) async fn unknown_ones_are_named_in_the_error(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    for wanted in ["bob", "7", "99999999999", "", "' OR 1 = 1 --"] {
        let text = format!("no member `{wanted}`: `usher member list` shows those there are");
        check_refused(house.club.member(wanted).await, Fault::Missing, &text);
        check_refused(house.club.suspend(&stamp(), wanted).await, Fault::Missing, &text);
    }
}

pub(crate) async fn a_folder_is_no_name_but_rows_that_have_it_load(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let why = "`.` and `..` are folders in a path and in a URL: choose another name";
    for name in [".", ".."] {
        let new = NewMember { name: name.to_owned(), tier: "fan".to_owned(), tier_until: None };
        let newcomer = Newcomer { member: new.clone(), passkey: None };
        check_refused(house.club.import(&stamp(), vec![newcomer]).await, Fault::Request, why);
        check_refused(house.club.add_member(&stamp(), new).await, Fault::Request, why);
        check_refused(
            house.club.add_item(&stamp(), new_item(name, &[1])).await,
            Fault::Request,
            why,
        );
    }
    let (ada, film) = (house.add_member("ada").await, house.add_item("film", &[1]).await);
    for sql in ["UPDATE member SET name = '..'", "UPDATE item SET name = '..'"] {
        store.writer().await.unwrap().execute(sql, &[]).await.unwrap();
    }
    let again = House::open(store).await;
    assert_eq!(again.club.member("..").await.unwrap().id, ada);
    assert_eq!(again.club.item("..").await.unwrap().id, film);
}
