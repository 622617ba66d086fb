//! Tokens with which members read their own numbers.
//!
//! A member makes them; each is shown once and stored as its hash. They read and change nothing else, and stop
//! with the member.

use std::fmt;

use policy::MemberId;

use crate::audit::log::{LogEntry, record};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, member_id};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::TokenId;
use crate::values::secret_token::SecretToken;
use crate::values::stamp::Stamp;

/// What a member's program asks with: a prefix and 256 random bits. `{:?}` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct MemberSecret(SecretToken);

impl MemberSecret {
    /// Reads one that a program sends.
    pub fn parse(text: &str) -> Option<Self> {
        SecretToken::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// As a program sends it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", self.0.expose())
    }
}

impl fmt::Debug for MemberSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberSecret(..)")
    }
}

/// A member's token, without its secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberToken {
    /// Its number.
    pub id: TokenId,
    /// The member.
    pub member: MemberId,
    /// In Unix seconds.
    pub created: u32,
    /// When it was used last, to within a minute, in Unix seconds.
    pub used: Option<u32>,
}

/// Members' tokens. Each operation fails where the database is unavailable.
impl Club {
    /// Makes a token for a member; its secret is not shown again. Of [`MAX_MEMBER_TOKENS`] the oldest stops working.
    ///
    /// # Errors
    ///
    /// See above; the member is suspended or was removed.
    pub async fn add_member_token(
        &self,
        stamp: &Stamp,
        member: MemberId,
    ) -> Result<MemberSecret, Error> {
        self.change(stamp, move |tx| Box::pin(async move { add(tx, member).await })).await
    }

    /// The token of a secret, where its member is active.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn member_token(&self, secret: &MemberSecret) -> Result<Option<MemberToken>, Error> {
        let hash = secret.0.hash();
        Ok(self.reader().await?.one(BY_HASH, &[Value::Bytes(&hash)], read).await?)
    }

    /// A member's tokens, the newest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn member_tokens(&self, member: MemberId) -> Result<Vec<MemberToken>, Error> {
        let values = [member.value().into(), MAX_MEMBER_TOKENS.into()];
        Ok(self.reader().await?.all(OF_MEMBER, &values, read).await?)
    }

    /// The number of orders of a member that were paid.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn purchases_of(&self, member: MemberId) -> Result<u64, Error> {
        let values = [member.value().into()];
        let count = self.reader().await?.one(PURCHASES, &values, |row| row.number(0)).await?;
        Ok(count.unwrap_or(0))
    }

    /// Revokes one of a member's tokens.
    ///
    /// # Errors
    ///
    /// See above; they have none such.
    pub async fn revoke_member_token(
        &self,
        stamp: &Stamp,
        member: MemberId,
        id: TokenId,
    ) -> Result<(), Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                match tx.execute(REVOKE, &[id.0.into(), member.value().into()]).await? {
                    0 => Err(Error::NoToken(id.0.to_string())),
                    _ => note(tx, "member-token.revoke", member, &id.0.to_string()).await,
                }
            })
        })
        .await
    }

    /// Notes that a member's token was used.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn note_member_token_use(&self, id: TokenId, now_unix: u32) -> Result<(), Error> {
        self.write(move |db| {
            Box::pin(async move {
                db.execute(NOTE_USE, &[id.0.into(), now_unix.into()]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn add(tx: &mut Tx, member: MemberId) -> Result<MemberSecret, Error> {
    let id = Value::from(member.value());
    if tx.one(ACTIVE, &[id], |row| row.number::<u32>(0)).await?.is_none() {
        return Err(Error::Inactive(member.value()));
    }
    let secret = MemberSecret(SecretToken::random()?);
    let hash = secret.0.hash();
    tx.execute(INSERT, &[Value::Bytes(&hash), id, tx.now().into()]).await?;
    tx.execute(REVOKE_OLDEST, &[id, MAX_MEMBER_TOKENS.into(), u32::MAX.into()]).await?;
    note(tx, "member-token.add", member, "").await?;
    Ok(secret)
}

/// Ends all tokens of a member.
pub(crate) async fn revoke_all(tx: &mut Tx, member: MemberId) -> SqlResult<()> {
    tx.execute(REVOKE_ALL, &[member.value().into()]).await.map(drop)
}

async fn note(
    tx: &mut Tx,
    what: &'static str,
    member: MemberId,
    detail: &str,
) -> Result<(), Error> {
    record(tx, LogEntry { what, member: Some(member), item: None, detail }).await
}

fn read(row: &dyn Row) -> SqlResult<MemberToken> {
    Ok(MemberToken {
        id: TokenId(row.number(0)?),
        member: member_id(row, 1)?,
        created: row.number(2)?,
        used: row.optional(3)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, member, created, used FROM member_token ", $rest)
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "member_token", sql: select!(""), read: |row| read(row).map(drop) };
const ACTIVE: &str = "SELECT id FROM member WHERE id = $1 AND state = 'active'";
/// A member's state counts at once, whoever changed it.
const BY_HASH: &str = select!(
    "WHERE hash = $1 AND EXISTS (SELECT 1 FROM member \
     WHERE member.id = member_token.member AND state = 'active')"
);
const OF_MEMBER: &str = select!("WHERE member = $1 ORDER BY id DESC LIMIT $2");
const PURCHASES: &str = "SELECT count(*) FROM orders WHERE member = $1 AND paid IS NOT NULL";
const INSERT: &str = "INSERT INTO member_token (hash, member, created) VALUES ($1, $2, $3)";
const REVOKE: &str = "DELETE FROM member_token WHERE id = $1 AND member = $2";
const REVOKE_ALL: &str = "DELETE FROM member_token WHERE member = $1";
const REVOKE_OLDEST: &str = "DELETE FROM member_token WHERE id IN (SELECT id FROM member_token \
     WHERE member = $1 ORDER BY id DESC LIMIT $3 OFFSET $2)";
const NOTE_USE: &str =
    "UPDATE member_token SET used = $2 WHERE id = $1 AND (used IS NULL OR used < $2)";

/// What a member's token begins with.
const PREFIX: &str = "ushm_";
/// Maximum tokens of one member.
pub const MAX_MEMBER_TOKENS: u32 = 5;
