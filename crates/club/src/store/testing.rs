//! What unit tests need of a club.

use std::path::Path;
use std::sync::Arc;

use policy::{Aliases, Entitlements, ItemId, Roster};

use crate::store::database::Store;
use crate::store::image::{Image, Items, ListedItem, Live};
use crate::store::sqlite::Sqlite;
use crate::store::tx::Tx;
use crate::values::names::Names;
use crate::values::stamp::Stamp;

// The suite's own, because a crate of helpers that uses this one would be another crate than the one
// under test here.
#[path = "../../tests/suite/coded_error.rs"]
pub(crate) mod coded_error;
#[path = "../../tests/suite/watched.rs"]
pub(crate) mod watched;

/// An empty image.
pub(crate) fn live() -> Arc<Live> {
    Arc::new(Live::new(image()))
}

/// What an empty image is made of.
pub(crate) fn image() -> Image {
    Image {
        roster: Arc::new(Roster::default()),
        rights: Arc::new(Entitlements::default()),
        aliases: Arc::new(Aliases::default()),
        items: Arc::new(NoItems),
    }
}

/// A change by the admin.
pub(crate) fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: 1_800_000_000 }
}

/// A change by the admin on a new database in a folder.
pub(crate) async fn tx(folder: &Path) -> Tx {
    let store = Sqlite::open(&folder.join("club.db")).await.unwrap();
    Tx::new(store.writer().await.unwrap(), stamp(), Arc::new(Names::default()))
}

struct NoItems;

impl Items for NoItems {
    fn put(&self, _: &ListedItem) {}

    fn remove(&self, _: ItemId) {}
}
