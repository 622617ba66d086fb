//! Keeps a history: once a minute what was counted goes to the store.
//!
//! Counts begin at 0 with the daemon, so what a minute counted is the difference of two looks. A sample
//! that the store does not take waits. Where too many wait, the oldest are joined: their counts are kept
//! and their gauges are not, so sums stay exact. Nothing of this is on the announce path.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use club::{Club, HistoryPoint, HistorySample, HistoryStep, HistoryWrite};
use listen::clock::Clock;
use policy::ItemId;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracker::{Now, Tracker, Via};

use crate::config::Config;
use crate::serve::flows::Flows;

/// What the history is made from.
#[derive(Clone)]
pub(crate) struct HistoryKeeper {
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) club: Arc<Club>,
    pub(crate) flows: Arc<Flows>,
    pub(crate) clock: Clock,
    pub(crate) config: Arc<ArcSwap<Config>>,
}

impl HistoryKeeper {
    /// Keeps the history until `stop` changes, and once more then.
    pub(crate) async fn keep(self, mut stop: watch::Receiver<bool>) {
        let mut record: Option<SampleQueue> = None;
        let mut failing = false;
        loop {
            let max_bytes = self.config.load().history_bytes;
            if max_bytes == 0 {
                if record.take().is_some() {
                    self.flows.end();
                }
            } else if record.is_none() {
                record = self.begin().await;
            }
            let stopped = tokio::select! {
                () = sleep(until_next_minute(self.clock.now())) => false,
                _ = stop.changed() => true,
            };
            if let Some(record) = &mut record {
                self.look(record, stopped).await;
                match record.write(&self.club, self.clock.now(), max_bytes).await {
                    Ok(()) if failing => {
                        failing = false;
                        tracing::info!("history is written again; no count was lost");
                    }
                    Ok(()) => {}
                    Err(error) if !failing => {
                        failing = true;
                        tracing::error!(%error, "history cannot be written: it waits in memory");
                    }
                    Err(_) => {}
                }
            }
            if stopped {
                return;
            }
        }
    }

    /// Begins to count: what items completed before is not of any minute.
    async fn begin(&self) -> Option<SampleQueue> {
        let writer = getrandom::u32().ok()?;
        let (tracker, flows) = (Arc::clone(&self.tracker), Arc::clone(&self.flows));
        let look = spawn_blocking(move || {
            flows.begin(&tracker);
            TrackerLook::take(&tracker)
        });
        Some(SampleQueue::new(writer, look.await.ok()?))
    }

    /// Takes a sample of the minute that ended; of the one that goes on, and without gauges, where the
    /// daemon ends.
    async fn look(&self, record: &mut SampleQueue, stopped: bool) {
        let tracker = Arc::clone(&self.tracker);
        let Ok(look) = spawn_blocking(move || TrackerLook::take(&tracker)).await else { return };
        let mut served = HashMap::new();
        for (item, flow) in self.flows.take() {
            served.insert(
                item,
                HistoryPoint {
                    sent: flow.sent,
                    received: flow.received,
                    served: flow.served,
                    ..HistoryPoint::default()
                },
            );
        }
        let minute = HistoryStep::Minute;
        let now = self.clock.now().unix;
        let at = if stopped { now } else { now.saturating_sub(minute.secs()) };
        record.note(minute.floor(at), look, served, !stopped);
    }
}

/// What stands at a moment.
#[derive(Debug, Default)]
struct TrackerLook {
    /// Gauges, and counts since the start.
    tracker: HistoryPoint,
    /// Of items with clients, or with completions.
    items: HashMap<ItemId, (HistoryPoint, u32)>,
}

