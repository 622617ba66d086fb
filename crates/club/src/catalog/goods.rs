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
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, unreadable};
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
    /// The item whose file or folder it is, offered or not.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn item_at(&self, root: &Path) -> Result<Option<ItemId>, Error> {
        let root = Value::Bytes(root.as_os_str().as_bytes());
        let sql = "SELECT item FROM goods WHERE root = $1 LIMIT 1";
        let found = self.reader().await?.one(sql, &[root], |row| row.number(0)).await?;
        Ok(found.map(ItemId))
    }

    /// Whether a side-car, by its digest, is not the one that was heeded last. Of an item from before there
    /// were digests, the first one is taken for it.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn is_new_side_car(&self, item: ItemId, digest: [u8; 32]) -> Result<bool, Error> {
        let sql = "SELECT side_car FROM goods WHERE item = $1";
        let read = |row: &dyn Row| Ok(row.bytes(0)?.map(<[u8]>::to_vec));
        let known = self.reader().await?.one(sql, &[item.0.into()], read).await?.flatten();
        match known {
            Some(known) if known.is_empty() => {
                self.keep_side_car(item, digest).await?;
                Ok(false)
            }
            known => Ok(known.is_none_or(|known| known != digest)),
        }
    }

    /// Notes which side-car was heeded.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn keep_side_car(&self, item: ItemId, digest: [u8; 32]) -> Result<(), Error> {
        let sql = "UPDATE goods SET side_car = $2 WHERE item = $1";
        self.write(move |db| {
            Box::pin(async move {
                db.execute(sql, &[item.0.into(), Value::Bytes(&digest)]).await?;
                Ok(())
            })
        })
        .await
    }
}

/// The torrent of an item's files; `None` where there are none.
pub(crate) async fn torrent_of(
    db: &mut dyn Connection,
    item: ItemId,
) -> SqlResult<Option<Torrent>> {
    db.one("SELECT torrent FROM goods WHERE item = $1", &[item.0.into()], |row| torrent(row, 0))
        .await
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

fn torrent(row: &dyn Row, column: usize) -> SqlResult<Torrent> {
    Torrent::read(row.bytes(column)?.unwrap_or_default())
        .map_err(|error| unreadable(column, &format!("a torrent: {error}")))
}

fn read(row: &dyn Row) -> SqlResult<Goods> {
    let bytes = row.bytes(2)?.unwrap_or_default().to_vec();
    let torrent = torrent(row, 2)?;
    // An empty path is that of no file.
    let path = row.text(7)?.as_bytes();
    let preview = torrent.files.iter().position(|file| file.path.as_bytes() == path);
    let root = OsString::from_vec(row.bytes(1)?.unwrap_or_default().to_vec());
    Ok(Goods {
        item: ItemId(row.number(0)?),
        root: root.into(),
        bytes,
        torrent,
        offer: read_offer(row, 3)?.ok_or_else(|| unreadable(3, "NULL"))?,
        preview,
        is_draft: row.number::<u8>(8)? == 1,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT goods.item, root, torrent, version, published, withdrawn, broken, \
             CASE visibility WHEN 'draft' THEN '' ELSE coalesce(preview, '') END, \
             CAST(CASE visibility WHEN 'draft' THEN 1 ELSE 0 END AS BIGINT) \
             FROM goods JOIN item ON item.id = goods.item ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "goods", sql: select!(""), read: |row| read(row).map(drop) };
const BY_ITEM: &str = select!("WHERE goods.item = $1");
