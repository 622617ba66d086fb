//! The directory: from info hash to swarm.
//!
//! It is sharded and not lock-free: a [`DashMap`] of [`Swarms::SHARDS`] shards with a lock each. An
//! announce of a known peer takes its shard's lock twice, for reading: to find the swarm's tag, and
//! to announce. Whatever changes more than words takes it for writing: a new swarm, a table that
//! grows or shrinks, anything but a refresh in a swarm of two. No guard leaves this crate, and no
//! caller's code but the seat plan runs under one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use dashmap::{DashMap, SharedValue};
use fastrand::Rng;
use parking_lot::Mutex;
use wire::InfoHash;

use crate::counters::{PrefixCounts, ShardTotals, SwarmCounters, SwarmTotals};
use crate::group::Census;
use crate::hash::KeyHasher;
use crate::list::PeerList;
use crate::memory::MemoryBudget;
use crate::peer_map::PeerMap;
use crate::peer_update::{
    LimitReached, PeerEvent, PeerUpdate, SwarmCounts, SwarmLimits, SwarmReply, UpdateOutcome,
};
use crate::small_peer_map::SmallPeerMap;
use crate::swarm_update::SwarmUpdate;

/// All swarms.
#[derive(Debug)]
pub struct Swarms {
    map: DashMap<InfoHash, PeerMap, KeyHasher>,
    pub(crate) hasher: KeyHasher,
    limits: AtomicLimits,
    memory: Arc<MemoryBudget>,
    totals: Box<[ShardTotals; SUMS]>,
    prefix_counts: PrefixCounts,
    /// By shard: whether its peers are counted in `prefix_counts`.
    counted: Box<[AtomicBool]>,
    /// Swarms without a tag.
    untagged: AtomicU32,
    /// Held by a sweep: of two in one swarm each would miss what the other moved.
    pub(crate) sweeping: Mutex<()>,
}

/// Where a swarm is or would be, and whether it was there.
///
/// Of use for one announce: what it says can change the moment after.
#[derive(Clone, Copy, Debug)]
pub struct SwarmLocation {
    pub(crate) info_hash: InfoHash,
    hash: u64,
    shard: usize,
    tag: Option<u32>,
}

impl SwarmLocation {
    /// The swarm that was looked for.
    pub const fn info_hash(&self) -> &InfoHash {
        &self.info_hash
    }

    /// Whose swarm it is; 0 is nobody's.
    pub fn tag(&self) -> u32 {
        self.tag.unwrap_or_default()
    }

    /// Whether there was such a swarm.
    pub const fn exists(&self) -> bool {
        self.tag.is_some()
    }
}

impl Swarms {
    /// How many locks the directory has: enough that a shard's own table is rehashed within some
    /// 100 us with millions of swarms.
    pub const SHARDS: usize = 1024;

    /// No swarms.
    ///
    /// `seed` keys the hashes, and must be a secret: who knows it can make tables slow.
    pub fn new(limits: SwarmLimits, seed: u64) -> Self {
        let hasher = KeyHasher::new(seed);
        Self {
            map: DashMap::with_hasher_and_shard_amount(hasher.clone(), Self::SHARDS),
            limits: AtomicLimits::new(limits),
            memory: Arc::new(MemoryBudget::new(limits.max_memory_bytes)),
            totals: Box::new([(); SUMS].map(|()| ShardTotals::default())),
            prefix_counts: PrefixCounts::new(&hasher),
            counted: (0..Self::SHARDS).map(|_| is_counted(limits).into()).collect(),
            untagged: AtomicU32::new(0),
            sweeping: Mutex::new(()),
            hasher,
        }
    }

    /// Changes the limits for arrivals to come. Who is there stays.
    ///
    /// Peers are counted by network only as long as that is limited: those who are there are when it
    /// begins to be, O(n) in all of them, with each shard under its lock meanwhile.
    pub fn set_limits(&self, limits: SwarmLimits) {
        let _one_at_a_time = self.sweeping.lock();
        let (was, is) = (is_counted(self.limits.load()), is_counted(limits));
        self.limits.store(limits);
        self.memory.set_max(limits.max_memory_bytes);
        if was == is {
            return;
        }
        for (shard, counted) in self.counted.iter().enumerate() {
            let begin = || counted.store(is, Ordering::Relaxed);
            self.rebuild(shard, begin, |found, swarm| {
                if is {
                    let count = |endpoint| self.prefix_counts.change(found.hash, endpoint, true);
                    swarm.each_endpoint(count);
                }
            });
        }
        if !is {
            self.prefix_counts.clear();
        }
    }

