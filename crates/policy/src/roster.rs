//! What the announce path must know of each member: a dense table by member id.
//!
//! A member is two words. The first holds all that decides about the present key, so that a reader
//! sees one standing or the other and never a mixture. The second names the one older key that
//! still answers, by its generation, and is written before the first: who reads a new first word
//! finds the second that belongs to it, and who reads an old one can only find that an older key
//! is no longer, or not yet, accepted. Deliberately absent: names, money, and the reasons for it all.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::record::Record;
use crate::{Generation, MemberId, TierId};

/// Where a member stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The best tier held.
    pub tier: TierId,
    /// When that ends, in Unix seconds; `u32::MAX` for never.
    pub until: u32,
    /// The next best tier, held from then on.
    pub then: TierId,
    /// Whether the account may be used at all.
    pub state: MemberState,
    /// The turn of the member's key that opens.
    pub generation: Generation,
    /// Until when the generation before still answers, with a warning, in Unix seconds; 0 where it
    /// does not.
    pub old_key_until: u32,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MemberState {
    /// It may.
    Active,
    /// It was closed for good.
    Removed,
    /// It may not, for now.
    Suspended,
}

/// All members' standings: 16 bytes each, in chunks that are made when first written to.
///
/// Reading takes no lock; writers wait for each other.
#[derive(Debug)]
pub struct Roster {
    chunks: Box<[OnceLock<Box<[Record]>>]>,
    writer: Mutex<()>,
}

impl Roster {
    /// Makes an empty roster, of some 100 KiB.
    pub fn new() -> Self {
        Self { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(), writer: Mutex::new(()) }
    }

    /// Lets a member stand so from now on: a read that starts after this returns sees it.
    pub fn set(&self, member: MemberId, standing: Standing) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (chunk, place) = locate(member);
        let chunk = self.chunks.get(chunk).map(|chunk| chunk.get_or_init(new_chunk));
        if let Some(record) = chunk.and_then(|chunk| chunk.get(place)) {
            record.write(standing);
        }
    }

    /// Where a member stands; `None` for one never heard of.
    pub fn standing(&self, member: MemberId) -> Option<Standing> {
        let (chunk, place) = locate(member);
        self.chunks.get(chunk)?.get()?.get(place)?.read()
    }
}

impl Default for Roster {
    fn default() -> Self {
        Self::new()
    }
}

/// The chunk a member is in, and the place in it: both in range for every id there can be.
fn locate(member: MemberId) -> (usize, usize) {
    let [_, a, b, c] = member.value().to_be_bytes();
    let place = u16::from_be_bytes([b & 0x0f, c]);
    (usize::from(a) << 4 | usize::from(b >> 4), usize::from(place))
}

#[cold]
fn new_chunk() -> Box<[Record]> {
    (0..CHUNK_LEN).map(|_| Record::default()).collect()
}

/// 4096 chunks of 4096 members hold every [`MemberId`].
const CHUNKS: usize = 4096;
const CHUNK_LEN: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_where_they_were_put() {
        let roster = Roster::new();
        let ids = [1, 2, 4095, 4096, 4097, 1_000_000, MemberId::MAX];
        for id in ids {
            assert_eq!(roster.standing(member(id)), None);
            roster.set(member(id), standing(id));
        }
        for id in ids {
            assert_eq!(roster.standing(member(id)), Some(standing(id)));
        }
        assert_eq!(roster.standing(member(3)), None);
    }

    #[test]
    fn the_last_write_counts() {
        let roster = Roster::new();
        roster.set(member(7), standing(1));
        let suspended = Standing { state: MemberState::Suspended, ..standing(2) };
        roster.set(member(7), suspended);
        assert_eq!(roster.standing(member(7)), Some(suspended));
    }

    #[test]
    fn a_member_takes_16_bytes() {
        assert_eq!(size_of::<Record>(), 16);
    }

    fn member(id: u32) -> MemberId {
        MemberId::new(id).unwrap()
    }

    fn standing(until: u32) -> Standing {
        Standing {
            tier: TierId::new(3).unwrap(),
            until,
            then: TierId::new(1).unwrap(),
            state: MemberState::Active,
            generation: Generation(4),
            old_key_until: 9,
        }
    }
}
