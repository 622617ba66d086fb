//! Items that are for sale and whose files are not served here: somebody else must seed them.

use policy::ItemId;

use crate::store::club::Club;
use crate::values::error::Error;

impl Club {
    /// Items with a price whose files are not here, or broken: the first 1000, by number.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn items_without_files(&self) -> Result<Vec<ItemId>, Error> {
        let read = |row: &dyn crate::store::sql::Row| Ok(ItemId(row.number(0)?));
        Ok(self.reader().await?.all(WITHOUT_FILES, &[], read).await?)
    }
}

const WITHOUT_FILES: &str = "SELECT item.id FROM item LEFT JOIN goods ON goods.item = item.id \
     WHERE item.removed = 0 AND (item.torrent_price > 0 OR item.direct_price > 0) \
     AND (goods.item IS NULL OR (goods.withdrawn = 0 AND goods.broken <> '')) \
     ORDER BY item.id LIMIT 1000";
