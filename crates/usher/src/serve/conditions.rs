//! Conditions that the operator should know of: each raises an alert when it begins and closes it when it
//! is over. Nothing of this is on the announce path.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytesize::ByteSize;
use club::{AlertKind, NewAlert, Page};
use nix::sys::statvfs::statvfs;
use policy::ItemId;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracker::{Now, PresenceReport};

use crate::serve::background_tasks::BackgroundTasks;

/// A condition, of an item or of the whole daemon.
type Condition = (AlertKind, Option<ItemId>);

/// What a look found: of each condition that holds, what was seen.
type HeldConditions = BTreeMap<Condition, String>;

impl BackgroundTasks {
    /// Looks once a minute, until `stop` changes.
    pub(crate) async fn watch_conditions(self, mut stop: watch::Receiver<bool>) {
        let mut raised = self.raised_before().await;
        let mut unseeded = Unseeded::default();
        let (mut crowd, mut crowd_due) = (None, 0);
        loop {
            tokio::select! {
                () = sleep(PACE) => {}
                _ = stop.changed() => return,
            }
            let now = self.clock.now();
            let mut found = HeldConditions::new();
            let state_dir = self.config.load().state_dir.clone();
            if let Ok(space) = statvfs(&state_dir) {
                let bytes = |blocks: u64| blocks.saturating_mul(space.fragment_size());
                let free = bytes(space.blocks_available());
                let was_raised = raised.contains(&(AlertKind::Disk, None));
                let seen = low_space(free, bytes(space.blocks()), was_raised);
                found.extend(seen.map(|seen| ((AlertKind::Disk, None), seen)));
            }
            let every = self.config.load().backup.every;
            let last = self.failures.last_backup.load(Ordering::Relaxed);
            let seen = overdue(every, last, now.unix.into(), now.secs.into());
            found.extend(seen.map(|seen| ((AlertKind::Backup, None), seen)));
            if now.secs >= crowd_due {
                crowd_due = now.secs.saturating_add(CROWD_SECS);
                let tracker = self.tracker.clone();
                let sight = spawn_blocking(move || crowded(&tracker.sight()));
                crowd = sight.await.unwrap_or_default();
            }
            found.extend(crowd.clone().map(|seen| ((AlertKind::FewAddresses, None), seen)));
            self.look_at_swarms(&mut unseeded, &mut found).await;
            self.tell_conditions(&mut raised, found).await;
        }
    }

    /// The conditions whose alerts are open from before the start.
    async fn raised_before(&self) -> BTreeSet<Condition> {
        let open = self.club.alerts(false, Page::FIRST).await.unwrap_or_default();
        let open = open.into_iter().filter(|alert| CONDITIONS.contains(&alert.kind));
        open.map(|alert| (alert.kind, alert.item)).collect()
    }

    /// Looks for guards that stand, and for paid items that nobody serves.
    async fn look_at_swarms(&self, unseeded: &mut Unseeded, found: &mut HeldConditions) {
        let (tracker, now) = (self.tracker.clone(), self.clock.now());
        let look = spawn_blocking(move || {
            let mut seeded = HashSet::new();
            tracker.item_census(|census| {
                if census.clients.seeders() > 0 {
                    seeded.insert(census.item);
                }
            });
            (tracker.totals(now).guards_active, seeded)
        });
        let Ok((guards, seeded)) = look.await else { return };
        if guards > 0 {
            let seen = format!(
                "outsiders fell behind in {guards} swarms, which share peers evenly for now"
            );
            found.insert((AlertKind::Guard, None), seen);
        }
        if let Ok(items) = self.club.items_without_files().await {
            let items = items.into_iter().filter(|item| !seeded.contains(item));
            for item in unseeded.look(items, now.secs) {
                let seen =
                    "it is for sale, its files are not served here, and nobody seeds it".to_owned();
                found.insert((AlertKind::NoSeed, Some(item)), seen);
            }
        }
    }

