//! The goods that were asked for last, in memory: the web seed needs them for each request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use policy::ItemId;

use crate::values::goods::Goods;

/// Goods by item, all read in the present edition of the store.
///
/// Any change of an item begins another edition and empties the cache: that is rare, and nothing
/// old can be put back by a reader who was late.
#[derive(Debug, Default)]
pub(crate) struct GoodsCache {
    edition: AtomicU64,
    kept: Mutex<CachedGoods>,
}

#[derive(Debug, Default)]
struct CachedGoods {
    edition: u64,
    bytes: usize,
    goods: HashMap<ItemId, Arc<Goods>>,
}

impl GoodsCache {
    /// The present edition, to be asked for before the store is read.
    pub(crate) fn edition(&self) -> u64 {
        // Acquire: pairs with `clear`, so that the store is read after the change that it follows.
        self.edition.load(Ordering::Acquire)
    }

    /// Begins another edition.
    pub(crate) fn clear(&self) {
        self.edition.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn find(&self, edition: u64, item: ItemId) -> Option<Arc<Goods>> {
        let kept = self.kept();
        if kept.edition == edition { kept.goods.get(&item).cloned() } else { None }
    }

    /// Keeps what was read, unless it is of another edition than what is here or to come.
    pub(crate) fn keep(&self, edition: u64, goods: &Arc<Goods>) {
        let mut kept = self.kept();
        if kept.edition > edition {
            return;
        }
        let size = goods.bytes.len();
        if kept.edition < edition || kept.bytes.saturating_add(size) > MAX_BYTES {
            *kept = CachedGoods { edition, ..CachedGoods::default() };
        }
        if kept.goods.insert(goods.item, Arc::clone(goods)).is_none() {
            kept.bytes += size;
        }
    }

    fn kept(&self) -> MutexGuard<'_, CachedGoods> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of torrents, as bytes; their file tables take some three times as much.
const MAX_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use metainfo::Torrent;

    use super::*;
    use crate::values::goods::Offer;

    #[test]
    fn what_is_kept_is_found_in_its_edition_alone() {
        let cache = GoodsCache::default();
        let before = cache.edition();
        cache.keep(before, &goods(1, 0));
        assert!(cache.find(before, ItemId(1)).is_some() && cache.find(before, ItemId(2)).is_none());
        cache.clear();
        let after = cache.edition();
        assert!(cache.find(after, ItemId(1)).is_none());
        cache.keep(after, &goods(1, 0));
        cache.keep(before, &goods(2, 0));
        assert!(cache.find(after, ItemId(1)).is_some() && cache.find(after, ItemId(2)).is_none());
    }

    #[test]
    fn the_cache_has_a_limit() {
        let cache = GoodsCache::default();
        let half = MAX_BYTES / 2;
        for item in [1, 2, 3] {
            cache.keep(0, &goods(item, half));
        }
        let found = [1, 2, 3].map(|item| cache.find(0, ItemId(item)).is_some());
        assert_eq!(found, [false, false, true]);
    }

    fn goods(item: u32, size: usize) -> Arc<Goods> {
        let torrent = b"d4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:\
                        aaaaaaaaaaaaaaaaaaaaee";
        Arc::new(Goods {
            preview: None,
            is_draft: false,
            item: ItemId(item),
            root: "/goods/a".into(),
            bytes: vec![0; size],
            torrent: Torrent::read(torrent).unwrap(),
            offer: Offer { version: 1, published: 0, withdrawn: false, broken: None },
        })
    }
}
