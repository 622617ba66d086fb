//! The places of one listener, and who gets one.
//!
//! A connection is counted when it is accepted, by two atomic additions, and registered only if it stays: what
//! asks, is answered and goes takes no lock. Networks and members are counted in a fixed table of buckets, so
//! that an attack with many addresses costs no memory; those that share a bucket share its places.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;

use super::bytes::ByteBudget;
use super::network::NetworkGroup;
use super::permit::{Buckets, Permit, Slot};
use super::registry::ConnectionRegistry;

/// The places of one listener, or of several that share them.
#[derive(Clone)]
pub struct ConnectionLimits {
    places: Arc<PlaceTable>,
}

/// Why somebody gets no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoPlace {
    /// All are taken by connections that are busy, of networks that have no more than it has.
    Full,
    /// Its network, or the member, has its share; or all places are taken, and its network has some.
    Share,
}

/// What all permits share.
pub(super) struct PlaceTable {
    /// Connections at once, reserved places aside.
    most: u32,
    open: Padded<AtomicU32>,
    /// For what must get in whoever holds the rest.
    reserved: u32,
    taken_reserved: AtomicU32,
    /// What one network may hold in any case; 0 means its share.
    most_per_network: AtomicU32,
    counts: Box<[NetworkCount]>,
    hasher: FixedState,
    bytes: Arc<ByteBudget>,
    /// Connections that were told to end and have not yet.
    ending: AtomicUsize,
    /// When bytes were last looked for.
    looked_secs: AtomicU32,
    registry: Mutex<ConnectionRegistry>,
}

/// What every accepted connection writes, apart from what all read.
#[repr(align(128))]
struct Padded<T>(T);

/// What the groups of one bucket hold.
#[derive(Default)]
struct NetworkCount {
    connections: AtomicU32,
    bytes: AtomicUsize,
}

impl ConnectionLimits {
    /// `most` places, `reserved` of them for [`Permit::reserve`]. `seed` is a random number.
    pub fn new(most: u32, reserved: u32, bytes: Arc<ByteBudget>, seed: u64) -> Self {
        let reserved = reserved.min(most / 2);
        let places = PlaceTable {
            most: (most - reserved).max(1),
            open: Padded(AtomicU32::new(0)),
            reserved,
            taken_reserved: AtomicU32::new(0),
            most_per_network: AtomicU32::new(0),
            counts: (0..BUCKETS).map(|_| NetworkCount::default()).collect(),
            hasher: FixedState::with_seed(seed),
            bytes,
            ending: AtomicUsize::new(0),
            looked_secs: AtomicU32::new(u32::MAX),
            registry: Mutex::default(),
        };
        Self { places: Arc::new(places) }
    }

    /// Changes the maximum of one network, as a reload of the configuration does; 0 means its share.
    pub fn set_most_per_network(&self, most: u32) {
        self.places.most_per_network.store(most, Ordering::Relaxed);
    }

    /// Whether a connection should be accepted now. Not while many have been told to end: they hold their
    /// files still.
    pub fn may_accept(&self) -> bool {
        self.places.ending.load(Ordering::Relaxed) < MAX_ENDING
    }

    /// A place for a connection from `source`.
    ///
    /// # Errors
    ///
    /// See [`NoPlace`]; the connection should be closed.
    pub fn admit(&self, source: IpAddr, now_secs: u32) -> Result<Permit, NoPlace> {
        let mut buckets = Buckets::new();
        let groups = NetworkGroup::networks(source);
        if let Err(denied) = self.places.join(&groups, &mut buckets, 0, now_secs) {
            buckets.iter().for_each(|bucket| self.places.leave(*bucket, 0));
            return Err(denied);
        }
        self.enter(buckets, now_secs)
    }

