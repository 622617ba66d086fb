//! The connections that stay open, so that the idlest of a group can be found and ended.
//!
//! Each group has a queue in the order in which its connections were last found idle. One that was active
//! since is put at the end again when its turn comes, so that activity itself costs one store and no lock.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use slab::Slab;

use super::permit::{Buckets, Slot};

/// The connections of one listener that stay open.
#[derive(Default)]
pub(super) struct ConnectionRegistry {
    entries: Slab<RegisteredConnection>,
    /// By bucket.
    groups: HashMap<u32, IdleQueue>,
    /// Every group by how many connections it has.
    order: BTreeSet<(u32, u32)>,
    /// All connections.
    all: IdleQueue,
    next_id: u32,
}

struct RegisteredConnection {
    slot: Arc<Slot>,
    buckets: Buckets,
    /// Unlike that of the entry before with the same key.
    id: u32,
}

/// Connections, the idlest first; and some that are gone.
#[derive(Default)]
struct IdleQueue {
    count: u32,
    turns: VecDeque<Turn>,
}

struct Turn {
    key: u32,
    id: u32,
    /// As the connection was when it was put here.
    active_secs: u32,
}

impl ConnectionRegistry {
    /// Adds a connection; returns its key.
    pub(super) fn insert(&mut self, slot: &Arc<Slot>, buckets: &Buckets) -> u32 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let entry = RegisteredConnection { slot: Arc::clone(slot), buckets: Buckets::new(), id };
        let key = u32::try_from(self.entries.insert(entry)).unwrap_or(u32::MAX);
        self.all.push(Turn { key, id, active_secs: slot.active_secs() });
        if self.all.has_many_gone() {
            let entries = &self.entries;
            self.all.turns.retain(|turn| entry_of(entries, turn).is_some());
        }
        self.join(key, buckets);
        key
    }

    pub(super) fn remove(&mut self, key: u32) {
        if let Some(entry) = self.entries.try_remove(index(key)) {
            self.all.count = self.all.count.saturating_sub(1);
            entry.buckets.iter().for_each(|bucket| self.leave_one(*bucket));
        }
    }

    /// Counts a connection in those of the buckets that it is not in yet.
    pub(super) fn join(&mut self, key: u32, buckets: &[u32]) {
        let Some(entry) = self.entries.get_mut(index(key)) else { return };
        for bucket in buckets {
            if entry.buckets.contains(bucket) || entry.buckets.try_push(*bucket).is_err() {
                continue;
            }
            let queue = self.groups.entry(*bucket).or_default();
            self.order.remove(&(queue.count, *bucket));
            queue.push(Turn { key, id: entry.id, active_secs: entry.slot.active_secs() });
            self.order.insert((queue.count, *bucket));
        }
        let crowded = |bucket: &&u32| self.groups.get(bucket).is_some_and(IdleQueue::has_many_gone);
        let crowded: Buckets = buckets.iter().filter(crowded).copied().collect();
        for bucket in crowded {
            let entries = &self.entries;
            if let Some(queue) = self.groups.get_mut(&bucket) {
                queue.turns.retain(|turn| {
                    entry_of(entries, turn).is_some_and(|entry| entry.buckets.contains(&bucket))
                });
            }
        }
    }

    /// Counts a connection no longer in some buckets.
    pub(super) fn leave(&mut self, key: u32, buckets: &[u32]) {
        let Some(entry) = self.entries.get_mut(index(key)) else { return };
        entry.buckets.retain(|bucket| !buckets.contains(bucket));
        buckets.iter().for_each(|bucket| self.leave_one(*bucket));
    }

    fn leave_one(&mut self, bucket: u32) {
        let Some(queue) = self.groups.get_mut(&bucket) else { return };
        self.order.remove(&(queue.count, bucket));
        queue.count = queue.count.saturating_sub(1);
        if queue.count == 0 {
            self.groups.remove(&bucket);
        } else {
            self.order.insert((queue.count, bucket));
        }
    }

    /// The group with the most connections, and their number.
    pub(super) fn greediest(&self) -> Option<(u32, u32)> {
        self.order.last().map(|(count, bucket)| (*bucket, *count))
    }

    /// The idlest connection of a group that `may_end` lets be ended.
    pub(super) fn idlest_of(
        &mut self,
        bucket: u32,
        may_end: impl Fn(&Slot) -> bool,
    ) -> Option<Arc<Slot>> {
        let Self { entries, groups, .. } = self;
        let queue = groups.get_mut(&bucket)?;
        queue.idlest(may_end, |turn| {
            let entry = entry_of(entries, turn).filter(|entry| entry.buckets.contains(&bucket));
            entry.map(|entry| Arc::clone(&entry.slot))
        })
    }

    /// The same of all connections.
    pub(super) fn idlest(&mut self, may_end: impl Fn(&Slot) -> bool) -> Option<Arc<Slot>> {
        let Self { entries, all, .. } = self;
        all.idlest(may_end, |turn| entry_of(entries, turn).map(|entry| Arc::clone(&entry.slot)))
    }

    /// The connections of the group that holds the most bytes, the idlest first, and how many bytes that is.
    /// O(connections).
    pub(super) fn heaviest(&self) -> (usize, Vec<Arc<Slot>>) {
        let held = |entry: &RegisteredConnection| {
            entry.slot.held.load(std::sync::atomic::Ordering::Relaxed)
        };
        let holders = || self.entries.iter().filter(|(_, entry)| held(entry) > 0);
        let mut sums: HashMap<Option<u32>, usize> = HashMap::new();
        for (_, entry) in holders() {
            *sums.entry(entry.buckets.first().copied()).or_default() += held(entry);
        }
        let Some((group, sum)) = sums.into_iter().max_by_key(|(_, sum)| *sum) else {
            return (0, Vec::new());
        };
        let of_group = holders().filter(|(_, entry)| entry.buckets.first().copied() == group);
        let mut slots: Vec<_> = of_group.map(|(_, entry)| Arc::clone(&entry.slot)).collect();
        slots.sort_by_key(|slot| slot.active_secs());
        (sum, slots)
    }
}

