//! Links and codes that sign a member in: each works once, and for a short time.
//!
//! A link is mailed to an address and proves that whoever has it reads mail there; or it is handed
//! out by the publisher, with a code that can be typed. Tokens and codes are stored as hashes.
//! Deliberately absent: what using one does to the member, which is `members`'.

use policy::MemberId;

use crate::mail::queue::LinkKind;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, member_id};
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::secret_token::SecretToken;
use crate::values::sign_in_code::SignInCode;

/// What opens a link: the token of its URL, or the code that came with it.
#[derive(Clone, Debug)]
pub enum LinkSecret {
    /// What the publisher handed out for typing.
    Code(SignInCode),
    /// What is in the URL.
    Token(SecretToken),
}

impl LinkSecret {
    fn hash(&self) -> [u8; 32] {
        match self {
            Self::Code(code) => code.hash(),
            Self::Token(token) => token.hash(),
        }
    }
}

/// A link that is open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OpenLink {
    pub(crate) member: MemberId,
    /// Where it was mailed to, and what it does there; `None` where it was handed out.
    pub(crate) mailed: Option<(Email, LinkKind)>,
}

/// Makes a link that is mailed to an address. Of [`MAX_OPEN_LINKS`] the oldest is void then.
pub(crate) async fn mail(
    tx: &mut Tx,
    member: MemberId,
    email: &Email,
    kind: LinkKind,
) -> Result<SecretToken, Error> {
    let token = SecretToken::random()?;
    insert(tx, member, &token, Some((email, kind)), MAILED_SECS).await?;
    Ok(token)
}

/// Makes a link and a code for handing out. Of [`MAX_OPEN_LINKS`] the oldest is void then.
pub(crate) async fn hand_out(
    tx: &mut Tx,
    member: MemberId,
) -> Result<(SecretToken, SignInCode, u32), Error> {
    let (token, code) = (SecretToken::random()?, SignInCode::random()?);
    insert(tx, member, &token, None, HANDED_OUT_SECS).await?;
    let (token_hash, code_hash) = (token.hash(), code.hash());
    tx.execute(SET_CODE, &[Value::Bytes(&token_hash), Value::Bytes(&code_hash)]).await?;
    Ok((token, code, tx.now().saturating_add(HANDED_OUT_SECS)))
}

async fn insert(
    tx: &mut Tx,
    member: MemberId,
    token: &SecretToken,
    mailed: Option<(&Email, LinkKind)>,
    secs: u32,
) -> Result<(), Error> {
    let token = token.hash();
    let (email, kind) = mailed.unzip();
    let values = [
        Value::Bytes(&token),
        member.value().into(),
        email.map(Email::text).into(),
        (kind == Some(LinkKind::Address)).into(),
        tx.now().into(),
        tx.now().saturating_add(secs).into(),
    ];
    tx.execute(INSERT, &values).await?;
    let most = [member.value().into(), MAX_OPEN_LINKS.into(), u32::MAX.into()];
    tx.execute(VOID_OLDEST, &most).await?;
    Ok(())
}

/// How many links a member has that are open or wait to be mailed.
pub(crate) async fn count(tx: &mut Tx, member: MemberId) -> SqlResult<u32> {
    let values = [member.value().into(), tx.now().into()];
    Ok(tx.one(COUNT, &values, |row| row.number(0)).await?.unwrap_or(0))
}

/// The link that a secret opens, where it still does.
pub(crate) async fn find(
    db: &mut dyn Connection,
    secret: &LinkSecret,
    now_unix: u32,
) -> SqlResult<Option<OpenLink>> {
    let hash = secret.hash();
    let sql = match secret {
        LinkSecret::Code(_) => BY_CODE,
        LinkSecret::Token(_) => BY_TOKEN,
    };
    db.one(sql, &[Value::Bytes(&hash), now_unix.into()], read).await
}

/// Deletes the link that a secret opens: it works once.
pub(crate) async fn void(tx: &mut Tx, secret: &LinkSecret) -> SqlResult<()> {
    let hash = secret.hash();
    tx.execute(VOID, &[Value::Bytes(&hash)]).await.map(drop)
}

fn read(row: &dyn Row) -> SqlResult<OpenLink> {
    let email = row.text(1)?;
    let kind = match row.number::<u32>(2)? {
        0 => LinkKind::SignIn,
        _ => LinkKind::Address,
    };
    let mailed = (!email.is_empty()).then(|| (Email::stored(email), kind));
    Ok(OpenLink { member: member_id(row, 0)?, mailed })
}

/// Every row.
pub(crate) const READING: Reading = Reading {
    table: "sign_in_link",
    sql: "SELECT member, coalesce(email, ''), changes FROM sign_in_link",
    read: |row| read(row).map(drop),
};
const BY_CODE: &str = "SELECT member, coalesce(email, ''), changes FROM sign_in_link \
     WHERE code = $1 AND expires > $2";
const BY_TOKEN: &str = "SELECT member, coalesce(email, ''), changes FROM sign_in_link \
     WHERE token = $1 AND expires > $2";
const COUNT: &str = "SELECT (SELECT count(*) FROM sign_in_link WHERE member = $1 AND expires > $2) \
     + (SELECT count(*) FROM mail WHERE member = $1 AND link IS NOT NULL AND state = 'queued')";
const INSERT: &str = "INSERT INTO sign_in_link (token, member, email, changes, created, expires) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const SET_CODE: &str = "UPDATE sign_in_link SET code = $2 WHERE token = $1";
const VOID: &str = "DELETE FROM sign_in_link WHERE token = $1 OR code = $1";
const VOID_OLDEST: &str = "DELETE FROM sign_in_link WHERE id IN (SELECT id FROM sign_in_link \
     WHERE member = $1 ORDER BY id DESC LIMIT $3 OFFSET $2)";

/// Maximum links of one member that are open or wait to be mailed.
pub(crate) const MAX_OPEN_LINKS: u32 = 5;
/// How long a link works once it is mailed, in seconds.
pub const MAILED_SECS: u32 = 20 * 60;
/// How long a link and a code work that the publisher hands out, in seconds.
const HANDED_OUT_SECS: u32 = 86_400;