impl TrackerLook {
    /// Costs a look at every item, and a pass over all sessions.
    fn take(tracker: &Tracker) -> Self {
        let counted = tracker.counted();
        let totals = tracker.totals(Now::default());
        let mut items = HashMap::new();
        tracker.item_census(|census| {
            let clients = census.clients;
            if clients.total() > 0 || census.completed > 0 {
                let point = HistoryPoint {
                    inside_seeders: clients.inside_seeders.into(),
                    inside_leechers: clients.inside_leechers.into(),
                    outside_seeders: clients.outside_seeders.into(),
                    outside_leechers: clients.outside_leechers.into(),
                    ..HistoryPoint::default()
                };
                items.insert(census.item, (point, census.completed));
            }
        });
        Self {
            tracker: HistoryPoint {
                samples: 1,
                inside_seeders: totals.inside_seeders.into(),
                inside_leechers: totals.inside_leechers.into(),
                outside_seeders: totals.outside_seeders.into(),
                outside_leechers: totals.outside_leechers.into(),
                members: u64::try_from(tracker.members_online()).unwrap_or(u64::MAX),
                announces: counted.announces(Via::Http) + counted.announces(Via::Udp),
                refusals: counted.refused(),
                completions: totals.completions,
                ..HistoryPoint::default()
            },
            items,
        }
    }
}

/// The samples that the store has not, and what they are differences from.
struct SampleQueue {
    writer: u32,
    /// Of samples that were given a number.
    last_number: u32,
    /// The minute of the latest gauges: a clock that was set back must not count a minute's twice.
    last_at: u32,
    /// The tracker's counts of the last look.
    counted: HistoryPoint,
    completed: HashMap<ItemId, u32>,
    waiting: VecDeque<(u32, HistorySample)>,
    /// Bytes in the store, where they are known, and when they were counted.
    held: Option<(u64, Now)>,
}

impl SampleQueue {
    fn new(writer: u32, begun: TrackerLook) -> Self {
        Self {
            writer,
            last_number: 0,
            last_at: 0,
            // What was counted since the daemon began is of the first minute.
            counted: HistoryPoint::default(),
            completed: begun.items.into_iter().map(|(item, (_, count))| (item, count)).collect(),
            waiting: VecDeque::new(),
            held: None,
        }
    }

    /// Makes a sample of what changed since the last one.
    fn note(
        &mut self,
        at: u32,
        look: TrackerLook,
        flows: HashMap<ItemId, HistoryPoint>,
        has_gauges: bool,
    ) {
        let mut items = flows;
        let since =
            |of: fn(&HistoryPoint) -> u64| of(&look.tracker).saturating_sub(of(&self.counted));
        let mut tracker = HistoryPoint {
            announces: since(|point| point.announces),
            refusals: since(|point| point.refusals),
            completions: since(|point| point.completions),
            ..look.tracker
        };
        let mut completed = HashMap::new();
        for (item, (clients, count)) in look.items {
            let before = self.completed.get(&item).copied().unwrap_or(0);
            let mut point = clients;
            // A swarm that was forgotten meanwhile counts anew.
            point.completions = count.checked_sub(before).unwrap_or(count).into();
            if count > 0 {
                completed.insert(item, count);
            }
            if !point.is_empty() {
                items.entry(item).or_default().add(&point);
            }
        }
        for point in items.values() {
            tracker.sent = tracker.sent.saturating_add(point.sent);
            tracker.received = tracker.received.saturating_add(point.received);
            tracker.served = tracker.served.saturating_add(point.served);
        }
        (self.counted, self.completed) = (look.tracker, completed);
        let mut sample = HistorySample { at, tracker, items: items.into_iter().collect() };
        if !has_gauges || at <= self.last_at {
            drop_gauges(&mut sample);
        } else {
            self.last_at = at;
        }
        self.last_number = self.last_number.saturating_add(1);
        self.waiting.push_back((self.last_number, sample));
        self.bound();
    }

