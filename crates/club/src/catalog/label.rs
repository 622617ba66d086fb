//! The names and titles of all items, for lists that are kept in memory.

use policy::ItemId;

use crate::store::club::Club;
use crate::store::sql::{Row, SqlResult};
use crate::values::error::Error;

/// What an item is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemLabel {
    /// The item.
    pub id: ItemId,
    /// Unique among those not removed.
    pub name: String,
    /// For people.
    pub title: String,
}

impl Club {
    /// A number that changes whenever an item does, here or in another daemon that was caught up with.
    pub fn item_edition(&self) -> u64 {
        self.live().goods.edition()
    }

    /// What every item that was not removed is called, by id. O(n) in items.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn item_labels(&self) -> Result<Vec<ItemLabel>, Error> {
        Ok(self.reader().await?.all(LABELS, &[], read).await?)
    }
}

fn read(row: &dyn Row) -> SqlResult<ItemLabel> {
    Ok(ItemLabel {
        id: ItemId(row.number(0)?),
        name: row.text(1)?.to_owned(),
        title: row.text(2)?.to_owned(),
    })
}

const LABELS: &str = "SELECT id, name, title FROM item WHERE removed = 0 ORDER BY id";
