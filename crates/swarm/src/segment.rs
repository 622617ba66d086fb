//! A run of slots with open addressing: what one hash leads to, and nothing moves while it is
//! shared.
//!
//! A slot once taken belongs to its key until the segment is rebuilt, so a key can't stand twice in
//! one segment: both of two threads that insert it walk the same way and meet at the same first
//! empty slot. Deliberately absent: counting of peers, and growth, which are the table's.

use crate::slot::{Lookup, PeerSlot};
use crate::sync::{AtomicU32, Ordering};
use crate::word::PeerWord;

/// Slots probed linearly, from the place that multiply-shift of the hash names: any number of slots
/// will do, and those of a rebuilt segment stand in the order of the old one's.
#[derive(Debug)]
pub(crate) struct Segment<S> {
    slots: Box<[S]>,
    /// Slots ever taken, at most [`limit`](Self::limit).
    used: AtomicU32,
}

/// What became of a peer that was put into a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Put {
    /// Another thread is writing a slot of this name, or others changed the slot again and again. Where
    /// it was not the same peer's, the peer is not there until its next announce.
    Busy,
    /// It is there; this is the word that stood in its place, empty, dead or live.
    Done(PeerWord),
    /// The slot may not change.
    Kept,
    /// There is no room.
    NoRoom,
}

