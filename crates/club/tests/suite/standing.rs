use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use club::{
    AlertKind, CarriedBytes, Counters, Currency, DeliveryMethod, Fault, LeakLimits, NewAlert,
    NewTopup, Page, Presence, Prices, RewardRules, SessionCount, Stamp, Store, TakenBytes,
    TransferredBytes,
};
use policy::{ItemId, MemberId, Right, TierId};
use wire::PeerId;

use super::{House, NOW, check_refused, new_item, stamp};

pub(crate) async fn a_buyers_bytes_earn_their_carriers_the_price_difference(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    // Vector a: the web seed sent 200 of 700.
    let served = club::Served {
        item: market.reel,
        member: Some(market.id("ada")),
        day: 1,
        bytes: 200 * MIB,
    };
    market.house.club.add_served(vec![served]).await.unwrap();
    market.said("ada", 0, 700).await;
    market.said("bob", 400, 0).await;
    market.said("cyd", 100, 0).await;
    market.close(1).await;
    assert_eq!(market.verified("bob").await, (400 * MIB, 400 * MIB));
    assert_eq!(market.credits().await, [("bob", 60), ("cyd", 15)]);
    let taken = TakenBytes { all: 700 * MIB, from_peers: 500 * MIB };
    assert_eq!(market.house.club.taken_of(market.reel).await.unwrap(), taken);
    let bytes = TransferredBytes { from_peers: 500 * MIB, from_web_seed: 200 * MIB };
    let all = market.house.club.bytes_by_item().await.unwrap();
    assert_eq!(all, BTreeMap::from([(market.reel, bytes)]));
    let carried = CarriedBytes { reported: 500 * MIB, verified: 500 * MIB };
    assert_eq!(market.house.club.carried_of(market.reel).await.unwrap(), carried);
    assert_eq!(market.house.club.taken_of(ItemId(99)).await.unwrap(), TakenBytes::default());

    let club = &market.house.club;
    assert_eq!(club.post_rewards(&at(NOW + HOLD - 1), 1000).await.unwrap(), 0, "it is held");
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 2);
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 0, "once");
    let line = club.statement("bob", Page::FIRST).await.unwrap().pop().unwrap();
    assert_eq!((line.kind.as_str(), line.amount.minor, line.balance.minor), ("reward", 60, 60));

    let first = club.rewards(Some("bob"), Page::FIRST).await.unwrap()[0];
    let earned = async |since| club.earned_since(first.member, since).await.unwrap();
    assert_eq!(earned(first.window).await, [(first.window, first.amount)]);
    assert_eq!(earned(first.window + 1).await, []);
    club.reverse_reward(&stamp(), first.id).await.unwrap();
    assert_eq!(earned(0).await, []);
    club.reverse_reward(&stamp(), first.id).await.unwrap_err();
    let line = club.statement("bob", Page::FIRST).await.unwrap().pop().unwrap();
    assert_eq!((line.kind.as_str(), line.balance.minor), ("reward.back", 0));
    assert_eq!(club.verify().await.unwrap(), []);
}

pub(crate) async fn a_lone_cheat_and_a_freeloaders_friend_earn_nothing(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    // Vectors c, d and f: no buyer, a counter that went back, and 5 GiB at first sight.
    market.said("bob", 10 << 10, 0).await;
    market.said("cyd", 0, 700).await;
    market.close(1).await;
    assert_eq!(market.verified("bob").await, ((10 << 30), 0));
    assert!(market.credits().await.is_empty());
    // What was taken without paying is not demand later, either.
    market.buys("cyd").await;
    market.said("bob", 11 << 10, 0).await;
    market.close(2).await;
    assert!(market.credits().await.is_empty());
}

pub(crate) async fn a_line_carries_so_much_and_more_is_an_alert(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.said("ada", 0, 700).await;
    market.said("bob", 500 << 10, 0).await;
    market.close(1).await;
    let alerts = market.house.club.alerts(false, Page::FIRST).await.unwrap();
    let speed = alerts.iter().find(|alert| alert.kind == AlertKind::Speed).unwrap();
    assert_eq!((speed.member, speed.item), (Some(market.id("bob")), Some(market.reel)));
    assert!(speed.evidence.contains("bytes up, a line carries"), "{}", speed.evidence);
    assert!(alerts.iter().any(|alert| alert.kind == AlertKind::Imbalance));
}

