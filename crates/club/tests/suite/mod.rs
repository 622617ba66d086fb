//! What every store must do, told as facts about the club that stands on it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use club::{
    Club, Error, Fault, Image, Items, ListedItem, Loaded, Names, NewItem, NewMember, Stamp, Store,
};
use policy::{Aliases, Entitlements, ItemId, MemberId, PolicyId, Right, Roster, Standing};
use wire::InfoHash;

pub(crate) mod admins;
pub(crate) mod catalogue;
pub(crate) mod changes;
mod coded_error;
pub(crate) mod collections;
pub(crate) mod entitlements;
pub(crate) mod erasure;
mod facts;
pub(crate) mod gifts;
pub(crate) mod goods;
pub(crate) mod held;
pub(crate) mod history;
pub(crate) mod imports;
pub(crate) mod items;
pub(crate) mod lists;
pub(crate) mod mail;
pub(crate) mod members;
pub(crate) mod model;
pub(crate) mod money;
pub(crate) mod payments;
pub(crate) mod pool;
pub(crate) mod post;
pub(crate) mod prices;
pub(crate) mod rebate;
pub(crate) mod refunds;
pub(crate) mod sign_ins;
pub(crate) mod standing;
pub(crate) mod terms;
pub(crate) mod texts;
pub(crate) mod tokens;
pub(crate) mod traffic;
pub(crate) mod versions;
pub(crate) mod visitors;
pub(crate) mod vouchers;
mod watched;
pub(crate) mod webhooks;
pub(crate) mod whose;

pub(crate) use facts::facts;

/// A club and its image.
pub(crate) struct House {
    pub(crate) club: Club,
    pub(crate) loaded: Loaded,
    pub(crate) shelf: Arc<Shelf>,
    roster: Arc<Roster>,
    rights: Arc<Entitlements>,
    pub(crate) aliases: Arc<Aliases>,
}

impl House {
    pub(crate) async fn open(store: Arc<dyn Store>) -> Self {
        let (roster, rights, shelf) = <(Arc<Roster>, Arc<Entitlements>, Arc<Shelf>)>::default();
        let aliases = Arc::<Aliases>::default();
        let image = Image {
            roster: roster.clone(),
            rights: rights.clone(),
            aliases: aliases.clone(),
            items: shelf.clone(),
        };
        let (club, loaded) = Club::open(store, image, names()).await.unwrap();
        Self { club, loaded, shelf, roster, rights, aliases }
    }

    pub(crate) async fn add_member(&self, name: &str) -> MemberId {
        let new = NewMember { name: name.to_owned(), tier: "fan".to_owned(), tier_until: None };
        self.club.add_member(&stamp(), new).await.unwrap().id
    }

    pub(crate) async fn add_item(&self, name: &str, hashes: &[u8]) -> ItemId {
        self.club.add_item(&stamp(), new_item(name, hashes)).await.unwrap().id
    }

    pub(crate) fn standing(&self, id: MemberId) -> Standing {
        self.roster.standing(id).unwrap()
    }

    pub(crate) fn right(&self, item: ItemId, member: MemberId) -> Option<Right> {
        self.rights.right(item, member)
    }
}

/// The items as the announce path would know them.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<BTreeMap<InfoHash, (ItemId, Option<PolicyId>)>>);

impl Shelf {
    pub(crate) fn item(&self, hash: u8) -> Option<(ItemId, Option<PolicyId>)> {
        self.0.lock().unwrap().get(&InfoHash([hash; 20])).copied()
    }

    pub(crate) fn has(&self, hash: &InfoHash) -> bool {
        self.0.lock().unwrap().contains_key(hash)
    }
}

impl Items for Shelf {
    fn put(&self, item: &ListedItem) {
        let hashes = item.info_hashes.iter().map(|hash| (*hash, (item.id, item.policy)));
        self.0.lock().unwrap().extend(hashes);
    }

    fn remove(&self, item: ItemId) {
        self.0.lock().unwrap().retain(|_, (known, _)| *known != item);
    }
}

pub(crate) const NOW: u32 = 1_800_000_000;

pub(crate) fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: NOW }
}

pub(crate) fn names() -> Names {
    Names::counted(&["outsider", "fan", "patron"], &["free", "priority", "club"])
}

pub(crate) fn new_item(name: &str, hashes: &[u8]) -> NewItem {
    NewItem {
        name: name.to_owned(),
        title: format!("The {name}"),
        policy: "priority".to_owned(),
        info_hashes: hashes.iter().map(|byte| InfoHash([*byte; 20])).collect(),
        size_bytes: Some(700 << 20),
        private: true,
    }
}

#[track_caller]
pub(crate) fn check_refused<T: std::fmt::Debug>(
    result: Result<T, Error>,
    fault: Fault,
    text: &str,
) {
    let error = result.unwrap_err();
    assert_eq!((error.fault(), error.to_string().as_str()), (fault, text));
}
