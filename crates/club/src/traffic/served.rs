//! What the publisher's own copy sent: to whom, of which item, by day.
//!
//! These are bytes that were written to a socket, no client's word.

use policy::{ItemId, MemberId};

use crate::members::member;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::values::error::Error;

/// Bytes sent in a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Served {
    /// Of what.
    pub item: ItemId,
    /// To whom; `None` for strangers, who may have free items.
    pub member: Option<MemberId>,
    /// Days since 1970, in UTC.
    pub day: u32,
    /// Bytes.
    pub bytes: u64,
}

impl Club {
    /// Adds to what was sent, in one transaction. Unlike clients' counters these are differences:
    /// each must come once.
    ///
    /// # Errors
    ///
    /// There is no such item; the database is unavailable. Nothing was added then.
    pub async fn add_served(&self, served: Vec<Served>) -> Result<(), Error> {
        self.write(move |db| Box::pin(async move { add(db, &served).await })).await
    }

    /// What was sent to a member since a day, by item and day: at most 100 000 rows, the
    /// latest.
    ///
    /// # Errors
    ///
    /// There is no such member; the database is unavailable.
    pub async fn served_to(&self, member: &str, since_day: u32) -> Result<Vec<Served>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        Ok(db.all(TO_MEMBER, &[member.into(), since_day.into(), MAX_ROWS.into()], read).await?)
    }

    /// What was sent to a member since a day, of all items: the bytes of each day, the first day first.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn served_by_day(
        &self,
        member: MemberId,
        since_day: u32,
    ) -> Result<Vec<(u32, u64)>, Error> {
        let values = [member.value().into(), since_day.into()];
        let read = |row: &dyn Row| Ok((row.number(0)?, row.number(1)?));
        Ok(self.reader().await?.all(BY_DAY, &values, read).await?)
    }

    /// All that was sent of each item to a member, by item.
    ///
    /// # Errors
    ///
    /// There is no such member; the database is unavailable.
    pub async fn served_by_item(&self, member: &str) -> Result<Vec<(ItemId, u64)>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        let read = |row: &dyn Row| Ok((ItemId(row.number(0)?), row.number(1)?));
        Ok(db.all(BY_ITEM, &[member.into()], read).await?)
    }

    /// All that was sent of an item, to members and strangers.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn served_in_all(&self, item: ItemId) -> Result<u64, Error> {
        let mut db = self.reader().await?;
        Ok(db.one(IN_ALL, &[item.0.into()], |row| row.number(0)).await?.unwrap_or(0))
    }

    /// What was sent of an item since a day, by member and day: at most 100 000 rows, the
    /// latest.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn served_of(&self, item: ItemId, since_day: u32) -> Result<Vec<Served>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(OF_ITEM, &[item.0.into(), since_day.into(), MAX_ROWS.into()], read).await?)
    }
}

async fn add(db: &mut dyn Connection, served: &[Served]) -> Result<(), Error> {
    for row in served {
        let bytes = i64::try_from(row.bytes).unwrap_or(i64::MAX);
        db.execute(
            "INSERT INTO served (item, member, day, bytes) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (item, member, day) DO UPDATE SET bytes = served.bytes + excluded.bytes",
            &[
                row.item.0.into(),
                row.member.map_or(0, MemberId::value).into(),
                row.day.into(),
                Value::Int(Some(bytes)),
            ],
        )
        .await?;
    }
    Ok(())
}

fn read(row: &dyn Row) -> SqlResult<Served> {
    Ok(Served {
        item: ItemId(row.number(0)?),
        member: MemberId::new(row.number(1)?),
        day: row.number(2)?,
        bytes: row.number(3)?,
    })
}

/// The most rows of one answer.
const MAX_ROWS: u32 = 100_000;
const BY_DAY: &str = "SELECT day, CAST(sum(bytes) AS BIGINT) FROM served \
     WHERE member = $1 AND day >= $2 GROUP BY day ORDER BY day";
const BY_ITEM: &str = "SELECT item, CAST(sum(bytes) AS BIGINT) FROM served \
                       WHERE member = $1 GROUP BY item ORDER BY item";
const IN_ALL: &str = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM served WHERE item = $1";
const OF_ITEM: &str = "SELECT item, member, day, bytes FROM served \
                       WHERE item = $1 AND day >= $2 ORDER BY day DESC LIMIT $3";
const TO_MEMBER: &str = "SELECT item, member, day, bytes FROM served \
                         WHERE member = $1 AND day >= $2 ORDER BY day DESC LIMIT $3";