    /// A place for a connection that counts for nobody: a trusted proxy's, or one from this machine.
    ///
    /// # Errors
    ///
    /// See [`NoPlace`].
    pub fn admit_uncounted(&self, now_secs: u32) -> Result<Permit, NoPlace> {
        self.enter(Buckets::new(), now_secs)
    }

    fn enter(&self, buckets: Buckets, now_secs: u32) -> Result<Permit, NoPlace> {
        let is_reserved = match self.places.enter_general(buckets.first().copied(), now_secs) {
            Ok(()) => false,
            // It may turn out to be what places are reserved for.
            Err(_) if self.places.take_reserved() => true,
            Err(denied) => {
                buckets.iter().for_each(|bucket| self.places.leave(*bucket, 0));
                return Err(denied);
            }
        };
        Ok(Permit::new(Arc::clone(&self.places), buckets, is_reserved))
    }

    /// Connections now, those with a reserved place included.
    pub fn open(&self) -> u32 {
        let PlaceTable { open, taken_reserved, .. } = &*self.places;
        open.0.load(Ordering::Relaxed) + taken_reserved.load(Ordering::Relaxed)
    }
}

impl PlaceTable {
    /// Counts a connection in groups; those that it joined stand in `buckets` even where one denies it.
    pub(super) fn join(
        &self,
        groups: &[NetworkGroup],
        buckets: &mut Buckets,
        held: usize,
        now_secs: u32,
    ) -> Result<(), NoPlace> {
        let set = self.most_per_network.load(Ordering::Relaxed);
        for group in groups {
            let index = group.bucket(&self.hasher, self.counts.len());
            let (Some(count), Ok(bucket)) = (self.counts.get(index), u32::try_from(index)) else {
                continue;
            };
            if buckets.contains(&bucket) || buckets.try_push(bucket).is_err() {
                continue;
            }
            let before = count.connections.fetch_add(1, Ordering::Relaxed);
            if held > 0 {
                count.bytes.fetch_add(held, Ordering::Relaxed);
            }
            let share = group.most(self.most);
            let most = if set == 0 { share } else { share.min(set) };
            if before >= most && !self.end_one_of(bucket, group.ends_busy, now_secs) {
                return Err(NoPlace::Share);
            }
        }
        Ok(())
    }

    pub(super) fn leave(&self, bucket: u32, held: usize) {
        if let Some(count) = self.count(bucket) {
            count.connections.fetch_sub(1, Ordering::Relaxed);
            if held > 0 {
                count.bytes.fetch_sub(held, Ordering::Relaxed);
            }
        }
    }

    fn count(&self, bucket: u32) -> Option<&NetworkCount> {
        self.counts.get(usize::try_from(bucket).ok()?)
    }