pub(crate) async fn a_refunded_order_pays_no_reward(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.said("ada", 0, 700).await;
    market.said("bob", 700, 0).await;
    market.close(1).await;
    assert_eq!(market.credits().await, [("bob", 75)]);
    let club = &market.house.club;
    let order = club.orders("ada", Page::FIRST).await.unwrap()[0].id;
    club.refund(&stamp(), "back", order, None).await.unwrap();
    assert_eq!(club.post_rewards(&at(NOW + HOLD + 1), 1000).await.unwrap(), 0);
    assert!(club.rewards(None, Page::FIRST).await.unwrap()[0].reversed.is_some());
}

pub(crate) async fn a_tier_is_earned_for_as_long_as_it_is(store: Arc<dyn Store>) {
    let market = Market::open(store.clone()).await;
    market.buys("ada").await;
    let bob = market.id("bob");
    let patron = TierId::new(2).unwrap();
    assert_ne!(market.house.standing(bob).tier, patron);
    market.said("ada", 0, 700).await;
    market.said("bob", 700, 0).await;
    assert_eq!(market.close(1).await.earned, 1);
    let standing = market.house.standing(bob);
    assert_eq!(
        (standing.tier, standing.until, standing.then),
        (patron, u32::MAX, TierId::new(1).unwrap())
    );
    assert_eq!(House::open(store).await.standing(bob), standing);

    assert_eq!(market.close(DAYS_30).await.earned, 0);
    assert_eq!(market.close(DAYS_30 + 1).await.earned, 1);
    assert_eq!(market.house.standing(bob).tier, TierId::new(1).unwrap());
    let record = market.house.club.audit(Page::FIRST).await.unwrap();
    let earned = record.iter().filter(|row| row.what == "member.earn");
    let details: Vec<_> = earned.map(|row| row.detail.as_str()).collect();
    assert_eq!(details, ["none -> patron", "patron -> none"]);
}

pub(crate) async fn a_window_is_closed_once(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    market.said("ada", 0, 700).await;
    market.said("bob", 700, 0).await;
    market.close(5).await;
    let club = &market.house.club;
    for ends in [4, 5] {
        let rules = rules();
        let open = BTreeSet::new();
        assert_eq!(club.close_window(&stamp(), NOW + ends, &rules, &open).await.unwrap(), None);
    }
    assert_eq!(club.last_window().await.unwrap(), NOW + 5);
    assert_eq!(market.close(6).await.items, 0, "what was counted is not counted again");
    assert_eq!(market.credits().await, [("bob", 75)]);
}

pub(crate) async fn absurd_counters_can_be_added_up(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    for window in 1..=2 {
        // More PiB than a signed number holds.
        let runs = (0..8200).flat_map(|run| {
            let epoch = NOW - 100_000 + window * 20_000 + run;
            let first = SessionCount {
                member: market.id("bob"),
                item: market.reel,
                peer_id: PeerId(*b"-lt20B0-abcdefghijkl"),
                key: 7,
                epoch,
                seen: epoch,
                counters: Counters::default(),
                left: Some(0),
            };
            let counters = Counters { uploaded: 1 << 50, downloaded: 0 };
            [first, SessionCount { seen: NOW, counters, ..first }]
        });
        let runs: Vec<_> = runs.collect();
        market.house.club.flush(&runs, NOW).await.unwrap();
        market.close(window).await;
    }
    assert_eq!(market.verified("bob").await, (2 << 47, 0));
}

pub(crate) async fn alerts_count_until_they_are_acknowledged(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    let leak = |evidence: &str| NewAlert {
        kind: AlertKind::Leak,
        member: Some(ada),
        item: None,
        evidence: evidence.to_owned(),
    };
    let two = vec![leak("7 addresses"), NewAlert { member: None, ..leak("9 addresses") }];
    assert_eq!(house.club.raise(NOW, two).await.unwrap(), 2);
    assert_eq!(house.club.raise(NOW + 5, vec![leak("8 addresses")]).await.unwrap(), 2);
    let alert = house.club.alerts(false, Page::FIRST).await.unwrap().remove(0);
    assert_eq!((alert.first_at, alert.last_at, alert.times), (NOW, NOW + 5, 2));
    assert_eq!(alert.evidence, "8 addresses");
    let long = "é".repeat(10_000) + "x";
    house.club.raise(NOW + 6, vec![leak(&long)]).await.unwrap();
    let cut = house.club.alerts(false, Page::FIRST).await.unwrap().remove(0).evidence;
    assert_eq!(cut, "é".repeat(250));

    house.club.ack_alert(&stamp(), alert.id).await.unwrap();
    let again = house.club.ack_alert(&stamp(), alert.id).await;
    check_refused(
        again,
        Fault::Missing,
        "no alert 1 is open: `usher alert list` shows those that are",
    );
    assert_eq!(house.club.open_alerts(), 1);
    assert_eq!(House::open(store).await.club.open_alerts(), 1);
    assert_eq!(house.club.alerts(false, Page::FIRST).await.unwrap().len(), 1);
    assert_eq!(house.club.alerts(true, Page::FIRST).await.unwrap().len(), 2);
    assert_eq!(house.club.raise(NOW, vec![leak("")]).await.unwrap(), 2, "it opens another");
}

