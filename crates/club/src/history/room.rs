//! Keeps the history within its size: what is older than its step is kept for goes, and at the limit the
//! finest and oldest.

use crate::history::point::HistoryStep;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult};
use crate::values::error::Error;

/// Room for the history. Each operation fails where the database is unavailable.
impl Club {
    /// Bytes that the history takes, its table's own ones included. O(rows).
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn history_bytes(&self) -> Result<u64, Error> {
        let mut db = self.reader().await?;
        Ok(bytes(&mut *db).await?)
    }

    /// Deletes intervals that are older than their step is kept for, and then, while the history takes more
    /// than `max_bytes`, the oldest minutes, then the oldest hours, then the oldest days. Returns the bytes
    /// that it takes then.
    ///
    /// # Errors
    ///
    /// See above; some may have been deleted.
    pub async fn trim_history(&self, now_unix: u32, max_bytes: u64) -> Result<u64, Error> {
        self.write(move |db| Box::pin(async move { Ok(expire(db, now_unix).await?) })).await?;
        let mut held = self.history_bytes().await?;
        for step in HistoryStep::ALL.into_iter().rev() {
            // Each turn deletes an interval at least, until none is left.
            while held > max_bytes {
                let excess = held - max_bytes;
                let freed =
                    self.write(move |db| Box::pin(async move { Ok(cut(db, step, excess).await?) }));
                match freed.await? {
                    0 => break,
                    freed => held = held.saturating_sub(freed),
                }
            }
        }
        Ok(held)
    }
}

async fn bytes(db: &mut dyn Connection) -> SqlResult<u64> {
    let (rows, bytes) = db.one(BYTES, &[], read_sum).await?.unwrap_or_default();
    Ok(of_rows(rows, bytes))
}

fn read_sum(row: &dyn Row) -> SqlResult<(u64, u64)> {
    Ok((row.number(0)?, row.number(1)?))
}

fn of_rows(rows: u64, bytes: u64) -> u64 {
    bytes.saturating_add(rows.saturating_mul(u64::try_from(ROW_BYTES).unwrap_or(u64::MAX)))
}

async fn expire(db: &mut dyn Connection, now_unix: u32) -> SqlResult<()> {
    for step in HistoryStep::ALL {
        if let Some(secs) = step.keep_secs() {
            let before = step.floor(now_unix).saturating_sub(secs);
            db.execute(EXPIRE, &[step.level().into(), before.into()]).await?;
        }
    }
    let before = now_unix.saturating_sub(KEEP_WRITERS);
    db.execute("DELETE FROM history_writer WHERE at < $1", &[before.into()]).await?;
    Ok(())
}

/// Deletes the oldest intervals of a step until enough is freed, at most [`MAX_CUT`]; returns how many bytes that were.
async fn cut(db: &mut dyn Connection, step: HistoryStep, excess: u64) -> SqlResult<u64> {
    let read = |row: &dyn Row| Ok((row.number::<u32>(0)?, row.number(1)?, row.number(2)?));
    let oldest = db.all(OLDEST, &[step.level().into(), MAX_CUT.into()], read).await?;
    let (mut freed, mut last) = (0, None);
    for (at, rows, bytes) in oldest {
        if freed >= excess {
            break;
        }
        freed += of_rows(rows, bytes);
        last = Some(at);
    }
    if let Some(last) = last {
        db.execute(CUT, &[step.level().into(), last.into()]).await?;
    }
    Ok(freed)
}

const BYTES: &str =
    "SELECT count(*), CAST(coalesce(sum(length(points)), 0) AS BIGINT) FROM history";
const EXPIRE: &str = "DELETE FROM history WHERE level = $1 AND at < $2";
const OLDEST: &str = "SELECT at, count(*), CAST(sum(length(points)) AS BIGINT) FROM history \
     WHERE level = $1 GROUP BY at ORDER BY at LIMIT $2";
const CUT: &str = "DELETE FROM history WHERE level = $1 AND at <= $2";

/// What a row takes besides its points, its share of empty space included: less in SQLite, about as much
/// in PostgreSQL.
pub(crate) const ROW_BYTES: usize = 100;
/// Intervals deleted in one transaction.
const MAX_CUT: u32 = 120;
/// A write is made again within hours, if at all.
const KEEP_WRITERS: u32 = 2 * 86_400;
