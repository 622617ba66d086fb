//! Tokens with which programs ask the admin API.
//!
//! A token is shown once and stored as its hash, so that a copy of the database holds none that works.
//! Deliberately absent: which route needs which scope, and who may make tokens.

use std::fmt;

use crate::audit::log::{LogEntry, record};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, unreadable};
use crate::store::tx::Tx;
use crate::tokens::scope::AccessScopes;
use crate::values::error::Error;
use crate::values::ids::TokenId;
use crate::values::name;
use crate::values::secret_token::SecretToken;
use crate::values::stamp::Stamp;

/// What a program asks with: a prefix that is easy to find in a leaked file, and 256 random bits. `{:?}` does
/// not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiSecret(SecretToken);

impl ApiSecret {
    /// Reads one that a program sends.
    pub fn parse(text: &str) -> Option<Self> {
        SecretToken::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// As a program sends it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", self.0.expose())
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret(..)")
    }
}

/// A token, without its secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiToken {
    /// Its number.
    pub id: TokenId,
    /// Its name, which no other token that works has.
    pub name: String,
    /// What it may do.
    pub scopes: AccessScopes,
    /// In Unix seconds.
    pub created: u32,
    /// When it stops working, in Unix seconds; `None` for no end.
    pub until: Option<u32>,
    /// When it was used last, to within a minute, in Unix seconds.
    pub used: Option<u32>,
    /// When it was revoked, in Unix seconds.
    pub revoked: Option<u32>,
}

impl ApiToken {
    /// Whether it works.
    pub fn works(&self, now_unix: u32) -> bool {
        self.revoked.is_none() && self.until.is_none_or(|until| now_unix < until)
    }
}

/// A token that is wanted.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// As of an item.
    pub name: String,
    /// At least one.
    pub scopes: AccessScopes,
    /// When it stops working, in Unix seconds; `None` for no end.
    pub until: Option<u32>,
}

/// Tokens. Each operation fails where the database is unavailable.
impl Club {
    /// Makes a token; its secret is not shown again. Of tokens that no longer work, those that were made first
    /// are forgotten beyond [`MAX_TOKENS`].
    ///
    /// # Errors
    ///
    /// See above; the name is none or is taken, there is no scope, the end has passed, or [`MAX_TOKENS`] work.
    pub async fn add_token(
        &self,
        stamp: &Stamp,
        new: NewToken,
    ) -> Result<(ApiToken, ApiSecret), Error> {
        self.change(stamp, move |tx| Box::pin(async move { add(tx, &new).await })).await
    }

