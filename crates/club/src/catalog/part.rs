//! Collections: items that others come with.
//!
//! A collection is an item like any other, with files and prices of its own; its torrent holds all of them. Whoever buys
//! it has a right to each part as well. Deliberately absent: what an order gave, which are rights.

use policy::ItemId;

use crate::catalog::item::{self, Item};
use crate::catalog::item_row::{read, select_items};
use crate::store::club::Club;
use crate::store::sql::{Connection, SqlResult};
use crate::store::tx::Tx;
use crate::values::error::Error;

impl Club {
    /// The items that come with an item, in the publisher's order; at most [`MAX_PARTS`], none of which was removed.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn parts(&self, collection: ItemId) -> Result<Vec<Item>, Error> {
        Ok(parts(&mut *self.reader().await?, collection).await?)
    }

    /// The collections that an item comes with, the newest first; at most [`MAX_PARTS`].
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn collections_of(&self, part: ItemId) -> Result<Vec<Item>, Error> {
        let values = [part.0.into(), MOST.into()];
        Ok(self.reader().await?.all(COLLECTIONS, &values, read).await?)
    }
}

/// See [`Club::parts`].
pub(crate) async fn parts(db: &mut dyn Connection, collection: ItemId) -> SqlResult<Vec<Item>> {
    db.all(PARTS, &[collection.0.into(), MOST.into()], read).await
}

/// Sets the parts of an item, in place of those it has; an empty list makes it an ordinary item again. Parts are named
/// by name, id or info hash. Returns their names.
///
/// # Errors
///
/// There is no such item, or it was removed; a part is the collection itself or has parts; the collection is a part.
pub(crate) async fn set(
    tx: &mut Tx,
    collection: &Item,
    wanted: &[String],
) -> Result<Vec<String>, Error> {
    let id = collection.id.0.into();
    tx.execute("DELETE FROM part WHERE collection = $1", &[id]).await?;
    if let (false, Some(outer)) = (wanted.is_empty(), collection_of(tx, collection.id).await?) {
        return Err(Error::Nested { item: collection.name.clone(), collection: outer.name });
    }
    let mut names: Vec<String> = Vec::new();
    for (place, wanted) in (0_u32..).zip(wanted) {
        let part = item::find_live(tx, wanted).await?;
        if part.id == collection.id || !parts(tx, part.id).await?.is_empty() {
            return Err(Error::Nested { item: part.name, collection: collection.name.clone() });
        }
        if names.contains(&part.name) {
            continue;
        }
        let sql = "INSERT INTO part (collection, item, place) VALUES ($1, $2, $3)";
        tx.execute(sql, &[id, part.id.0.into(), place.into()]).await?;
        names.push(part.name);
    }
    Ok(names)
}

async fn collection_of(db: &mut dyn Connection, part: ItemId) -> SqlResult<Option<Item>> {
    db.one(COLLECTIONS, &[part.0.into(), 1_u32.into()], read).await
}

const PARTS: &str = select_items!(
    "part JOIN item ON item.id = part.item",
    "WHERE part.collection = $1 AND removed = 0 ORDER BY part.place LIMIT $2",
    ""
);
const COLLECTIONS: &str = select_items!(
    "part JOIN item ON item.id = part.collection",
    "WHERE part.item = $1 AND removed = 0 ORDER BY item.id DESC LIMIT $2",
    ""
);

/// The most parts of a collection.
pub const MAX_PARTS: usize = 200;
const MOST: u32 = 200;
