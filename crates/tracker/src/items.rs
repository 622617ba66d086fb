//! The items whose swarms are run here, by id.
//!
//! A dense table in chunks, so that an announce finds its item by two loads and no lock. Ids come
//! from the store, which counts up from 1 and never uses one twice.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arrayvec::ArrayVec;
use parking_lot::Mutex;
use policy::{ItemId, ItemRules, PolicyId, TierId};
use wire::InfoHash;

use crate::guard_watch::GuardWatch;

/// All items.
pub(crate) struct ItemTable {
    chunks: Box<[OnceLock<Box<[ItemEntry]>>]>,
}

/// One item, as far as its swarm is concerned.
#[derive(Default)]
pub(crate) struct ItemEntry {
    /// The policy's number and one more or [`CLOSED`], above 8 bits the tier's and one more or 0; 0
    /// in all where there is no such item.
    rule: AtomicU32,
    size: AtomicU64,
    hashes: Mutex<ArrayVec<InfoHash, 2>>,
    /// In Unix seconds; 0 before the first.
    last_announce: AtomicU32,
    /// Guards against starving outsiders.
    pub(crate) guard: GuardWatch,
}

/// What an item is registered with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registration {
    /// Its number, from 1.
    pub id: ItemId,
    /// One info hash, or the two of a hybrid torrent, the first version's first.
    pub hashes: ArrayVec<InfoHash, 2>,
    /// How its swarm is run; `None` for an item that nobody may have.
    pub policy: Option<PolicyId>,
    /// The lowest tier that is entitled to it, if any is to it alone.
    pub tier: Option<TierId>,
    /// Bytes of its content, 0 where not known.
    pub size: u64,
}

impl ItemTable {
    pub(crate) fn new() -> Self {
        Self { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect() }
    }

    /// Takes an item in, or changes it; false where its number is past the last one there can be.
    pub(crate) fn set(&self, item: &Registration) -> bool {
        let (chunk, place) = split(item.id);
        let Some(chunk) = self.chunks.get(chunk) else { return false };
        let chunk = chunk.get_or_init(|| (0..CHUNK).map(|_| ItemEntry::default()).collect());
        let Some(slot) = chunk.get(place) else { return false };
        slot.hashes.lock().clone_from(&item.hashes);
        slot.size.store(item.size, Ordering::Relaxed);
        let tier = item.tier.map_or(0, |tier| u32::from(tier.value()) + 1);
        // Release: who sees the rule sees the rest as well.
        let policy = item.policy.map_or(CLOSED, |policy| policy.value() + 1);
        slot.rule.store(tier << 8 | u32::from(policy), Ordering::Release);
        true
    }

    /// Forgets an item; returns the hashes it had.
    pub(crate) fn remove(&self, id: ItemId) -> ArrayVec<InfoHash, 2> {
        let Some(item) = self.get(id) else { return ArrayVec::new() };
        item.rule.store(0, Ordering::Release);
        item.guard.reset();
        item.last_announce.store(0, Ordering::Relaxed);
        std::mem::take(&mut item.hashes.lock())
    }

    /// The item of that number; `None` where there is none.
    pub(crate) fn get(&self, id: ItemId) -> Option<&ItemEntry> {
        let (chunk, place) = split(id);
        let item = self.chunks.get(chunk)?.get()?.get(place)?;
        (item.rule.load(Ordering::Acquire) != 0).then_some(item)
    }

    /// Every item there is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ItemId, &ItemEntry)> {
        let numbered = self.chunks.iter().zip(0_u32..).flat_map(|(chunk, number)| {
            chunk.get().into_iter().flatten().zip(number * CHUNK_U32..)
        });
        numbered
            .map(|(item, id)| (ItemId(id), item))
            .filter(|(_, item)| item.rule.load(Ordering::Acquire) != 0)
    }
}

