//! Who is entitled to which item, until when.

use std::hash::BuildHasher as _;

use dashmap::{DashMap, SharedValue};
use foldhash::fast::RandomState;

use crate::{Generation, ItemId, MemberId};

/// A member's right to one item, or to all, and the turn of the member's key for that item.
///
/// A right that never was or is over may still stand here for its key's sake: a member with a
/// tier that is entitled to all holds torrents with keys of their own too, and may rotate one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Right {
    /// When the right ends, in Unix seconds; `u32::MAX` for never, 0 for no right,
    /// [`REVOKED`](Self::REVOKED) or [`REFUNDED`](Self::REFUNDED) where it ended otherwise.
    pub until: u32,
    /// The turn of the item-bound key that opens.
    pub generation: Generation,
    /// Until when the generation before still answers, with a warning, in Unix seconds; 0 where it
    /// does not. Kept in whole days and rounded up: to the end of a UTC day.
    pub old_key_until: u32,
}

impl Right {
    /// The end of a right that was taken back: its member is refused where a right is needed.
    pub const REVOKED: u32 = 1;
    /// The end of a right that was paid back: as one that ran out long ago.
    pub const REFUNDED: u32 = 2;

    /// Whether the right is in force.
    pub const fn is_live(self, now_unix: u32) -> bool {
        now_unix < self.until
    }

    /// Whether there was a right that ran out.
    pub const fn has_lapsed(self, now_unix: u32) -> bool {
        self.until > Self::REVOKED && self.until <= now_unix
    }

    /// Whether there was a right that was taken back.
    pub const fn is_revoked(self) -> bool {
        self.until == Self::REVOKED
    }
}

/// All members' rights to items: 16 bytes each and the table's slack, 29 together at five million.
///
/// The map is sharded: reading takes one shard's lock for the time of a look-up, and nothing that
/// it returns holds one.
#[derive(Debug, Default)]
pub struct Entitlements {
    rights: DashMap<u64, u64, RandomState>,
}

impl Entitlements {
    /// Makes room for so many rights beforehand: filling it then moves none.
    pub fn with_capacity(rights: usize) -> Self {
        Self { rights: DashMap::with_capacity_and_hasher(rights, RandomState::default()) }
    }

    /// Gives a member a right to an item, or to all of them ([`ItemId::ANY`]), instead of any
    /// before: a read that starts after this returns sees it.
    pub fn set(&self, item: ItemId, member: MemberId, right: Right) {
        self.rights.insert(key(item, member), pack(right));
    }

    /// Gives many rights, as [`set`](Self::set) gives one, with a lock for each shard: the processor
    /// then waits for the memory of several at once. Where one stands there twice the last counts.
    pub fn set_all(&self, rights: impl IntoIterator<Item = (ItemId, MemberId, Right)>) {
        let hasher = self.rights.hasher();
        let mut shards = vec![Vec::new(); self.rights.shards().len()];
        for (item, member, right) in rights {
            let key = key(item, member);
            let hash = hasher.hash_one(key);
            let shard = self.rights.determine_map(&key);
            if let Some(shard) = shards.get_mut(shard) {
                shard.push((hash, key, pack(right)));
            }
        }
        for (shard, rights) in self.rights.shards().iter().zip(shards) {
            let mut shard = shard.write();
            for (hash, key, word) in rights {
                match shard.get_mut(hash, |(other, _)| *other == key) {
                    Some((_, there)) => *there.get_mut() = word,
                    None => {
                        let entry = (key, SharedValue::new(word));
                        shard.insert(hash, entry, |(key, _)| hasher.hash_one(key));
                    }
                }
            }
        }
    }

    /// Ends a right at once, without a trace of it having lapsed. The generation of its key stays,
    /// lest a key once burnt answers again when a new right is given.
    pub fn revoke(&self, item: ItemId, member: MemberId) {
        self.rights.alter(&key(item, member), |_, right| pack(Right { until: 0, ..unpack(right) }));
        self.rights.remove_if(&key(item, member), |_, right| unpack(*right) == Right::default());
    }

    /// A member's right to an item; that to all items is one of its own.
    pub fn right(&self, item: ItemId, member: MemberId) -> Option<Right> {
        self.rights.view(&key(item, member), |_, right| unpack(*right))
    }

    /// How many rights stand here, those that are over included. O(shards).
    pub fn len(&self) -> usize {
        self.rights.len()
    }

    /// Whether none stands here. O(shards).
    pub fn is_empty(&self) -> bool {
        self.rights.is_empty()
    }
}