impl IdleQueue {
    fn push(&mut self, turn: Turn) {
        self.count += 1;
        self.turns.push_back(turn);
    }

    fn has_many_gone(&self) -> bool {
        self.turns.len() > 2 * usize::try_from(self.count).unwrap_or(usize::MAX) + FEW_GONE
    }

    fn idlest(
        &mut self,
        may_end: impl Fn(&Slot) -> bool,
        find: impl Fn(&Turn) -> Option<Arc<Slot>>,
    ) -> Option<Arc<Slot>> {
        // Some of these are gone, some were active since: beyond that many the next one will do.
        let mut looks = MAX_LOOKS;
        // Twice around: what was active since has its turn again.
        let mut tries = 2 * self.turns.len();
        while tries > 0 {
            tries -= 1;
            let turn = self.turns.pop_front()?;
            let Some(slot) = find(&turn) else { continue };
            let active_secs = slot.active_secs();
            let was_active = active_secs != turn.active_secs;
            self.turns.push_back(Turn { active_secs, ..turn });
            looks -= 1;
            if !slot.is_pinned() && (!was_active || looks == 0) && may_end(&slot) {
                return Some(slot);
            }
            if looks == 0 {
                return None;
            }
        }
        None
    }
}

/// The connection of a turn, unless it is gone.
fn entry_of<'a>(
    entries: &'a Slab<RegisteredConnection>,
    turn: &Turn,
) -> Option<&'a RegisteredConnection> {
    entries.get(index(turn.key)).filter(|entry| entry.id == turn.id)
}

fn index(key: u32) -> usize {
    usize::try_from(key).unwrap_or(usize::MAX)
}

/// Connections that are looked at for one that can be ended.
const MAX_LOOKS: u32 = 64;
/// Turns of connections that are gone, kept for every one that is there.
const FEW_GONE: usize = 64;
