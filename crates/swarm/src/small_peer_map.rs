//! The smallest swarms: up to two IPv4 peers, in the directory's own entry.
//!
//! Of half a million swarms most are such; a table for each would cost more than its peers. A known
//! peer is refreshed by one compare-exchange; everything else is plain code under the lock that the
//! directory holds.

use fastrand::Rng;
use wire::CompactV4;

use crate::address_seats::address_of;
use crate::group::{Census, Group};
use crate::list::PeerList;
use crate::peer_tables::{ChangeObserver, Placement, Removal};
use crate::peer_update::{PeerUpdate, SwarmCounts};
use crate::slot::Lookup;
use crate::slot4::endpoint_of;
use crate::swarm_update::{Hidden, SwarmUpdate};
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::tick::AgeWindow;
use crate::word::PeerWord;

/// Up to two IPv4 peers, live or empty.
#[derive(Debug)]
pub(crate) struct SmallPeerMap {
    words: [AtomicU64; 2],
    pub(crate) completed: AtomicU32,
    groups: [Group; 2],
}

impl SmallPeerMap {
    /// The most peers there is room for.
    pub(crate) const ROOM: u32 = 2;

    pub(crate) fn new(completed: u32) -> Self {
        Self {
            words: [(); 2].map(|()| AtomicU64::new(0)),
            completed: AtomicU32::new(completed),
            groups: [Group::OutsideLeechers; 2],
        }
    }

    /// These peers, of whom there are at most two.
    pub(crate) fn of(completed: u32, peers: impl Iterator<Item = (Group, PeerWord)>) -> Self {
        let mut small = Self::new(completed);
        for ((word, group), (its_group, its_word)) in small.places().into_iter().zip(peers) {
            word.store(its_word.bits(), Ordering::Relaxed);
            *group = its_group;
        }
        small
    }

    /// Live endpoints.
    pub(crate) fn live(&self) -> u32 {
        self.peers().map(|_| 1).sum()
    }

    /// Whether an endpoint is live, however long ago it was seen.
    pub(crate) fn has(&self, lookup: &Lookup<CompactV4>) -> bool {
        self.peers().any(|(_, word)| word.name() == lookup.name)
    }

    /// Live endpoints of the same address as one that is not there.
    pub(crate) fn sharing_address(&self, lookup: &Lookup<CompactV4>) -> u32 {
        let address = |key: CompactV4| address_of(key.into());
        let own = address(lookup.key);
        self.peers().map(|(_, word)| u32::from(address(endpoint_of(word)) == own)).sum()
    }