fn key(item: ItemId, member: MemberId) -> u64 {
    u64::from(item.0) << 32 | u64::from(member.value())
}

fn pack(right: Right) -> u64 {
    // Every `u32` of seconds is less than 2^16 days.
    let days = right.old_key_until.div_ceil(DAY_SECS);
    u64::from(right.until) << 32 | u64::from(right.generation.0) << 16 | u64::from(days)
}

fn unpack(word: u64) -> Right {
    let [a, b, c, d, e, f, g, h] = word.to_be_bytes();
    let days = u32::from(u16::from_be_bytes([g, h]));
    Right {
        until: u32::from_be_bytes([a, b, c, d]),
        generation: Generation(u16::from_be_bytes([e, f])),
        old_key_until: days.saturating_mul(DAY_SECS),
    }
}

const DAY_SECS: u32 = 86_400;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rights_are_by_item_and_member() {
        let rights = Entitlements::with_capacity(1);
        rights.set(ItemId(1), member(7), forever());
        assert_eq!(rights.right(ItemId(1), member(7)), Some(forever()));
        assert_eq!(rights.right(ItemId(7), member(1)), None);
        assert_eq!(rights.right(ItemId::ANY, member(7)), None);
        assert_eq!(rights.len(), 1);
    }

    #[test]
    fn many_at_once_are_as_one_after_another() {
        let rights = Entitlements::default();
        rights.set(ItemId(1), member(7), Right::default());
        let many = (1..=1000).map(|id| (ItemId(id % 10), member(id), forever()));
        rights.set_all(many.clone().chain([(ItemId(2), member(2), Right::default())]));
        assert_eq!(rights.len(), 1001);
        for (item, id, right) in many.filter(|(_, id, _)| *id != member(2)) {
            assert_eq!(rights.right(item, id), Some(right));
        }
        assert_eq!(rights.right(ItemId(2), member(2)), Some(Right::default()));
        rights.revoke(ItemId(3), member(3));
        assert_eq!(rights.right(ItemId(3), member(3)), None);
    }

    #[test]
    fn a_right_ends_at_its_second() {
        let right = Right { until: 1000, ..Right::default() };
        assert!(right.is_live(999) && !right.has_lapsed(999));
        assert!(!right.is_live(1000) && right.has_lapsed(1000));
        assert!(forever().is_live(u32::MAX - 1));
        assert!(!Right::default().is_live(0) && !Right::default().has_lapsed(u32::MAX));
    }

    #[test]
    fn a_right_that_was_taken_back_is_told_from_one_that_ran_out() {
        let ended = |until| Right { until, ..Right::default() };
        let [none, revoked, refunded] = [0, Right::REVOKED, Right::REFUNDED].map(ended);
        for (right, state) in [(none, (false, false)), (revoked, (true, false))] {
            assert_eq!((right.is_revoked(), right.has_lapsed(1000)), state);
        }
        assert_eq!((refunded.is_revoked(), refunded.has_lapsed(1000)), (false, true));
        assert!(!revoked.is_live(1000) && !refunded.is_live(1000));
    }

    #[test]
    fn revoking_keeps_the_generation_of_a_rotated_key() {
        let rights = Entitlements::default();
        let rotated = Right { generation: Generation(3), ..forever() };
        rights.set(ItemId(1), member(7), rotated);
        rights.set(ItemId(2), member(7), forever());
        for item in [1, 2, 3] {
            rights.revoke(ItemId(item), member(7));
        }
        let ended = Right { until: 0, ..rotated };
        assert_eq!(rights.right(ItemId(1), member(7)), Some(ended));
        assert_eq!(rights.right(ItemId(2), member(7)), None);
        assert!(!rights.is_empty());
        assert_eq!(rights.len(), 1);
    }

    proptest! {
        #[test]
        fn packing_keeps_all_but_the_hour(until: u32, generation: u16, old_key_until: u32) {
            let right = Right { until, generation: Generation(generation), old_key_until };
            let kept = unpack(pack(right));
            prop_assert_eq!((kept.until, kept.generation), (right.until, right.generation));
            let rounded = old_key_until.div_ceil(86_400).saturating_mul(86_400);
            prop_assert_eq!(kept.old_key_until, rounded);
        }
    }

    fn member(id: u32) -> MemberId {
        MemberId::new(id).unwrap()
    }

    fn forever() -> Right {
        Right { until: u32::MAX, ..Right::default() }
    }
}
