//! Every fact of the suite, on PostgreSQL in a database of its own.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use club::{Fault, Key, Page, Postgres, Store};
use suite::House;
use tests::{Database, Server};

mod suite;

suite::facts!(crate::fresh);

async fn fresh() -> (Database, Arc<dyn Store>) {
    let database = Database::make();
    let store = open(&database).await;
    (database, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_another_process_changed_is_in_force_when_caught_up() {
    let (database, store) = fresh().await;
    let (here, there) = (House::open(store).await, House::open(open(&database).await).await);
    let (ada, reel) = (there.add_member("ada").await, there.add_item("reel-1", &[1]).await);
    let stamp = suite::stamp();
    there.club.grant(&stamp, "ada", "reel-1", None, "grant").await.unwrap();
    assert_eq!(here.club.catch_up().await.unwrap(), 3);
    assert_eq!(here.standing(ada), there.standing(ada));
    assert_eq!(here.right(reel, ada), there.right(reel, ada));
    assert_eq!(here.shelf.item(1), there.shelf.item(1));

    there.club.rotate(&stamp, "ada", None).await.unwrap();
    there.club.rotate_key(&stamp, "ada", Key::Feed).await.unwrap();
    there.club.revoke(&stamp, "ada", "reel-1").await.unwrap();
    here.club.suspend(&stamp, "ada").await.unwrap();
    assert_eq!(here.club.catch_up().await.unwrap(), 4);
    assert_eq!(there.club.catch_up().await.unwrap(), 7);
    assert_eq!(here.standing(ada), there.standing(ada));
    assert_eq!(here.right(reel, ada), there.right(reel, ada));
    assert_eq!(here.club.key_generations(ada), there.club.key_generations(ada));
    assert_eq!(here.club.catch_up().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn processes_that_write_at_once_come_one_after_another() {
    let (database, store) = fresh().await;
    let (here, there) = (House::open(store).await, House::open(open(&database).await).await);
    let stamp = suite::stamp();
    here.add_member("ada").await;
    // Every key comes from both: it counts once.
    let keys: Vec<String> = (0..40).map(|number| format!("key {number}")).collect();
    let topups = keys.iter().flat_map(|key| {
        [&here, &there].map(|house| house.club.topup(&stamp, key, suite::money::stripe("ada", 100)))
    });
    for entered in futures_util::future::join_all(topups).await {
        entered.unwrap();
    }
    assert_eq!(here.club.balance("ada").await.unwrap()[0].prepaid.minor, 4000);
    assert_eq!(there.club.verify().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_that_goes_and_comes_again_is_written_to_again() {
    let server = Server::own().into_database();
    let house = House::open(open(&server).await).await;
    house.add_member("ada").await;
    let stamp = suite::stamp();

    server.server().stop();
    let refused = house.club.suspend(&stamp, "ada").await.unwrap_err();
    assert!(
        refused.to_string().starts_with("the database is down, nothing was changed"),
        "{refused}"
    );
    assert_eq!(refused.fault(), Fault::Ours);
    let unread = house.club.member("ada").await.unwrap_err();
    assert!(unread.to_string().starts_with("the database is down"), "{unread}");

    server.server().start();
    house.club.suspend(&stamp, "ada").await.unwrap();
    // A server that restarted while nobody wrote is no error at all.
    server.server().stop();
    server.server().start();
    house.club.resume(&stamp, "ada").await.unwrap();
    assert_eq!(house.club.audit(Page::FIRST).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_that_hangs_is_given_up() {
    let server = Server::own().into_database();
    let house = House::open(open(&server).await).await;
    house.add_member("ada").await;
    let stamp = suite::stamp();

    server.server().freeze();
    let refused = house.club.suspend(&stamp, "ada").await.unwrap_err();
    assert!(refused.to_string().contains("did not answer in time"), "{refused}");
    server.server().thaw();
    house.club.suspend(&stamp, "ada").await.unwrap();
}

async fn open(database: &Database) -> Arc<dyn Store> {
    Arc::new(Postgres::open(&database.url().parse().unwrap()).await.unwrap())
}
