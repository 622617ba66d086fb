//! What members' announces were told of late, so that "why was I refused" has an answer.
//!
//! Bounded twice: a ring of recent announces, and the last refusal of each member who had one.

use std::collections::HashMap;

use parking_lot::Mutex;
use policy::{ItemId, MemberId, Refusal, Side, Warning};
use wire::{Event, InfoHash};

use crate::Via;

/// One announce of a member, and what it was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// Whose announce.
    pub member: MemberId,
    /// When, in Unix seconds.
    pub unix: u32,
    /// For which swarm.
    pub info_hash: InfoHash,
    /// Of which item, where it is one's.
    pub item: Option<ItemId>,
    /// What the client said had happened.
    pub event: Event,
    /// Bytes missing, by the client's word.
    pub left: u64,
    /// Over which transport.
    pub via: Via,
    /// The answer.
    pub told: Told,
}

/// What an announce was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
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

/// The recent announces of all members.
pub(crate) struct Recent {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    ring: Vec<Heard>,
    next: usize,
    refusals: HashMap<MemberId, Heard>,
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Remembers an announce, in place of the oldest where the ring is full.
    pub(crate) fn note(&self, heard: Heard) {
        let mut shard = self.shard(heard.member).lock();
        if matches!(heard.told, Told::Refused(_))
            && (shard.refusals.len() < MAX_REFUSALS || shard.refusals.contains_key(&heard.member))
        {
            shard.refusals.insert(heard.member, heard);
        }
        let next = shard.next;
        match shard.ring.get_mut(next) {
            Some(oldest) => *oldest = heard,
            None => shard.ring.push(heard),
        }
        shard.next = (next + 1) % RING;
    }

    /// What a member's announces were told, oldest first, the last refusal always among them.
    pub(crate) fn of(&self, member: MemberId) -> Vec<Heard> {
        let shard = self.shard(member).lock();
        let (newer, older) = shard.ring.split_at_checked(shard.next).unwrap_or((&shard.ring, &[]));
        let recent = older.iter().chain(newer).filter(|heard| heard.member == member).copied();
        let mut all: Vec<Heard> = recent.collect();
        if let Some(refusal) = shard.refusals.get(&member)
            && !all.contains(refusal)
        {
            all.insert(0, *refusal);
        }
        all
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder of 16 names one of 16 shards")]
    fn shard(&self, member: MemberId) -> &Mutex<Shard> {
        let index = usize::try_from(member.value()).unwrap_or(0) % SHARDS;
        &self.shards[index]
    }
}

/// Members whose number leaves the same remainder share a ring and its lock.
const SHARDS: usize = 16;
/// Announces remembered in each ring.
const RING: usize = 4096;
/// Members whose last refusal is remembered in each shard.
const MAX_REFUSALS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest() {
        let recent = Recent::new();
        for unix in 0..u32::try_from(RING).unwrap() + 10 {
            recent.note(heard(unix, SEATED));
        }
        let all = recent.of(MemberId::new(1).unwrap());
        assert_eq!(all.len(), RING);
        assert_eq!((all[0].unix, all[RING - 1].unix), (10, 4105));
    }

    #[test]
    fn a_refusal_outlives_the_ring() {
        let recent = Recent::new();
        recent.note(heard(7, Told::Refused(Refusal::TorrentUnknown)));
        for unix in 100..100 + u32::try_from(RING).unwrap() {
            recent.note(heard(unix, SEATED));
        }
        let all = recent.of(MemberId::new(1).unwrap());
        assert_eq!((all.len(), all[0].unix), (RING + 1, 7));
    }

    #[test]
    fn members_of_one_ring_do_not_see_each_other() {
        let recent = Recent::new();
        recent.note(heard(1, SEATED));
        assert_eq!(recent.of(MemberId::new(17).unwrap()), []);
    }

    const SEATED: Told = Told::Seated { side: Side::Inside, peers: 3, warning: None };

    fn heard(unix: u32, told: Told) -> Heard {
        Heard {
            member: MemberId::new(1).unwrap(),
            unix,
            info_hash: InfoHash([1; 20]),
            item: None,
            event: Event::None,
            left: 0,
            via: Via::Http,
            told,
        }
    }
}
