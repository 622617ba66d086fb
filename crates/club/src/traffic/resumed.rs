//! Runs of a client's counters that go on after the tracker forgot the client.

use std::sync::LazyLock;

use crate::store::club::Club;
use crate::store::sql::{Connection, Places, SqlResult, Value};
use crate::traffic::session::{SessionCount, read, row_values, select};
use crate::values::error::Error;

impl Club {
    /// For each count that opened a run: the epoch of the run before, where the store has one that
    /// these counters may go on from. The client then never left, only we forgot it (after a
    /// restart, or a long silence), and the count belongs into that run.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn earlier_epochs(
        &self,
        opening: &[SessionCount],
    ) -> Result<Vec<Option<u32>>, Error> {
        let mut db = self.reader().await?;
        let may_have = may_have_run_before(&mut *db, opening).await?;
        let mut epochs = Vec::with_capacity(opening.len());
        for (count, may_have) in opening.iter().zip(may_have) {
            let before = match may_have {
                true => db.one(RUN_BEFORE, &opening_values(count), read).await?,
                false => None,
            };
            epochs.push(before.filter(|run| run.goes_on_in(count.counters)).map(|run| run.epoch));
        }
        Ok(epochs)
    }
}

/// For each count that opened a run whether the store may have one before it. When a crowd comes in
/// few have, so that many are asked about at once; the last few are left to be asked one by one.
async fn may_have_run_before(
    db: &mut dyn Connection,
    opening: &[SessionCount],
) -> SqlResult<Vec<bool>> {
    let sql = match db.places() {
        Places::InOrder => *ASKED_IN_ORDER,
        Places::Numbered => *ASKED_NUMBERED,
    };
    let mut may_have = Vec::with_capacity(opening.len());
    let (many, few) = opening.as_chunks::<ASKED_ROWS>();
    for some in many {
        let values: Vec<Value<'_>> = some.iter().flat_map(opening_values).collect();
        let mut has = [false; ASKED_ROWS];
        db.visit(sql, &values, &mut |row| {
            if let Some(has) = has.get_mut(row.number::<usize>(0)?) {
                *has = true;
            }
            Ok(())
        })
        .await?;
        may_have.extend(has);
    }
    may_have.extend(few.iter().map(|_| true));
    Ok(may_have)
}

/// What names a run, of the columns the first.
fn opening_values(count: &SessionCount) -> [Value<'_>; RUN_COLUMNS] {
    let [member, item, peer_id, key, epoch, ..] = row_values(count);
    [member, item, peer_id, key, epoch]
}

static ASKED_IN_ORDER: LazyLock<&str> = LazyLock::new(|| asked_sql(|_| "?".to_owned()));
static ASKED_NUMBERED: LazyLock<&str> = LazyLock::new(|| asked_sql(|n| format!("${n}")));

/// The statement that tells which of [`ASKED_ROWS`] runs have another before them; made once.
fn asked_sql(place: fn(usize) -> String) -> &'static str {
    let places: Vec<String> = (1..=ASKED_ROWS * RUN_COLUMNS).map(place).collect();
    let rows: Vec<String> = places
        .chunks(RUN_COLUMNS)
        .enumerate()
        .map(|(number, row)| format!("({number}, {})", row.join(", ")))
        .collect();
    format!(
        "SELECT CAST(column1 AS BIGINT) FROM (VALUES {}) AS new WHERE EXISTS (SELECT 1 FROM session \
         WHERE member = column2 AND item = column3 AND peer_id = column4 AND peer_key = column5 \
         AND epoch < column6)",
        rows.join(", "),
    )
    .leak()
}

const RUN_BEFORE: &str = select!(
    "AND item = $2 AND peer_id = $3 AND peer_key = $4 AND epoch < $5 ORDER BY epoch DESC LIMIT 1"
);

/// The columns that name a run, which are the table's first.
const RUN_COLUMNS: usize = 5;
/// Runs that one statement asks about.
const ASKED_ROWS: usize = 1024;
