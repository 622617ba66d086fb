//! Which version of an item's torrent a member took last, so that a later one is news.

use std::collections::HashMap;

use policy::{ItemId, MemberId};

use crate::store::club::Club;
use crate::store::sql::Row;
use crate::values::error::Error;

/// What members took. Each operation fails where the database is unavailable.
impl Club {
    /// The version of each item that a member took last; at most 2000 items, the latest.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn taken(&self, member: MemberId) -> Result<HashMap<ItemId, u32>, Error> {
        let values = [member.value().into(), MAX_TAKEN.into()];
        let read = |row: &dyn Row| Ok((ItemId(row.number(0)?), row.number(1)?));
        Ok(self.reader().await?.all(OF_MEMBER, &values, read).await?.into_iter().collect())
    }

    /// Notes that a member takes a version of an item. Only what is not known yet is written.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn note_taken(
        &self,
        member: MemberId,
        item: ItemId,
        version: u32,
    ) -> Result<(), Error> {
        let values = [member.value().into(), item.0.into()];
        let mut db = self.reader().await?;
        let known = db.one(VERSION, &values, |row| row.number::<u32>(0)).await?;
        drop(db);
        if known.is_some_and(|known| known >= version) {
            return Ok(());
        }
        self.write(move |db| {
            Box::pin(async move {
                let values = [member.value().into(), item.0.into(), version.into()];
                db.execute(NOTE, &values).await?;
                Ok(())
            })
        })
        .await
    }
}

const OF_MEMBER: &str =
    "SELECT item, version FROM version_taken WHERE member = $1 ORDER BY item DESC LIMIT $2";
const VERSION: &str = "SELECT version FROM version_taken WHERE member = $1 AND item = $2";
const NOTE: &str = "INSERT INTO version_taken (member, item, version) VALUES ($1, $2, $3) \
     ON CONFLICT (member, item) DO UPDATE SET version = excluded.version \
     WHERE version_taken.version < excluded.version";
const MAX_TAKEN: u32 = 2000;
