//! What was sold, in each currency.

use crate::store::club::Club;
use crate::store::sql::{Row, SqlResult, currency};
use crate::values::error::Error;
use crate::values::money::Amount;

/// What items and tiers brought in, without tax and less what was paid back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RevenueSums {
    /// Since the later time.
    pub recent: Amount,
    /// Since the earlier time.
    pub all: Amount,
}

impl Club {
    /// What was sold since two times, in Unix seconds: an entry for each currency that has an account. O(n) in the
    /// journal's postings.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn revenue_since(
        &self,
        earlier_unix: u32,
        later_unix: u32,
    ) -> Result<Vec<RevenueSums>, Error> {
        let values = [earlier_unix.into(), later_unix.into()];
        Ok(self.reader().await?.all(SUMS, &values, read).await?)
    }
}

fn read(row: &dyn Row) -> SqlResult<RevenueSums> {
    let currency = currency(row, 0)?;
    Ok(RevenueSums { recent: currency.minor(row.number(1)?), all: currency.minor(row.number(2)?) })
}

/// Revenue is a credit, which is below 0.
const SUMS: &str = "SELECT account.currency, \
     CAST(coalesce(-sum(CASE WHEN journal.at >= $2 THEN posting.amount ELSE 0 END), 0) AS BIGINT), \
     CAST(coalesce(-sum(posting.amount), 0) AS BIGINT) \
     FROM account JOIN posting ON posting.account = account.id \
     JOIN journal ON journal.id = posting.journal AND journal.at >= $1 \
     WHERE account.kind = 'revenue' GROUP BY account.currency ORDER BY account.currency";
