//! What members' announces were told of late, so that "why was I refused" has an answer.
//!
//! Bounded twice: a ring of recent announces, and the last refusals of so many members, of whom those
//! that were refused longest ago are forgotten first.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use policy::{ItemId, MemberId, Refusal, Side, Warning};
use wire::{AnnounceEvent, InfoHash};

use crate::Via;

/// One announce of a member, and what it was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AnnounceRecord {
    /// Whose announce.
    pub member: MemberId,
    /// When, in Unix seconds.
    pub unix: u32,
    /// For which swarm.
    pub info_hash: InfoHash,
    /// Of which item, where it is one's.
    pub item: Option<ItemId>,
    /// What the client said had happened.
    pub event: AnnounceEvent,
    /// Bytes missing, by the client's word.
    pub left: u64,
    /// Over which transport.
    pub via: Via,
    /// The answer.
    pub outcome: AnnounceResult,
}

/// One announce, of a member or a stranger, and what it was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeardAnnounce {
    /// Whose announce; `None` for a stranger's.
    pub member: Option<MemberId>,
    /// When, in Unix seconds.
    pub unix: u32,
    /// For which swarm.
    pub info_hash: InfoHash,
    /// Of which item, where it is one's.
    pub item: Option<ItemId>,
    /// What the client said had happened.
    pub event: AnnounceEvent,
    /// Bytes missing, by the client's word.
    pub left: u64,
    /// Over which transport.
    pub via: Via,
    /// The answer.
    pub outcome: AnnounceResult,
}

impl HeardAnnounce {
    /// A member's announce, as it is remembered.
    pub(crate) fn by(self, member: MemberId) -> AnnounceRecord {
        let Self { unix, info_hash, item, event, left, via, outcome, .. } = self;
        AnnounceRecord { member, unix, info_hash, item, event, left, via, outcome }
    }
}

impl From<AnnounceRecord> for HeardAnnounce {
    fn from(record: AnnounceRecord) -> Self {
        let AnnounceRecord { member, unix, info_hash, item, event, left, via, outcome } = record;
        Self { member: Some(member), unix, info_hash, item, event, left, via, outcome }
    }
}

/// What an announce was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnnounceResult {
    /// It got no peers, for this reason.
    Refused(Refusal),
    /// It got a seat.
    Seated {
        /// On which side of the club.
        side: Side,
        /// How many peers it was given.
        peers: u16,
        /// What else it was told.
        warning: Option<Warning>,
    },
}

/// The recent announces of all members, in a ring for each worker: a ring that is written in order
/// stays in its core's cache.
pub(crate) struct RecentRecords {
    rings: [Mutex<RecordRing>; RINGS],
    /// Whether somebody looks at what strangers announce as well.
    is_watched: AtomicBool,
    /// Their announces since the last look, while somebody does: at most [`STRANGERS`] of each worker.
    strangers: [Mutex<Vec<HeardAnnounce>>; RINGS],
}

#[derive(Default)]
struct RecordRing {
    heard: Vec<AnnounceRecord>,
    next: usize,
    refusals: Refusals,
}

impl RecentRecords {
    pub(crate) fn new() -> Self {
        Self {
            rings: std::array::from_fn(|_| Mutex::default()),
            is_watched: AtomicBool::new(false),
            strangers: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Whether somebody looks at what strangers announce as well. One relaxed load.
    pub(crate) fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Relaxed)
    }

    /// Remembers an announce; a stranger's until the next look.
    pub(crate) fn hear(&self, worker: usize, heard: HeardAnnounce) {
        if let Some(member) = heard.member {
            return self.note(worker, heard.by(member));
        }
        let Some(strangers) = self.strangers.get(worker % RINGS) else { return };
        let mut strangers = strangers.lock();
        if strangers.len() < STRANGERS {
            strangers.push(heard);
        }
    }

