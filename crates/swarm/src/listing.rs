//! Everybody in a swarm: for those who run the tracker, and for a snapshot and its return.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use wire::InfoHash;

use crate::endpoint::{Endpoint, Families};
use crate::group::{Census, Group};
use crate::large_peer_map::FamilySlot;
use crate::peer_map::PeerMap;
use crate::peer_tables::WalkPosition;
use crate::peer_update::{LimitReached, PeerEvent, PeerUpdate};
use crate::slot4::{V4Slot, endpoint_of};
use crate::slot6::V6Slot;
use crate::swarm_update::SwarmUpdate;
use crate::sync::Ordering;
use crate::table::live;
use crate::word::{Marks, PeerWord};
use crate::{Age, SwarmLocation, Swarms, Tick};

/// One endpoint in a swarm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PeerEntry {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Where it stands.
    pub group: Group,
    /// Whether it is a partial seed (BEP 21).
    pub paused: bool,
    /// Whether who put it there proved who they are.
    pub held: bool,
    /// Whether another endpoint of its client is counted, and this one is not.
    pub second: bool,
    /// How long ago it was seen.
    pub age: Age,
}

impl Swarms {
    /// Calls `visit` with every peer of a swarm, in no order, those that are too old to be given out
    /// included.
    ///
    /// No lock is held in `visit`. A peer that moves meanwhile can be met twice, or not at all.
    pub fn peers(&self, info_hash: &InfoHash, now: Tick, mut visit: impl FnMut(&PeerEntry)) {
        let found = self.locate(info_hash);
        self.each_part(&found, now, |part| part.iter().for_each(&mut visit));
    }

    /// Calls `visit` with the swarms of one shard: the name, how often it was completed, and a part
    /// of its peers. A large swarm comes in several parts, one after the other; an empty one in an
    /// empty part. Tags are not told.
    ///
    /// `shard` is less than [`SHARDS`](Self::SHARDS). No lock is held in `visit`; see
    /// [`peers`](Self::peers). O(n) in the shard's slots.
    pub fn dump(
        &self,
        shard: usize,
        now: Tick,
        mut visit: impl FnMut(&InfoHash, u32, &[PeerEntry]),
    ) {
        let mut names = Vec::new();
        self.rebuild(shard, || (), |found, _| names.push(*found));
        for found in &names {
            let Some(counts) = self.read(found, PeerMap::counts) else { continue };
            let mut is_empty = true;
            self.each_part(found, now, |part| {
                visit(&found.info_hash, counts.completed, part);
                is_empty = false;
            });
            if is_empty {
                visit(&found.info_hash, counts.completed, &[]);
            }
        }
    }

    /// Puts back a part of a swarm that [`dump`](Self::dump) told of, before announces are taken in:
    /// a peer that is there already would be put back as it was. Items have their tags first: without
    /// one, a swarm that comes back empty goes at the next sweep.
    ///
    /// # Errors
    ///
    /// The rest of the part is left out where a limit is reached.
    pub fn restore(
        &self,
        info_hash: &InfoHash,
        completed: u32,
        now: Tick,
        peers: &[PeerEntry],
    ) -> Result<(), LimitReached> {
        let found = self.locate(info_hash);
        let max_torrents = self.counters(&found).limits.max_torrents;
        self.write_or_make(&found, Some(max_torrents), |swarm| {
            swarm.completed().fetch_max(completed, Ordering::Relaxed);
        })?;
        for peer in peers {
            let update = PeerUpdate {
                endpoint: peer.endpoint,
                group: peer.group,
                paused: peer.paused,
                held: peer.held,
                second: peer.second,
                event: PeerEvent::Present,
                others: &[],
                families: Families::Both,
                now: now.before(peer.age),
                max_age: Age::default(),
            };
            let update = SwarmUpdate::new(&update, &self.hasher, self.counters(&found));
            self.write_or_make(&found, Some(max_torrents), |swarm| swarm.apply_alone(&update))??;
        }
        Ok(())
    }

    /// The swarms without a tag that have the most clients, at most `limit` of them, in no order: the name, the
    /// clients, and how often it was completed.
    ///
    /// Takes one shard's lock after the other; O(n) in swarms, some tens of nanoseconds each. Nothing where every
    /// swarm has a tag.
    pub fn largest_untagged(&self, limit: usize) -> Vec<(InfoHash, Census, u32)> {
        let mut largest = BinaryHeap::new();
        if self.has_untagged() {
            for shard in 0..Self::SHARDS {
                self.rebuild(
                    shard,
                    || (),
                    |found, swarm| {
                        let clients = swarm.census().total();
                        if swarm.tag() == 0 && clients > 0 {
                            largest.push(Reverse((clients, found.info_hash.0)));
                        }
                        if largest.len() > limit {
                            largest.pop();
                        }
                    },
                );
            }
        }
        let names = largest.into_iter().map(|Reverse((_, name))| InfoHash(name));
        names
            .filter_map(|name| {
                let found = self.locate(&name);
                let of = |swarm: &PeerMap| (swarm.census(), swarm.counts().completed);
                self.read(&found, of).map(|(census, completed)| (name, census, completed))
            })
            .collect()
    }

    /// Calls `visit` with some thousand peers of a swarm at a time.
    fn each_part(&self, found: &SwarmLocation, now: Tick, mut visit: impl FnMut(&[PeerEntry])) {
        let mut part = Vec::new();
        self.read(found, |swarm| {
            if let PeerMap::Small(small) = swarm {
                let peer = |(group, word)| peer(endpoint_of(word).into(), group, word, now);
                part.extend(small.peers().map(peer));
            }
        });
        if !part.is_empty() {
            visit(&part);
        }
        self.each_part_of::<V4Slot>(found, now, &mut visit);
        self.each_part_of::<V6Slot>(found, now, &mut visit);
    }

    fn each_part_of<S: FamilySlot>(
        &self,
        found: &SwarmLocation,
        now: Tick,
        visit: &mut impl FnMut(&[PeerEntry]),
    ) {
        let mut place = WalkPosition::default();
        let mut part = Vec::new();
        while self
            .stretch::<S, _>(found, &mut place, |_, _, (group, slots)| {
                let peer =
                    |(slot, word): (&S, PeerWord)| peer(slot.key(word).into(), group, word, now);
                part.extend(live(slots).map(peer));
            })
            .is_some()
        {
            if !part.is_empty() {
                visit(&part);
                part.clear();
            }
        }
    }
}

fn peer(endpoint: Endpoint, group: Group, word: PeerWord, now: Tick) -> PeerEntry {
    let Marks { paused, held, second } = word.marks();
    PeerEntry { endpoint, group, paused, held, second, age: now.since(word.seen()) }
}
