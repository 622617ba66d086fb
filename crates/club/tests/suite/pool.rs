//! What there is to earn by an item: the price differences of orders whose buyers took from peers.
//! One sale saves 0.75, and sizes are in MiB.

use std::sync::Arc;

use club::{Served, Store};

use super::standing::Market;

pub(crate) async fn a_pair_that_colludes_gets_its_own_difference_alone(store: Arc<dyn Store>) {
    let mut market = Market::open(store).await;
    for name in HONEST {
        market.joins(name).await;
        market.buys(name).await;
    }
    market.buys("cyd").await;
    market.said("bob", 1, 0).await;
    market.said("cyd", 0, 1).await;
    market.close(1).await;
    assert_eq!(market.credits().await, [("bob", 75)]);

    // The others' is there for who carries to them.
    for name in HONEST {
        market.said(name, 0, 700).await;
    }
    market.said("ada", 2100, 0).await;
    market.close(2).await;
    assert_eq!(market.credits().await, [("bob", 75), ("ada", 225)]);
}

pub(crate) async fn a_buyer_whom_the_web_seed_served_adds_nothing(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.buys("cyd").await;
    let member = Some(market.id("ada"));
    let served = Served { item: market.reel, member, day: 1, bytes: 700 << 20 };
    market.house.club.add_served(vec![served]).await.unwrap();
    market.said("ada", 0, 700).await;
    market.said("cyd", 0, 700).await;
    market.said("bob", 700, 0).await;
    market.close(1).await;
    assert_eq!(market.credits().await, [("bob", 75)]);
}

const HONEST: [&str; 3] = ["dan", "eve", "fay"];