    /// Joins the oldest samples while too much waits.
    fn bound(&mut self) {
        let points = |samples: &VecDeque<(u32, HistorySample)>| {
            samples.iter().map(|(_, sample)| sample.items.len()).sum::<usize>()
        };
        // The first may be on its way to the store, or there already, under its number.
        while self.waiting.len() > 2
            && (self.waiting.len() > MAX_WAITING || points(&self.waiting) > MAX_POINTS)
        {
            let Some((_, mut older)) = self.waiting.remove(1) else { return };
            let Some((_, newer)) = self.waiting.get_mut(1) else { return };
            drop_gauges(&mut older);
            newer.tracker.add(&older.tracker);
            let mut items: HashMap<ItemId, HistoryPoint> = newer.items.drain(..).collect();
            for (item, point) in older.items {
                items.entry(item).or_default().add(&point);
            }
            newer.items = items.into_iter().collect();
        }
    }

    /// Writes what waits, the oldest first, and keeps the whole within its size.
    async fn write(&mut self, club: &Club, now: Now, max_bytes: u64) -> Result<(), club::Error> {
        while let Some((number, sample)) = self.waiting.front() {
            let write = HistoryWrite { writer: self.writer, number: *number };
            let grown = club.keep_history(write, sample.clone()).await?;
            if let Some((held, _)) = &mut self.held {
                *held = held.saturating_add(grown);
            }
            self.waiting.pop_front();
        }
        let is_due = match self.held {
            Some((held, at)) => held > max_bytes || now.secs.saturating_sub(at.secs) >= TRIM_SECS,
            None => true,
        };
        if is_due {
            // A little less, so that it is not done each minute at the limit.
            let known = self.held.map_or(u64::MAX, |(held, _)| held);
            let most = if known > max_bytes { max_bytes - max_bytes / 50 } else { max_bytes };
            self.held = Some((club.trim_history(now.unix, most).await?, now));
        }
        Ok(())
    }
}

/// Leaves a sample's counts alone, and the items that have any.
fn drop_gauges(sample: &mut HistorySample) {
    sample.tracker = sample.tracker.without_gauges();
    sample.items.iter_mut().for_each(|(_, point)| *point = point.without_gauges());
    sample.items.retain(|(_, point)| !point.is_empty());
}

fn until_next_minute(now: Now) -> Duration {
    let minute = HistoryStep::Minute.secs();
    Duration::from_secs((minute - now.unix % minute).into())
}

