//! The peers of one group and family: one segment, or 64 when there are many.
//!
//! A rebuild touches one segment, and so never stops a swarm for long: with 64 of them, the
//! longest rebuild at five million peers moves 80,000. Deliberately absent: the other groups, and
//! locks. What takes `&mut self` is called under the lock that the directory holds.

use crate::hash::KeyHasher;
use crate::segment::{LINE, Put, Segment, slots_for};
use crate::slot::{Lookup, PeerSlot};
use crate::sync::{AtomicU32, Ordering};
use crate::word::PeerWord;

/// One group's peers of one family.
#[derive(Debug)]
pub(crate) struct PeerTable<S> {
    segments: Segments<S>,
    tally: TableCounts,
}

#[derive(Debug)]
enum Segments<S> {
    Many(Box<Many<S>>),
    One(Segment<S>),
}

#[derive(Debug)]
struct Many<S> {
    segments: [Segment<S>; SEGMENTS],
    /// Slots of the longest segment.
    longest: usize,
}

/// Numbers of live slots, changed by whoever changed a slot, right after.
#[derive(Debug)]
struct TableCounts {
    clients: AtomicU32,
    held: AtomicU32,
    live: AtomicU32,
    paused: AtomicU32,
}

impl<S: PeerSlot> PeerTable<S> {
    pub(crate) fn new() -> Self {
        let [clients, held, live, paused] = [(); 4].map(|()| AtomicU32::new(0));
        Self {
            segments: Segments::One(Segment::with_slots(0)),
            tally: TableCounts { clients, held, live, paused },
        }
    }

    /// Live peers.
    pub(crate) fn live(&self) -> u32 {
        read(&self.tally.live)
    }

    /// Live peers that count: not the second endpoints.
    pub(crate) fn clients(&self) -> u32 {
        read(&self.tally.clients)
    }

    /// Of the clients, the partial seeds.
    pub(crate) fn paused(&self) -> u32 {
        read(&self.tally.paused)
    }

    /// Live peers held by proof.
    pub(crate) fn held(&self) -> u32 {
        read(&self.tally.held)
    }

    /// The slot of a key, with its state, if it ever had one since the last rebuild.
    pub(crate) fn find(&self, lookup: &Lookup<S::Key>) -> Option<(&S, PeerWord)> {
        self.segment(lookup.hash).find(lookup)
    }

    /// See [`Segment::around`].
    pub(crate) fn around(&self, hash: u64) -> impl Iterator<Item = &S> {
        self.segment(hash).around(hash)
    }

    /// See [`Segment::put`].
    pub(crate) fn put(
        &self,
        lookup: &Lookup<S::Key>,
        word: PeerWord,
        may_replace: impl Fn(PeerWord) -> bool,
    ) -> Put {
        let put = self.segment(lookup.hash).put(lookup, word, may_replace);
        if let Put::Done(old) = put {
            self.note(old, word);
        }
        put
    }

    /// See [`Segment::clear`].
    pub(crate) fn clear(
        &self,
        lookup: &Lookup<S::Key>,
        may_remove: impl Fn(PeerWord) -> bool,
    ) -> Result<Option<PeerWord>, PeerWord> {
        let cleared = self.segment(lookup.hash).clear(lookup, may_remove);
        if let Ok(Some(old)) = cleared {
            self.note(old, old.dead());
        }
        cleared
    }

    /// Changes a slot that was found; `false` if another thread did first.
    pub(crate) fn replace(&self, slot: &S, old: PeerWord, new: PeerWord) -> bool {
        let replaced = slot.replace(old, new).is_ok();
        if replaced {
            self.note(old, new);
        }
        replaced
    }

