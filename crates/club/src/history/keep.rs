//! Keeps what was counted, and reads it.
//!
//! A sample is added to its minute, its hour and its day in one transaction, so that each is the exact
//! sum of what it is made of, whatever else is deleted, and whenever a daemon begins or ends. Samples
//! of several daemons on one database add up. Deliberately absent: taking samples, and when.

use std::collections::BTreeMap;

use policy::ItemId;

use crate::history::packed::{Points, pack, part, unpack};
use crate::history::point::{HistoryPoint, HistorySample, HistoryStep};
use crate::history::room::ROW_BYTES;
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, unreadable};
use crate::values::error::Error;

/// Which write of a daemon this is: one that is made again, because nobody knows whether the last try
/// was kept, counts once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryWrite {
    /// A random number of this run of the daemon.
    pub writer: u32,
    /// Rises with each sample of the run.
    pub number: u32,
}

/// An interval of history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryInterval {
    /// When it began, in Unix seconds.
    pub at: u32,
    /// Samples that the tracker took in it.
    pub samples: u64,
    /// Its numbers; 0 where nothing is known of the item.
    pub point: HistoryPoint,
}

/// The history. Each operation fails where the database is unavailable.
impl Club {
    /// Adds a sample; returns by how many bytes the history grew. O(items of the sample).
    ///
    /// # Errors
    ///
    /// See above. It may be given again under the same number.
    pub async fn keep_history(
        &self,
        write: HistoryWrite,
        sample: HistorySample,
    ) -> Result<u64, Error> {
        self.write(move |db| {
            Box::pin(async move { keep(db, write, &sample).await.map_err(Into::into) })
        })
        .await
    }

    /// The intervals from one moment to before another in which a daemon ran, the first first; of the
    /// tracker, or of an item. At most [`MAX_INTERVALS`].
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn history(
        &self,
        item: Option<ItemId>,
        step: HistoryStep,
        from: u32,
        until: u32,
    ) -> Result<Vec<HistoryInterval>, Error> {
        let (from, length) = (step.floor(from), step.secs());
        let from = from.max(until.saturating_sub(MAX_INTERVALS.saturating_mul(length)));
        let from = step.floor(from.saturating_add(length - 1));
        let item = item.map(|item| item.0);
        let part = item.map_or(0, part);
        let values = [step.level().into(), from.into(), length.into(), until.into(), part.into()];
        let mut intervals: Vec<HistoryInterval> = Vec::new();
        self.reader()
            .await?
            .visit(INTERVALS, &values, &mut |row| {
                let at: u32 = row.number(0)?;
                let is_trackers = row.number::<u32>(1)? == 0;
                let visit = |number: u32, point: HistoryPoint| {
                    if is_trackers {
                        let own = if item.is_none() { point } else { HistoryPoint::default() };
                        let samples = point.samples;
                        intervals.push(HistoryInterval { at, samples, point: own });
                    } else if Some(number) == item
                        && let Some(interval) = intervals.last_mut()
                        && interval.at == at
                    {
                        interval.point = point;
                    }
                };
                unpack(row.bytes(2)?.unwrap_or_default(), visit).ok_or_else(|| bad(2))
            })
            .await?;
        Ok(intervals)
    }
}

async fn keep(
    db: &mut dyn Connection,
    write: HistoryWrite,
    sample: &HistorySample,
) -> SqlResult<u64> {
    let mark = [write.writer.into(), write.number.into(), sample.at.into()];
    if db.execute(MARK, &mark).await? == 0 {
        return Ok(0);
    }
    let mut parts: BTreeMap<u32, Points> = BTreeMap::new();
    parts.entry(0).or_default().insert(0, sample.tracker);
    for (item, point) in &sample.items {
        parts.entry(part(item.0)).or_default().entry(item.0).or_default().add(point);
    }
    let mut grown = 0_u64;
    for step in HistoryStep::ALL {
        let (level, at) = (Value::from(step.level()), Value::from(step.floor(sample.at)));
        let held: BTreeMap<u32, Vec<u8>> =
            db.all(HELD, &[level, at], read_part).await?.into_iter().collect();
        for (part, points) in &parts {
            let bytes = match held.get(part) {
                Some(before) => sum(before, points)?,
                None => pack(points),
            };
            let before = held.get(part).map_or(0, |before| before.len() + ROW_BYTES);
            let more = (bytes.len() + ROW_BYTES).saturating_sub(before);
            grown += u64::try_from(more).unwrap_or(u64::MAX);
            db.execute(PUT, &[level, at, (*part).into(), Value::Bytes(&bytes)]).await?;
        }
    }
    Ok(grown)
}

/// What is there and what comes to it, packed.
fn sum(before: &[u8], more: &Points) -> SqlResult<Vec<u8>> {
    let mut points = more.clone();
    unpack(before, |item, point| points.entry(item).or_default().add(&point))
        .ok_or_else(|| bad(1))?;
    Ok(pack(&points))
}

fn read_part(row: &dyn Row) -> SqlResult<(u32, Vec<u8>)> {
    Ok((row.number(0)?, row.bytes(1)?.unwrap_or_default().to_vec()))
}

fn bad(column: usize) -> sqlx::Error {
    unreadable(column, "what is not packed points")
}

/// Every row.
pub(crate) const READING: Reading = Reading {
    table: "history",
    sql: "SELECT part, points FROM history",
    read: |row| {
        let bytes = row.bytes(1)?.unwrap_or_default();
        unpack(bytes, |_, _| ()).ok_or_else(|| bad(1))
    },
};

const MARK: &str = "INSERT INTO history_writer (writer, number, at) VALUES ($1, $2, $3) \
     ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at \
     WHERE history_writer.number < excluded.number";
const HELD: &str = "SELECT part, points FROM history WHERE level = $1 AND at = $2";
const PUT: &str = "INSERT INTO history (level, at, part, points) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (level, at, part) DO UPDATE SET points = excluded.points";
/// Each interval is looked up by its key: those between would be read for the other parts as well.
const INTERVALS: &str = "WITH RECURSIVE moment (at) AS (SELECT CAST($2 AS BIGINT) \
     UNION ALL SELECT at + CAST($3 AS BIGINT) FROM moment WHERE at + $3 < CAST($4 AS BIGINT)) \
     SELECT history.at, history.part, history.points FROM moment \
     JOIN history ON history.level = $1 AND history.at = moment.at AND history.part IN (0, $5) \
     WHERE moment.at < $4 ORDER BY history.at, history.part";

/// Maximum intervals of one answer: days of ten years.
pub const MAX_INTERVALS: u32 = 3660;
