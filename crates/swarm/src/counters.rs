//! What is counted of all swarms together: the totals, and the peers of each network where they are
//! limited.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use wire::{CompactV4, CompactV6};

use crate::endpoint::Endpoint;
use crate::group::{Census, Group};
use crate::hash::KeyHasher;
use crate::memory::MemoryBudget;
use crate::peer_tables::ChangeObserver;
use crate::peer_update::{LimitReached, SwarmLimits};
use crate::word::PeerWord;

/// What all swarms together hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SwarmTotals {
    /// Swarms, with peers or without.
    pub swarms: u32,
    /// Clients by group.
    pub clients: Census,
    /// Endpoints over IPv4.
    pub v4: u32,
    /// Endpoints over IPv6.
    pub v6: u32,
}

/// The sums of a part of all swarms; many, so that threads seldom change the same one. A cache
/// line each.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct ShardTotals {
    pub(crate) swarms: AtomicU32,
    inside_seeders: AtomicU32,
    inside_leechers: AtomicU32,
    outside_seeders: AtomicU32,
    outside_leechers: AtomicU32,
    v4: AtomicU32,
    v6: AtomicU32,
    /// Completions since the start.
    pub(crate) completions: AtomicU64,
}

impl ShardTotals {
    const fn clients(&self, group: Group) -> &AtomicU32 {
        match group {
            Group::InsideLeechers => &self.inside_leechers,
            Group::InsideSeeders => &self.inside_seeders,
            Group::OutsideLeechers => &self.outside_leechers,
            Group::OutsideSeeders => &self.outside_seeders,
        }
    }

    pub(crate) fn add_to(&self, totals: &mut SwarmTotals) {
        let add = |total: &mut u32, sum: &AtomicU32| {
            *total = total.wrapping_add(sum.load(Ordering::Relaxed));
        };
        add(&mut totals.swarms, &self.swarms);
        for group in Group::ALL {
            add(totals.clients.of_mut(group), self.clients(group));
        }
        add(&mut totals.v4, &self.v4);
        add(&mut totals.v6, &self.v6);
    }
}

/// The counters that one swarm's changes are entered in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SwarmCounters<'a> {
    pub(crate) totals: &'a ShardTotals,
    pub(crate) prefix_counts: &'a PrefixCounts,
    pub(crate) limits: SwarmLimits,
    pub(crate) memory: &'a MemoryBudget,
    /// Whether the peers of the swarm's shard are counted by network. Changes only for who has the
    /// shard alone, so each peer is counted or is not, as long as it is there.
    pub(crate) is_counted: &'a AtomicBool,
    /// The hash of the swarm's info hash.
    pub(crate) swarm: u64,
}

impl SwarmCounters<'_> {
    /// Whether a swarm's arrivals must be checked before they are let in.
    pub(crate) const fn is_limited(&self) -> bool {
        let SwarmLimits {
            max_peers_per_address, max_peers_per_torrent, max_peers_per_prefix, ..
        } = self.limits;
        max_peers_per_address != 0 || max_peers_per_torrent != 0 || max_peers_per_prefix != 0
    }

    /// Checks that a swarm of `live` endpoints may have one more.
    pub(crate) fn check(&self, live: u32, endpoint: Endpoint) -> Result<(), LimitReached> {
        let SwarmLimits { max_peers_per_torrent, max_peers_per_prefix, .. } = self.limits;
        if max_peers_per_torrent != 0 && live >= max_peers_per_torrent {
            return Err(LimitReached::Peers);
        }
        if max_peers_per_prefix != 0
            && self.prefix_counts.count(self.swarm, endpoint) >= max_peers_per_prefix
        {
            return Err(LimitReached::Prefix);
        }
        Ok(())
    }

    fn enter(&self, group: Group, endpoint: Endpoint, old: PeerWord, new: PeerWord) {
        let is_client = |word: PeerWord| word.is_live() && !word.marks().second;
        step(self.totals.clients(group), is_client(old), is_client(new));

        let ShardTotals { v4, v6, .. } = self.totals;
        let endpoints = if matches!(endpoint, Endpoint::V4(_)) { v4 } else { v6 };
        step(endpoints, old.is_live(), new.is_live());
        if old.is_live() != new.is_live() && self.is_counted.load(Ordering::Relaxed) {
            self.prefix_counts.change(self.swarm, endpoint, new.is_live());
        }
    }
}

impl<K: Into<Endpoint>> ChangeObserver<K> for SwarmCounters<'_> {
    fn changed(&self, group: Group, key: K, old: PeerWord, new: PeerWord) {
        self.enter(group, key.into(), old, new);
    }
}

/// How many endpoints each swarm has of each IPv4 /24 and IPv6 /64, while that is limited.
///
/// Split so finely that none of the maps is long in growing.
#[derive(Debug)]
pub(crate) struct PrefixCounts {
    parts: Box<[Mutex<HashMap<u64, u32, KeyHasher>>]>,
    hasher: KeyHasher,
}

impl PrefixCounts {
    pub(crate) fn new(hasher: &KeyHasher) -> Self {
        let part = |_| Mutex::new(HashMap::with_hasher(hasher.clone()));
        Self { parts: (0..PARTS).map(part).collect(), hasher: hasher.clone() }
    }

    pub(crate) fn clear(&self) {
        for part in &self.parts {
            *part.lock() = HashMap::with_hasher(self.hasher.clone());
        }
    }

    fn count(&self, swarm: u64, endpoint: Endpoint) -> u32 {
        let count = |part: &mut HashMap<_, _, _>, name| part.get(&name).copied();
        self.at(swarm, endpoint, count).flatten().unwrap_or_default()
    }

    pub(crate) fn change(&self, swarm: u64, endpoint: Endpoint, is_more: bool) {
        self.at(swarm, endpoint, |part, name| {
            if is_more {
                *part.entry(name).or_default() += 1;
            } else if let Some(count) = part.get_mut(&name) {
                *count -= 1;
                if *count == 0 {
                    part.remove(&name);
                    if part.len() < part.capacity() / 8 {
                        part.shrink_to_fit();
                    }
                }
            }
        });
    }

    /// Calls `f` with the part that a swarm's network is counted in, and its name there.
    fn at<R>(
        &self,
        swarm: u64,
        endpoint: Endpoint,
        f: impl FnOnce(&mut HashMap<u64, u32, KeyHasher>, u64) -> R,
    ) -> Option<R> {
        let name = self.hasher.number(swarm ^ self.hasher.number(network(endpoint)));
        let part = usize::try_from(name).unwrap_or_default() % PARTS;
        self.parts.get(part).map(|part| f(&mut part.lock(), name))
    }
}

/// A number for the /24 or /64 of an endpoint; IPv6 ones are at least 2^32 unless the /64 is of no
/// network at all.
fn network(endpoint: Endpoint) -> u64 {
    match endpoint {
        Endpoint::V4(CompactV4([a, b, c, ..])) => u32::from_be_bytes([0, a, b, c]).into(),
        Endpoint::V6(CompactV6(bytes)) => {
            bytes.first_chunk().map_or(0, |network| u64::from_be_bytes(*network))
        }
    }
}

fn step(count: &AtomicU32, was: bool, is: bool) {
    match (was, is) {
        (false, true) => count.fetch_add(1, Ordering::Relaxed),
        (true, false) => count.fetch_sub(1, Ordering::Relaxed),
        (false, false) | (true, true) => return,
    };
}

const PARTS: usize = 256;
