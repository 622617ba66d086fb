//! The sweep: peers that were not seen for too long go, and memory that is not needed.
//!
//! It lets others at a swarm after every few thousand slots, and rebuilds one segment at a time.

use crate::counters::SwarmCounters;
use crate::group::Group;
use crate::large_peer_map::{FamilySlot, LargePeerMap};
use crate::peer_map::PeerMap;
use crate::peer_tables::{PeerTables, WalkPosition};
use crate::scope::{Scopes, scope_of};
use crate::slot4::V4Slot;
use crate::slot6::V6Slot;
use crate::tick::AgeWindow;
use crate::{Age, SwarmLocation, Swarms, Tick};

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SweepStats {
    /// Endpoints that were not seen for too long.
    pub expired: u32,
    /// Endpoints that stood in two groups, in the older of which they were removed.
    pub doubles: u32,
    /// Swarms that nobody was in any more.
    pub swarms: u32,
}

impl Swarms {
    /// Removes the peers of one shard that were last seen more than `max_age` ago, parts doubles,
    /// gives back memory, and drops swarms without peers or tag.
    ///
    /// `shard` is less than [`SHARDS`](Self::SHARDS). Each shard must be swept so often that no
    /// peer grows older than [`Tick::HALF_RING_SECS`]. O(n) in the shard's slots; no lock is held for
    /// more than some 100 us, or the time that one segment takes to rebuild.
    ///
    /// `rest` is called without a lock after each of many segments, and should take longer than a
    /// thread takes to wake: the lock is not fair. Who was woken to take it finds it taken again by
    /// whoever let go of it and is awake, and would else wait until all segments are done.
    pub fn sweep(&self, shard: usize, now: Tick, max_age: Age, rest: impl Fn()) -> SweepStats {
        let _one_at_a_time = self.sweeping.lock();
        let window = AgeWindow::new(now, max_age);
        let mut swept = SweepStats::default();
        let mut large_maps = Vec::new();
        swept.swarms = self.rebuild(
            shard,
            || (),
            |found, swarm| match swarm {
                PeerMap::Large(large) => {
                    large.scopes.begin();
                    large_maps.push(*found);
                }
                PeerMap::Small(small) => {
                    swept.expired += small.expire(window, &self.counters(found))
                }
            },
        );
        for found in &large_maps {
            self.sweep_large(found, window, &rest, &mut swept);
            if self.read(found, PeerMap::is_needed) == Some(false) {
                swept.swarms += u32::from(self.remove_unneeded(found));
            }
        }
        swept
    }

    fn sweep_large(
        &self,
        found: &SwarmLocation,
        window: AgeWindow,
        rest: &impl Fn(),
        swept: &mut SweepStats,
    ) {
        self.sweep_family::<V4Slot>(found, window, rest, swept);
        self.sweep_family::<V6Slot>(found, window, rest, swept);
        self.read_large(found, |large| large.scopes.end());
        if self.read_large(found, LargePeerMap::has_spare_tables) == Some(true) {
            self.write(found, PeerMap::shed);
        }
    }

    fn sweep_family<S: FamilySlot>(
        &self,
        found: &SwarmLocation,
        window: AgeWindow,
        rest: &impl Fn(),
        swept: &mut SweepStats,
    ) {
        let counters = self.counters(found);
        let mut place = WalkPosition::default();
        while let Some(expired) =
            self.stretch::<S, _>(found, &mut place, |large, peers, stretch| {
                let mut scopes = Scopes::default();
                let expired = peers.expire(stretch, window, &counters, |key| {
                    scopes = scopes.with(Scopes::only(scope_of(key.into().ip())));
                });
                large.scopes.see(scopes);
                expired
            })
        {
            swept.expired += expired;
        }
        if self.read_peers::<S, _>(found, |_, peers| peers.take_doubled()) == Some(true) {
            swept.doubles += self.part_doubles::<S>(found, window.now(), &counters);
        }
        for group in Group::ALL {
            self.fit::<S>(found, group, rest);
        }
    }

    fn part_doubles<S: FamilySlot>(
        &self,
        found: &SwarmLocation,
        now: Tick,
        counters: &SwarmCounters<'_>,
    ) -> u32 {
        let lookup = |key| S::lookup(key, &self.hasher);
        let mut place = WalkPosition::default();
        let mut parted = 0;
        while let Some(more) = self.stretch::<S, _>(found, &mut place, |_, peers, stretch| {
            peers.part_doubles(stretch, now, counters, lookup)
        }) {
            parted += more;
        }
        parted
    }

    /// Rebuilds the segments of a table that are larger than their peers need.
    fn fit<S: FamilySlot>(&self, found: &SwarmLocation, group: Group, rest: &impl Fn()) {
        let segments = |peers: &PeerTables<S>| peers.table(group).map_or(0, |t| t.segments().len());
        let count = self.read_peers::<S, _>(found, |_, peers| segments(peers)).unwrap_or_default();
        for segment in 0..count {
            let is_loose = |_: &LargePeerMap, peers: &PeerTables<S>| {
                peers.table(group).is_some_and(|table| table.is_loose(segment))
            };
            if self.read_peers::<S, _>(found, is_loose) == Some(true) {
                self.write(found, |swarm| {
                    let PeerMap::Large(large) = swarm else { return };
                    if let Some(peers) = S::peers_mut(large) {
                        let hash = u64::try_from(segment).unwrap_or_default();
                        peers.table_mut(group).fit(hash, &self.hasher);
                    }
                });
                if count > 1 {
                    rest();
                }
            }
        }
    }

    /// Calls `f` with the slots at a place, of one family and group, and moves the place on; nothing
    /// at the end. Others get at the swarm between two calls.
    pub(crate) fn stretch<S: FamilySlot, R>(
        &self,
        found: &SwarmLocation,
        place: &mut WalkPosition,
        f: impl FnOnce(&LargePeerMap, &PeerTables<S>, (Group, &[S])) -> R,
    ) -> Option<R> {
        self.read_peers(found, |large, peers| {
            peers.stretch(place).map(|stretch| f(large, peers, stretch))
        })
        .flatten()
    }

    fn read_large<R>(
        &self,
        found: &SwarmLocation,
        f: impl FnOnce(&LargePeerMap) -> R,
    ) -> Option<R> {
        self.read(found, |swarm| match swarm {
            PeerMap::Large(large) => Some(f(large)),
            PeerMap::Small(_) => None,
        })
        .flatten()
    }

    fn read_peers<S: FamilySlot, R>(
        &self,
        found: &SwarmLocation,
        f: impl FnOnce(&LargePeerMap, &PeerTables<S>) -> R,
    ) -> Option<R> {
        self.read_large(found, |large| S::peers(large).map(|peers| f(large, peers))).flatten()
    }
}
