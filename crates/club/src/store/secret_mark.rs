//! Which master secret the passkeys that members hold derive from: under another one they are void.
//!
//! Kept is a mark that only the same secret gives, from the first start with one on. Deliberately
//! absent: the secret itself.

use crate::store::database::Store;
use crate::store::sql::{Connection, SqlResult, Value};
use crate::values::error::Error;
use crate::values::unavailable::Unavailable;

/// What a club knows of its master secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretMark {
    /// Any secret is taken: there are no members yet, or the operator said so.
    Any,
    /// This one's alone.
    Noted([u8; 32]),
    /// There are members, and an older usher noted nothing.
    Unnoted,
}

/// The secret that a club knows.
///
/// # Errors
///
/// The database is unavailable.
pub async fn secret_mark(store: &dyn Store) -> Result<SecretMark, Error> {
    let mut db = store.reader().await.map_err(Unavailable::from)?;
    Ok(read(&mut *db).await?)
}

/// Notes the mark of the secret that is in force, where another's was not noted before; whether it
/// is the club's now. Of several daemons that begin together one is first.
///
/// # Errors
///
/// The database is unavailable.
pub async fn note_secret(store: &dyn Store, mark: &[u8; 32]) -> Result<bool, Error> {
    let noted = secret_mark(store).await?;
    if let SecretMark::Noted(noted) = noted {
        return Ok(noted == *mark);
    }
    let mut db = store.writer().await.map_err(Unavailable::from)?;
    db.execute(NOTE, &[Value::Bytes(mark)]).await.map_err(Unavailable::of_commit)?;
    Ok(read(&mut *db).await? == SecretMark::Noted(*mark))
}

/// Has the next secret taken, whichever it is. Every passkey given out under another is void then.
///
/// # Errors
///
/// The database is unavailable.
pub async fn forget_secret(store: &dyn Store) -> Result<(), Error> {
    let mut db = store.writer().await.map_err(Unavailable::from)?;
    db.execute(FORGET, &[Value::Bytes(&[])]).await.map_err(Unavailable::of_commit)?;
    Ok(())
}

async fn read(db: &mut dyn Connection) -> SqlResult<SecretMark> {
    let sql = "SELECT mark FROM secret_mark WHERE id = 1";
    let mark = db.one(sql, &[], |row| Ok(row.bytes(0)?.unwrap_or_default().to_vec())).await?;
    match mark {
        Some(mark) => Ok(<[u8; 32]>::try_from(mark).map_or(SecretMark::Any, SecretMark::Noted)),
        None => {
            let sql = "SELECT count(*) FROM (SELECT 1 FROM member LIMIT 1) AS one";
            let members = db.one(sql, &[], |row| row.number::<u32>(0)).await?;
            Ok(if members == Some(0) { SecretMark::Any } else { SecretMark::Unnoted })
        }
    }
}

const NOTE: &str = "INSERT INTO secret_mark (id, mark) VALUES (1, $1) ON CONFLICT (id) DO UPDATE \
     SET mark = excluded.mark WHERE length(secret_mark.mark) = 0";
const FORGET: &str = "INSERT INTO secret_mark (id, mark) VALUES (1, $1) ON CONFLICT (id) DO UPDATE \
     SET mark = excluded.mark";
