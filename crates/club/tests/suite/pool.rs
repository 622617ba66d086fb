//! What there is to earn by an item: the price differences of orders whose buyers took from peers.
//! One sale saves 0.75, and sizes are in MiB.

use std::sync::Arc;

use club::{Currency, OrderId, Page, Prices, Served, Store};

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
    club.refund(&stamp(), "more", OrderId(1), Some(usd(24))).await.unwrap();
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 1);
    assert_eq!(market.credits().await, [("bob", 1)]);
}

pub(crate) async fn a_reward_is_posted_as_far_as_it_is_covered(store: Arc<dyn Store>) {
    let market = four_sold(store, &[("bob", 2800)]).await;
    assert_eq!(market.credits().await, [("bob", 300)]);
    let club = &market.house.club;
    club.refund(&stamp(), "back", OrderId(1), None).await.unwrap();
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 1);
    let line = club.statement("bob", Page::FIRST).await.unwrap().pop().unwrap();
    assert_eq!((line.kind.as_str(), line.amount.minor, line.balance.minor), ("reward", 225, 225));
    let reward = club.rewards(Some("bob"), Page::FIRST).await.unwrap()[0];
    assert_eq!((reward.amount.minor, reward.reversed), (225, None));
    let record = club.audit(Page::FIRST).await.unwrap();
    let row = record.iter().find(|row| row.what == "reward.reverse").unwrap();
    let said = "reward 1, 0.75 usd of 3.00 usd: orders that stand do not cover it";
    assert_eq!((row.member, row.detail.as_str()), (Some(market.id("bob")), said));

    club.reverse_reward(&stamp(), reward.id).await.unwrap();
    let line = club.statement("bob", Page::FIRST).await.unwrap().pop().unwrap();
    assert_eq!((line.kind.as_str(), line.balance.minor), ("reward.back", 0));
    assert_eq!(club.verify().await.unwrap(), []);
}

pub(crate) async fn rewards_that_are_held_share_what_is_left(store: Arc<dyn Store>) {
    let market = four_sold(store, &[("bob", 1400), ("cyd", 1400)]).await;
    assert_eq!(market.credits().await, [("bob", 150), ("cyd", 150)]);
    let club = &market.house.club;
    club.refund(&stamp(), "back", OrderId(1), None).await.unwrap();
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 2);
    assert_eq!(market.credits().await, [("bob", 112), ("cyd", 113)]);
    assert_eq!(club.verify().await.unwrap(), []);
}

pub(crate) async fn a_reward_that_can_not_be_posted_keeps_no_other_waiting(store: Arc<dyn Store>) {
    let market = four_sold(store.clone(), &[("bob", 1400), ("cyd", 1400)]).await;
    let club = &market.house.club;
    club.give_credit(&stamp(), "credit", "bob", usd(1), "").await.unwrap();
    // No balance can be counted beyond this.
    let bob = club.member("bob").await.unwrap().id.value();
    let account = format!("member:{bob}:rebate");
    let sql = "UPDATE balance SET amount = -9223372036854775807 \
               WHERE account = (SELECT id FROM account WHERE name = $1)";
    let mut db = store.writer().await.unwrap();
    db.execute(sql, &[account.as_str().into()]).await.unwrap();
    drop(db);
    for posted in [1, 0] {
        assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), posted);
    }
    let alerts = club.alerts(false, Page::FIRST).await.unwrap();
    let found = alerts.iter().find(|alert| alert.evidence.contains("is not posted"));
    assert_eq!(found.map(|alert| (alert.kind.text(), alert.times)), Some(("payment", 2)));
}

/// A window in which four buyers took the whole item, and what of it who uploaded.
async fn four_sold(store: Arc<dyn Store>, carried: &[(&'static str, u64)]) -> Market {
    let mut market = Market::open(store).await;
    for name in HONEST {
        market.joins(name).await;
    }
    for name in ["ada"].into_iter().chain(HONEST) {
        market.buys(name).await;
        market.said(name, 0, 700).await;
    }
    for (name, mib) in carried {
        market.said(name, *mib, 0).await;
    }
    market.close(1).await;
    market
}

const HONEST: [&str; 3] = ["dan", "eve", "fay"];
