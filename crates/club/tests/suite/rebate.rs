//! The vectors a to g of what upload is worth: the pool of one sale is 0.75, and sizes are in MiB.

use std::sync::Arc;

use club::{AlertKind, Counters, Page, Served, SessionCount, Store};
use wire::PeerId;

use super::NOW;
use super::standing::Market;

pub(crate) async fn vector_a_verified_upload_shares_the_pool(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    served(&market, 200).await;
    market.said("ada", 0, 700).await;
    market.said("bob", 400, 0).await;
    market.said("cyd", 100, 0).await;
    market.close(1).await;
    check_verified(&market, &[("bob", 400 * MIB), ("cyd", 100 * MIB)]).await;
    assert_eq!(market.credits().await, [("bob", 60), ("cyd", 15)]);
}

pub(crate) async fn vector_b_who_claims_too_much_is_scaled_down_and_an_alert(
    store: Arc<dyn Store>,
) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    served(&market, 200).await;
    market.said("ada", 0, 700).await;
    market.said("bob", 4000, 0).await;
    market.said("cyd", 100, 0).await;
    market.close(1).await;
    for (name, mib) in [("bob", 487), ("cyd", 12)] {
        assert_eq!(market.verified(name).await.1 / MIB, mib, "{name}");
    }
    assert_eq!(market.credits().await, [("bob", 73), ("cyd", 1)]);
    assert!(alerts(&market).await.contains(&AlertKind::Imbalance));
}

pub(crate) async fn vector_c_without_a_buyer_there_is_nothing(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.said("bob", 10 << 10, 0).await;
    market.close(1).await;
    check_verified(&market, &[("bob", 0)]).await;
    assert!(market.credits().await.is_empty());
}

pub(crate) async fn vector_d_a_counter_that_went_back_adds_nothing_and_is_no_alert(
    store: Arc<dyn Store>,
) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.said("ada", 0, 700).await;
    // A run that stood at 500, and the one that began when its client said 300.
    announced(&market, NOW - 3600, &[(NOW - 3600, 500), (NOW - 1800, 500)]).await;
    announced(&market, NOW - 60, &[(NOW - 60, 300)]).await;
    market.close(1).await;
    assert_eq!(said(&market).await, 0);
    assert!(market.credits().await.is_empty());
    let alerts = market.house.club.alerts(false, Page::FIRST).await.unwrap();
    assert!(alerts.iter().all(|alert| alert.member != Some(market.id("bob"))), "{alerts:?}");
}

pub(crate) async fn vector_e_what_the_web_seed_served_earns_nobody(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    served(&market, 700).await;
    market.said("ada", 0, 700).await;
    market.said("bob", 400, 0).await;
    market.close(1).await;
    check_verified(&market, &[("bob", 0)]).await;
    assert!(market.credits().await.is_empty());
}

pub(crate) async fn vector_f_the_first_announce_credits_nothing(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.said("ada", 0, 700).await;
    announced(&market, NOW - 60, &[(NOW - 60, 5 << 10)]).await;
    market.close(1).await;
    assert_eq!(said(&market).await, 0);
    assert!(market.credits().await.is_empty());
}

pub(crate) async fn vector_g_more_than_a_line_carries_is_cut_and_an_alert(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.said("ada", 0, 700).await;
    announced(&market, NOW - 60, &[(NOW - 60, 0), (NOW, 10 << 10)]).await;
    market.said("cyd", 100, 0).await;
    market.close(1).await;
    assert_eq!(said(&market).await, 10 << 30);
    let (cut, honest) = (60 * 125_000_000, 100 * MIB);
    let demand = 700 * MIB;
    let shares = [cut, honest].map(|bytes| demand * bytes / (cut + honest));
    check_verified(&market, &[("bob", shares[0]), ("cyd", shares[1])]).await;
    assert!(alerts(&market).await.contains(&AlertKind::Speed));
}

/// The web seed sent ada so much.
async fn served(market: &Market, mib: u64) {
    let member = Some(market.id("ada"));
    let served = Served { item: market.reel, member, day: 1, bytes: mib * MIB };
    market.house.club.add_served(vec![served]).await.unwrap();
}

/// What bob's client said it uploaded, each time, in a run of its counters that began then.
async fn announced(market: &Market, epoch: u32, words: &[(u32, u64)]) {
    let counts: Vec<_> = words
        .iter()
        .map(|(seen, mib)| SessionCount {
            member: market.id("bob"),
            item: market.reel,
            peer_id: PeerId(*b"-lt20B0-abcdefghijkl"),
            key: 7,
            epoch,
            seen: *seen,
            counters: Counters { uploaded: mib * MIB, downloaded: 0 },
            left: Some(0),
        })
        .collect();
    market.house.club.flush(&counts, NOW).await.unwrap();
}

/// Bytes that bob's clients said they uploaded.
async fn said(market: &Market) -> u64 {
    let traffic = market.house.club.verified_traffic("bob").await.unwrap();
    traffic.iter().map(|traffic| traffic.said).sum()
}

async fn check_verified(market: &Market, expected: &[(&str, u64)]) {
    for (name, bytes) in expected {
        assert_eq!(market.verified(name).await.1, *bytes, "{name}");
    }
}

async fn alerts(market: &Market) -> Vec<AlertKind> {
    let alerts = market.house.club.alerts(false, Page::FIRST).await.unwrap();
    alerts.iter().map(|alert| alert.kind).collect()
}

const MIB: u64 = 1 << 20;
