//! History: sums that are exact, writes that count once, and room that is kept.

use std::sync::Arc;

use club::{HistoryInterval, HistoryPoint, HistorySample, HistoryStep, HistoryWrite, Store};
use policy::ItemId;

use super::{House, NOW};

pub(crate) async fn an_hour_and_a_day_are_the_sums_of_their_minutes(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let start = HistoryStep::Day.floor(NOW);
    // Three hours, in which item 7 is there every other minute and item 39, of the same row, in each.
    for minute in 0..180 {
        let mut items = vec![(ItemId(39), of_item(1))];
        if minute % 2 == 0 {
            items.push((ItemId(7), of_item(minute)));
        }
        keep(&house, minute + 1, start + minute * 60, items).await;
    }
    let until = start + 3 * 3600;
    let minutes = read(&house, None, HistoryStep::Minute, start, until).await;
    assert_eq!(minutes.len(), 180);
    assert_eq!((minutes[5].at, minutes[5].samples), (start + 300, 1));
    assert_eq!(minutes[5].point, of_tracker());

    let hours = read(&house, None, HistoryStep::Hour, start, until).await;
    assert_eq!(hours.len(), 3);
    assert_eq!((hours[1].at, hours[1].samples, hours[1].point.announces), (start + 3600, 60, 6000));
    assert_eq!(hours[1].point.inside_seeders, 60 * 4);

    let of_7 = read(&house, Some(7), HistoryStep::Minute, start, until).await;
    assert_eq!(
        (of_7.len(), of_7[3].point, of_7[4].point),
        (180, HistoryPoint::default(), of_item(4))
    );
    let of_7 = read(&house, Some(7), HistoryStep::Hour, start, until).await;
    let expected: u32 = (60..120).step_by(2).sum();
    assert_eq!((of_7[1].samples, of_7[1].point.sent), (60, u64::from(expected)));
    let day = read(&house, Some(7), HistoryStep::Day, start, until).await;
    let expected: u32 = (0..180).step_by(2).sum();
    assert_eq!((day.len(), day[0].samples, day[0].point.sent), (1, 180, u64::from(expected)));
    assert_eq!(read(&house, Some(39), HistoryStep::Day, start, until).await[0].point.sent, 180);
    assert_eq!(read(&house, Some(8), HistoryStep::Day, start, until).await[0].point.sent, 0);
    assert!(house.club.verify().await.unwrap().is_empty());
}

pub(crate) async fn what_is_written_again_counts_once_and_other_daemons_add_up(
    store: Arc<dyn Store>,
) {
    let house = House::open(store).await;
    let at = HistoryStep::Minute.floor(NOW);
    let sample =
        || HistorySample { at, tracker: of_tracker(), items: vec![(ItemId(1), of_item(5))] };
    let write = |writer, number| HistoryWrite { writer, number };
    let club = &house.club;
    assert!(club.keep_history(write(1, 1), sample()).await.unwrap() > 0);
    assert_eq!(club.keep_history(write(1, 1), sample()).await.unwrap(), 0);
    let announces =
        async || read(&house, None, HistoryStep::Day, at, at + 60).await[0].point.announces;
    assert_eq!(announces().await, 100);
    // Another run of the daemon in the same minute, or another daemon.
    club.keep_history(write(2, 1), sample()).await.unwrap();
    club.keep_history(write(1, 2), sample()).await.unwrap();
    assert_eq!(announces().await, 300);
    let minute = read(&house, Some(1), HistoryStep::Minute, at, at + 60).await;
    assert_eq!((minute.len(), minute[0].samples, minute[0].point.sent), (1, 3, 15));
}

pub(crate) async fn at_the_limit_the_oldest_minutes_go_first(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let start = HistoryStep::Day.floor(NOW);
    for minute in 0..120 {
        keep(&house, minute + 1, start + minute * 60, vec![(ItemId(1), of_item(minute))]).await;
    }
    let until = start + 7200;
    let held = house.club.history_bytes().await.unwrap();
    let count = async |step| read(&house, None, step, start, until).await.len();
    assert_eq!(house.club.trim_history(until, held).await.unwrap(), held);
    assert_eq!(count(HistoryStep::Minute).await, 120);

    let left = house.club.trim_history(until, held - 1).await.unwrap();
    assert!(left < held);
    let minutes = read(&house, None, HistoryStep::Minute, start, until).await;
    assert_eq!((minutes.len(), minutes[0].at), (119, start + 60));
    assert_eq!(house.club.history_bytes().await.unwrap(), left);

    // Then the hours, then the days; the sums of what is left are what they were.
    let days = 300;
    house.club.trim_history(until, days).await.unwrap();
    assert_eq!((count(HistoryStep::Minute).await, count(HistoryStep::Hour).await), (0, 0));
    let day = read(&house, None, HistoryStep::Day, start, until).await;
    assert_eq!((day.len(), day[0].point.announces), (1, 12_000));
    assert_eq!(house.club.trim_history(until, 0).await.unwrap(), 0);
    assert_eq!(count(HistoryStep::Day).await, 0);
}

pub(crate) async fn minutes_last_a_day_hours_a_month_and_days_for_ever(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let start = HistoryStep::Day.floor(NOW);
    keep(&house, 1, start, Vec::new()).await;
    let held = async |now: u32| {
        house.club.trim_history(now, u64::MAX).await.unwrap();
        let mut counts = Vec::new();
        for step in HistoryStep::ALL.into_iter().rev() {
            counts.push(read(&house, None, step, start, start + 3600).await.len());
        }
        counts
    };
    assert_eq!(held(start + 86_400).await, [1, 1, 1]);
    assert_eq!(held(start + 86_460).await, [0, 1, 1]);
    assert_eq!(held(start + 31 * 86_400).await, [0, 1, 1]);
    assert_eq!(held(start + 31 * 86_400 + 3600).await, [0, 0, 1]);
    assert_eq!(held(u32::MAX).await, [0, 0, 1]);
}

async fn keep(house: &House, number: u32, at: u32, items: Vec<(ItemId, HistoryPoint)>) {
    let sample = HistorySample { at, tracker: of_tracker(), items };
    house.club.keep_history(HistoryWrite { writer: 1, number }, sample).await.unwrap();
}

async fn read(
    house: &House,
    item: Option<u32>,
    step: HistoryStep,
    from: u32,
    until: u32,
) -> Vec<HistoryInterval> {
    house.club.history(item.map(ItemId), step, from, until).await.unwrap()
}

fn of_tracker() -> HistoryPoint {
    HistoryPoint { samples: 1, inside_seeders: 4, announces: 100, ..HistoryPoint::default() }
}

fn of_item(sent: u32) -> HistoryPoint {
    HistoryPoint { inside_seeders: 1, sent: sent.into(), ..HistoryPoint::default() }
}
