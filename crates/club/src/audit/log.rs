//! Who changed what, and when. Every change adds one row in its own transaction.

use policy::{ItemId, MemberId};

use crate::catalog::item;
use crate::members::member;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::values::error::Error;
use crate::values::name::ALL;
use crate::values::page::Page;

/// Who makes a change, and when.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// A name for the record: `admin`, a provider's, a member's.
    pub who: String,
    /// Unix seconds.
    pub now_unix: u32,
}

impl Stamp {
    /// Refuses an end that is not after this change.
    pub(crate) fn check_future(&self, until: Option<u32>) -> Result<(), Error> {
        match until {
            Some(until) if until <= self.now_unix => Err(Error::Ended { until }),
            _ => Ok(()),
        }
    }
}

/// A row of the record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRow {
    /// Its number; later rows have higher ones.
    pub id: u32,
    /// When, in Unix seconds.
    pub at: u32,
    /// By whom.
    pub who: String,
    /// The operation, as `member.add`.
    pub what: String,
    /// The member it touched.
    pub member: Option<MemberId>,
    /// The item it touched; [`ItemId::ANY`] for all of them.
    pub item: Option<ItemId>,
    /// What a person would want to know of it.
    pub detail: String,
}

impl Club {
    /// The record, oldest first.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn audit(&self, page: Page) -> Result<Vec<AuditRow>, Error> {
        self.audit_of(None, None, page).await
    }

    /// The record of what touched a member, an item, or both, oldest first.
    ///
    /// # Errors
    ///
    /// There is no such member or item; the database does not answer.
    pub async fn audit_of(
        &self,
        member: Option<&str>,
        item: Option<&str>,
        page: Page,
    ) -> Result<Vec<AuditRow>, Error> {
        let mut db = self.reader().await?;
        let member = match member {
            Some(member) => member::find(&mut *db, member).await?.id.value(),
            None => 0,
        };
        let item = match item {
            None => -1,
            Some(ALL) => ItemId::ANY.0.into(),
            Some(item) => item::find(&mut *db, item).await?.id.0.into(),
        };
        let values =
            [page.after.into(), page.limit().into(), member.into(), Value::Int(Some(item))];
        Ok(db.all(ROWS, &values, read).await?)
    }
}

/// What a change leaves in the record.
pub(crate) struct Entry<'a> {
    pub(crate) what: &'static str,
    pub(crate) member: Option<MemberId>,
    pub(crate) item: Option<ItemId>,
    pub(crate) detail: &'a str,
}

/// Adds a row to the record.
pub(crate) async fn record(
    db: &mut dyn Connection,
    stamp: &Stamp,
    entry: Entry<'_>,
) -> Result<(), Error> {
    db.execute(
        "INSERT INTO audit (at, who, what, member, item, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            stamp.now_unix.into(),
            stamp.who.as_str().into(),
            entry.what.into(),
            entry.member.map(MemberId::value).into(),
            entry.item.map(|item| item.0).into(),
            entry.detail.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &dyn Row) -> SqlResult<AuditRow> {
    Ok(AuditRow {
        id: row.number(0)?,
        at: row.number(1)?,
        who: row.text(2)?.to_owned(),
        what: row.text(3)?.to_owned(),
        member: row.optional::<u32>(4)?.and_then(MemberId::new),
        item: row.optional(5)?.map(ItemId),
        detail: row.text(6)?.to_owned(),
    })
}

const ROWS: &str = "SELECT id, at, who, what, member, item, detail FROM audit WHERE id > $1 \
     AND (CAST($3 AS BIGINT) = 0 OR member = $3) AND (CAST($4 AS BIGINT) < 0 OR item = $4) \
     ORDER BY id LIMIT $2";
