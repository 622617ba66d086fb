//! Attempts to sign in as an admin that came to nothing, for the admins to see.
//!
//! A name that nobody has is not kept: it may be a password in the wrong field. The rows are bounded, and the oldest go.

use crate::store::club::Club;
use crate::store::sql::{Row, SqlResult, Value, unreadable};
use crate::values::error::Error;
use crate::values::ids::AdminId;

/// What was wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WrongPart {
    /// The code, or the recovery code: the password was right.
    Code,
    /// The name: nobody has it.
    Name,
    /// The password.
    Password,
}

impl WrongPart {
    const ALL: [Self; 3] = [Self::Code, Self::Name, Self::Password];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Name => "name",
            Self::Password => "password",
        }
    }
}

/// An attempt to sign in as an admin that came to nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VainAttempt {
    /// As whom; `None` where nobody has the name.
    pub admin: Option<AdminId>,
    /// Where it came from.
    pub address: String,
    /// What was wrong.
    pub wrong: WrongPart,
    /// In Unix seconds.
    pub at: u32,
}

impl Club {
    /// Notes an attempt.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn note_vain_attempt(&self, attempt: VainAttempt) -> Result<(), Error> {
        self.write(move |db| {
            Box::pin(async move {
                let VainAttempt { admin, address, wrong, at } = &attempt;
                let values = [
                    admin.map(|admin| admin.0).into(),
                    address.as_str().into(),
                    wrong.text().into(),
                    (*at).into(),
                ];
                db.execute(NOTE, &values).await?;
                db.execute(PRUNE, &[MAX_ATTEMPTS.into(), u32::MAX.into()]).await?;
                Ok(())
            })
        })
        .await
    }

    /// Attempts since a moment, of one admin or of all and of names that nobody has; the last first, at most 100.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn vain_attempts(
        &self,
        admin: Option<AdminId>,
        since: u32,
    ) -> Result<Vec<VainAttempt>, Error> {
        let id = Value::Int(Some(admin.map_or(-1, |admin| admin.0.into())));
        Ok(self.reader().await?.all(SINCE, &[id, since.into()], read).await?)
    }
}

fn read(row: &dyn Row) -> SqlResult<VainAttempt> {
    let wrong = row.text(2)?;
    let known = WrongPart::ALL.into_iter().find(|part| part.text() == wrong);
    Ok(VainAttempt {
        admin: row.optional(0)?.map(AdminId),
        address: row.text(1)?.to_owned(),
        wrong: known.ok_or_else(|| unreadable(2, wrong))?,
        at: row.number(3)?,
    })
}

const NOTE: &str = "INSERT INTO admin_attempt (admin, address, wrong, at) VALUES ($1, $2, $3, $4)";
const PRUNE: &str = "DELETE FROM admin_attempt WHERE id IN (SELECT id FROM admin_attempt \
     ORDER BY id DESC LIMIT $2 OFFSET $1)";
const SINCE: &str = "SELECT admin, address, wrong, at FROM admin_attempt \
     WHERE (CAST($1 AS BIGINT) < 0 OR admin = $1) AND at >= $2 ORDER BY id DESC LIMIT 100";
/// Maximum rows of attempts.
const MAX_ATTEMPTS: u32 = 1000;
