//! Admins: added, listed, reset and removed.
//!
//! A new admin has a link, which works once and for a day, and no password until it is used. The secret of their codes
//! comes here sealed. Deliberately absent: signing in, which is `proof`'s.

use crate::audit::log::{LogEntry, record};
use crate::sign_ins::sign_in::{self, Subject};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, unreadable};
use crate::store::tx::Tx;
use crate::values::admin_role::AdminRole;
use crate::values::error::Error;
use crate::values::ids::AdminId;
use crate::values::name;
use crate::values::secret_token::SecretToken;
use crate::values::stamp::Stamp;

/// Somebody who may open the dashboard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminAccount {
    /// The number.
    pub id: AdminId,
    /// The name, which does not change.
    pub name: String,
    /// What they may do.
    pub role: AdminRole,
    /// When they were added, in Unix seconds.
    pub created: u32,
    /// Until when their link works, in Unix seconds; `None` once it was used.
    pub link_expires: Option<u32>,
    /// The number of recovery codes that were not used.
    pub recovery_codes: u32,
}

/// A link for a new admin, to be handed out once.
#[derive(Clone, Debug)]
pub struct AdminLink {
    /// Whose it is.
    pub admin: AdminAccount,
    /// For the URL.
    pub token: SecretToken,
    /// When it stops working, in Unix seconds.
    pub until: u32,
}

/// Admins. Each operation fails where the database is unavailable.
impl Club {
    /// Adds an admin. `totp` is the secret of their codes, sealed.
    ///
    /// # Errors
    ///
    /// See above; the name is no name or is taken; there are [`MAX_ADMINS`] already.
    pub async fn add_admin(
        &self,
        stamp: &Stamp,
        name: &str,
        role: AdminRole,
        totp: Vec<u8>,
    ) -> Result<AdminLink, Error> {
        let name = name.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { add(tx, &name, role, &totp).await }))
            .await
    }

    /// Gives an admin another link and another secret. Password, recovery codes and sign-ins end.
    ///
    /// # Errors
    ///
    /// See above; there is no such admin.
    pub async fn reset_admin(
        &self,
        stamp: &Stamp,
        name: &str,
        totp: Vec<u8>,
    ) -> Result<AdminLink, Error> {
        let name = name.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let admin = named(tx, &name).await?;
                forget(tx, admin.id).await?;
                let token = SecretToken::random()?;
                let (hash, until) = (token.hash(), tx.now().saturating_add(LINK_SECS));
                let values =
                    [admin.id.0.into(), Value::Bytes(&totp), Value::Bytes(&hash), until.into()];
                tx.execute(RESET, &values).await?;
                note(tx, "admin.reset", &name).await?;
                Ok(AdminLink { admin: named(tx, &name).await?, token, until })
            })
        })
        .await
    }

    /// Removes an admin, with their sign-ins.
    ///
    /// # Errors
    ///
    /// See above; there is no such admin.
    pub async fn remove_admin(&self, stamp: &Stamp, name: &str) -> Result<AdminAccount, Error> {
        let name = name.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let admin = named(tx, &name).await?;
                forget(tx, admin.id).await?;
                for sql in REMOVE {
                    tx.execute(sql, &[admin.id.0.into()]).await?;
                }
                note(tx, "admin.remove", &name).await?;
                Ok(admin)
            })
        })
        .await
    }

    /// All admins, by name.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn admins(&self) -> Result<Vec<AdminAccount>, Error> {
        Ok(self.reader().await?.all(ALL, &[], read).await?)
    }

    /// An admin by number; `None` where they were removed.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn admin(&self, id: AdminId) -> Result<Option<AdminAccount>, Error> {
        Ok(self.reader().await?.one(BY_ID, &[id.0.into()], read).await?)
    }
}

async fn add(tx: &mut Tx, name: &str, role: AdminRole, totp: &[u8]) -> Result<AdminLink, Error> {
    name::check(name)?;
    if tx.one(BY_NAME, &[name.into()], read).await?.is_some() {
        return Err(Error::AdminTaken(name.to_owned()));
    }
    let count = tx.one("SELECT count(*) FROM admin", &[], |row| row.number::<u32>(0)).await?;
    if count.unwrap_or(0) >= MAX_ADMINS {
        return Err(Error::Admins(MAX_ADMINS));
    }
    let token = SecretToken::random()?;
    let (hash, until) = (token.hash(), tx.now().saturating_add(LINK_SECS));
    let values = [
        name.into(),
        role.text().into(),
        Value::Bytes(totp),
        Value::Bytes(&hash),
        until.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values).await?;
    note(tx, "admin.add", &format!("{name}, {role}")).await?;
    Ok(AdminLink { admin: named(tx, name).await?, token, until })
}

async fn named(tx: &mut Tx, name: &str) -> Result<AdminAccount, Error> {
    let found = tx.one(BY_NAME, &[name.into()], read).await?;
    found.ok_or_else(|| Error::NoAdmin(name.to_owned()))
}

/// Ends what an admin has: sign-ins and recovery codes.
async fn forget(tx: &mut Tx, id: AdminId) -> SqlResult<()> {
    sign_in::end_all(tx, Subject::Admin(id)).await?;
    tx.execute("DELETE FROM admin_code WHERE admin = $1", &[id.0.into()]).await.map(drop)
}

pub(crate) async fn note(tx: &mut Tx, what: &'static str, detail: &str) -> Result<(), Error> {
    record(tx, LogEntry { what, member: None, item: None, detail }).await
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<AdminAccount> {
    let role = row.text(2)?;
    Ok(AdminAccount {
        id: AdminId(row.number(0)?),
        name: row.text(1)?.to_owned(),
        role: role.parse().map_err(|_| unreadable(2, role))?,
        created: row.number(3)?,
        link_expires: row.optional(4)?,
        recovery_codes: row.number(5)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, role, created, link_expires, \
             (SELECT count(*) FROM admin_code WHERE admin_code.admin = admin.id) FROM admin ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "admin", sql: select!(""), read: |row| read(row).map(drop) };
const ALL: &str = select!("ORDER BY name");
const BY_ID: &str = select!("WHERE id = $1");
pub(crate) const BY_NAME: &str = select!("WHERE name = $1");
const INSERT: &str = "INSERT INTO admin (name, role, totp, step, password, link, link_expires, created) \
     VALUES ($1, $2, $3, 0, NULL, $4, $5, $6)";
const RESET: &str = "UPDATE admin SET totp = $2, step = 0, password = NULL, link = $3, \
     link_expires = $4 WHERE id = $1";
const REMOVE: [&str; 2] =
    ["DELETE FROM admin_attempt WHERE admin = $1", "DELETE FROM admin WHERE id = $1"];

/// Maximum admins.
pub const MAX_ADMINS: u32 = 100;
/// How long a link works, in seconds.
const LINK_SECS: u32 = 86_400;
