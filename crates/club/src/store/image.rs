//! The club's image in memory, which announces are judged by.
//!
//! It is written in the order of the commits: by the writer task, or while that pauses. Deliberately
//! absent: reading the store into it, which `load` does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use policy::{
    AliasHash, Aliases, Entitlements, ItemId, KeyGrant, MemberId, PolicyId, Right, Roster,
    Standing, TierId,
};
use tokio::sync::broadcast;
use wire::InfoHash;

use crate::store::goods_cache::GoodsCache;
use crate::values::key_generations::KeyGenerations;
use crate::values::names::Names;
use crate::values::news::ClubNews;

/// What the announce path knows of the club.
#[derive(Clone)]
pub struct Image {
    /// The standing of each member.
    pub roster: Arc<Roster>,
    /// Rights to items.
    pub rights: Arc<Entitlements>,
    /// Passkeys of other trackers.
    pub aliases: Arc<Aliases>,
    /// The items.
    pub items: Arc<dyn Items>,
}

/// Keeps what the announce path must know of each item. Called often while the club loads, and
/// must not block.
pub trait Items: Send + Sync {
    /// Adds an item, or replaces what was known of it: it has these info hashes and no others.
    fn put(&self, item: &ListedItem);

    /// Removes an item with its info hashes.
    fn remove(&self, item: ItemId);
}

/// An item as the announce path knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedItem {
    /// Its number.
    pub id: ItemId,
    /// One, or the two of a hybrid.
    pub info_hashes: Vec<InfoHash>,
    /// Size of the content, where known.
    pub size_bytes: Option<u64>,
    /// `None` where the configuration no longer has its policy: nobody may have the item then.
    pub policy: Option<PolicyId>,
    /// The lowest tier that has it without buying it; `None` too where the configuration has no
    /// tier of that name.
    pub tier: Option<TierId>,
}

/// What a change makes the image show.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// How many alerts are open.
    Alerts(u32),
    Alias(AliasHash, KeyGrant),
    Item(ListedItem),
    Keys(MemberId, KeyGenerations),
    Member(MemberId, Standing),
    News(ClubNews),
    RemovedItem(ItemId),
    Right(ItemId, MemberId, Right),
}

/// The image, and the configured names by which it is made.
pub(crate) struct Live {
    pub(crate) image: Image,
    pub(crate) goods: GoodsCache,
    names: ArcSwap<Names>,
    /// Those of the members who ever rotated a key.
    keys: RwLock<HashMap<MemberId, KeyGenerations>>,
    /// How many alerts are open.
    alerts: AtomicU32,
    news: broadcast::Sender<ClubNews>,
}

impl Live {
    /// An image with no names, until it is loaded.
    pub(crate) fn new(image: Image) -> Self {
        Self {
            image,
            goods: GoodsCache::default(),
            names: ArcSwap::default(),
            keys: RwLock::default(),
            alerts: AtomicU32::new(0),
            news: broadcast::Sender::new(MAX_NEWS),
        }
    }

    pub(crate) fn names(&self) -> Arc<Names> {
        self.names.load_full()
    }

    pub(crate) fn set_names(&self, names: Names) {
        self.names.store(Arc::new(names));
    }

    pub(crate) fn news(&self) -> broadcast::Receiver<ClubNews> {
        self.news.subscribe()
    }

    pub(crate) fn open_alerts(&self) -> u32 {
        self.alerts.load(Ordering::Relaxed)
    }

    pub(crate) fn key_generations(&self, member: MemberId) -> KeyGenerations {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&member).copied().unwrap_or_default()
    }

    /// Replaces those of all members.
    pub(crate) fn set_key_generations(&self, all: HashMap<MemberId, KeyGenerations>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// Puts in force what was committed.
    pub(crate) fn show(&self, shown: Shown) {
        let Image { roster, rights, aliases, items } = &self.image;
        match shown {
            Shown::Alerts(open) => self.alerts.store(open, Ordering::Relaxed),
            Shown::Alias(passkey, grant) => aliases.set(passkey, grant),
            Shown::Item(item) => {
                self.goods.clear();
                items.put(&item);
            }
            Shown::Keys(member, generations) => {
                let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                keys.insert(member, generations);
            }
            Shown::Member(member, standing) => roster.set(member, standing),
            // Where nobody listens it is not kept.
            Shown::News(news) => drop(self.news.send(news)),
            Shown::RemovedItem(item) => {
                self.goods.clear();
                items.remove(item);
            }
            Shown::Right(item, member, right) => rights.set(item, member, right),
        }
    }
}

/// ClubNews that a listener may be behind by; it loses older ones.
const MAX_NEWS: usize = 256;