    /// The live slots. O(n) in all slots.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (&S, PeerWord)> {
        self.segments().iter().flat_map(|segment| live(segment.slots()))
    }

    /// The segments, in which slots have a number each.
    pub(crate) fn segments(&self) -> &[Segment<S>] {
        match &self.segments {
            Segments::Many(many) => &many.segments,
            Segments::One(one) => std::slice::from_ref(one),
        }
    }

    /// Bytes of the slots.
    pub(crate) fn heap_bytes(&self) -> usize {
        let slots: usize = self.segments().iter().map(|segment| segment.slots().len()).sum();
        let many =
            if matches!(self.segments, Segments::Many(_)) { size_of::<Many<S>>() } else { 0 };
        slots * size_of::<S>() + many
    }

    /// How many lines there are. Some of a long table's are short or empty, as many in one part of
    /// it as in another.
    pub(crate) fn lines(&self) -> usize {
        match &self.segments {
            Segments::Many(many) => (many.longest / LINE + 2) << SEGMENT_BITS,
            Segments::One(one) => one.lines(),
        }
    }

    /// The slots of one line: up to [`LINE`] that stand beside each other.
    pub(crate) fn line(&self, line: usize) -> &[S] {
        match &self.segments {
            Segments::Many(many) => many.segment(line).line(line >> SEGMENT_BITS),
            Segments::One(one) => one.line(line),
        }
    }

    /// Rebuilds what a peer of this hash would stand in, so that there is room for it.
    ///
    /// O(n) in the peers of one segment.
    pub(crate) fn make_room(&mut self, hash: u64, hasher: &KeyHasher) {
        match &mut self.segments {
            Segments::Many(many) => many.rebuild(hash, 1, hasher),
            Segments::One(one) if slots_for::<S>(living(one) + 1) > MOST_SLOTS_OF_ONE => {
                self.segments = Segments::Many(Box::new(Many::of(one, hasher)));
            }
            Segments::One(one) => *one = rebuilt(one, living(one) + 1, hasher),
        }
    }

    /// Whether one segment is larger than its peers need, by an eighth of theirs or more.
    pub(crate) fn is_loose(&self, segment: usize) -> bool {
        self.segments().get(segment).is_some_and(|segment| {
            let needed = slots_for::<S>(living(segment));
            segment.slots().len() > needed + needed / 8 + 2
        })
    }

    /// Whether so many peers have left what a peer of this hash stands in that it should not wait
    /// for the next sweep: no more than an eighth of the slots are alive.
    pub(crate) fn is_sparse(&self, hash: u64) -> bool {
        let slots = self.segment(hash).slots().len();
        let live = usize::try_from(self.live()).unwrap_or(usize::MAX);
        slots > SPARSE_SLOTS
            && live.saturating_mul(8) < slots * self.segments().len()
            && living(self.segment(hash)) * 8 < slots
    }

    /// Rebuilds the segment of a hash to the size that its peers need; or all of them into one, once
    /// that has room for them twice.
    pub(crate) fn fit(&mut self, hash: u64, hasher: &KeyHasher) {
        let live = usize::try_from(self.live()).unwrap_or(usize::MAX);
        match &mut self.segments {
            Segments::Many(many) if slots_for::<S>(live) <= MOST_SLOTS_OF_ONE / 2 => {
                self.segments = Segments::One(many.joined(hasher));
            }
            Segments::Many(many) => many.rebuild(hash, 0, hasher),
            Segments::One(one) => *one = rebuilt(one, living(one), hasher),
        }
    }

    fn segment(&self, hash: u64) -> &Segment<S> {
        match &self.segments {
            Segments::Many(many) => many.segment(usize::try_from(hash).unwrap_or_default()),
            Segments::One(one) => one,
        }
    }

    /// Counts what a changed word changed.
    fn note(&self, old: PeerWord, new: PeerWord) {
        if old.stands_like(new) {
            return;
        }
        let tally = &self.tally;
        let is_client = |word: PeerWord| word.is_live() && !word.marks().second;
        step(&tally.live, old.is_live(), new.is_live());
        step(&tally.clients, is_client(old), is_client(new));
        let is_paused = |word| is_client(word) && word.marks().paused;
        step(&tally.paused, is_paused(old), is_paused(new));
        let is_held = |word: PeerWord| word.is_live() && word.marks().held;
        step(&tally.held, is_held(old), is_held(new));
    }
}