    /// The token of a secret, where it works.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn token(
        &self,
        secret: &ApiSecret,
        now_unix: u32,
    ) -> Result<Option<ApiToken>, Error> {
        let hash = secret.0.hash();
        let found = self.reader().await?.one(BY_HASH, &[Value::Bytes(&hash)], read).await?;
        Ok(found.filter(|token| token.works(now_unix)))
    }

    /// All tokens, the newest first; at most twice [`MAX_TOKENS`].
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>, Error> {
        let most = [(2 * MAX_TOKENS).into()];
        Ok(self.reader().await?.all(ALL, &most, read).await?)
    }

    /// Revokes a token, by its name or number: from now on it works no more.
    ///
    /// # Errors
    ///
    /// See above; no token that is not revoked has that name or number.
    pub async fn revoke_token(&self, stamp: &Stamp, token: &str) -> Result<ApiToken, Error> {
        let wanted = token.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { revoke(tx, &wanted).await })).await
    }

    /// Notes that tokens were used.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn note_token_use(&self, id: TokenId, now_unix: u32) -> Result<(), Error> {
        self.write(move |db| {
            Box::pin(async move {
                db.execute(NOTE_USE, &[id.0.into(), now_unix.into()]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn add(tx: &mut Tx, new: &NewToken) -> Result<(ApiToken, ApiSecret), Error> {
    name::check(&new.name)?;
    if new.scopes.is_empty() {
        return Err(Error::NoScope);
    }
    let stamp = tx.stamp.clone();
    stamp.check_future(new.until)?;
    let name = Value::Text(&new.name);
    // One whose end has passed does not keep its name.
    tx.execute(END_PASSED, &[name, tx.now().into()]).await?;
    if let Some(id) = tx.one(BY_NAME, &[name], |row| row.number(0)).await? {
        return Err(Error::TokenTaken { name: new.name.clone(), id: TokenId(id) });
    }
    let working = tx.one(COUNT, &[tx.now().into()], |row| row.number::<u32>(0)).await?;
    if working.unwrap_or(0) >= MAX_TOKENS {
        return Err(Error::Tokens(MAX_TOKENS));
    }
    let secret = ApiSecret(SecretToken::random()?);
    let (hash, scopes) = (secret.0.hash(), new.scopes.to_string());
    let values =
        [Value::Bytes(&hash), name, scopes.as_str().into(), tx.now().into(), new.until.into()];
    tx.execute(INSERT, &values).await?;
    let forgotten = [tx.now().into(), MAX_TOKENS.into(), u32::MAX.into()];
    tx.execute(FORGET, &forgotten).await?;
    let token = tx.one(BY_HASH, &[Value::Bytes(&hash)], read).await?;
    let token = token.ok_or_else(|| Error::NoToken(new.name.clone()))?;
    let until = new.until.map_or_else(|| "for ever".to_owned(), |until| format!("until {until}"));
    let detail = format!("{}: {scopes}, {until}", new.name);
    note(tx, "token.add", &detail).await?;
    Ok((token, secret))
}

async fn revoke(tx: &mut Tx, wanted: &str) -> Result<ApiToken, Error> {
    let id = wanted.parse::<u32>().unwrap_or(0);
    let found = tx.one(BY_HANDLE, &[wanted.into(), id.into()], read).await?;
    let mut token = found.ok_or_else(|| Error::NoToken(wanted.to_owned()))?;
    token.revoked = Some(tx.now());
    tx.execute(REVOKE, &[token.id.0.into(), tx.now().into()]).await?;
    note(tx, "token.revoke", &token.name).await?;
    Ok(token)
}

async fn note(tx: &mut Tx, what: &'static str, detail: &str) -> Result<(), Error> {
    record(tx, LogEntry { what, member: None, item: None, detail }).await
}

fn read(row: &dyn Row) -> SqlResult<ApiToken> {
    let scopes = row.text(2)?;
    Ok(ApiToken {
        id: TokenId(row.number(0)?),
        name: row.text(1)?.to_owned(),
        scopes: AccessScopes::stored(scopes).ok_or_else(|| unreadable(2, scopes))?,
        created: row.number(3)?,
        until: row.optional(4)?,
        used: row.optional(5)?,
        revoked: row.optional(6)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, scopes, created, expires, used, revoked FROM api_token ", $rest)
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "api_token", sql: select!(""), read: |row| read(row).map(drop) };
const ALL: &str = select!("ORDER BY id DESC LIMIT $1");
const BY_HASH: &str = select!("WHERE hash = $1");
const BY_HANDLE: &str = select!("WHERE revoked IS NULL AND (name = $1 OR id = $2) LIMIT 1");
const BY_NAME: &str = "SELECT id FROM api_token WHERE revoked IS NULL AND name = $1";
const COUNT: &str = "SELECT count(*) FROM api_token WHERE revoked IS NULL \
     AND (expires IS NULL OR expires > $1)";
const END_PASSED: &str = "UPDATE api_token SET revoked = expires \
     WHERE name = $1 AND revoked IS NULL AND expires <= $2";
const INSERT: &str = "INSERT INTO api_token (hash, name, scopes, created, expires) \
     VALUES ($1, $2, $3, $4, $5)";
const FORGET: &str = "DELETE FROM api_token WHERE id IN (SELECT id FROM api_token \
     WHERE revoked IS NOT NULL OR expires <= $1 ORDER BY id DESC LIMIT $3 OFFSET $2)";
const REVOKE: &str = "UPDATE api_token SET revoked = $2 WHERE id = $1";
const NOTE_USE: &str =
    "UPDATE api_token SET used = $2 WHERE id = $1 AND (used IS NULL OR used < $2)";

/// What a token begins with.
const PREFIX: &str = "usht_";
/// Maximum tokens that work, and maximum others that are remembered.
pub const MAX_TOKENS: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_prefix_and_does_not_reach_a_log() {
        let secret = ApiSecret(SecretToken::random().unwrap());
        let text = secret.expose();
        assert_eq!((&text[..5], text.len()), ("usht_", 48));
        assert_eq!(ApiSecret::parse(&text), Some(secret.clone()));
        for other in [&text[5..], &text[..47], &format!("ushm_{}", &text[5..])] {
            assert_eq!(ApiSecret::parse(other), None, "{other}");
        }
        assert_eq!(format!("{secret:?}"), "ApiSecret(..)");
    }
}