/// Samples that wait for a store that is away: an hour's.
const MAX_WAITING: usize = 60;
/// Points of items in them, of some 100 bytes each.
const MAX_POINTS: usize = 400_000;
/// How often what is too old is deleted, in seconds.
const TRIM_SECS: u32 = 900;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_the_difference_of_two_looks() {
        let mut record = SampleQueue::new(1, look(0, &[(1, 1, 5)]));
        record.note(60, look(10, &[(1, 1, 7), (2, 2, 1)]), HashMap::new(), true);
        record.note(120, look(25, &[(1, 0, 7), (2, 2, 1)]), flow(3, 50), true);
        let samples: Vec<_> = record.waiting.iter().map(|(_, sample)| sample).collect();
        let numbers = |sample: &HistorySample| {
            let HistoryPoint { announces, completions, inside_seeders, sent, .. } = sample.tracker;
            (announces, completions, inside_seeders, sent)
        };
        assert_eq!((numbers(samples[0]), numbers(samples[1])), ((10, 8, 3, 0), (15, 0, 2, 50)));
        // Of the items those that were completed before do not count; the tracker counts from its start.
        let of_first = samples[0].items.iter().map(|(_, point)| point.completions).sum::<u64>();
        assert_eq!(of_first, 3);
        let mut items: Vec<_> = samples[1].items.iter().map(|(item, _)| item.0).collect();
        items.sort_unstable();
        assert_eq!(items, [2, 3], "nothing happened with the first");
    }

    #[test]
    fn a_clock_that_is_set_back_counts_no_minute_twice() {
        let mut record = SampleQueue::new(1, TrackerLook::default());
        for (at, announces) in [(600, 1), (660, 3), (600, 6), (660, 10), (720, 15)] {
            record.note(at, look(announces, &[(1, 1, 0)]), HashMap::new(), true);
        }
        let told: Vec<_> = record
            .waiting
            .iter()
            .map(|(_, sample)| (sample.at, sample.tracker.samples, sample.tracker.announces))
            .collect();
        assert_eq!(told, [(600, 1, 1), (660, 1, 2), (600, 0, 3), (660, 0, 4), (720, 1, 5)]);
    }

    #[test]
    fn what_waits_is_bounded_and_no_count_is_lost() {
        let mut record = SampleQueue::new(1, TrackerLook::default());
        let minutes = 3 * u32::try_from(MAX_WAITING).unwrap();
        for minute in 1..=minutes {
            record.note(minute * 60, look(minute.into(), &[(1, 1, 0)]), flow(7, 2), true);
        }
        assert_eq!(record.waiting.len(), MAX_WAITING);
        let announces: u64 = record.waiting.iter().map(|(_, s)| s.tracker.announces).sum();
        let sent: u64 =
            record.waiting.iter().flat_map(|(_, s)| &s.items).map(|(_, p)| p.sent).sum();
        assert_eq!((announces, sent), (u64::from(minutes), 2 * u64::from(minutes)));
        let first = &record.waiting[0].1;
        assert_eq!((first.at, first.tracker.samples), (60, 1), "it may be in the store already");
    }

    #[tokio::test]
    async fn samples_reach_the_store_within_their_size() {
        let folder = tempfile::tempdir().unwrap();
        let club = club(folder.path()).await;
        let mut record = SampleQueue::new(1, TrackerLook::default());
        let start = HistoryStep::Day.floor(1_800_000_000);
        let now = |minute: u32| Now { secs: minute * 60, unix: start + minute * 60 };
        for minute in 0..120 {
            let announces = u64::from(minute + 1) * 10;
            record.note(now(minute).unix, look(announces, &[(1, 1, 0)]), flow(1, 3), true);
            record.write(&club, now(minute), 4_000).await.unwrap();
            assert!(record.held.unwrap().0 <= 4_000 && record.waiting.is_empty());
        }
        assert!(club.history_bytes().await.unwrap() <= 4_000);
        let until = now(120).unix;
        let minutes = club.history(None, HistoryStep::Minute, start, until).await.unwrap();
        assert!((1..119).contains(&minutes.len()), "{}", minutes.len());
        assert_eq!(minutes.last().unwrap().at, now(119).unix);
        let day = club.history(Some(ItemId(1)), HistoryStep::Day, start, until).await.unwrap();
        assert_eq!(
            (day[0].samples, day[0].point.sent, day[0].point.inside_seeders),
            (120, 360, 120)
        );
    }

    #[tokio::test]
    async fn a_store_that_is_away_gets_everything_later() {
        let folder = tempfile::tempdir().unwrap();
        let club = club(folder.path()).await;
        let mut record = SampleQueue::new(1, TrackerLook::default());
        let start = HistoryStep::Day.floor(1_800_000_000);
        let now = Now { secs: 60, unix: start + 600 };
        let (file, away) = (folder.path().join("club.db"), folder.path().join("away"));
        std::fs::rename(&file, &away).unwrap();
        for minute in 1..=3 {
            let at = start + minute * 60;
            record.note(at, look(u64::from(minute) * 10, &[(1, 1, 0)]), flow(1, 3), true);
            assert!(record.write(&club, now, 1 << 20).await.is_err());
        }
        assert_eq!(record.waiting.len(), 3);
        std::fs::rename(&away, &file).unwrap();
        record.write(&club, now, 1 << 20).await.unwrap();
        let minutes = club.history(None, HistoryStep::Minute, start, now.unix).await.unwrap();
        let announces: Vec<_> = minutes.iter().map(|minute| minute.point.announces).collect();
        assert_eq!(announces, [10, 10, 10]);
    }

    /// A day in fast motion, as far as it takes to reach the limit some times.
    #[tokio::test]
    async fn a_thousand_active_items_of_a_hundred_thousand_stay_within_the_size() {
        let folder = tempfile::tempdir_in(if std::path::Path::new("/dev/shm").is_dir() {
            "/dev/shm"
        } else {
            "/tmp"
        });
        let folder = folder.unwrap();
        let club = club(folder.path()).await;
        let file = || std::fs::metadata(folder.path().join("club.db")).unwrap().len();
        let before = file();
        let size = 1 << 20;
        let mut record = SampleQueue::new(1, TrackerLook::default());
        let start = HistoryStep::Day.floor(1_800_000_000);
        let (mut sent, mut deleted) = (0, false);
        for minute in 0..150_u32 {
            // Others each hour, as people come and go.
            let active = (0..1000).map(|n| 1 + n * 97 + minute / 60 * 31);
            let items: Vec<_> = active.clone().map(|item| (item, 3, 1)).collect();
            let bytes = u64::from(minute) * 1_000_003;
            let flows = active.step_by(3).map(|item| {
                let point =
                    HistoryPoint { sent: bytes, received: bytes, ..HistoryPoint::default() };
                (ItemId(item), point)
            });
            let flows: HashMap<_, _> = flows.collect();
            sent += bytes * u64::try_from(flows.len()).unwrap();
            let now = Now { secs: minute * 60, unix: start + minute * 60 };
            record.note(now.unix, look(u64::from(minute) * 1000, &items), flows, true);
            let held = record.held.map_or(0, |(held, _)| held);
            record.write(&club, now, size).await.unwrap();
            deleted |= record.held.unwrap().0 < held;
        }
        assert!(deleted, "the limit was reached");
        let held = club.history_bytes().await.unwrap();
        assert!(held <= size, "{held}");
        let until = start + 150 * 60;
        let day = club.history(None, HistoryStep::Day, start, until).await.unwrap();
        assert_eq!((day[0].samples, day[0].point.sent), (150, sent));
        let minutes = club.history(None, HistoryStep::Minute, start, until).await.unwrap();
        assert!(minutes.len() > 20 && minutes[0].at > start, "{}", minutes.len());
        drop(club);
        // The rest of the file is what an empty store has, and the log that is played into it at the end.
        let store = club::Sqlite::open(&folder.path().join("club.db")).await.unwrap();
        drop(store);
        let grown = file() - before;
        assert!(grown <= size, "{grown} bytes on disk, {held} counted");
    }

    /// Announces, and items with their seeders and completions since they were added.
    fn look(announces: u64, items: &[(u32, u64, u32)]) -> TrackerLook {
        let tracker = HistoryPoint {
            samples: 1,
            inside_seeders: items.iter().map(|(_, seeders, _)| seeders).sum(),
            announces,
            completions: items.iter().map(|(_, _, completed)| u64::from(*completed)).sum(),
            ..HistoryPoint::default()
        };
        let items = items.iter().map(|(item, inside_seeders, completed)| {
            let inside_seeders = *inside_seeders;
            let point = HistoryPoint { inside_seeders, ..HistoryPoint::default() };
            (ItemId(*item), (point, *completed))
        });
        TrackerLook { tracker, items: items.collect() }
    }

    fn flow(item: u32, sent: u64) -> HashMap<ItemId, HistoryPoint> {
        HashMap::from([(ItemId(item), HistoryPoint { sent, ..HistoryPoint::default() })])
    }

    async fn club(folder: &std::path::Path) -> Club {
        use club::{Image, Items, ListedItem, Names, Sqlite};
        struct NoItems;
        impl Items for NoItems {
            fn put(&self, _: &ListedItem) {}
            fn remove(&self, _: ItemId) {}
        }
        let image = Image {
            roster: Arc::default(),
            rights: Arc::default(),
            aliases: Arc::default(),
            items: Arc::new(NoItems),
        };
        let store = Arc::new(Sqlite::open(&folder.join("club.db")).await.unwrap());
        Club::open(store, image, Names::default()).await.unwrap().0
    }
}
