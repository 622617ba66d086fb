//! The smallest swarms: up to two IPv4 peers, in the directory's own entry.
//!
//! Of half a million swarms most are such; a table for each would cost more than its peers. A known
//! peer is refreshed by one compare-exchange; everything else is plain code under the lock that the
//! directory holds.

use fastrand::Rng;
use wire::CompactV4;

use crate::arrival::Counts;
use crate::group::{Census, Group};
use crate::list::PeerList;
use crate::peers::{Arrived, Gone, Stand, Watch};
use crate::slot::Sought;
use crate::slot4::endpoint_of;
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::tick::Window;
use crate::visit::{Unseen, Visit};
use crate::word::Word;

/// Up to two IPv4 peers, live or empty.
#[derive(Debug)]
pub(crate) struct Few {
    words: [AtomicU64; 2],
    pub(crate) completed: AtomicU32,
    groups: [Group; 2],
}

impl Few {
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
    pub(crate) fn of(completed: u32, peers: impl Iterator<Item = (Group, Word)>) -> Self {
        let mut few = Self::new(completed);
        for ((word, group), (its_group, its_word)) in few.places().into_iter().zip(peers) {
            word.store(its_word.bits(), Ordering::Relaxed);
            *group = its_group;
        }
        few
    }

    /// Live endpoints.
    pub(crate) fn live(&self) -> u32 {
        self.peers().map(|_| 1).sum()
    }

    /// Whether an endpoint is live, however long ago it was seen.
    pub(crate) fn has(&self, sought: &Sought<CompactV4>) -> bool {
        self.peers().any(|(_, word)| word.name() == sought.name)
    }

    /// The peers.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (Group, Word)> {
        let words = self.words.iter().map(|word| Word::from_bits(word.load(Ordering::Relaxed)));
        self.groups.into_iter().zip(words).filter(|(_, word)| word.is_live())
    }

    /// Refreshes a peer that stands where it should; nothing if there is none such.
    pub(crate) fn refresh(
        &self,
        sought: &Sought<CompactV4>,
        stand: &Stand,
        watch: &impl Watch<CompactV4>,
    ) -> Option<Arrived> {
        for (word, group) in self.words.iter().zip(self.groups) {
            let old = Word::from_bits(word.load(Ordering::Relaxed));
            if !old.is_live() || old.name() != sought.name {
                continue;
            }
            if !stand.may_change(old) {
                return Some(Arrived::Held);
            }
            let new = stand.word(sought.name);
            let swap = |word: &AtomicU64| {
                word.compare_exchange(old.bits(), new.bits(), Ordering::Relaxed, Ordering::Relaxed)
            };
            if group != stand.group || swap(word).is_err() {
                return None;
            }
            if !old.stands_like(new) {
                watch.changed(group, sought.key, old, new);
            }
            return Some(Arrived::Done { was: old.is_fresh(stand.window).then_some(group) });
        }
        None
    }

    /// Puts a peer where it should stand.
    pub(crate) fn arrive(
        &mut self,
        sought: &Sought<CompactV4>,
        stand: &Stand,
        watch: &impl Watch<CompactV4>,
    ) -> Arrived {
        let is_own = |word: &AtomicU64| load(word).is_live() && load(word).name() == sought.name;
        let [first, second] = self.places();
        let (word, group) = if is_own(first.0) || !is_own(second.0) && !load(first.0).is_live() {
            first
        } else {
            second
        };
        let old = load(word);
        if !old.is_live() {
            let new = stand.word(sought.name);
            word.store(new.bits(), Ordering::Relaxed);
            *group = stand.group;
            watch.changed(*group, sought.key, Word::EMPTY, new);
            return Arrived::Done { was: None };
        }
        if !is_own(word) {
            return Arrived::NoRoom;
        }
        if !stand.may_change(old) {
            return Arrived::Held;
        }
        let was = old.is_fresh(stand.window).then_some(*group);
        let new = stand.word(sought.name);
        watch.changed(*group, sought.key, old, Word::EMPTY);
        word.store(new.bits(), Ordering::Relaxed);
        *group = stand.group;
        watch.changed(*group, sought.key, Word::EMPTY, new);
        Arrived::Done { was }
    }

    /// Removes a peer.
    pub(crate) fn leave(
        &mut self,
        sought: &Sought<CompactV4>,
        stand: &Stand,
        watch: &impl Watch<CompactV4>,
    ) -> Gone {
        for (word, group) in self.places() {
            let old = load(word);
            if old.is_live() && old.name() == sought.name {
                if !stand.may_change(old) {
                    return Gone::Held;
                }
                word.store(0, Ordering::Relaxed);
                watch.changed(*group, sought.key, old, old.dead());
                if old.is_fresh(stand.window) {
                    return Gone::Left(*group);
                }
            }
        }
        Gone::Unknown
    }

    /// Removes peers last seen before the window; returns how many.
    pub(crate) fn expire(&mut self, window: Window, watch: &impl Watch<CompactV4>) -> u32 {
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
    pub(crate) fn counts(&self) -> Counts {
        let completed = self.completed.load(Ordering::Relaxed);
        let mut counts = Counts { completed, ..Counts::default() };
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
        visit: &Visit<'_>,
        plan: &mut impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> bool {
        let view = visit.view();
        let mut candidates = Census::default();
        let mut hid_seeders = false;
        let mut peers = [None; 2];
        let shown = self.peers().filter(|_| visit.arrival.families.holds_v4());
        for (place, (group, word)) in peers.iter_mut().zip(shown) {
            match view.admits(word, visit.sought.v4()) {
                Ok(endpoint) => {
                    *place = Some((group, endpoint));
                    *candidates.of_mut(group) += 1;
                }
                Err(unseen) => hid_seeders |= unseen == Unseen::OutOfScope && group.is_seeders(),
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

fn load(word: &AtomicU64) -> Word {
    Word::from_bits(word.load(Ordering::Relaxed))
}
