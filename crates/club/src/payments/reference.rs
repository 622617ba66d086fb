//! References: what a provider is given along with a checkout, by which it is known again.
//!
//! Nobody can guess one, and it names the installation that made it: several may use one account.

use crate::payments::provider::REFERENCE_PREFIX;
use crate::store::sql::{Connection, SqlResult};
use crate::values::error::Error;
use crate::values::token::random_token;

/// Whose a reference is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    /// Of an installation that is not this one.
    Elsewhere,
    /// Of a checkout from before references: its number, which anybody can guess.
    Number,
    /// Nobody here made it.
    Other,
    /// This installation made it.
    Ours,
}

/// A new reference.
pub(crate) async fn make(db: &mut dyn Connection) -> Result<String, Error> {
    Ok(format!("{REFERENCE_PREFIX}{}-{}", installation(db).await?, random_token()?))
}

/// Whose a reference is.
pub(crate) async fn whose(db: &mut dyn Connection, reference: &str) -> SqlResult<Whose> {
    let Some(rest) = reference.strip_prefix(REFERENCE_PREFIX) else {
        let is_number =
            !reference.is_empty() && reference.bytes().all(|byte| byte.is_ascii_digit());
        return Ok(if is_number { Whose::Number } else { Whose::Other });
    };
    let ours = installation(db).await?;
    let is_ours = rest.split_once('-').is_some_and(|(name, _)| name == ours);
    Ok(if is_ours { Whose::Ours } else { Whose::Elsewhere })
}

/// The name of this installation, which its first start made.
async fn installation(db: &mut dyn Connection) -> SqlResult<String> {
    let sql = "SELECT name FROM installation WHERE id = 1";
    let found = db.one(sql, &[], |row| row.text(0).map(str::to_owned)).await?;
    found.ok_or(sqlx::Error::RowNotFound)
}
