//! Attempts to sign in that came to nothing, for the operator alone: whoever tried gets the same
//! answer as a member.
//!
//! Each address and outcome is a row, counted; the rows are bounded, and the oldest go.

use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, unreadable};
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;

/// Why an address got no link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Its member is suspended.
    Suspended,
    /// A member wanted it as the own, and another has it.
    Taken,
    /// Its member has as many open links as there can be.
    TooMany,
    /// No member has it.
    Unknown,
}

impl Outcome {
    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Taken => "taken",
            Self::TooMany => "too-many",
            Self::Unknown => "unknown",
        }
    }

    fn named(text: &str) -> Option<Self> {
        let all = [Self::Suspended, Self::Taken, Self::TooMany, Self::Unknown];
        all.into_iter().find(|outcome| outcome.text() == text)
    }
}

/// Attempts of one address with one outcome.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// The address that was typed.
    pub email: Email,
    /// Why it got no link.
    pub outcome: Outcome,
    /// When it was first tried, in Unix seconds.
    pub first_at: u32,
    /// When it was last tried, in Unix seconds.
    pub last_at: u32,
    /// How often it was tried.
    pub times: u32,
}

impl Club {
    /// Attempts to sign in that came to nothing, the last first; at most 1000.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn sign_in_attempts(&self) -> Result<Vec<Attempt>, Error> {
        Ok(self.reader().await?.all(ALL, &[MAX_ATTEMPTS.into()], read).await?)
    }
}

/// Notes an attempt.
pub(crate) async fn note(tx: &mut Tx, email: &Email, outcome: Outcome) -> SqlResult<()> {
    let values = [email.text().into(), outcome.text().into(), tx.now().into()];
    tx.execute(NOTE, &values).await?;
    tx.execute(PRUNE, &[MAX_ATTEMPTS.into(), u32::MAX.into()]).await?;
    Ok(())
}

fn read(row: &dyn Row) -> SqlResult<Attempt> {
    let outcome = row.text(1)?;
    Ok(Attempt {
        email: Email::stored(row.text(0)?),
        outcome: Outcome::named(outcome).ok_or_else(|| unreadable(1, outcome))?,
        first_at: row.number(2)?,
        last_at: row.number(3)?,
        times: row.number(4)?,
    })
}

/// Reads a row of [`NUMBERED`].
pub(crate) fn read_numbered(row: &dyn Row) -> SqlResult<(u32, Attempt)> {
    Ok((row.number(5)?, read(row)?))
}

/// Every row, with its number.
pub(crate) const NUMBERED: &str =
    "SELECT email, outcome, first_at, last_at, times, id FROM sign_in_attempt";
const ALL: &str = "SELECT email, outcome, first_at, last_at, times FROM sign_in_attempt \
     ORDER BY last_at DESC, id DESC LIMIT $1";
const NOTE: &str = "INSERT INTO sign_in_attempt (email, outcome, first_at, last_at, times) \
     VALUES ($1, $2, $3, $3, 1) ON CONFLICT (email, outcome) \
     DO UPDATE SET last_at = excluded.last_at, times = sign_in_attempt.times + 1";
const PRUNE: &str = "DELETE FROM sign_in_attempt WHERE id IN (SELECT id FROM sign_in_attempt \
     ORDER BY last_at DESC, id DESC LIMIT $2 OFFSET $1)";
/// Maximum rows of attempts.
const MAX_ATTEMPTS: u32 = 1000;
