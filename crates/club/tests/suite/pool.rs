//! What there is to earn by an item: the price differences of orders whose buyers took from peers.
//! One sale saves 0.75, and sizes are in MiB.

use std::sync::Arc;

use club::{Currency, OrderId, Prices, Served, Store};

use super::stamp;
use super::standing::{HOLD, Market, at};
use super::{NOW, money::usd};

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

pub(crate) async fn a_price_that_changes_later_changes_no_reward(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    let club = &market.house.club;
    let set = async |prices| club.set_prices(&stamp(), "reel", prices).await.unwrap();
    let prices = |torrent, direct| Prices { torrent: Some(torrent), direct: Some(direct) };
    let eur = |minor| Currency::parse("eur").unwrap().minor(minor);
    set(prices(usd(225), usd(900))).await;
    market.said("ada", 0, 700).await;
    market.said("bob", 350, 0).await;
    market.close(1).await;
    assert_eq!(market.credits().await, [("bob", 75)]);
    for later in [prices(usd(200), usd(200)), prices(eur(100), eur(300)), Prices::default()] {
        set(later).await;
    }
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 1);
    assert_eq!(market.credits().await, [("bob", 75)]);
}

pub(crate) async fn an_item_off_sale_earns_what_its_orders_saved(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.house.club.set_prices(&stamp(), "reel", Prices::default()).await.unwrap();
    market.said("ada", 0, 700).await;
    market.said("bob", 700, 0).await;
    market.close(1).await;
    assert_eq!(market.credits().await, [("bob", 75)]);
}

pub(crate) async fn an_order_saves_no_more_than_is_kept_of_it(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    let club = &market.house.club;
    club.refund(&stamp(), "some", OrderId(1), Some(usd(200))).await.unwrap();
    market.said("ada", 0, 700).await;
    market.said("bob", 700, 0).await;
    market.close(1).await;
    assert_eq!(market.credits().await, [("bob", 25)]);
}

const HONEST: [&str; 3] = ["dan", "eve", "fay"];