    /// Raises what begins, and closes what is over. An alert that was acknowledged meanwhile stays so.
    async fn tell_conditions(&self, raised: &mut BTreeSet<Condition>, found: HeldConditions) {
        let Now { secs, unix: now, .. } = self.clock.now();
        for key in over(raised, &found, secs) {
            if self.club.clear_alert(now, key.0, key.1).await.is_ok() {
                raised.remove(&key);
            }
        }
        for ((kind, item), evidence) in found {
            if raised.contains(&(kind, item)) || raised.len() >= MAX_RAISED {
                continue;
            }
            let alert = NewAlert { kind, member: None, item, evidence };
            if self.club.raise(now, vec![alert]).await.is_ok() {
                raised.insert((kind, item));
            }
        }
    }
}

/// Those of the raised conditions that hold no more. A daemon that has just started does not know that of any.
fn over(raised: &BTreeSet<Condition>, found: &HeldConditions, uptime_secs: u32) -> Vec<Condition> {
    let is_over = |key: &&Condition| uptime_secs >= UNSEEDED_SECS && !found.contains_key(*key);
    raised.iter().filter(is_over).copied().collect()
}

/// Whether so little of a disk is free that it should be looked at: under a gigabyte, or a twentieth of a small
/// disk. It is over only once a quarter more is free.
fn low_space(free: u64, all: u64, was_low: bool) -> Option<String> {
    let least = LEAST_FREE.min(all / 20);
    let least = if was_low { least + least / 4 } else { least };
    (all > 0 && free < least).then(|| {
        let show = |bytes| ByteSize::b(bytes).display().iec().to_string();
        format!("{} of {} are free on the disk of state_dir", show(free), show(all))
    })
}

/// Whether a backup on schedule is late by as long as there is between two.
fn overdue(every: Option<Duration>, last: u64, unix: u64, uptime: u64) -> Option<String> {
    let most = every?.as_secs().saturating_mul(2).saturating_add(GRACE_SECS);
    let age = if last == 0 { uptime } else { unix.saturating_sub(last) };
    (age > most && uptime > GRACE_SECS).then(|| match last {
        0 => "no backup was made since the start: the log says why".to_owned(),
        _ => format!("the last backup was made {} hours ago: the log says why", age / 3600),
    })
}

