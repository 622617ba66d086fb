//! The peers of one family: a table for each group, and how a peer moves between them.

use std::cell::Cell;

use crate::group::{Census, Group};
use crate::peer_update::{LimitReached, PeerUpdate};
use crate::segment::Put;
use crate::slot::{Lookup, PeerSlot};
use crate::sync::{AtomicBool, Ordering, fence};
use crate::table::{PeerTable, live};
use crate::tick::{AgeWindow, Tick};
use crate::word::PeerWord;

/// The peers of one family.
#[derive(Debug)]
pub(crate) struct PeerTables<S> {
    outside: SideTables<S>,
    /// Absent until the first peer in the club comes: an open tracker's swarms have none.
    inside: Option<Box<SideTables<S>>>,
    /// Whether a key may stand in two tables. Cleared by the next sweep.
    doubled: AtomicBool,
}

/// The peers of one side of the club.
#[derive(Debug)]
struct SideTables<S> {
    leechers: PeerTable<S>,
    seeders: PeerTable<S>,
}

/// What became of a peer that was put into its table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Placement {
    /// It stands in its group; it stood in `was` before, if anywhere and not too long ago.
    Done { was: Option<Group> },
    /// Somebody else holds the endpoint by proof.
    Held,
    /// Its table needs room first.
    NoRoom,
    /// A limit keeps it out.
    Refused(LimitReached),
    /// Its address has the maximum number of peers in the swarm.
    Unlisted,
}

/// What became of a peer that was to be removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Removal {
    /// It was not there.
    Absent,
    /// Somebody else holds the endpoint by proof.
    Held,
    /// It was removed from this group.
    Left(Group),
}

/// Counts each peer that comes to be live or ceases to.
pub(crate) trait ChangeObserver<K> {
    fn changed(&self, group: Group, key: K, old: PeerWord, new: PeerWord);
}

impl<S: PeerSlot> PeerTables<S> {
    pub(crate) fn new() -> Self {
        Self { outside: SideTables::new(), inside: None, doubled: AtomicBool::new(false) }
    }