    /// Remembers strangers' announces from now on, or no more.
    pub(crate) fn watch(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::Relaxed);
        if !is_watched {
            self.strangers
                .iter()
                .for_each(|strangers| drop(std::mem::take(&mut *strangers.lock())));
        }
    }

    /// Visits the announces of some seconds, each worker's latest first, as far as they are still known; those of
    /// strangers once.
    pub(crate) fn between(&self, from: u32, until: u32, mut visit: impl FnMut(HeardAnnounce)) {
        for (ring, strangers) in self.rings.iter().zip(&self.strangers) {
            let taken = {
                let mut strangers = strangers.lock();
                let later = strangers.extract_if(.., |heard| heard.unix >= until).collect();
                std::mem::replace(&mut *strangers, later)
            };
            taken.into_iter().rev().filter(|heard| heard.unix >= from).for_each(&mut visit);
            let ring = ring.lock();
            let (newer, older) =
                ring.heard.split_at_checked(ring.next).unwrap_or((&ring.heard, &[]));
            newer
                .iter()
                .rev()
                .chain(older.iter().rev())
                .skip_while(|heard| heard.unix >= until)
                .take_while(|heard| heard.unix >= from)
                .for_each(|heard| visit((*heard).into()));
        }
    }

    /// Remembers an announce that a worker answered, in place of its oldest where the ring is full.
    pub(crate) fn note(&self, worker: usize, heard: AnnounceRecord) {
        let Some(ring) = self.rings.get(worker % RINGS) else { return };
        let RecordRing { heard: all, next, refusals } = &mut *ring.lock();
        if matches!(heard.outcome, AnnounceResult::Refused(_)) {
            refusals.note(heard);
        }
        match all.get_mut(*next) {
            Some(oldest) => *oldest = heard,
            None => all.push(heard),
        }
        *next = (*next + 1) % RING;
    }

    /// What a member's announces were told, oldest first, the last refusal always among them.
    pub(crate) fn of(&self, member: MemberId) -> Vec<AnnounceRecord> {
        let mut all = Vec::new();
        let mut refusal: Option<AnnounceRecord> = None;
        for ring in &self.rings {
            let ring = ring.lock();
            let (newer, older) =
                ring.heard.split_at_checked(ring.next).unwrap_or((&ring.heard, &[]));
            all.extend(older.iter().chain(newer).filter(|heard| heard.member == member));
            let last = ring.refusals.of(member);
            refusal = refusal.into_iter().chain(last).max_by_key(|refusal| refusal.unix);
        }
        // Of one second the order of each worker is kept.
        all.sort_by_key(|heard: &AnnounceRecord| heard.unix);
        if let Some(refusal) = refusal.filter(|refusal| !all.contains(refusal)) {
            all.insert(0, refusal);
        }
        all
    }
}

/// The last refusal of each member, in two halves: once the newer one is full, the older one goes and
/// it takes its place.
#[derive(Default)]
struct Refusals {
    newer: HashMap<MemberId, AnnounceRecord>,
    older: HashMap<MemberId, AnnounceRecord>,
}

impl Refusals {
    fn note(&mut self, heard: AnnounceRecord) {
        self.newer.insert(heard.member, heard);
        if self.newer.len() >= MAX_REFUSALS {
            self.older = std::mem::take(&mut self.newer);
        }
    }

    fn of(&self, member: MemberId) -> Option<AnnounceRecord> {
        self.newer.get(&member).or_else(|| self.older.get(&member)).copied()
    }
}