    /// The peers.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (Group, PeerWord)> {
        let words = self.words.iter().map(|word| PeerWord::from_bits(word.load(Ordering::Relaxed)));
        self.groups.into_iter().zip(words).filter(|(_, word)| word.is_live())
    }

    /// Refreshes a peer that stands where it should; nothing if there is none such.
    pub(crate) fn refresh(
        &self,
        lookup: &Lookup<CompactV4>,
        peer: &PeerUpdate<'_>,
        watch: &impl ChangeObserver<CompactV4>,
    ) -> Option<Placement> {
        for (word, group) in self.words.iter().zip(self.groups) {
            let old = PeerWord::from_bits(word.load(Ordering::Relaxed));
            if !old.is_live() || old.name() != lookup.name {
                continue;
            }
            if !peer.may_change(old) {
                return Some(Placement::Held);
            }
            let new = peer.word(lookup.name);
            let swap = |word: &AtomicU64| {
                word.compare_exchange(old.bits(), new.bits(), Ordering::Relaxed, Ordering::Relaxed)
            };
            if group != peer.group || swap(word).is_err() {
                return None;
            }
            if !old.stands_like(new) {
                watch.changed(group, lookup.key, old, new);
            }
            return Some(Placement::Done { was: old.is_fresh(peer.window()).then_some(group) });
        }
        None
    }

    /// Puts a peer where it should stand.
    pub(crate) fn arrive(
        &mut self,
        lookup: &Lookup<CompactV4>,
        peer: &PeerUpdate<'_>,
        watch: &impl ChangeObserver<CompactV4>,
    ) -> Placement {
        let is_own = |word: &AtomicU64| load(word).is_live() && load(word).name() == lookup.name;
        let [first, second] = self.places();
        let (word, group) = if is_own(first.0) || !is_own(second.0) && !load(first.0).is_live() {
            first
        } else {
            second
        };
        let old = load(word);
        if !old.is_live() {
            let new = peer.word(lookup.name);
            word.store(new.bits(), Ordering::Relaxed);
            *group = peer.group;
            watch.changed(*group, lookup.key, PeerWord::EMPTY, new);
            return Placement::Done { was: None };
        }
        if !is_own(word) {
            return Placement::NoRoom;
        }
        if !peer.may_change(old) {
            return Placement::Held;
        }
        let was = old.is_fresh(peer.window()).then_some(*group);
        let new = peer.word(lookup.name);
        watch.changed(*group, lookup.key, old, PeerWord::EMPTY);
        word.store(new.bits(), Ordering::Relaxed);
        *group = peer.group;
        watch.changed(*group, lookup.key, PeerWord::EMPTY, new);
        Placement::Done { was }
    }

    /// Removes a peer.
    pub(crate) fn leave(
        &mut self,
        lookup: &Lookup<CompactV4>,
        peer: &PeerUpdate<'_>,
        watch: &impl ChangeObserver<CompactV4>,
    ) -> Removal {
        for (word, group) in self.places() {
            let old = load(word);
            if old.is_live() && old.name() == lookup.name {
                if !peer.may_change(old) {
                    return Removal::Held;
                }
                word.store(0, Ordering::Relaxed);
                watch.changed(*group, lookup.key, old, old.dead());
                if old.is_fresh(peer.window()) {
                    return Removal::Left(*group);
                }
            }
        }
        Removal::Absent
    }

    /// Removes peers last seen before the window; returns how many.
    pub(crate) fn expire(
        &mut self,
        window: AgeWindow,
        watch: &impl ChangeObserver<CompactV4>,
    ) -> u32 {
        let mut expired = 0;
        for (word, group) in self.places() {
            let old = load(word);
            if old.is_live() && !old.is_fresh(window) {
                word.store(0, Ordering::Relaxed);
                watch.changed(*group, endpoint_of(old), old, old.dead());
                expired += 1;
            }
        }
        expired
    }

    /// The clients.
    pub(crate) fn counts(&self) -> SwarmCounts {
        let completed = self.completed.load(Ordering::Relaxed);
        let mut counts = SwarmCounts { completed, ..SwarmCounts::default() };
        for (group, word) in self.peers().filter(|(_, word)| !word.marks().second) {
            if group.is_seeders() {
                counts.seeders += 1;
            } else {
                counts.leechers += 1;
                counts.paused += u32::from(word.marks().paused);
            }
        }
        counts
    }

    /// The clients of each group.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census::default();
        for (group, _) in self.peers().filter(|(_, word)| !word.marks().second) {
            *census.of_mut(group) += 1;
        }
        census
    }

    /// Draws peers by a plan; whether a seeder was passed over for its address.
    pub(crate) fn seat(
        &self,
        update: &SwarmUpdate<'_>,
        plan: &mut impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> bool {
        let view = update.view();
        let mut candidates = Census::default();
        let mut hid_seeders = false;
        let mut peers = [None; 2];
        let shown = self.peers().filter(|_| update.peer.families.holds_v4());
        for (place, (group, word)) in peers.iter_mut().zip(shown) {
            match view.admits(word, update.lookup.v4()) {
                Ok(endpoint) => {
                    *place = Some((group, endpoint));
                    *candidates.of_mut(group) += 1;
                }
                Err(unseen) => hid_seeders |= unseen == Hidden::OutOfScope && group.is_seeders(),
            }
        }
        let mut seats = plan(&candidates);
        if rng.bool() {
            peers.reverse();
        }
        for (group, endpoint) in peers.into_iter().flatten() {
            let seats = seats.of_mut(group);
            if *seats > 0 {
                list.v4.push(endpoint);
                *seats -= 1;
            }
        }
        hid_seeders
    }

    fn places(&mut self) -> [(&AtomicU64, &mut Group); 2] {
        let [a, b] = &self.words;
        let [c, d] = &mut self.groups;
        [(a, c), (b, d)]
    }
}

fn load(word: &AtomicU64) -> PeerWord {
    PeerWord::from_bits(word.load(Ordering::Relaxed))
}