impl<S: PeerSlot> Many<S> {
    /// The peers of one segment, over 64.
    fn of(one: &Segment<S>, hasher: &KeyHasher) -> Self {
        let mut peers = [0; SEGMENTS];
        let hashed =
            || live(one.slots()).map(|(slot, word)| (slot, word, hash_of(slot, word, hasher)));
        for (.., hash) in hashed() {
            if let Some(peers) = peers.get_mut(index(hash)) {
                *peers += 1;
            }
        }
        let mut segments = peers.map(|peers| Segment::with_room_for(peers + 1));
        for (slot, word, hash) in hashed() {
            if let Some(segment) = segments.get_mut(index(hash)) {
                segment.adopt(slot, word, hash);
            }
        }
        let longest = longest(&segments);
        Self { segments, longest }
    }

    fn joined(&self, hasher: &KeyHasher) -> Segment<S> {
        let peers = self.segments.iter().map(living).sum();
        let mut one = Segment::with_room_for(peers);
        for (slot, word) in self.segments.iter().flat_map(|segment| live(segment.slots())) {
            one.adopt(slot, word, hash_of(slot, word, hasher));
        }
        one
    }

    fn rebuild(&mut self, hash: u64, more: usize, hasher: &KeyHasher) {
        if let Some(segment) = self.segments.get_mut(index(hash)) {
            *segment = rebuilt(segment, living(segment) + more, hasher);
        }
        self.longest = longest(&self.segments);
    }

    /// The segment that the low bits name.
    fn segment(&self, bits: usize) -> &Segment<S> {
        let [first, ..] = &self.segments;
        self.segments.get(bits % SEGMENTS).unwrap_or(first)
    }
}

/// The slots with a live peer, and their words.
pub(crate) fn live<S: PeerSlot>(slots: &[S]) -> impl Iterator<Item = (&S, PeerWord)> {
    slots.iter().map(|slot| (slot, slot.word())).filter(|(_, word)| word.is_live())
}

/// O(n) in the slots.
fn living<S: PeerSlot>(segment: &Segment<S>) -> usize {
    live(segment.slots()).count()
}

fn rebuilt<S: PeerSlot>(old: &Segment<S>, peers: usize, hasher: &KeyHasher) -> Segment<S> {
    let mut new = Segment::with_room_for(peers);
    for (slot, word) in live(old.slots()) {
        new.adopt(slot, word, hash_of(slot, word, hasher));
    }
    new
}

fn hash_of<S: PeerSlot>(slot: &S, word: PeerWord, hasher: &KeyHasher) -> u64 {
    S::lookup(slot.key(word), hasher).hash
}

fn longest<S: PeerSlot>(segments: &[Segment<S>]) -> usize {
    segments.iter().map(|segment| segment.slots().len()).max().unwrap_or_default()
}

fn index(hash: u64) -> usize {
    usize::try_from(hash).unwrap_or_default() % SEGMENTS
}

/// A decrement can overtake the increment that it undoes; below zero is zero.
fn read(count: &AtomicU32) -> u32 {
    let count = count.load(Ordering::Relaxed);
    if count > u32::MAX / 2 { 0 } else { count }
}

fn step(count: &AtomicU32, was: bool, is: bool) {
    match (was, is) {
        (false, true) => count.fetch_add(1, Ordering::Relaxed),
        (true, false) => count.fetch_sub(1, Ordering::Relaxed),
        (false, false) | (true, true) => return,
    };
}

const SEGMENT_BITS: u32 = 6;
const SEGMENTS: usize = 1 << SEGMENT_BITS;

/// Slots above which one segment becomes 64.
const MOST_SLOTS_OF_ONE: usize = 4096;

/// Slots below which a segment is never in a hurry to shrink.
const SPARSE_SLOTS: usize = 64;