    /// The tables that there are.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (Group, &PeerTable<S>)> {
        Group::ALL.into_iter().filter_map(|group| Some((group, self.table(group)?)))
    }

    /// The table of a group; `None` where nobody is on its side of the club.
    pub(crate) fn table(&self, group: Group) -> Option<&PeerTable<S>> {
        let side = if group.is_inside() { self.inside.as_deref()? } else { &self.outside };
        Some(if group.is_seeders() { &side.seeders } else { &side.leechers })
    }

    /// The table of a group, made where there is none.
    pub(crate) fn table_mut(&mut self, group: Group) -> &mut PeerTable<S> {
        let side = if group.is_inside() {
            self.inside.get_or_insert_with(|| Box::new(SideTables::new()))
        } else {
            &mut self.outside
        };
        if group.is_seeders() { &mut side.seeders } else { &mut side.leechers }
    }

    /// The tables that there are, to change.
    pub(crate) fn tables_mut(&mut self) -> impl Iterator<Item = &mut PeerTable<S>> {
        let sides = self.inside.as_deref_mut().into_iter().chain([&mut self.outside]);
        sides.flat_map(|side| [&mut side.leechers, &mut side.seeders])
    }

    /// Whether there are tables of the inside with nobody left in them.
    pub(crate) fn has_spare(&self) -> bool {
        self.inside.as_ref().is_some_and(|side| side.leechers.live() + side.seeders.live() == 0)
    }

    /// Goes without the tables of the inside if nobody is in them.
    pub(crate) fn shed(&mut self) {
        if self.has_spare() {
            self.inside = None;
        }
    }

    /// Bytes of all tables.
    pub(crate) fn heap_bytes(&self) -> usize {
        let inside = if self.inside.is_some() { size_of::<SideTables<S>>() } else { 0 };
        inside + self.tables().map(|(_, table)| table.heap_bytes()).sum::<usize>()
    }

    /// Live peers of all groups.
    pub(crate) fn live(&self) -> u32 {
        self.tables().map(|(_, table)| table.live()).sum()
    }

    /// Live peers of each group.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census::default();
        for (group, table) in self.tables() {
            *census.of_mut(group) = table.live();
        }
        census
    }

    /// Whether a key is live in any table, however long ago it was seen.
    pub(crate) fn has(&self, lookup: &Lookup<S::Key>) -> bool {
        self.tables().any(|(_, table)| table.find(lookup).is_some_and(|(_, word)| word.is_live()))
    }

    /// Whether a reply must look for doubles.
    pub(crate) fn is_doubled(&self) -> bool {
        self.doubled.load(Ordering::Relaxed)
    }

    /// Where a peer stands that may be given out, and its word.
    pub(crate) fn find(
        &self,
        lookup: &Lookup<S::Key>,
        window: AgeWindow,
    ) -> Option<(Group, PeerWord)> {
        self.tables().find_map(|(group, table)| {
            let (_, word) = table.find(lookup)?;
            word.is_fresh(window).then_some((group, word))
        })
    }

    /// How many fresh peers share the address of a key, among the slots around its place in each
    /// table, in parts of [`WHOLE_PEER`](crate::slot::WHOLE_PEER).
    pub(crate) fn sharing_address(&self, lookup: &Lookup<S::Key>, window: AgeWindow) -> u32 {
        let mut count = 0;
        for (_, table) in self.tables().filter(|(_, table)| table.live() != 0) {
            for slot in table.around(lookup.hash) {
                let word = slot.word();
                count += u32::from(word.is_fresh(window)) * slot.shares_address(word, lookup);
            }
        }
        count
    }

    /// Puts a peer where it stands from now on, and removes it from where it stood. `admit` says
    /// whether one that is not live in its table may come in.
    ///
    /// It is written to its table first and cleared from the others then, so that a peer that moves
    /// is never missed. Two threads that move one key at once can each clear what the other wrote:
    /// the one that cleared looks at its own slot again. Of two such looks at least one comes after
    /// both clears, finds its own slot dead and revives it. Both may, and then the key is doubled.
    pub(crate) fn arrive(
        &self,
        lookup: &Lookup<S::Key>,
        peer: &PeerUpdate<'_>,
        watch: &impl ChangeObserver<S::Key>,
        admit: impl Fn() -> Result<(), Placement>,
    ) -> Placement {
        let (group, window) = (peer.group, peer.window());
        if !peer.held && self.is_held_elsewhere(lookup, group, window) {
            return Placement::Held;
        }
        let word = peer.word(lookup.name);
        let Some(table) = self.table(group) else { return Placement::NoRoom };
        let refused = Cell::new(None);
        let may_replace = |old: PeerWord| {
            if old.is_live() {
                return peer.may_change(old);
            }
            let admitted = admit();
            refused.set(admitted.err());
            admitted.is_ok()
        };
        let old = match table.put(lookup, word, may_replace) {
            // Nearly always who is writing the slot says the same of it. Of another IPv6 peer of the same
            // name it says nothing, and this one comes in by its next announce.
            Put::Busy => return Placement::Done { was: Some(group) },
            Put::Done(old) => old,
            Put::Kept => return refused.get().unwrap_or(Placement::Held),
            Put::NoRoom => return Placement::NoRoom,
        };
        if !old.stands_like(word) {
            watch.changed(group, lookup.key, old, word);
        }
        if old.is_live() {
            return Placement::Done { was: old.is_fresh(window).then_some(group) };
        }

        // Of two threads that each write one table and then look into the other's, at least one
        // finds what the other wrote: without this both could read from before it.
        fence(Ordering::SeqCst);
        let (cleared, was) = self.clear_elsewhere(lookup, peer, watch);
        if cleared {
            self.revive(lookup, group, word, watch);
        }
        Placement::Done { was }
    }

    /// Removes a peer from wherever it stands.
    pub(crate) fn leave(
        &self,
        lookup: &Lookup<S::Key>,
        peer: &PeerUpdate<'_>,
        watch: &impl ChangeObserver<S::Key>,
    ) -> Removal {
        let mut gone = Removal::Absent;
        for (group, table) in self.tables() {
            match table.clear(lookup, |word| peer.may_change(word)) {
                Ok(None) => {}
                Ok(Some(old)) => {
                    watch.changed(group, lookup.key, old, old.dead());
                    if old.is_fresh(peer.window()) {
                        gone = Removal::Left(group);
                    }
                }
                Err(_) => return Removal::Held,
            }
        }
        gone
    }

    /// The slots at a place, up to [`STRETCH`] of one group; the place moves on behind them.
    pub(crate) fn stretch(&self, place: &mut WalkPosition) -> Option<(Group, &[S])> {
        loop {
            let group = *Group::ALL.get(place.table)?;
            let segments = self.table(group).map(PeerTable::segments).unwrap_or_default();
            let Some(segment) = segments.get(place.segment) else {
                *place = WalkPosition { table: place.table + 1, ..WalkPosition::default() };
                continue;
            };
            let rest = segment.slots().get(place.slot..).unwrap_or_default();
            let stretch = rest.get(..STRETCH).unwrap_or(rest);
            if stretch.len() < rest.len() {
                place.slot += STRETCH;
            } else {
                (place.segment, place.slot) = (place.segment + 1, 0);
            }
            return Some((group, stretch));
        }
    }

    /// Removes the peers of some slots that were last seen before the window, and calls `keep` with
    /// those that stay; returns how many were removed.
    pub(crate) fn expire(
        &self,
        (group, slots): (Group, &[S]),
        window: AgeWindow,
        watch: &impl ChangeObserver<S::Key>,
        mut keep: impl FnMut(S::Key),
    ) -> u32 {
        let mut expired = 0;
        let Some(table) = self.table(group) else { return 0 };
        for (slot, word) in live(slots) {
            let key = slot.key(word);
            if word.is_fresh(window) {
                keep(key);
            } else if table.replace(slot, word, word.dead()) {
                watch.changed(group, key, word, word.dead());
                expired += 1;
            }
        }
        expired
    }

    /// Forgets that keys may stand in two tables; whether they may. Who then looks for them in all
    /// tables finds every one that was doubled before.
    pub(crate) fn take_doubled(&self) -> bool {
        self.is_doubled() && self.doubled.swap(false, Ordering::Relaxed)
    }

    /// Of each key in some slots that stands in another table too, removes the older, or if they are
    /// as old the other; returns how many were removed.
    pub(crate) fn part_doubles(
        &self,
        (group, slots): (Group, &[S]),
        now: Tick,
        watch: &impl ChangeObserver<S::Key>,
        lookup: impl Fn(S::Key) -> Lookup<S::Key>,
    ) -> u32 {
        let mut removed = 0;
        for (slot, word) in live(slots) {
            let lookup = lookup(slot.key(word));
            let is_older = |other: PeerWord| now.since(other.seen()) >= now.since(word.seen());
            for (other, table) in self.tables().filter(|(other, _)| *other != group) {
                if let Ok(Some(old)) = table.clear(&lookup, is_older) {
                    watch.changed(other, lookup.key, old, old.dead());
                    removed += 1;
                }
            }
        }
        removed
    }

    /// Whether a key that does not stand in a group is held by proof in another one.
    fn is_held_elsewhere(&self, lookup: &Lookup<S::Key>, group: Group, window: AgeWindow) -> bool {
        let others = || self.tables().filter(|(other, table)| *other != group && table.held() != 0);
        let word =
            |table: &PeerTable<S>| table.find(lookup).map_or(PeerWord::EMPTY, |(_, word)| word);
        others().next().is_some()
            && !self.table(group).is_some_and(|table| word(table).is_live())
            && others().map(|(_, table)| word(table)).any(|w| w.is_fresh(window) && w.marks().held)
    }

    /// Clears a key from every table but its new one. Returns whether there was anything to clear,
    /// and in which group it was if it was not too old to be given out.
    fn clear_elsewhere(
        &self,
        lookup: &Lookup<S::Key>,
        peer: &PeerUpdate<'_>,
        watch: &impl ChangeObserver<S::Key>,
    ) -> (bool, Option<Group>) {
        let mut cleared = false;
        let mut was = None;
        for (group, table) in self.tables().filter(|(group, _)| *group != peer.group) {
            match table.clear(lookup, |_| true) {
                Ok(None) => {}
                Ok(Some(old)) => {
                    watch.changed(group, lookup.key, old, old.dead());
                    cleared = true;
                    was = was.or_else(|| old.is_fresh(peer.window()).then_some(group));
                }
                Err(_) => self.doubled.store(true, Ordering::Relaxed),
            }
        }
        (cleared, was)
    }

    /// Writes a peer again that another thread cleared while we cleared what that one wrote.
    ///
    /// Looking is a compare-exchange and not a load, so that of two threads the later sees what the
    /// earlier did.
    #[cold]
    fn revive(
        &self,
        lookup: &Lookup<S::Key>,
        group: Group,
        word: PeerWord,
        watch: &impl ChangeObserver<S::Key>,
    ) {
        let Some(table) = self.table(group) else { return };
        let Some((slot, _)) = table.find(lookup) else { return };
        if let Err(now) = slot.replace(word, word)
            && !now.is_live()
            && table.replace(slot, now, word)
        {
            watch.changed(group, lookup.key, now, word);
            self.doubled.store(true, Ordering::Relaxed);
        }
    }
}