    /// Takes a place for a connection whose widest network is counted in `bucket`.
    pub(super) fn enter_general(&self, bucket: Option<u32>, now_secs: u32) -> Result<(), NoPlace> {
        let before = self.open.0.fetch_add(1, Ordering::Relaxed);
        let ending = u32::try_from(self.ending.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        if before.saturating_sub(ending) < self.most {
            return Ok(());
        }
        // Itself included.
        let own = bucket.and_then(|bucket| self.count(bucket));
        let own = own.map_or(1, |count| count.connections.load(Ordering::Relaxed));
        if self.end_one_for(own, now_secs) {
            return Ok(());
        }
        self.leave_general();
        Err(if own > 1 { NoPlace::Share } else { NoPlace::Full })
    }

    pub(super) fn leave_general(&self) {
        self.open.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn take_reserved(&self) -> bool {
        let before = self.taken_reserved.fetch_add(1, Ordering::Relaxed);
        let has_one = before < self.reserved;
        if !has_one {
            self.leave_reserved();
        }
        has_one
    }

    pub(super) fn leave_reserved(&self) {
        self.taken_reserved.fetch_sub(1, Ordering::Relaxed);
    }

    /// Ends an idle connection of a group that has its share, or a busy one if `ends_busy`, for another of the
    /// same group.
    fn end_one_of(&self, bucket: u32, ends_busy: bool, now_secs: u32) -> bool {
        let mut registry = self.registry();
        let idlest = registry.idlest_of(bucket, |slot| ends_busy || slot.is_idle(now_secs));
        idlest.map(|slot| self.end(&mut registry, &slot)).is_some()
    }

    /// Ends the idlest connection of whoever has the most, where that is more than the `own` of the newcomer's
    /// network; or else one that is idle, whoever's it is.
    fn end_one_for(&self, own: u32, now_secs: u32) -> bool {
        let mut registry = self.registry();
        let greediest = registry.greediest().filter(|(_, count)| *count > own);
        let of_greediest = greediest.and_then(|(bucket, _)| registry.idlest_of(bucket, |_| true));
        let found = of_greediest.or_else(|| registry.idlest(|slot| slot.is_idle(now_secs)));
        found.map(|slot| self.end(&mut registry, &slot)).is_some()
    }

    fn end(&self, registry: &mut ConnectionRegistry, slot: &Slot) {
        registry.remove(slot.key());
        // Counted first: the connection may end at once.
        self.ending.fetch_add(1, Ordering::Relaxed);
        slot.evict();
    }

    /// A connection that was told to end has ended.
    pub(super) fn end_eviction(&self) {
        self.ending.fetch_sub(1, Ordering::Relaxed);
    }

    /// Changes what a connection holds; false where the budget, or the share of its widest network, does not
    /// allow it.
    pub(super) fn hold(&self, before: usize, bytes: usize, buckets: &[u32], now_secs: u32) -> bool {
        let Some(more) = bytes.checked_sub(before) else {
            let less = before - bytes;
            self.bytes.give_back(less);
            for count in buckets.iter().filter_map(|bucket| self.count(*bucket)) {
                count.bytes.fetch_sub(less, Ordering::Relaxed);
            }
            return true;
        };
        let counts = || buckets.iter().filter_map(|bucket| self.count(*bucket));
        let share = self.bytes.total() / BYTE_SHARE;
        let of_network = counts().next().map_or(0, |count| count.bytes.load(Ordering::Relaxed));
        if of_network.saturating_add(more) > share {
            return false;
        }
        if !self.bytes.take(more) {
            self.end_heaviest(of_network, now_secs);
            return false;
        }
        for count in counts() {
            count.bytes.fetch_add(more, Ordering::Relaxed);
        }
        true
    }

    /// Gives back bytes that no group counts any more.
    pub(super) fn give_back(&self, held: usize) {
        if held > 0 {
            self.bytes.give_back(held);
        }
    }

    /// Counts a connection that ended for want of bytes.
    pub(super) fn count_cut_off(&self) {
        self.bytes.count_cut_off();
    }

    /// Ends connections of the network that holds the most bytes, where that is more than somebody's `own`:
    /// the idlest first, until a sixteenth of the budget is free. Once a second, as it looks at all.
    fn end_heaviest(&self, own: usize, now_secs: u32) {
        if self.looked_secs.swap(now_secs, Ordering::Relaxed) == now_secs {
            return;
        }
        let mut registry = self.registry();
        let (sum, slots) = registry.heaviest();
        let mut free = self.bytes.total() / BYTE_SHARE / 2;
        for slot in slots.iter().filter(|_| sum > own) {
            free = free.saturating_sub(slot.held.load(Ordering::Relaxed));
            self.end(&mut registry, slot);
            self.count_cut_off();
            if free == 0 {
                return;
            }
        }
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, ConnectionRegistry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 KiB of counts.
const BUCKETS: usize = 1 << 14;
/// One network may hold an eighth of the bytes.
const BYTE_SHARE: usize = 8;
/// Connections that were told to end and have not, at which no more are accepted. The files of so many are
/// left free.
const MAX_ENDING: usize = 16;

#[cfg(test)]
mod tests;