pub(crate) async fn an_erased_member_leaves_books_that_balance(store: Arc<dyn Store>) {
    let market = Market::open(store.clone()).await;
    market.buys("ada").await;
    market.said("ada", 9, 700).await;
    let club = &market.house.club;
    club.keep_sightings(NOW, &[presence(market.id("ada"), &["203.0.113.7"])], LIMITS)
        .await
        .unwrap();
    let before = (club.trial().await.unwrap(), club.traffic("ada").await.unwrap());
    let ada = club.erase_member(&stamp(), "ada").await.unwrap();
    assert_eq!(ada.name, format!("erased-{}", ada.id.value()));

    check_refused(
        club.member("ada").await,
        Fault::Missing,
        "no member `ada`: `usher member list` shows those there are",
    );
    let id = ada.id.to_string();
    assert_eq!((club.trial().await.unwrap(), club.traffic(&id).await.unwrap()), before);
    assert_eq!(club.verify().await.unwrap(), []);
    assert!(club.runs(&id).await.unwrap().is_empty());
    assert!(club.sightings(&id).await.unwrap().is_empty());
    let record = club.audit(Page::FIRST).await.unwrap();
    assert!(record.iter().all(|row| row.member != Some(ada.id) || row.detail.is_empty()));
    assert_eq!(market.house.standing(ada.id), House::open(store).await.standing(ada.id));
}

pub(crate) async fn neighbours_earn_nothing_by_each_other(store: Arc<dyn Store>) {
    let market = Market::open(store).await;
    market.buys("ada").await;
    let at_home = [("ada", "203.0.113.7"), ("bob", "203.0.113.99"), ("cyd", "198.51.100.1")];
    let seen = at_home.map(|(name, address)| presence(market.id(name), &[address]));
    market.house.club.keep_sightings(NOW, &seen, LIMITS).await.unwrap();
    for (name, uploaded, fell) in [("ada", 0, 700), ("bob", 700, 0), ("cyd", 100, 0)] {
        market.said(name, uploaded, fell).await;
    }
    market.close(1).await;
    assert_eq!(market.credits().await, [("cyd", 75)]);
}

pub(crate) async fn refunded_is_not_revoked(store: Arc<dyn Store>) {
    let market = Market::open(store.clone()).await;
    market.buys("ada").await;
    let (house, ada) = (&market.house, market.id("ada"));
    let until = |house: &House| house.right(market.reel, ada).unwrap().until;
    let order = house.club.orders("ada", Page::FIRST).await.unwrap()[0].id;
    house.club.refund(&stamp(), "back", order, None).await.unwrap();
    assert_eq!(until(house), Right::REFUNDED);
    assert_eq!(until(&House::open(store.clone()).await), Right::REFUNDED);
    house.club.grant(&stamp(), "ada", "reel", None, "grant").await.unwrap();
    assert_eq!(until(house), u32::MAX);
    house.club.revoke(&stamp(), "ada", "reel").await.unwrap();
    assert_eq!(until(house), Right::REVOKED);
    assert_eq!(until(&House::open(store).await), Right::REVOKED);
}

pub(crate) async fn what_looks_like_a_leak_is_an_alert_and_is_forgotten(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let [ada, bob] = [house.add_member("ada").await, house.add_member("bob").await];
    let addresses = ["203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"];
    let club = &house.club;
    club.keep_sightings(NOW, &[presence(ada, &addresses), presence(bob, &addresses[..2])], LIMITS)
        .await
        .unwrap();
    assert!(club.alerts(false, Page::FIRST).await.unwrap().is_empty(), "three places are not four");
    club.keep_sightings(NOW + 9, &[presence(ada, &["203.0.113.3"])], LIMITS).await.unwrap();
    let alerts = club.alerts(false, Page::FIRST).await.unwrap();
    let found: Vec<_> = alerts.iter().map(|alert| (alert.kind, alert.member)).collect();
    assert_eq!(found, [(AlertKind::Leak, Some(ada))]);
    assert!(alerts[0].evidence.starts_with("4 addresses and 1 kinds"), "{}", alerts[0].evidence);

    assert_eq!(club.forget_sightings(NOW + 9).await.unwrap(), 6);
    assert_eq!(club.sightings("ada").await.unwrap().len(), 1);
    let crowd = presence(bob, &["203.0.113.1"]);
    club.keep_sightings(NOW + 9, &[Presence { at_once: 9, ..crowd }], LIMITS).await.unwrap();
    assert_eq!(club.open_alerts(), 2);
}