impl ItemEntry {
    /// What decides who may join; `None` where the item was just removed. `id` is its own.
    pub(crate) fn view(&self, id: ItemId) -> Option<ItemRules> {
        let [_, _, tier, policy] = self.rule.load(Ordering::Relaxed).to_be_bytes();
        let policy = PolicyId::new(policy.checked_sub(1)?);
        Some(ItemRules { id, policy, tier: tier.checked_sub(1).and_then(TierId::new) })
    }

    /// How the swarm is run; `None` where the item is closed, or was just removed.
    pub(crate) fn policy(&self) -> Option<PolicyId> {
        self.view(ItemId::ANY)?.policy
    }

    /// Bytes of the content; `None` where not known.
    pub(crate) fn size(&self) -> Option<u64> {
        Some(self.size.load(Ordering::Relaxed)).filter(|size| *size > 0)
    }

    /// Notes that a client announced. A load, and a store once a second.
    pub(crate) fn announced(&self, now_unix: u32) {
        if self.last_announce.load(Ordering::Relaxed) != now_unix {
            self.last_announce.store(now_unix, Ordering::Relaxed);
        }
    }

    /// When a client announced last, in Unix seconds.
    pub(crate) fn last_announce(&self) -> Option<u32> {
        Some(self.last_announce.load(Ordering::Relaxed)).filter(|unix| *unix > 0)
    }

    /// The info hashes of the item's torrent.
    pub(crate) fn hashes(&self) -> ArrayVec<InfoHash, 2> {
        self.hashes.lock().clone()
    }
}

fn split(id: ItemId) -> (usize, usize) {
    let id = usize::try_from(id.0).unwrap_or(usize::MAX);
    (id / CHUNK, id % CHUNK)
}

/// In the tag of a swarm, beside the item's number: the swarm is that of the second info hash of a
/// hybrid torrent.
pub(crate) const SECOND_HASH: u32 = 1 << 31;
/// Instead of a policy's number and one more: more than any has.
const CLOSED: u8 = u8::MAX;
/// Four million items, in chunks of a thousand.
const CHUNKS: usize = 4096;
const CHUNK: usize = 1024;
const CHUNK_U32: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_by_its_number_until_it_is_removed() {
        let items = ItemTable::new();
        for id in [1, 1023, 1024, 4_194_303] {
            assert!(items.set(&registration(id)));
            let item = items.get(ItemId(id)).unwrap();
            assert_eq!((item.policy(), item.size()), (PolicyId::new(2), Some(7)));
            assert_eq!(item.view(ItemId(id)).unwrap().tier, TierId::new(63));
        }
        let ids: Vec<u32> = items.iter().map(|(id, _)| id.0).collect();
        assert_eq!(ids, [1, 1023, 1024, 4_194_303]);

        assert_eq!(items.remove(ItemId(1023)).as_slice(), [InfoHash([1; 20])]);
        assert!(items.get(ItemId(1023)).is_none());
        assert!(items.remove(ItemId(1023)).is_empty());
    }

    #[test]
    fn a_closed_item_is_there_and_no_policy_s() {
        let items = ItemTable::new();
        assert!(items.set(&Registration { policy: None, ..registration(7) }));
        let item = items.get(ItemId(7)).unwrap();
        assert_eq!(item.policy(), None);
        assert_eq!(item.view(ItemId(7)).unwrap().policy, None);
    }

    #[test]
    fn a_number_past_the_last_is_refused() {
        let items = ItemTable::new();
        assert!(!items.set(&registration(4_194_304)));
        assert!(items.get(ItemId(4_194_304)).is_none());
        assert!(items.get(ItemId(0)).is_none());
    }

    fn registration(id: u32) -> Registration {
        let hashes = std::iter::once(InfoHash([1; 20])).collect();
        Registration {
            id: ItemId(id),
            hashes,
            policy: PolicyId::new(2),
            tier: TierId::new(63),
            size: 7,
        }
    }
}
