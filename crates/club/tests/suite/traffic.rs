use std::collections::BTreeMap;
use std::sync::Arc;

use club::{Counters, Page, SessionCount, Store};
use policy::{ItemId, MemberId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use wire::PeerId;

use super::{House, NOW};

pub(crate) async fn a_client_that_begins_again_has_another_epoch(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let first = count(ada, reel);
    let second = SessionCount { epoch: NOW - 50, ..first };
    let said = [(first, 100), (first, 600), (second, 0), (second, 300)];
    let counts = said.map(|(run, uploaded)| SessionCount { counters: up(uploaded), ..run });
    house.club.flush(&counts, NOW).await.unwrap();
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(800))]);
}

pub(crate) async fn a_forgotten_client_goes_on_in_its_run(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let low = count(ada, reel);
    let high = SessionCount { counters: up(500), ..low };
    house.club.flush(&[low, high], NOW).await.unwrap();

    let opening = |epoch, uploaded| SessionCount { epoch, counters: up(uploaded), ..low };
    let opens = [
        opening(NOW, 500),
        opening(NOW, 499),
        opening(low.epoch, 500),
        SessionCount { key: 8, ..opening(NOW, 500) },
    ];
    let expected = [Some(low.epoch), None, None, None];
    let epochs = house.club.earlier_epochs(&opens).await.unwrap();
    assert_eq!(epochs, expected);

    // So many that they are asked about in other ways: the same, wherever they stand.
    let many = opens.repeat(600);
    let epochs = house.club.earlier_epochs(&many).await.unwrap();
    assert_eq!(epochs, expected.repeat(600));
}

/// Bad luck or a bad client: late, doubled and reordered flushes of several runs of two clients.
pub(crate) async fn any_order_and_number_of_flushes_credits_the_same(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let reel = house.add_item("reel-1", &[1]).await;
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&history(), |(history, replay)| {
        block_in_place(|| {
            Handle::current().block_on(check_history(&house, reel, &history, &replay));
        });
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

pub(crate) async fn many_first_and_last_counters_come_in_one_flush(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let counts: Vec<_> = (0..2000)
        .flat_map(|key| {
            let first = SessionCount { key, ..count(ada, reel) };
            [0, 5, 7].map(|uploaded| SessionCount { counters: up(uploaded), ..first })
        })
        .collect();
    house.club.flush(&counts, NOW).await.unwrap();
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(14_000))]);
}

pub(crate) async fn numbers_beyond_reason_credit_a_pebibyte(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let endless = Counters { uploaded: u64::MAX, downloaded: u64::MAX };
    for client in 0..3 {
        let first = SessionCount { peer_id: PeerId([client; 20]), ..count(ada, reel) };
        let last = SessionCount { counters: endless, left: Some(u64::MAX), ..first };
        house.club.flush(&[first, last], NOW).await.unwrap();
    }
    let credit = house.club.traffic("ada").await.unwrap()[0].1;
    assert_eq!(credit, Counters { uploaded: 3 << 50, downloaded: 3 << 50 });
}

pub(crate) async fn old_sessions_are_pruned_and_their_credit_stays(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let low = count(ada, reel);
    let old = SessionCount { counters: up(500), ..low };
    let [low_older, older] = [0, 11].map(|n| SessionCount { epoch: 7, counters: up(n), ..low });
    let [low_fresh, fresh] =
        [0, 70].map(|n| SessionCount { seen: NOW + 1, key: 9, counters: up(n), ..low });
    let counts = [low, old, low_older, older, low_fresh, fresh];
    house.club.flush(&counts, NOW).await.unwrap();
    assert_eq!(house.club.prune_sessions(NOW + DAYS_21).await.unwrap(), 0);

    let later = NOW + DAYS_21 + 1;
    assert_eq!(house.club.prune_sessions(later).await.unwrap(), 2);
    assert_eq!(house.club.runs("ada").await.unwrap().len(), 1);
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(581))]);

    house.club.flush(&counts, later).await.unwrap();
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(581))], "counted once");
}

pub(crate) async fn runs_show_lows_and_highs_latest_first(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let first =
        SessionCount { counters: up(3), left: Some(700), seen: NOW - 9, ..count(ada, reel) };
    let last = SessionCount { counters: up(8), left: Some(0), seen: NOW - 2, ..first };
    let magnet = SessionCount { key: 0, left: None, seen: NOW - 1, ..first };
    house.club.flush(&[last, magnet, first], NOW).await.unwrap();
    let runs = house.club.runs("ada").await.unwrap();
    let seen: Vec<_> = runs.iter().map(|run| (run.key, run.last_seen, run.left)).collect();
    assert_eq!(seen, [(0, NOW - 1, None), (7, NOW - 2, Some((0, 700)))]);
    assert_eq!((runs[1].low, runs[1].high, runs[1].epoch), (up(3), up(8), NOW - 100));
    assert_eq!((runs[1].item, runs[1].peer_id), (reel, first.peer_id));
}