/// Whether three addresses carry most members.
fn crowded(sight: &PresenceReport) -> Option<String> {
    let members = sight.members.len();
    let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for presence in sight.members.values() {
        let addresses: BTreeSet<IpAddr> =
            presence.addresses.iter().map(|(address, _)| *address).collect();
        addresses.into_iter().for_each(|address| *counts.entry(address).or_default() += 1);
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by(|one, other| other.cmp(one));
    let most: usize = counts.iter().take(FEW).sum();
    (members >= CROWD && most * 2 > members).then(|| {
        let most = most.min(members);
        format!(
            "{FEW} addresses carry {most} of {members} members: if they are proxies of yours, name them in \
             tracker.trusted_proxies"
        )
    })
}

/// Since when items have no seed: a seeder that is restarted is no news.
#[derive(Default)]
struct Unseeded(BTreeMap<ItemId, u32>);

impl Unseeded {
    /// Those of the items that have had no seed for a while.
    fn look(&mut self, items: impl Iterator<Item = ItemId>, now_secs: u32) -> Vec<ItemId> {
        let since = |item| (item, self.0.get(&item).copied().unwrap_or(now_secs));
        self.0 = items.map(since).collect();
        let is_long = |since: u32| now_secs.saturating_sub(since) >= UNSEEDED_SECS;
        self.0.iter().filter(|(_, since)| is_long(**since)).map(|(item, _)| *item).collect()
    }
}

/// What is looked at here.
const CONDITIONS: [AlertKind; 5] = [
    AlertKind::Backup,
    AlertKind::Disk,
    AlertKind::FewAddresses,
    AlertKind::Guard,
    AlertKind::NoSeed,
];
const PACE: Duration = Duration::from_secs(60);
const LEAST_FREE: u64 = 1 << 30;
/// A daemon that has just started makes up for what is late.
const GRACE_SECS: u64 = 600;
/// How often sessions are counted by address.
const CROWD_SECS: u32 = 300;
const CROWD: usize = 20;
const FEW: usize = 3;
const UNSEEDED_SECS: u32 = 900;
/// Of all kinds together; a list of so many says enough.
const MAX_RAISED: usize = 200;

#[cfg(test)]
mod tests {
    use policy::MemberId;
    use tracker::MemberPresence;

    use super::*;

    #[test]
    fn little_space_is_an_alert_until_there_is_some_more() {
        let gib = 1 << 30;
        let check = |free, all, was_low, expected| {
            assert_eq!(low_space(free, all, was_low).is_some(), expected, "{free} of {all}");
        };
        check(gib - 1, 1000 * gib, false, true);
        check(gib, 1000 * gib, false, false);
        check(gib, 1000 * gib, true, true);
        check(gib + gib / 4, 1000 * gib, true, false);
        check(1 << 25, gib, false, true);
        check(1 << 26, gib, false, false);
        check(0, 0, false, false);
    }

    #[test]
    fn what_was_raised_before_the_start_is_over_once_the_daemon_knows() {
        let (disk, item) = ((AlertKind::Disk, None), (AlertKind::NoSeed, Some(ItemId(7))));
        let raised = BTreeSet::from([disk, item]);
        let found = HeldConditions::from([(disk, "full".to_owned())]);
        assert_eq!(over(&raised, &found, UNSEEDED_SECS - 1), []);
        assert_eq!(over(&raised, &found, UNSEEDED_SECS), [item]);
    }

    #[test]
    fn a_backup_is_overdue_after_twice_its_interval() {
        let day = 86_400;
        let every = Some(Duration::from_secs(day));
        let check = |every, last, unix, uptime, expected: Option<&str>| {
            let seen = overdue(every, last, unix, uptime);
            assert_eq!(seen.is_some(), expected.is_some(), "{seen:?}");
            assert!(expected.is_none_or(|part| seen.unwrap().contains(part)));
        };
        check(None, 0, 100 * day, 100 * day, None);
        check(every, 10 * day, 12 * day, 9 * day, None);
        check(every, 10 * day, 12 * day + 601, 9 * day, Some("48 hours ago"));
        check(every, 10 * day, 30 * day, 599, None);
        check(every, 0, 30 * day, 2 * day, None);
        check(every, 0, 30 * day, 2 * day + 601, Some("no backup was made"));
    }

    #[test]
    fn a_few_addresses_that_carry_most_members_are_an_alert() {
        let sight = |members: u32, behind: u32| {
            let presence = |id: u32| {
                let last = if id < behind { 1 } else { u8::try_from(id).unwrap() };
                let address = IpAddr::from([203, 0, 113, last]);
                let addresses = BTreeSet::from([(address, "client".to_owned())]);
                (
                    MemberId::new(id + 1).unwrap(),
                    MemberPresence { addresses, ..MemberPresence::default() },
                )
            };
            PresenceReport {
                members: (0..members).map(presence).collect(),
                ..PresenceReport::default()
            }
        };
        assert_eq!(crowded(&sight(19, 19)), None);
        assert_eq!(crowded(&sight(100, 40)), None);
        let seen = crowded(&sight(100, 60)).unwrap();
        assert!(seen.contains("62 of 100 members") && seen.contains("trusted_proxies"), "{seen}");
    }

    #[test]
    fn an_item_is_without_a_seed_after_a_quarter_of_an_hour() {
        let mut unseeded = Unseeded::default();
        let mut look =
            |items: &[u32], now| unseeded.look(items.iter().copied().map(ItemId), now).len();
        assert_eq!(look(&[1, 2], 100), 0);
        assert_eq!(look(&[1, 2], 999), 0);
        assert_eq!(look(&[1, 2, 3], 1000), 2);
        // The first was seeded for a moment.
        assert_eq!(look(&[2, 3], 1010), 1);
        assert_eq!(look(&[1, 2, 3], 1020), 1);
        assert_eq!(look(&[1, 2, 3], 1020 + UNSEEDED_SECS), 3);
        assert_eq!(look(&[], 9999), 0);
    }
}