impl<S: PeerSlot> SideTables<S> {
    fn new() -> Self {
        Self { leechers: PeerTable::new(), seeders: PeerTable::new() }
    }
}

/// How far a walk over all slots has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WalkPosition {
    table: usize,
    segment: usize,
    slot: usize,
}

/// Slots that a walk looks at before it lets others at the swarm.
const STRETCH: usize = 2048;

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::hash::KeyHasher;
    use crate::slot4::V4Slot;
    use crate::tick::Age;
    use crate::word::Marks;
    use wire::CompactV4;

    #[test]
    fn of_a_key_in_two_tables_the_newer_stays() {
        check(10, 20, Group::OutsideSeeders);
        check(20, 10, Group::OutsideLeechers);
    }

    #[test]
    fn of_a_key_in_two_tables_as_new_one_stays() {
        check(10, 10, Group::OutsideLeechers);
    }

    #[test]
    fn the_inside_has_tables_while_somebody_is_in_it() {
        let hasher = KeyHasher::new(1);
        let lookup = V4Slot::lookup(CompactV4::new([203, 0, 113, 1].into(), 6881), &hasher);
        let seen = Tick::at(10 * Tick::SECS);
        let mut peers = PeerTables::<V4Slot>::new();
        assert_eq!(peers.tables().count(), 2);
        let table = peers.table_mut(Group::InsideSeeders);
        table.make_room(lookup.hash, &hasher);
        table.put(&lookup, PeerWord::live(lookup.name, seen, Marks::default()), |_| true);
        peers.shed();
        assert_eq!((peers.tables().count(), peers.live()), (4, 1));
        let table = peers.table_mut(Group::InsideSeeders);
        assert!(table.clear(&lookup, |_| true).is_ok());
        assert!(peers.has_spare());
        peers.shed();
        assert_eq!(peers.tables().count(), 2);
    }

    /// Asserts which word of a leecher and a seeder stays, seen at these ticks.
    #[track_caller]
    fn check(leeches: u32, seeds: u32, expected: Group) {
        let hasher = KeyHasher::new(1);
        let key = CompactV4::new([203, 0, 113, 1].into(), 6881);
        let lookup = V4Slot::lookup(key, &hasher);
        let mut peers = PeerTables::<V4Slot>::new();
        for (group, ticks) in [(Group::OutsideLeechers, leeches), (Group::OutsideSeeders, seeds)] {
            let table = peers.table_mut(group);
            table.make_room(lookup.hash, &hasher);
            let seen = Tick::at(ticks * Tick::SECS);
            table.put(&lookup, PeerWord::live(lookup.name, seen, Marks::default()), |_| true);
        }
        let changes = Changes(Cell::new(0));
        let now = Tick::at(30 * Tick::SECS);
        let mut place = WalkPosition::default();
        let mut parted = 0;
        while let Some(stretch) = peers.stretch(&mut place) {
            parted +=
                peers.part_doubles(stretch, now, &changes, |key| V4Slot::lookup(key, &hasher));
        }
        assert_eq!((parted, changes.0.get(), peers.live()), (1, 1, 1));
        let window = AgeWindow::new(now, Age::from_secs(1_600));
        assert_eq!(peers.find(&lookup, window).map(|(group, _)| group), Some(expected));
    }

    /// How often somebody was told of a change.
    struct Changes(Cell<u32>);

    impl<K> ChangeObserver<K> for Changes {
        fn changed(&self, _: Group, _: K, _: PeerWord, _: PeerWord) {
            self.0.set(self.0.get() + 1);
        }
    }
}
