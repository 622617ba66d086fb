//! The statements that a request sends to the database.

use std::mem;
use std::sync::Mutex;

use self::watched::{Moment, WatchedStore};
use super::money::{stock, topup};
use super::*;

#[path = "../../../../club/tests/suite/watched.rs"]
mod watched;

#[tokio::test]
async fn a_purchase_reads_item_and_member_once() {
    let sent = Arc::<Mutex<Vec<&str>>>::default();
    let seen = Arc::clone(&sent);
    let parts = fixture::Fixture::with_store(NOW, |store| {
        Arc::new(WatchedStore::new(store, move |moment, sql| {
            if moment == Moment::Before {
                seen.lock().unwrap().push(sql);
            }
            Ok(())
        }))
    });
    let fixture = stock(Fixture::over(parts.await)).await;
    fixture.post("/members/ada/topups", topup("T1", "10.00")).await.created();
    fixture.put("/items/demo/prices", json!({"minimum": "1.00"})).await.ok();

    sent.lock().unwrap().clear();
    let product = json!({"item": {"item": "demo", "as": "torrent"}});
    let buy = json!({"key": "T2", "product": product, "pay": "2.00"});
    let order = fixture.post("/members/ada/orders", buy.clone()).await.created();
    assert_eq!((&order["amount"], &order["price"]["amount"]), (&json!("2.00"), &json!("2.00")));
    assert_eq!((&order["member"]["name"], &order["item"]["name"]), (&json!("ada"), &json!("demo")));
    let first = mem::take(&mut *sent.lock().unwrap());
    assert_eq!([reads(&first, "item"), reads(&first, "member")], [1, 1], "{first:#?}");
    assert_eq!(first.len(), 31, "{first:#?}");

    assert_eq!(fixture.post("/members/ada/orders", buy).await.created(), order);
    let again = mem::take(&mut *sent.lock().unwrap());
    assert_eq!([reads(&again, "item"), reads(&again, "member")], [1, 1], "{again:#?}");
    assert_eq!(again.len(), 8, "{again:#?}");
}

/// How many statements read a table.
fn reads(sent: &[&str], table: &str) -> usize {
    let reads_it = |sql: &&&str| {
        let words: Vec<&str> = sql.split_whitespace().collect();
        let is_read = |pair: &[&str]| ["FROM", "JOIN"].contains(&pair[0]) && pair[1] == table;
        words.windows(2).any(is_read)
    };
    sent.iter().filter(reads_it).count()
}
