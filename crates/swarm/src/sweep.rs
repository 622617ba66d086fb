//! The sweep: peers that were not seen for too long go, and memory that is not needed.
//!
//! It lets others at a swarm after every few thousand slots, and rebuilds one segment at a time.

use crate::books::Books;
use crate::crowd::{Crowd, Family};
use crate::group::Group;
use crate::peers::{Peers, Place};
use crate::scope::{Scopes, scope_of};
use crate::slot4::V4Slot;
use crate::slot6::V6Slot;
use crate::swarm::Swarm;
use crate::tick::Window;
use crate::{Age, Found, Swarms, Tick};

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
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
    pub fn sweep(&self, shard: usize, now: Tick, max_age: Age, rest: impl Fn()) -> Swept {
        let _one_at_a_time = self.sweeping.lock();
        let window = Window::new(now, max_age);
        let mut swept = Swept::default();
        let mut crowds = Vec::new();
        swept.swarms = self.rebuild(
            shard,
            || (),
            |found, swarm| match swarm {
                Swarm::Crowd(crowd) => {
                    crowd.scopes.begin();
                    crowds.push(*found);
                }
                Swarm::Few(few) => swept.expired += few.expire(window, &self.books(found)),
            },
        );
        for found in &crowds {
            self.sweep_crowd(found, window, &rest, &mut swept);
            if self.read(found, Swarm::is_needed) == Some(false) {
                swept.swarms += u32::from(self.remove_unneeded(found));
            }
        }
        swept
    }

    fn sweep_crowd(&self, found: &Found, window: Window, rest: &impl Fn(), swept: &mut Swept) {
        self.sweep_family::<V4Slot>(found, window, rest, swept);
        self.sweep_family::<V6Slot>(found, window, rest, swept);
        self.read_crowd(found, |crowd| crowd.scopes.end());
        if self.read_crowd(found, Crowd::has_spare_tables) == Some(true) {
            self.write(found, Swarm::shed);
        }
    }

    fn sweep_family<S: Family>(
        &self,
        found: &Found,
        window: Window,
        rest: &impl Fn(),
        swept: &mut Swept,
    ) {
        let books = self.books(found);
        let mut place = Place::default();
        while let Some(expired) =
            self.stretch::<S, _>(found, &mut place, |crowd, peers, stretch| {
                let mut scopes = Scopes::default();
                let expired = peers.expire(stretch, window, &books, |key| {
                    scopes = scopes.with(Scopes::only(scope_of(key.into().ip())));
                });
                crowd.scopes.see(scopes);
                expired
            })
        {
            swept.expired += expired;
        }
        if self.read_peers::<S, _>(found, |_, peers| peers.take_doubled()) == Some(true) {
            swept.doubles += self.part_doubles::<S>(found, window.now(), &books);
        }
        for group in Group::ALL {
            self.fit::<S>(found, group, rest);
        }
    }

    fn part_doubles<S: Family>(&self, found: &Found, now: Tick, books: &Books<'_>) -> u32 {
        let seek = |key| S::seek(key, &self.hashing);
        let mut place = Place::default();
        let mut parted = 0;
        while let Some(more) = self.stretch::<S, _>(found, &mut place, |_, peers, stretch| {
            peers.part_doubles(stretch, now, books, seek)
        }) {
            parted += more;
        }
        parted
    }

    /// Rebuilds the segments of a table that are larger than their peers need.
    fn fit<S: Family>(&self, found: &Found, group: Group, rest: &impl Fn()) {
        let segments = |peers: &Peers<S>| peers.table(group).map_or(0, |t| t.segments().len());
        let count = self.read_peers::<S, _>(found, |_, peers| segments(peers)).unwrap_or_default();
        for segment in 0..count {
            let is_loose = |_: &Crowd, peers: &Peers<S>| {
                peers.table(group).is_some_and(|table| table.is_loose(segment))
            };
            if self.read_peers::<S, _>(found, is_loose) == Some(true) {
                self.write(found, |swarm| {
                    let Swarm::Crowd(crowd) = swarm else { return };
                    if let Some(peers) = S::peers_mut(crowd) {
                        let hash = u64::try_from(segment).unwrap_or_default();
                        peers.table_mut(group).fit(hash, &self.hashing);
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
    pub(crate) fn stretch<S: Family, R>(
        &self,
        found: &Found,
        place: &mut Place,
        f: impl FnOnce(&Crowd, &Peers<S>, (Group, &[S])) -> R,
    ) -> Option<R> {
        self.read_peers(found, |crowd, peers| {
            peers.stretch(place).map(|stretch| f(crowd, peers, stretch))
        })
        .flatten()
    }

    fn read_crowd<R>(&self, found: &Found, f: impl FnOnce(&Crowd) -> R) -> Option<R> {
        self.read(found, |swarm| match swarm {
            Swarm::Crowd(crowd) => Some(f(crowd)),
            Swarm::Few(_) => None,
        })
        .flatten()
    }

    fn read_peers<S: Family, R>(
        &self,
        found: &Found,
        f: impl FnOnce(&Crowd, &Peers<S>) -> R,
    ) -> Option<R> {
        self.read_crowd(found, |crowd| S::peers(crowd).map(|peers| f(crowd, peers))).flatten()
    }
}