/// Where a probe ended.
enum Spot<'a, S> {
    Busy,
    Missing,
    Taken(&'a S, PeerWord),
    Vacant(&'a S),
}

impl<S: PeerSlot> Segment<S> {
    /// Empty slots with room for `peers`, and some more.
    pub(crate) fn with_room_for(peers: usize) -> Self {
        Self::with_slots(if peers == 0 { 0 } else { slots_for::<S>(peers) })
    }

    pub(crate) fn with_slots(slots: usize) -> Self {
        Self { slots: (0..slots).map(|_| S::vacant()).collect(), used: AtomicU32::new(0) }
    }

    pub(crate) fn slots(&self) -> &[S] {
        &self.slots
    }

    /// How many lines there are.
    pub(crate) fn lines(&self) -> usize {
        let whole = self.slots.len().saturating_sub(self.lead());
        usize::from(whole < self.slots.len()) + whole.div_ceil(LINE)
    }

    /// The slots of one line: [`LINE`] of them, or fewer in the first and the last.
    pub(crate) fn line(&self, line: usize) -> &[S] {
        let lead = self.lead().min(self.slots.len());
        let end = if lead == 0 { (line + 1) * LINE } else { lead + line * LINE };
        let start = if line == 0 { 0 } else { end - LINE };
        let rest = self.slots.get(start..).unwrap_or_default();
        rest.get(..end - start).unwrap_or(rest)
    }

    /// Slots before the first that begins a cache line.
    fn lead(&self) -> usize {
        let slots = self.slots.as_ptr().align_offset(CACHE_LINE);
        if slots < LINE { slots } else { 0 }
    }

    /// The slot of a key, with its state, if it ever had one.
    pub(crate) fn find(&self, lookup: &Lookup<S::Key>) -> Option<(&S, PeerWord)> {
        match self.probe(lookup) {
            Spot::Taken(slot, word) => Some((slot, word)),
            Spot::Busy | Spot::Missing | Spot::Vacant(_) => None,
        }
    }

    /// Slots around the place of a hash: all, or [`AROUND`] of them. As keys are placed by their
    /// hashes, these are a random sample of all.
    pub(crate) fn around(&self, hash: u64) -> impl Iterator<Item = &S> {
        let (before, after) = self.slots.split_at(self.home(hash));
        after.iter().chain(before).take(AROUND)
    }

    /// Writes a live word for a key, unless what is there may not be replaced: a word of the key's,
    /// or an empty one.
    pub(crate) fn put(
        &self,
        lookup: &Lookup<S::Key>,
        word: PeerWord,
        may_replace: impl Fn(PeerWord) -> bool,
    ) -> Put {
        for _ in 0..MAX_TRIES {
            match self.probe(lookup) {
                Spot::Busy => return Put::Busy,
                Spot::Missing => return Put::NoRoom,
                Spot::Taken(_, old) if !may_replace(old) => return Put::Kept,
                Spot::Taken(slot, old) => {
                    if old == word || slot.replace(old, word).is_ok() {
                        return Put::Done(old);
                    }
                }
                Spot::Vacant(_) if !may_replace(PeerWord::EMPTY) => return Put::Kept,
                Spot::Vacant(slot) => {
                    if self.used.fetch_add(1, Ordering::Relaxed) >= self.limit() {
                        self.used.fetch_sub(1, Ordering::Relaxed);
                        return Put::NoRoom;
                    }
                    if slot.claim(lookup, word) {
                        return Put::Done(PeerWord::EMPTY);
                    }
                    self.used.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        Put::Busy
    }

    /// Clears the slot of a key; the live word that stood there.
    ///
    /// # Errors
    ///
    /// The slot is left alone if its word may not be removed, or changed under our hands too often.
    pub(crate) fn clear(
        &self,
        lookup: &Lookup<S::Key>,
        may_remove: impl Fn(PeerWord) -> bool,
    ) -> Result<Option<PeerWord>, PeerWord> {
        let Some((slot, mut word)) = self.find(lookup) else { return Ok(None) };
        for _ in 0..MAX_TRIES {
            if !word.is_live() {
                return Ok(None);
            }
            if !may_remove(word) {
                break;
            }
            match slot.replace(word, word.dead()) {
                Ok(()) => return Ok(Some(word)),
                Err(now) => word = now,
            }
        }
        Err(word)
    }

    /// Copies a live slot of the hash `hash` from another segment, whose keys this one does not
    /// hold yet, and has room for.
    pub(crate) fn adopt(&mut self, slot: &S, word: PeerWord, hash: u64) {
        let (before, after) = self.slots.split_at(self.home(hash));
        if let Some(vacant) = after.iter().chain(before).find(|slot| slot.word().is_empty()) {
            vacant.copy(slot, word);
            self.used.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many slots may be taken: of many nine tenths, so that a probe for what is not there ends
    /// soon; of few, where it ends soon anyway, some more.
    fn limit(&self) -> u32 {
        let slots = self.slots.len();
        let spare = if slots <= FEW_SLOTS { slots / 16 } else { slots / 10 };
        u32::try_from(slots - spare).unwrap_or(u32::MAX)
    }

    fn probe(&self, lookup: &Lookup<S::Key>) -> Spot<'_, S> {
        let (before, after) = self.slots.split_at(self.home(lookup.hash));
        for slot in after.iter().chain(before) {
            let word = slot.word();
            if word.is_empty() {
                return Spot::Vacant(slot);
            }
            if word.name() == lookup.name {
                if word.is_claimed() {
                    return Spot::Busy;
                }
                if slot.is(word, lookup) {
                    return Spot::Taken(slot, word);
                }
            }
        }
        Spot::Missing
    }

    /// Where the search for a hash begins; less than the number of slots, or 0.
    fn home(&self, hash: u64) -> usize {
        let slots = u64::try_from(self.slots.len()).unwrap_or_default();
        usize::try_from(((hash >> 32) * slots) >> 32).unwrap_or_default()
    }
}

/// The slots of a rebuilt segment of this many peers: an eighth more will fit in before the next
/// rebuild, and then as many as there is memory for in the block that an allocator takes for them,
/// of which most have four sizes from one power of two to the next.
pub(crate) fn slots_for<S>(peers: usize) -> usize {
    let slots = peers + peers / 8 + 1;
    let bytes = slots * size_of::<S>();
    let step = (bytes.next_power_of_two() / 8).max(16);
    bytes.next_multiple_of(step).checked_div(size_of::<S>()).unwrap_or(slots)
}

/// Slots that are looked at to see how many peers share an address: 2 KiB of IPv4 ones.
pub(crate) const AROUND: usize = 256;

/// Slots of a segment that fits into the nearest cache many times.
const FEW_SLOTS: usize = 512;

/// Slots that are looked at together: as many IPv4 slots as a cache line holds.
pub(crate) const LINE: usize = 8;

/// Bytes.
const CACHE_LINE: usize = 64;

/// How often a thread tries again because another one changed the slot first. Each time somebody
/// else got on; that it happens so often to one is as good as impossible.
const MAX_TRIES: usize = 64;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::Tick;
    use crate::hash::KeyHasher;
    use crate::slot4::V4Slot;
    use crate::slot6::V6Slot;
    use crate::word::Marks;
    use wire::{CompactV4, CompactV6};

    #[test]
    fn a_peer_is_found_where_it_was_put_until_it_is_cleared() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V4Slot>::with_room_for(9);
        for n in 1..=9 {
            assert_eq!(put(&segment, v4(n), &hasher), Put::Done(PeerWord::EMPTY));
        }
        for n in 1..=9 {
            let lookup = V4Slot::lookup(v4(n), &hasher);
            let (slot, word) = segment.find(&lookup).unwrap();
            assert_eq!(slot.key(word), v4(n));
            assert_eq!(segment.clear(&lookup, |_| true), Ok(Some(word)));
            assert_eq!(segment.clear(&lookup, |_| true), Ok(None));
            assert!(!segment.find(&lookup).unwrap().1.is_live());
        }
    }

    #[test]
    fn a_dead_slot_is_only_its_own_keys_again() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V4Slot>::with_slots(2);
        put(&segment, v4(1), &hasher);
        put(&segment, v4(2), &hasher);
        let lookup = V4Slot::lookup(v4(1), &hasher);
        let dead = segment.clear(&lookup, |_| true).unwrap().unwrap().dead();
        assert_eq!(put(&segment, v4(3), &hasher), Put::NoRoom);
        assert_eq!(put(&segment, v4(1), &hasher), Put::Done(dead));
        assert_eq!(segment.used.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn all_but_a_sixteenth_of_few_slots_are_taken() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V4Slot>::with_slots(32);
        for n in 1..=30 {
            assert_eq!(put(&segment, v4(n), &hasher), Put::Done(PeerWord::EMPTY));
        }
        assert_eq!(put(&segment, v4(31), &hasher), Put::NoRoom);
        assert_eq!(segment.used.load(Ordering::Relaxed), 30);
    }

    #[test]
    fn a_segment_without_slots_holds_nobody() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V4Slot>::with_room_for(0);
        assert!(segment.slots().is_empty());
        assert!(segment.find(&V4Slot::lookup(v4(1), &hasher)).is_none());
        assert_eq!(put(&segment, v4(1), &hasher), Put::NoRoom);
    }

    #[test]
    fn a_word_that_may_not_be_replaced_or_removed_stays() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V4Slot>::with_slots(4);
        let lookup = V4Slot::lookup(v4(1), &hasher);
        put(&segment, v4(1), &hasher);
        let (_, word) = segment.find(&lookup).unwrap();
        let later = PeerWord::live(lookup.name, Tick::at(1_000), Marks::default());
        assert_eq!(segment.put(&lookup, later, |_| false), Put::Kept);
        assert_eq!(segment.clear(&lookup, |_| false), Err(word));
        assert_eq!(segment.find(&lookup).unwrap().1, word);
    }

    #[test]
    fn ipv6_peers_of_one_name_are_told_apart_by_their_address() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V6Slot>::with_slots(8);
        let [ada, bob] = ["2001:db8::a", "2001:db8::b"].map(|ip| {
            let lookup = V6Slot::lookup(CompactV6::new(ip.parse().unwrap(), 6881), &hasher);
            Lookup { name: 77 << 16 | 6881, hash: 5, ..lookup }
        });
        let word = PeerWord::live(ada.name, Tick::at(0), Marks::default());
        assert_eq!(segment.put(&ada, word, |_| true), Put::Done(PeerWord::EMPTY));
        assert_eq!(segment.put(&bob, word, |_| true), Put::Done(PeerWord::EMPTY));
        for lookup in [ada, bob] {
            let (slot, word) = segment.find(&lookup).unwrap();
            assert_eq!(slot.key(word), lookup.key);
        }
    }

    #[test]
    fn whoever_meets_a_claimed_slot_of_its_name_gives_up() {
        let hasher = KeyHasher::new(1);
        let segment = Segment::<V6Slot>::with_slots(4);
        let key = CompactV6::new("2001:db8::a".parse().unwrap(), 6881);
        let lookup = V6Slot::lookup(key, &hasher);
        let word = PeerWord::live(lookup.name, Tick::at(0), Marks::default());
        for slot in segment.slots() {
            assert!(slot.replace(PeerWord::EMPTY, word.claimed()).is_ok());
        }
        assert_eq!(segment.put(&lookup, word, |_| true), Put::Busy);
        assert!(segment.find(&lookup).is_none());
    }

    #[test]
    fn a_rebuilt_segment_has_room_for_its_peers_and_few_more() {
        for peers in (1..2_000).chain((2_000..2_000_000).step_by(997)) {
            for slots in [slots_for::<V4Slot>(peers), slots_for::<V6Slot>(peers)] {
                let spare = if slots <= FEW_SLOTS { slots / 16 } else { slots / 10 };
                assert!(slots - spare > peers, "{slots} for {peers}");
                assert!(slots <= peers + peers / 2 + 3, "{slots} for {peers}");
            }
        }
    }

    fn v4(n: u8) -> CompactV4 {
        CompactV4::new([203, 0, 113, n].into(), 6881)
    }

    fn put(segment: &Segment<V4Slot>, key: CompactV4, hasher: &KeyHasher) -> Put {
        let lookup = V4Slot::lookup(key, hasher);
        segment.put(&lookup, PeerWord::live(lookup.name, Tick::at(0), Marks::default()), |_| true)
    }
}
