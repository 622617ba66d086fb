use std::path::Path;
use std::sync::Arc;

use club::{
    AlertKind, Details, Fault, FeedKind, Item, ItemLabel, Key, KeyGenerations, NewGoods,
    NewListing, Page, Prices, Served, Store,
};
use policy::{Generation, ItemId};

use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_new_version_keeps_the_item(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let first = publish(&house, "reel", 1).await;
    let hash = &first.info_hashes[0];
    assert_eq!((first.size_bytes, first.private), (Some(1), true));
    assert_eq!(first.offer.clone().unwrap().version, 1);
    assert_eq!(house.goods(first.id).await.root, Path::new("/goods/1"));
    assert!(house.shelf.has(hash));

    let again = house.club.replace(&stamp(), "reel", goods(1)).await.unwrap();
    assert_eq!(again.offer.unwrap().version, 1, "the same torrent is the same version");
    let before = house.club.item_edition();
    let second = house.club.replace(&stamp(), "reel", goods(2)).await.unwrap();
    assert_ne!(house.club.item_edition(), before);
    let label = ItemLabel { id: first.id, name: "reel".to_owned(), title: "The reel".to_owned() };
    assert_eq!(house.club.item_labels().await.unwrap(), [label]);
    assert_eq!((second.id, second.offer.clone().unwrap().version), (first.id, 2));
    assert_ne!(second.info_hashes, first.info_hashes);
    assert_eq!(house.goods(first.id).await.root, Path::new("/goods/2"));
    assert!(house.club.item(&hash.to_string()).await.is_err());
    let house = House::open(store).await;
    assert!(house.shelf.has(&second.info_hashes[0]));
    assert_eq!(house.club.items(Page::FIRST).await.unwrap(), [second]);
}

pub(crate) async fn a_torrent_is_one_items(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    publish(&house, "reel", 1).await;
    publish(&house, "demo", 2).await;
    let taken = house.club.publish(&stamp(), listing("other"), goods(1)).await.unwrap_err();
    assert!(taken.to_string().starts_with("item `reel` has the info hash"), "{taken}");
    let taken = house.club.replace(&stamp(), "demo", goods(1)).await.unwrap_err();
    assert_eq!(taken.fault(), Fault::Conflict);
    let spam = NewGoods { root: "/goods/1".into(), torrent: b"spam".to_vec() };
    let refused = house.club.publish(&stamp(), listing("spam"), spam).await.unwrap_err();
    assert_eq!(refused.fault(), Fault::Request);
    let details = Details { tier: Some(Some("king".to_owned())), ..Details::default() };
    let king = NewListing { details, ..listing("king") };
    let refused = house.club.publish(&stamp(), king, goods(3)).await;
    let text = "no tier `king` in the configuration, which has outsider, fan, patron";
    check_refused(refused, Fault::Request, text);
}

pub(crate) async fn withdrawn_and_broken_until_published_again(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let id = publish(&house, "reel", 1).await.id;
    let why = Some("reel.mp4 is gone".to_owned());
    house.club.set_broken(&stamp(), "reel", why.clone()).await.unwrap();
    assert_eq!(house.goods(id).await.offer.broken, why);
    assert_eq!(house.club.open_alerts(), 1);
    house.club.set_broken(&stamp(), "reel", None).await.unwrap();
    assert_eq!(house.goods(id).await.offer.broken, None);
    assert_eq!(house.club.open_alerts(), 0);
    let all = house.club.alerts(true, Page { after: 0, limit: 10 }).await.unwrap();
    assert_eq!(all[0].acked, Some((stamp().now_unix, stamp().who)), "by who made it whole");
    let unreadable = club::NewAlert {
        kind: AlertKind::UnreadableItem,
        member: None,
        item: Some(id),
        evidence: "reel.mp4: no such file".to_owned(),
    };
    house.club.raise(stamp().now_unix, vec![unreadable]).await.unwrap();
    assert_eq!(house.club.open_alerts(), 1);
    house.club.set_broken(&stamp(), "reel", None).await.unwrap();
    assert_eq!(house.club.open_alerts(), 0, "they were read");
    house.club.set_broken(&stamp(), "reel", why).await.unwrap();
    let item = house.club.withdraw(&stamp(), "reel").await.unwrap();
    assert!(item.offer.unwrap().withdrawn && house.goods(id).await.offer.withdrawn);
    assert!(house.shelf.has(&item.info_hashes[0]), "its swarm goes on");
    assert_eq!(house.club.open_alerts(), 0, "what is not offered need not be whole");
    house.club.set_broken(&stamp(), "reel", Some("gone".to_owned())).await.unwrap();
    assert_eq!(house.club.open_alerts(), 0, "nor is that an alert");
    house.club.replace(&stamp(), "reel", goods(1)).await.unwrap();
    assert!(!house.goods(id).await.offer.withdrawn);
    house.club.set_broken(&stamp(), "reel", Some("gone".to_owned())).await.unwrap();
    assert_eq!(house.club.open_alerts(), 1);
    house.club.replace(&stamp(), "reel", goods(1)).await.unwrap();
    assert_eq!(house.club.open_alerts(), 0, "other files are whole");
    house.club.set_broken(&stamp(), "reel", Some("gone".to_owned())).await.unwrap();
    house.club.remove_item(&stamp(), "reel").await.unwrap();
    assert_eq!(house.club.open_alerts(), 0, "nobody can mend it any more");
    assert!(house.club.goods(id).await.unwrap().is_none());

    house.add_item("bare", &[9]).await;
    let text = "item `bare` has no files here: `usher publish PATH --replaces bare` brings them";
    check_refused(house.club.withdraw(&stamp(), "bare").await, Fault::Conflict, text);
    assert!(house.club.replace(&stamp(), "bare", goods(1)).await.unwrap().offer.is_some());
}

