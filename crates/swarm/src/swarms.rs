//! The directory: from info hash to swarm.
//!
//! It is sharded and not lock-free: a [`DashMap`] of [`Swarms::SHARDS`] shards with a lock each. An
//! announce of a known peer takes its shard's lock twice, for reading: to find the swarm's tag, and
//! to announce. Whatever changes more than words takes it for writing: a new swarm, a table that
//! grows or shrinks, anything but a refresh in a swarm of two. No guard leaves this crate, and no
//! caller's code but the seat plan runs under one.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use dashmap::{DashMap, SharedValue};
use fastrand::Rng;
use parking_lot::Mutex;
use wire::InfoHash;

use crate::arrival::{Arrival, Arrives, Counts, Full, How, Limits, Seated};
use crate::books::{Books, Prefixes, Sums, Totals};
use crate::few::Few;
use crate::group::Census;
use crate::hash::Hashing;
use crate::list::PeerList;
use crate::swarm::Swarm;
use crate::visit::Visit;

/// All swarms.
#[derive(Debug)]
pub struct Swarms {
    map: DashMap<InfoHash, Swarm, Hashing>,
    pub(crate) hashing: Hashing,
    limits: AtomicLimits,
    sums: Box<[Sums; SUMS]>,
    prefixes: Prefixes,
    /// By shard: whether its peers are counted in `prefixes`.
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
pub struct Found {
    pub(crate) info_hash: InfoHash,
    hash: u64,
    shard: usize,
    tag: Option<u32>,
}

impl Found {
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
    pub fn new(limits: Limits, seed: u64) -> Self {
        let hashing = Hashing::new(seed);
        Self {
            map: DashMap::with_hasher_and_shard_amount(hashing.clone(), Self::SHARDS),
            limits: AtomicLimits::new(limits),
            sums: Box::new([(); SUMS].map(|()| Sums::default())),
            prefixes: Prefixes::new(&hashing),
            counted: (0..Self::SHARDS).map(|_| is_counted(limits).into()).collect(),
            untagged: AtomicU32::new(0),
            sweeping: Mutex::new(()),
            hashing,
        }
    }

    /// Changes the limits for arrivals to come. Who is there stays.
    ///
    /// Peers are counted by network only as long as that is limited: those who are there are when it
    /// begins to be, O(n) in all of them, with each shard under its lock meanwhile.
    pub fn set_limits(&self, limits: Limits) {
        let _one_at_a_time = self.sweeping.lock();
        let (was, is) = (is_counted(self.limits.load()), is_counted(limits));
        self.limits.store(limits);
        if was == is {
            return;
        }
        for (shard, counted) in self.counted.iter().enumerate() {
            let begin = || counted.store(is, Ordering::Relaxed);
            self.rebuild(shard, begin, |found, swarm| {
                if is {
                    let count = |endpoint| self.prefixes.change(found.hash, endpoint, true);
                    swarm.each_endpoint(count);
                }
            });
        }
        if !is {
            self.prefixes.clear();
        }
    }

    /// Looks a swarm up, and hashes its name once for all that follows.
    pub fn find(&self, info_hash: &InfoHash) -> Found {
        let found = self.locate(info_hash);
        Found { tag: self.read(&found, Swarm::tag), ..found }
    }