pub(crate) async fn the_first_announce_credits_nothing(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let first = SessionCount { counters: up(5 << 30), ..count(ada, reel) };
    house.club.flush(&[first], NOW).await.unwrap();
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(0))]);
    let next = SessionCount { counters: up((5 << 30) + 7), ..first };
    house.club.flush(&[next], NOW).await.unwrap();
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(7))]);
}

pub(crate) async fn unknown_members_and_items_spoil_no_flush(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let known = count(ada, reel);
    let nobodys = SessionCount { member: MemberId::new(99).unwrap(), ..known };
    let nothings = SessionCount { item: ItemId(99), ..known };
    house.club.flush(&[nobodys, known, nothings], NOW).await.unwrap();
    assert_eq!(house.club.traffic("ada").await.unwrap(), [(reel, up(0))]);
}

/// Flushes a history in order for one member, and as replayed for another: both must be credited
/// what the lowest and highest counters of each run say.
async fn check_history(house: &House, reel: ItemId, history: &[Said], replay: &[usize]) {
    let number = house.club.members(Page::FIRST).await.unwrap().len();
    let ada = house.add_member(&format!("ada-{number}")).await;
    let bob = house.add_member(&format!("bob-{number}")).await;
    let count = |member, said: &Said| SessionCount {
        peer_id: PeerId([said.client; 20]),
        epoch: said.epoch.into(),
        seen: NOW + u32::from(said.second),
        counters: Counters { uploaded: said.uploaded, downloaded: said.downloaded },
        left: said.left,
        ..count(member, reel)
    };
    let in_order: Vec<_> = history.iter().map(|said| count(ada, said)).collect();
    house.club.flush(&in_order, NOW).await.unwrap();
    for part in replay.chunks(3) {
        let part: Vec<_> = part.iter().map(|place| count(bob, &history[*place])).collect();
        house.club.flush(&part, NOW).await.unwrap();
    }

    let mut runs = BTreeMap::<_, Vec<&Said>>::new();
    for said in history {
        runs.entry((said.client, said.epoch)).or_default().push(said);
    }
    let carried = |counter: fn(&Said) -> u64| -> u64 {
        let of_run = |run: &Vec<&Said>| {
            let counters = || run.iter().map(|said| counter(said));
            counters().max().unwrap() - counters().min().unwrap()
        };
        runs.values().map(of_run).sum()
    };
    let credit = Counters {
        uploaded: carried(|said| said.uploaded),
        downloaded: carried(|said| said.downloaded),
    };
    let [ada, bob] = [ada.to_string(), bob.to_string()];
    for member in [&ada, &bob] {
        assert_eq!(house.club.traffic(member).await.unwrap(), [(reel, credit)]);
    }
    assert_eq!(house.club.runs(&ada).await.unwrap(), house.club.runs(&bob).await.unwrap());
}

/// What one announce said.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    client: u8,
    epoch: u8,
    second: u8,
    uploaded: u64,
    downloaded: u64,
    left: Option<u64>,
}

/// Some announces, and the places of all of them in another order, some more than once.
fn history() -> impl Strategy<Value = (Vec<Said>, Vec<usize>)> {
    let said = (0..2u8, 0..3u8, 0..4u8, 0..1000u64, 0..1000u64, prop::option::of(0..5u64))
        .prop_map(|(client, epoch, second, uploaded, downloaded, left)| Said {
            client,
            epoch,
            second,
            uploaded,
            downloaded,
            left,
        });
    prop::collection::vec(said, 1..8).prop_flat_map(|history| {
        let places = history.len();
        let doubles = prop::collection::vec(0..places, 0..6);
        let replay = doubles.prop_flat_map(move |doubles| {
            Just((0..places).chain(doubles).collect::<Vec<_>>()).prop_shuffle()
        });
        (Just(history), replay)
    })
}

const DAYS_21: u32 = 21 * 86_400;

fn up(uploaded: u64) -> Counters {
    Counters { uploaded, downloaded: 0 }
}

fn count(member: MemberId, item: ItemId) -> SessionCount {
    SessionCount {
        member,
        item,
        peer_id: PeerId(*b"-lt20B0-abcdefghijkl"),
        key: 7,
        epoch: NOW - 100,
        seen: NOW,
        counters: Counters::default(),
        left: Some(0),
    }
}

/// A house with a member and an item.
async fn stocked(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    let reel = house.add_item("reel-1", &[1]).await;
    (house, ada, reel)
}