pub(crate) async fn a_description_changes_what_it_names(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    publish(&house, "reel", 1).await;
    let details = Details { title: Some("Reel 1".to_owned()), ..Details::default() };
    let item = house.club.describe(&stamp(), "reel", details).await.unwrap();
    assert_eq!(item.title, "Reel 1");
    assert_eq!(house.club.description(item.id).await.unwrap(), "About reel");
    assert_eq!(item.tier.as_deref(), Some("fan"));
    let details = Details { tier: Some(None), ..Details::default() };
    let item = house.club.describe(&stamp(), "reel", details).await.unwrap();
    assert_eq!((item.title.as_str(), item.tier.as_deref()), ("Reel 1", None));
    assert_eq!(house.club.item("reel").await.unwrap(), item);
}

pub(crate) async fn a_key_rotates_alone(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    assert_eq!(house.club.key_generations(ada), KeyGenerations::default());
    house.club.rotate_key(&stamp(), "ada", Key::Feed).await.unwrap();
    house.club.rotate_key(&stamp(), "ada", Key::Feed).await.unwrap();
    let generations = house.club.rotate_key(&stamp(), "ada", Key::WebSeed).await.unwrap();
    let (none, once, twice) = (Generation(0), Generation(1), Generation(2));
    let expected = KeyGenerations { download: none, feed: twice, login: none, web_seed: once };
    assert_eq!((generations, house.club.key_generations(ada)), (expected, expected));
    assert_eq!(House::open(store).await.club.key_generations(ada), expected);
}

pub(crate) async fn a_member_and_a_day_have_one_sum(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let reel = publish(&house, "reel", 1).await.id;
    let row = |member, day, bytes| Served { item: reel, member, day, bytes };
    house.club.add_served(vec![row(Some(ada), 1, 5), row(None, 1, 7)]).await.unwrap();
    house.club.add_served(vec![row(Some(ada), 1, 6), row(Some(ada), 2, 1)]).await.unwrap();
    let (first, second) = (row(Some(ada), 1, 11), row(Some(ada), 2, 1));
    assert_eq!(house.club.served_to("ada", 0).await.unwrap(), [second, first]);
    assert_eq!(house.club.served_to("ada", 2).await.unwrap(), [second]);
    assert_eq!(house.club.served_of(reel, 0).await.unwrap().len(), 3);
    let short = publish(&house, "short", 2).await.id;
    let of_short = Served { item: short, ..row(Some(ada), 2, 30) };
    house.club.add_served(vec![of_short]).await.unwrap();
    assert_eq!(house.club.served_by_day(ada, 0).await.unwrap(), [(1, 11), (2, 31)]);
    assert_eq!(house.club.served_by_day(ada, 2).await.unwrap(), [(2, 31)]);
}

pub(crate) async fn a_feed_has_another_date_when_it_says_something_else(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    let changed = async |member, kind, digest, now| {
        house.club.feed_changed(member, kind, [digest; 32], now).await.unwrap()
    };
    assert_eq!(changed(None, FeedKind::Public, 1, NOW).await, NOW);
    assert_eq!(changed(None, FeedKind::Public, 1, NOW + 9).await, NOW);
    assert_eq!(changed(None, FeedKind::Public, 2, NOW).await, NOW + 1, "within a second");
    assert_eq!(changed(None, FeedKind::Public, 1, NOW + 9).await, NOW + 9);
    assert_eq!(changed(Some(ada), FeedKind::Club, 1, NOW + 5).await, NOW + 5);
    assert_eq!(changed(Some(ada), FeedKind::Podcast, 1, NOW + 6).await, NOW + 6);
}

async fn publish(house: &House, name: &str, length: u8) -> Item {
    house.club.publish(&stamp(), listing(name), goods(length)).await.unwrap()
}

fn listing(name: &str) -> NewListing {
    NewListing {
        name: name.to_owned(),
        title: format!("The {name}"),
        policy: "club".to_owned(),
        prices: Prices::default(),
        details: Details {
            description: Some(format!("About {name}")),
            tier: Some(Some("fan".to_owned())),
            ..Details::default()
        },
    }
}

/// A file of so many bytes.
fn goods(length: u8) -> NewGoods {
    let torrent = format!(
        "d4:infod6:lengthi{length}e4:name1:a12:piece lengthi16384e6:pieces20:\
         aaaaaaaaaaaaaaaaaaaa7:privatei1eee"
    );
    NewGoods { root: format!("/goods/{length}").into(), torrent: torrent.into_bytes() }
}

impl House {
    async fn goods(&self, item: ItemId) -> Arc<club::Goods> {
        self.club.goods(item).await.unwrap().unwrap()
    }
}
