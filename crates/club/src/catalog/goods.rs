//! Goods: the files of an item that the publisher serves, and the torrent that was made of them.
//!
//! Deliberately absent: the files themselves, which whoever serves them opens.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

use metainfo::Torrent;
use policy::ItemId;

use crate::store::club::Club;
use crate::store::sql::{Reading, Row, SqlResult, Value, unreadable};
use crate::values::error::Error;
use crate::values::goods::{Goods, Offer};

impl Club {
    /// An item's files; `None` where there is no such item, or only its info hashes are known.
    ///
    /// Those asked for of late are in memory, and a change through this club shows at once.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn goods(&self, item: ItemId) -> Result<Option<Arc<Goods>>, Error> {
        let cache = &self.live().goods;
        let edition = cache.edition();
        if let Some(found) = cache.find(edition, item) {
            return Ok(Some(found));
        }
        let read = self.reader().await?.one(BY_ITEM, &[item.0.into()], read).await?;
        let Some(goods) = read.map(Arc::new) else { return Ok(None) };
        cache.keep(edition, &goods);
        Ok(Some(goods))
    }
}

impl Club {
    /// Whether a file or folder is that of an item, offered or not.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn is_published(&self, root: &Path) -> Result<bool, Error> {
        let root = Value::Bytes(root.as_os_str().as_bytes());
        let sql = "SELECT item FROM goods WHERE root = $1 LIMIT 1";
        let found = self.reader().await?.one(sql, &[root], |row| row.number::<u32>(0)).await?;
        Ok(found.is_some())
    }
}

/// Reads version, publication, withdrawal and defect; all NULL where there are no files.
pub(crate) fn read_offer(row: &dyn Row, column: usize) -> SqlResult<Option<Offer>> {
    let Some(version) = row.optional(column)? else { return Ok(None) };
    Ok(Some(Offer {
        version,
        published: row.number(column + 1)?,
        withdrawn: row.number::<u8>(column + 2)? != 0,
        broken: Some(row.text(column + 3)?.to_owned()).filter(|why| !why.is_empty()),
    }))
}

fn read(row: &dyn Row) -> SqlResult<Goods> {
    let bytes = row.bytes(2)?.unwrap_or_default().to_vec();
    let torrent =
        Torrent::read(&bytes).map_err(|error| unreadable(2, &format!("a torrent: {error}")))?;
    let root = OsString::from_vec(row.bytes(1)?.unwrap_or_default().to_vec());
    Ok(Goods {
        item: ItemId(row.number(0)?),
        root: root.into(),
        bytes,
        torrent,
        offer: read_offer(row, 3)?.ok_or_else(|| unreadable(3, "NULL"))?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT item, root, torrent, version, published, withdrawn, broken FROM goods ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "goods", sql: select!(""), read: |row| read(row).map(drop) };
const BY_ITEM: &str = select!("WHERE item = $1");