    /// Says whose a swarm is. One with a tag exists even without peers, and is not counted against
    /// [`Limits::max_torrents`]; with tag 0 it is nobody's, and goes with its last peer at the next
    /// sweep.
    pub fn tag(&self, info_hash: &InfoHash, tag: u32) {
        let found = self.locate(info_hash);
        if tag == 0 {
            self.write(&found, |swarm| self.set_tag(swarm, 0));
        } else {
            // Without a limit none is reached.
            let _ = self.write_or_make(&found, 0, |swarm| self.set_tag(swarm, tag));
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
    fn set_tag(&self, swarm: &mut Swarm, tag: u32) {
        let old = swarm.tag();
        if old == tag {
            return;
        }
        swarm.crowd(&self.hashing).tag = tag;
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
        found: &Found,
        arrival: &Arrival<'_>,
        mut plan: impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> Result<Seated, Full> {
        list.clear();
        let visit = Visit::new(arrival, &self.hashing, self.books(found));
        let mut answer = |swarm: &Swarm, how| swarm.answer(&visit, how, &mut plan, rng, list);
        let settled = self
            .read(found, |swarm| Ok(swarm.settle_shared(&visit)?.map(|how| answer(swarm, how))));
        let seated = match settled.transpose()?.flatten() {
            Some(seated) => seated,
            None if matches!(arrival.event, Arrives::Leaves | Arrives::Stays) => {
                let how = self.write(found, |swarm| swarm.settle_alone(&visit)).transpose()?;
                let counts = self.read(found, Swarm::counts).unwrap_or_default();
                Seated { counts, how: how.unwrap_or(How::Unknown), hid_seeders: false }
            }
            None => {
                let max = visit.books.limits.max_torrents;
                let how = self.write_or_make(found, max, |swarm| swarm.settle_alone(&visit))??;
                let gone = Seated { counts: Counts::default(), how, hid_seeders: false };
                self.read(found, |swarm| answer(swarm, how)).unwrap_or(gone)
            }
        };
        if seated.how == How::Left && self.read(found, |s| s.is_sparse(&visit)) == Some(true) {
            self.write(found, |swarm| swarm.shrink(&visit));
        }
        Ok(seated)
    }

    /// A swarm's clients.
    pub fn scrape(&self, info_hash: &InfoHash) -> Option<Counts> {
        self.read(&self.locate(info_hash), Swarm::counts)
    }

    /// A swarm's clients by group.
    pub fn census(&self, info_hash: &InfoHash) -> Option<Census> {
        self.read(&self.locate(info_hash), Swarm::census)
    }

    /// What all swarms together hold; some dozens of sums.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.sums.iter().for_each(|sums| sums.add_to(&mut totals));
        totals
    }

    /// Where a swarm is or would be, without looking.
    pub(crate) fn locate(&self, info_hash: &InfoHash) -> Found {
        let hash = self.hashing.info_hash(info_hash);
        let shard = self.map.determine_shard(usize::try_from(hash).unwrap_or_default());
        Found { info_hash: *info_hash, hash, shard, tag: None }
    }

    pub(crate) fn books(&self, found: &Found) -> Books<'_> {
        Books {
            sums: self.sums_of(found.shard),
            prefixes: &self.prefixes,
            limits: self.limits.load(),
            is_counted: self.counted.get(found.shard).unwrap_or(&NOT_COUNTED),
            swarm: found.hash,
        }
    }

    fn sums_of(&self, shard: usize) -> &Sums {
        let [first, ..] = &*self.sums;
        self.sums.get(shard % SUMS).unwrap_or(first)
    }

    /// Calls `f` with a swarm, if there is one, while others may be in it.
    pub(crate) fn read<R>(&self, found: &Found, f: impl FnOnce(&Swarm) -> R) -> Option<R> {
        let shard = self.map.shards().get(found.shard)?.read();
        shard.get(found.hash, |(name, _)| *name == found.info_hash).map(|(_, swarm)| f(swarm.get()))
    }

    /// Calls `f` with a swarm, if there is one, while nobody else is in it.
    pub(crate) fn write<R>(&self, found: &Found, f: impl FnOnce(&mut Swarm) -> R) -> Option<R> {
        let mut shard = self.map.shards().get(found.shard)?.write();
        let entry = shard.get_mut(found.hash, |(name, _)| *name == found.info_hash);
        entry.map(|(_, swarm)| f(swarm.get_mut()))
    }

    /// The same with a swarm that is made if there is none and not yet `max_torrents` of them.
    pub(crate) fn write_or_make<R>(
        &self,
        found: &Found,
        max_torrents: u32,
        f: impl FnOnce(&mut Swarm) -> R,
    ) -> Result<R, Full> {
        let mut shard = self.map.shards().get(found.shard).ok_or(Full::Torrents)?.write();
        if shard.get(found.hash, |(name, _)| *name == found.info_hash).is_none() {
            let one_more = |n| (max_torrents == 0 || n < max_torrents).then_some(n + 1);
            self.untagged
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
                .map_err(|_| Full::Torrents)?;
            self.books(found).sums.swarms.fetch_add(1, Ordering::Relaxed);
            let entry = (found.info_hash, SharedValue::new(Swarm::Few(Few::new(0))));
            shard.insert_entry(found.hash, entry, |(name, _)| self.hashing.info_hash(name));
        }
        let entry = shard.get_mut(found.hash, |(name, _)| *name == found.info_hash);
        entry.map(|(_, swarm)| f(swarm.get_mut())).ok_or(Full::Torrents)
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
        mut f: impl FnMut(&Found, &mut Swarm),
    ) -> u32 {
        let Some(lock) = self.map.shards().get(shard) else { return 0 };
        let mut table = lock.write();
        begin();
        if table.capacity() == 0 {
            return 0;
        }
        let (mut kept, mut dropped) = (Vec::with_capacity(table.len()), 0);
        for (info_hash, mut swarm) in std::mem::take(&mut *table) {
            let found = self.locate(&info_hash);
            f(&found, swarm.get_mut());
            if swarm.get().is_needed() {
                kept.push((found, swarm));
            } else {
                dropped += 1;
            }
        }
        table.reserve(kept.len(), |_| 0);
        for (found, swarm) in kept {
            table.insert_entry(found.hash, (found.info_hash, swarm), |(name, _)| {
                self.hashing.info_hash(name)
            });
        }
        drop(table);
        self.forget(shard, dropped);
        dropped
    }

    /// Drops a swarm if nobody needs it; whether it did.
    pub(crate) fn remove_unneeded(&self, found: &Found) -> bool {
        let Some(shard) = self.map.shards().get(found.shard) else { return false };
        let is_unneeded = |(name, swarm): &(InfoHash, SharedValue<Swarm>)| {
            *name == found.info_hash && !swarm.get().is_needed()
        };
        let removed = shard.write().remove_entry(found.hash, is_unneeded);
        self.forget(found.shard, u32::from(removed.is_some()));
        removed.is_some()
    }

    /// Counts swarms that were dropped.
    fn forget(&self, shard: usize, swarms: u32) {
        self.sums_of(shard).swarms.fetch_sub(swarms, Ordering::Relaxed);
        self.untagged.fetch_sub(swarms, Ordering::Relaxed);
    }
}

const fn is_counted(limits: Limits) -> bool {
    limits.max_peers_per_prefix != 0
}

/// Of a shard that there is not.
static NOT_COUNTED: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
struct AtomicLimits {
    max_torrents: AtomicU32,
    max_peers_per_torrent: AtomicU32,
    max_peers_per_prefix: AtomicU32,
}

impl AtomicLimits {
    const fn new(limits: Limits) -> Self {
        let Limits { max_torrents, max_peers_per_torrent, max_peers_per_prefix } = limits;
        Self {
            max_torrents: AtomicU32::new(max_torrents),
            max_peers_per_torrent: AtomicU32::new(max_peers_per_torrent),
            max_peers_per_prefix: AtomicU32::new(max_peers_per_prefix),
        }
    }

    fn load(&self) -> Limits {
        Limits {
            max_torrents: self.max_torrents.load(Ordering::Relaxed),
            max_peers_per_torrent: self.max_peers_per_torrent.load(Ordering::Relaxed),
            max_peers_per_prefix: self.max_peers_per_prefix.load(Ordering::Relaxed),
        }
    }

    fn store(&self, limits: Limits) {
        self.max_torrents.store(limits.max_torrents, Ordering::Relaxed);
        self.max_peers_per_torrent.store(limits.max_peers_per_torrent, Ordering::Relaxed);
        self.max_peers_per_prefix.store(limits.max_peers_per_prefix, Ordering::Relaxed);
    }
}

/// Parts that the totals are kept in.
const SUMS: usize = 64;