    /// Looks a swarm up, and hashes its name once for all that follows.
    pub fn find(&self, info_hash: &InfoHash) -> SwarmLocation {
        let found = self.locate(info_hash);
        SwarmLocation { tag: self.read(&found, PeerMap::tag), ..found }
    }

    /// Says whose a swarm is. One with a tag exists even without peers, and is not counted against
    /// [`SwarmLimits::max_torrents`]; with tag 0 it is nobody's, and goes with its last peer at the next
    /// sweep.
    pub fn tag(&self, info_hash: &InfoHash, tag: u32) {
        let found = self.locate(info_hash);
        if tag == 0 {
            self.write(&found, |swarm| self.set_tag(swarm, 0));
        } else {
            // Without a limit none is reached.
            let _ = self.write_or_make(&found, None, |swarm| self.set_tag(swarm, tag));
        }
    }

    /// Says that a swarm is nobody's any more, if `is_own` says so of its tag.
    pub fn untag(&self, info_hash: &InfoHash, is_own: impl FnOnce(u32) -> bool) {
        self.write(&self.locate(info_hash), |swarm| {
            if is_own(swarm.tag()) {
                self.set_tag(swarm, 0);
            }
        });
    }

    /// Counts under the swarm's lock, so that a sweep which drops it counts after.
    fn set_tag(&self, swarm: &mut PeerMap, tag: u32) {
        let old = swarm.tag();
        if old == tag {
            return;
        }
        swarm.large(&self.hasher).tag = tag;
        if old == 0 {
            self.untagged.fetch_sub(1, Ordering::Relaxed);
        } else if tag == 0 {
            self.untagged.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes in an announce and draws the caller's peers.
    ///
    /// `plan` is told how many candidates there are of each group (endpoints of the families that
    /// the reply can hold, the caller and its others left out) and says how many of each to draw. It
    /// is called again where fewer were found, and runs under a lock: it must not call back. `list`
    /// is cleared first. Who leaves is given nobody.
    ///
    /// # Errors
    ///
    /// A new peer is not let in where a limit is reached; it is then given nobody.
    pub fn announce(
        &self,
        found: &SwarmLocation,
        peer: &PeerUpdate<'_>,
        mut plan: impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> Result<SwarmReply, LimitReached> {
        list.clear();
        let update = SwarmUpdate::new(peer, &self.hasher, self.counters(found));
        let mut answer =
            |swarm: &PeerMap, outcome| swarm.answer(&update, outcome, &mut plan, rng, list);
        let settled = self.read(found, |swarm| {
            Ok(swarm.apply_shared(&update)?.map(|outcome| answer(swarm, outcome)))
        });
        let reply = match settled.transpose()?.flatten() {
            Some(reply) => reply,
            None if matches!(peer.event, PeerEvent::Left | PeerEvent::Recount) => {
                let outcome = self.write(found, |swarm| swarm.apply_alone(&update)).transpose()?;
                let counts = self.read(found, PeerMap::counts).unwrap_or_default();
                SwarmReply {
                    counts,
                    outcome: outcome.unwrap_or(UpdateOutcome::Absent),
                    hid_seeders: false,
                }
            }
            None => {
                let max = Some(update.counters.limits.max_torrents);
                let outcome =
                    self.write_or_make(found, max, |swarm| swarm.apply_alone(&update))??;
                let gone =
                    SwarmReply { counts: SwarmCounts::default(), outcome, hid_seeders: false };
                self.read(found, |swarm| answer(swarm, outcome)).unwrap_or(gone)
            }
        };
        if reply.outcome == UpdateOutcome::Left
            && self.read(found, |s| s.is_sparse(&update)) == Some(true)
        {
            self.write(found, |swarm| swarm.shrink(&update));
        }
        Ok(reply)
    }

    /// The budget that swarms count into, for whatever else shall.
    pub const fn memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    /// A swarm's clients.
    pub fn scrape(&self, info_hash: &InfoHash) -> Option<SwarmCounts> {
        self.read(&self.locate(info_hash), PeerMap::counts)
    }

    /// A swarm's clients by group.
    pub fn census(&self, info_hash: &InfoHash) -> Option<Census> {
        self.read(&self.locate(info_hash), PeerMap::census)
    }

    /// What all swarms together hold; some dozens of sums.
    pub fn totals(&self) -> SwarmTotals {
        let mut totals = SwarmTotals::default();
        self.totals.iter().for_each(|sums| sums.add_to(&mut totals));
        totals
    }

    /// Whether any swarm has no tag.
    pub(crate) fn has_untagged(&self) -> bool {
        self.untagged.load(Ordering::Relaxed) > 0
    }

    /// Completed downloads since the start, in all swarms.
    pub fn completions(&self) -> u64 {
        self.totals.iter().map(|sums| sums.completions.load(Ordering::Relaxed)).sum()
    }

    /// Where a swarm is or would be, without looking.
    pub(crate) fn locate(&self, info_hash: &InfoHash) -> SwarmLocation {
        let hash = self.hasher.info_hash(info_hash);
        let shard = self.map.determine_shard(usize::try_from(hash).unwrap_or_default());
        SwarmLocation { info_hash: *info_hash, hash, shard, tag: None }
    }

    pub(crate) fn counters(&self, found: &SwarmLocation) -> SwarmCounters<'_> {
        SwarmCounters {
            totals: self.totals_of(found.shard),
            prefix_counts: &self.prefix_counts,
            limits: self.limits.load(),
            memory: &self.memory,
            is_counted: self.counted.get(found.shard).unwrap_or(&NOT_COUNTED),
            swarm: found.hash,
        }
    }

    fn totals_of(&self, shard: usize) -> &ShardTotals {
        let [first, ..] = &*self.totals;
        self.totals.get(shard % SUMS).unwrap_or(first)
    }

    /// Calls `f` with a swarm, if there is one, while others may be in it.
    pub(crate) fn read<R>(
        &self,
        found: &SwarmLocation,
        f: impl FnOnce(&PeerMap) -> R,
    ) -> Option<R> {
        let shard = self.map.shards().get(found.shard)?.read();
        shard.get(found.hash, |(name, _)| *name == found.info_hash).map(|(_, swarm)| f(swarm.get()))
    }

    /// Calls `f` with a swarm, if there is one, while nobody else is in it.
    pub(crate) fn write<R>(
        &self,
        found: &SwarmLocation,
        f: impl FnOnce(&mut PeerMap) -> R,
    ) -> Option<R> {
        let mut shard = self.map.shards().get(found.shard)?.write();
        let entry = shard.get_mut(found.hash, |(name, _)| *name == found.info_hash);
        entry.map(|(_, swarm)| self.resized(swarm.get_mut(), f))
    }

    /// The same with a swarm that is made if there is none, and not yet `max_torrents` of them or too
    /// little memory; `None` makes one whatever the limits are.
    pub(crate) fn write_or_make<R>(
        &self,
        found: &SwarmLocation,
        max_torrents: Option<u32>,
        f: impl FnOnce(&mut PeerMap) -> R,
    ) -> Result<R, LimitReached> {
        let mut shard = self.map.shards().get(found.shard).ok_or(LimitReached::Torrents)?.write();
        if shard.get(found.hash, |(name, _)| *name == found.info_hash).is_none() {
            let max = max_torrents.unwrap_or_default();
            let must_grow = shard.len() == shard.capacity();
            if max_torrents.is_some() && must_grow && !self.memory.may_grow(false) {
                return Err(LimitReached::Memory);
            }
            let one_more = |n| (max == 0 || n < max).then_some(n + 1);
            self.untagged
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
                .map_err(|_| LimitReached::Torrents)?;
            self.counters(found).totals.swarms.fetch_add(1, Ordering::Relaxed);
            let entry = (found.info_hash, SharedValue::new(PeerMap::Small(SmallPeerMap::new(0))));
            let before = directory_bytes(shard.capacity());
            shard.insert_entry(found.hash, entry, |(name, _)| self.hasher.info_hash(name));
            self.memory.resize(before, directory_bytes(shard.capacity()));
        }
        let entry = shard.get_mut(found.hash, |(name, _)| *name == found.info_hash);
        entry.map(|(_, swarm)| self.resized(swarm.get_mut(), f)).ok_or(LimitReached::Torrents)
    }

    /// Calls `f` with a swarm, and counts the bytes by which it grows or shrinks.
    fn resized<R>(&self, swarm: &mut PeerMap, f: impl FnOnce(&mut PeerMap) -> R) -> R {
        let before = swarm.heap_bytes();
        let result = f(swarm);
        self.memory.resize(before, swarm.heap_bytes());
        result
    }

    /// Takes a shard's table apart and puts it together again in the size that it needs, without
    /// swarms that nobody needs; calls `begin`, and `f` with each of the others.
    ///
    /// The raw table has no other way to walk it that is safe. It costs some tens of nanoseconds a
    /// swarm, under the shard's lock.
    pub(crate) fn rebuild(
        &self,
        shard: usize,
        begin: impl FnOnce(),
        mut f: impl FnMut(&SwarmLocation, &mut PeerMap),
    ) -> u32 {
        let Some(lock) = self.map.shards().get(shard) else { return 0 };
        let mut table = lock.write();
        begin();
        if table.capacity() == 0 {
            return 0;
        }
        let before = directory_bytes(table.capacity());
        let (mut kept, mut dropped) = (Vec::with_capacity(table.len()), 0);
        for (info_hash, mut swarm) in std::mem::take(&mut *table) {
            let found = self.locate(&info_hash);
            self.resized(swarm.get_mut(), |swarm| f(&found, swarm));
            if swarm.get().is_needed() {
                kept.push((found, swarm));
            } else {
                self.memory.resize(swarm.get().heap_bytes(), 0);
                dropped += 1;
            }
        }
        table.reserve(kept.len(), |_| 0);
        for (found, swarm) in kept {
            table.insert_entry(found.hash, (found.info_hash, swarm), |(name, _)| {
                self.hasher.info_hash(name)
            });
        }
        self.memory.resize(before, directory_bytes(table.capacity()));
        drop(table);
        self.forget(shard, dropped);
        dropped
    }

    /// Drops a swarm if nobody needs it; whether it did.
    pub(crate) fn remove_unneeded(&self, found: &SwarmLocation) -> bool {
        let Some(shard) = self.map.shards().get(found.shard) else { return false };
        let is_unneeded = |(name, swarm): &(InfoHash, SharedValue<PeerMap>)| {
            *name == found.info_hash && !swarm.get().is_needed()
        };
        let removed = shard.write().remove_entry(found.hash, is_unneeded);
        if let Some((_, swarm)) = &removed {
            self.memory.resize(swarm.get().heap_bytes(), 0);
        }
        self.forget(found.shard, u32::from(removed.is_some()));
        removed.is_some()
    }

    /// Counts swarms that were dropped.
    fn forget(&self, shard: usize, swarms: u32) {
        self.totals_of(shard).swarms.fetch_sub(swarms, Ordering::Relaxed);
        self.untagged.fetch_sub(swarms, Ordering::Relaxed);
    }
}

/// Bytes of a shard's table with room for so many swarms: a power of two of places, of which an eighth
/// stays empty, and a byte more for each.
fn directory_bytes(capacity: usize) -> usize {
    if capacity == 0 {
        return 0;
    }
    let places = (capacity + capacity / 7).next_power_of_two();
    places * (size_of::<(InfoHash, SharedValue<PeerMap>)>() + 1)
}

const fn is_counted(limits: SwarmLimits) -> bool {
    limits.max_peers_per_prefix != 0
}

/// Of a shard that there is not.
static NOT_COUNTED: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
struct AtomicLimits {
    max_torrents: AtomicU32,
    max_peers_per_address: AtomicU32,
    max_peers_per_torrent: AtomicU32,
    max_peers_per_prefix: AtomicU32,
}

impl AtomicLimits {
    const fn new(limits: SwarmLimits) -> Self {
        let SwarmLimits {
            max_memory_bytes: _,
            max_torrents,
            max_peers_per_address,
            max_peers_per_torrent,
            max_peers_per_prefix,
        } = limits;
        Self {
            max_torrents: AtomicU32::new(max_torrents),
            max_peers_per_address: AtomicU32::new(max_peers_per_address),
            max_peers_per_torrent: AtomicU32::new(max_peers_per_torrent),
            max_peers_per_prefix: AtomicU32::new(max_peers_per_prefix),
        }
    }

    fn load(&self) -> SwarmLimits {
        SwarmLimits {
            // `memory` has it.
            max_memory_bytes: 0,
            max_torrents: self.max_torrents.load(Ordering::Relaxed),
            max_peers_per_address: self.max_peers_per_address.load(Ordering::Relaxed),
            max_peers_per_torrent: self.max_peers_per_torrent.load(Ordering::Relaxed),
            max_peers_per_prefix: self.max_peers_per_prefix.load(Ordering::Relaxed),
        }
    }

    fn store(&self, limits: SwarmLimits) {
        self.max_torrents.store(limits.max_torrents, Ordering::Relaxed);
        self.max_peers_per_address.store(limits.max_peers_per_address, Ordering::Relaxed);
        self.max_peers_per_torrent.store(limits.max_peers_per_torrent, Ordering::Relaxed);
        self.max_peers_per_prefix.store(limits.max_peers_per_prefix, Ordering::Relaxed);
    }
}

/// Parts that the totals are kept in.
const SUMS: usize = 64;
