//! Who changed what, and when. Every change adds one row in its own transaction.

use policy::{ItemId, MemberId};

use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::page::Page;

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
    /// The database does not answer.
    pub async fn audit_of(
        &self,
        member: Option<MemberId>,
        item: Option<ItemId>,
        page: Page,
    ) -> Result<Vec<AuditRow>, Error> {
        let mut db = self.reader().await?;
        let member = member.map_or(0, MemberId::value);
        let item = Value::Int(Some(item.map_or(-1, |item| item.0.into())));
        let values = [page.after.into(), page.limit().into(), member.into(), item];
        Ok(db.all(ROWS, &values, read).await?)
    }
}

/// What a change leaves in the record.
pub(crate) struct LogEntry<'a> {
    pub(crate) what: &'static str,
    pub(crate) member: Option<MemberId>,
    pub(crate) item: Option<ItemId>,
    pub(crate) detail: &'a str,
}

/// Adds a row to the record.
pub(crate) async fn record(tx: &mut Tx, entry: LogEntry<'_>) -> Result<(), Error> {
    let who = tx.stamp.who.clone();
    tx.execute(
        "INSERT INTO audit (at, who, what, member, item, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            tx.now().into(),
            who.as_str().into(),
            entry.what.into(),
            entry.member.map(MemberId::value).into(),
            entry.item.map(|item| item.0).into(),
            entry.detail.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<AuditRow> {
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

/// Every row.
pub(crate) const ANY: &str = "SELECT id, at, who, what, member, item, detail FROM audit";
const ROWS: &str = "SELECT id, at, who, what, member, item, detail FROM audit WHERE id > $1 \
     AND (CAST($3 AS BIGINT) = 0 OR member = $3) AND (CAST($4 AS BIGINT) < 0 OR item = $4) \
     ORDER BY id LIMIT $2";