/// Strangers' announces remembered of each worker between two looks.
const STRANGERS: usize = 1024;
/// Workers past these share a ring with another.
const RINGS: usize = 16;
/// Announces remembered in each ring.
const RING: usize = 8192;
/// Members whose last refusal is remembered with each ring: so many at least, and twice as many at
/// most.
const MAX_REFUSALS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest() {
        let recent = RecentRecords::new();
        for unix in 0..u32::try_from(RING).unwrap() + 10 {
            recent.note(0, heard(unix, SEATED));
        }
        let all = recent.of(MemberId::new(1).unwrap());
        assert_eq!(all.len(), RING);
        assert_eq!((all[0].unix, all[RING - 1].unix), (10, 8201));
    }

    #[test]
    fn announces_of_some_seconds_are_seen_once_and_strangers_while_somebody_looks() {
        let recent = RecentRecords::new();
        let stranger = |unix| HeardAnnounce { member: None, ..heard(unix, SEATED).into() };
        let seen = |from, until| {
            let mut seen = Vec::new();
            recent.between(from, until, |heard| seen.push((heard.unix, heard.member.is_some())));
            seen
        };
        assert!(!recent.is_watched());
        recent.hear(0, heard(1, SEATED).into());
        assert_eq!(seen(0, 2), [(1, true)]);
        recent.watch(true);
        assert!(recent.is_watched());
        for unix in [2, 2, 3, 4] {
            recent.hear(0, heard(unix, SEATED).into());
            recent.hear(1, stranger(unix));
        }
        assert_eq!(
            seen(2, 4),
            [(3, true), (2, true), (2, true), (3, false), (2, false), (2, false)]
        );
        assert_eq!(seen(4, 9), [(4, true), (4, false)]);
        for _ in 0..2 * STRANGERS {
            recent.hear(1, stranger(9));
        }
        assert_eq!(seen(9, 10).len(), STRANGERS);
        recent.hear(1, stranger(9));
        recent.watch(false);
        assert_eq!(seen(9, 10), []);
    }

    #[test]
    fn a_refusal_outlives_the_ring() {
        let recent = RecentRecords::new();
        recent.note(0, heard(7, AnnounceResult::Refused(Refusal::TorrentUnknown)));
        for unix in 100..100 + u32::try_from(RING).unwrap() {
            recent.note(0, heard(unix, SEATED));
        }
        let all = recent.of(MemberId::new(1).unwrap());
        assert_eq!((all.len(), all[0].unix), (RING + 1, 7));
    }

    #[test]
    fn the_last_members_that_were_refused_are_remembered() {
        let recent = RecentRecords::new();
        let members = 3 * u32::try_from(MAX_REFUSALS).unwrap() + 1;
        for id in 1..=members {
            let member = MemberId::new(id).unwrap();
            recent.note(
                0,
                AnnounceRecord {
                    member,
                    ..heard(id, AnnounceResult::Refused(Refusal::TorrentUnknown))
                },
            );
        }
        for unix in 0..u32::try_from(RING).unwrap() {
            recent.note(0, heard(unix, SEATED));
        }
        let knows = |id| !recent.of(MemberId::new(id).unwrap()).is_empty();
        assert!(knows(members) && knows(members - 4095) && !knows(2));
        let RecordRing { refusals: Refusals { newer, older }, .. } = &*recent.rings[0].lock();
        assert!(newer.len() < MAX_REFUSALS && older.len() == MAX_REFUSALS);
    }

    #[test]
    fn members_of_one_ring_do_not_see_each_other() {
        let recent = RecentRecords::new();
        recent.note(0, heard(1, SEATED));
        assert_eq!(recent.of(MemberId::new(17).unwrap()), []);
    }

    #[test]
    fn what_several_workers_heard_comes_in_the_order_of_time() {
        let recent = RecentRecords::new();
        for unix in [3, 1, 4, 2] {
            recent.note(usize::try_from(unix).unwrap(), heard(unix, SEATED));
        }
        let times: Vec<u32> =
            recent.of(MemberId::new(1).unwrap()).iter().map(|heard| heard.unix).collect();
        assert_eq!(times, [1, 2, 3, 4]);
    }

    const SEATED: AnnounceResult =
        AnnounceResult::Seated { side: Side::Inside, peers: 3, warning: None };

    fn heard(unix: u32, outcome: AnnounceResult) -> AnnounceRecord {
        AnnounceRecord {
            member: MemberId::new(1).unwrap(),
            unix,
            info_hash: InfoHash([1; 20]),
            item: None,
            event: AnnounceEvent::None,
            left: 0,
            via: Via::Http,
            outcome,
        }
    }
}
