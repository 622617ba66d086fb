//! What an admin proves who they are by: a password, and a code that is used once.
//!
//! Passwords come here hashed, and secrets of codes sealed; whoever asks compares them. What makes a code count once is
//! here, in the transaction that signs its admin in: the step of the last code is kept, and a recovery code is deleted.

use crate::admins::admin::{self, AdminAccount};
use crate::sign_ins::sign_in::{self, Subject};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{AdminId, SignInId};
use crate::values::secret_token::SecretToken;
use crate::values::sign_in_code::SignInCode;
use crate::values::stamp::Stamp;

/// What an admin's words are compared with; `{:?}` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct AdminProof {
    /// Whose it is.
    pub admin: AdminAccount,
    /// The password's hash, as a PHC string; `None` until the link was used.
    pub password: Option<String>,
    /// The secret of the codes, sealed.
    pub totp: Vec<u8>,
}

impl std::fmt::Debug for AdminProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminProof").field("admin", &self.admin).finish_non_exhaustive()
    }
}

/// The second thing that an admin gives beside the password, once it was found right.
#[derive(Clone, Copy, Debug)]
pub enum SecondFactor {
    /// A code of this time step. No code of that step, or one before it, is accepted afterwards.
    Step(u32),
    /// A recovery code.
    Recovery(SignInCode),
}

/// Proofs. Each operation fails where the database is unavailable.
impl Club {
    /// What the words of whoever gives a name are compared with.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn admin_proof(&self, name: &str) -> Result<Option<AdminProof>, Error> {
        let mut db = self.reader().await?;
        let Some(admin) = db.one(admin::BY_NAME, &[name.into()], admin::read).await? else {
            return Ok(None);
        };
        let (password, totp) = kept(&mut *db, admin.id).await?;
        Ok(Some(AdminProof { admin, password, totp }))
    }

    /// Whom a link is for; `None` where it was used or is too old.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn admin_of_link(
        &self,
        token: &SecretToken,
        now_unix: u32,
    ) -> Result<Option<AdminProof>, Error> {
        let hash = token.hash();
        let values = [Value::Bytes(&hash), now_unix.into()];
        let mut db = self.reader().await?;
        let name = db.one(NAME_OF_LINK, &values, |row| row.text(0).map(str::to_owned)).await?;
        drop(db);
        match name {
            Some(name) => self.admin_proof(&name).await,
            None => Ok(None),
        }
    }

    /// Uses a link: its admin has a password, and codes for when the other codes are lost, which are shown once.
    /// `None` where the link was used or is too old.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn set_up_admin(
        &self,
        stamp: &Stamp,
        token: &SecretToken,
        password: String,
        step: u32,
    ) -> Result<Option<Vec<SignInCode>>, Error> {
        let hash = token.hash();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let values = [Value::Bytes(&hash), tx.now().into()];
                let read = |row: &dyn Row| Ok((row.text(0)?.to_owned(), row.number::<u32>(1)?));
                let Some((name, id)) = tx.one(NAME_OF_LINK, &values, read).await? else {
                    return Ok(None);
                };
                let values = [id.into(), password.as_str().into(), step.into()];
                tx.execute(SET_UP, &values).await?;
                let codes = renew(tx, AdminId(id)).await?;
                admin::note(tx, "admin.set-up", &name).await?;
                Ok(Some(codes))
            })
        })
        .await
    }

    /// Signs an admin in whose password was right; `None` where the second factor was used before.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn sign_in_admin(
        &self,
        stamp: &Stamp,
        id: AdminId,
        factor: SecondFactor,
        agent: &str,
    ) -> Result<Option<SecretToken>, Error> {
        let agent = agent.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                if !accept(tx, id, factor).await? {
                    return Ok(None);
                }
                sign_in::start(tx, Subject::Admin(id), &agent).await.map(Some)
            })
        })
        .await
    }

    /// Notes that a signed-in admin gave the password, or a code, again; whether that counts.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn confirm_admin(
        &self,
        stamp: &Stamp,
        id: AdminId,
        sign_in: SignInId,
        factor: Option<SecondFactor>,
    ) -> Result<bool, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                if let Some(factor) = factor
                    && !accept(tx, id, factor).await?
                {
                    return Ok(false);
                }
                let values = [sign_in.0.into(), id.0.into(), tx.now().into()];
                if tx.execute(CONFIRM, &values).await? == 0 {
                    return Ok(false);
                }
                admin::note(tx, "admin.confirm", &format!("sign-in {}", sign_in.0)).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Replaces an admin's recovery codes; the new ones are shown once.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn renew_admin_codes(
        &self,
        stamp: &Stamp,
        id: AdminId,
    ) -> Result<Vec<SignInCode>, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let codes = renew(tx, id).await?;
                admin::note(tx, "admin.codes", &codes.len().to_string()).await?;
                Ok(codes)
            })
        })
        .await
    }
}

/// Uses up a second factor; whether it was there to be used.
async fn accept(tx: &mut Tx, id: AdminId, factor: SecondFactor) -> Result<bool, Error> {
    let used = match factor {
        SecondFactor::Step(step) => tx.execute(STEP, &[id.0.into(), step.into()]).await?,
        SecondFactor::Recovery(code) => {
            let hash = code.hash();
            let used = tx.execute(USE_CODE, &[Value::Bytes(&hash), id.0.into()]).await?;
            if used > 0 {
                admin::note(tx, "admin.recovery", "a recovery code was used").await?;
            }
            used
        }
    };
    Ok(used > 0)
}

async fn renew(tx: &mut Tx, id: AdminId) -> Result<Vec<SignInCode>, Error> {
    tx.execute("DELETE FROM admin_code WHERE admin = $1", &[id.0.into()]).await?;
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let code = SignInCode::random()?;
        let hash = code.hash();
        tx.execute(ADD_CODE, &[Value::Bytes(&hash), id.0.into()]).await?;
        codes.push(code);
    }
    Ok(codes)
}

async fn kept(db: &mut dyn Connection, id: AdminId) -> SqlResult<(Option<String>, Vec<u8>)> {
    let read = |row: &dyn Row| {
        let password = Some(row.text(0)?.to_owned()).filter(|password| !password.is_empty());
        Ok((password, row.bytes(1)?.unwrap_or_default().to_vec()))
    };
    Ok(db.one(KEPT, &[id.0.into()], read).await?.unwrap_or_default())
}

const KEPT: &str = "SELECT coalesce(password, ''), totp FROM admin WHERE id = $1";
const NAME_OF_LINK: &str = "SELECT name, id FROM admin WHERE link = $1 AND link_expires > $2";
const SET_UP: &str = "UPDATE admin SET password = $2, step = $3, link = NULL, link_expires = NULL \
     WHERE id = $1";
const STEP: &str =
    "UPDATE admin SET step = $2 WHERE id = $1 AND step < $2 AND password IS NOT NULL";
const USE_CODE: &str = "DELETE FROM admin_code WHERE code = $1 AND admin = $2";
const ADD_CODE: &str = "INSERT INTO admin_code (code, admin) VALUES ($1, $2)";
const CONFIRM: &str = "UPDATE sign_in SET confirmed = $3 WHERE id = $1 AND admin = $2";

/// Recovery codes of one admin.
const RECOVERY_CODES: usize = 10;