/// An item at 2.25 as a torrent and 3.00 direct, and three members.
pub(crate) struct Market {
    pub(crate) house: House,
    pub(crate) reel: ItemId,
    members: BTreeMap<&'static str, MemberId>,
}

impl Market {
    pub(crate) async fn open(store: Arc<dyn Store>) -> Self {
        let house = House::open(store).await;
        let mut members = BTreeMap::new();
        for name in ["ada", "bob", "cyd"] {
            members.insert(name, house.add_member(name).await);
        }
        let reel = house.club.add_item(&stamp(), new_item("reel", &[1])).await.unwrap().id;
        let usd = Currency::parse("usd").unwrap();
        let prices = Prices { torrent: Some(usd.minor(225)), direct: Some(usd.minor(300)) };
        house.club.set_prices(&stamp(), "reel", prices).await.unwrap();
        Self { house, reel, members }
    }

    pub(crate) async fn joins(&mut self, name: &'static str) {
        self.members.insert(name, self.house.add_member(name).await);
    }

    pub(crate) fn id(&self, name: &str) -> MemberId {
        self.members[name]
    }

    pub(crate) async fn buys(&self, name: &str) {
        let amount = Currency::parse("usd").unwrap().minor(225);
        let (member, provider) = (name.to_owned(), "hand".to_owned());
        let topup = NewTopup { member, amount, provider, memo: String::new() };
        self.house.club.topup(&stamp(), &format!("topup {name}"), topup).await.unwrap();
        let key = format!("buy {name}");
        self.house.club.buy(&stamp(), &key, name, "reel", DeliveryMethod::Torrent).await.unwrap();
    }

    /// A client's last word: so many MiB uploaded since its first, and `left` fell by so many.
    pub(crate) async fn said(&self, name: &str, uploaded: u64, fell: u64) {
        let first = SessionCount {
            member: self.id(name),
            item: self.reel,
            peer_id: PeerId(*b"-lt20B0-abcdefghijkl"),
            key: 7,
            epoch: NOW - 3600,
            seen: NOW - 3600,
            counters: Counters { uploaded: 5 << 30, downloaded: 0 },
            left: Some(700 * MIB),
        };
        let counters = Counters { uploaded: (5 << 30) + uploaded * MIB, downloaded: fell * MIB };
        let left = Some((700 - fell) * MIB);
        let last = SessionCount { seen: NOW + u32::from(uploaded > 0), counters, left, ..first };
        self.house.club.flush(&[first, last], NOW).await.unwrap();
    }

    pub(crate) async fn close(&self, after: u32) -> club::Closed {
        let (rules, open) = (rules(), BTreeSet::new());
        let closed = self.house.club.close_window(&stamp(), NOW + after, &rules, &open).await;
        closed.unwrap().unwrap()
    }

    /// What was said and verified.
    pub(crate) async fn verified(&self, name: &str) -> (u64, u64) {
        let traffic = self.house.club.verified_traffic(name).await.unwrap();
        (traffic[0].said, traffic[0].verified)
    }

    pub(crate) async fn credits(&self) -> Vec<(&'static str, i64)> {
        let rewards = self.house.club.rewards(None, Page::FIRST).await.unwrap();
        let name = |id| *self.members.iter().find(|(_, member)| **member == id).unwrap().0;
        rewards.iter().map(|reward| (name(reward.member), reward.amount.minor)).collect()
    }
}

fn rules() -> RewardRules {
    RewardRules {
        line_rate: 125_000_000,
        pool_permille: 1000,
        per_gib: None,
        hold_secs: HOLD,
        sold: BTreeSet::from(["patron".to_owned()]),
        earned: vec![("patron".to_owned(), 600 * MIB)],
    }
}

fn presence(member: MemberId, addresses: &[&str]) -> Presence {
    let clients = addresses
        .iter()
        .map(|address| (address.parse::<IpAddr>().unwrap(), "libtorrent 2.0.11".to_owned()));
    Presence { member, at_once: 1, clients: clients.collect() }
}

pub(crate) fn at(now_unix: u32) -> Stamp {
    Stamp { now_unix, ..stamp() }
}

const LIMITS: LeakLimits = LeakLimits { addresses: 3, at_once: 3, kinds: 3 };
const MIB: u64 = 1 << 20;
pub(crate) const HOLD: u32 = 7 * 86_400;
const DAYS_30: u32 = 30 * 86_400;
