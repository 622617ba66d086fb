//! Sign-ins: a browser that has a token is signed in as a member or an admin.
//!
//! The token is shown once and stored as its hash. A sign-in ends when nobody used it for a while,
//! when it is old, when it is ended, and with its member. Deliberately absent: how somebody comes
//! to be signed in.

use policy::MemberId;

use crate::audit::log::{LogEntry, record};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, Value, member_id, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{AdminId, SignInId};
use crate::values::secret_token::SecretToken;
use crate::values::stamp::Stamp;

/// Who is signed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// Somebody who runs the daemon.
    Admin(AdminId),
    /// A member.
    Member(MemberId),
}

impl Subject {
    /// The columns `member` and `admin`.
    fn values(self) -> [Value<'static>; 2] {
        match self {
            Self::Admin(AdminId(id)) => [Value::Int(None), id.into()],
            Self::Member(id) => [id.value().into(), Value::Int(None)],
        }
    }

    const fn member(self) -> Option<MemberId> {
        match self {
            Self::Admin(_) => None,
            Self::Member(id) => Some(id),
        }
    }

    /// Seconds after which a sign-in ends that nobody used.
    const fn idle_secs(self) -> u32 {
        match self {
            Self::Admin(_) => 12 * HOUR,
            Self::Member(_) => 30 * DAY,
        }
    }

    /// Seconds after which a sign-in ends in any case.
    const fn longest_secs(self) -> u32 {
        match self {
            Self::Admin(_) => 7 * DAY,
            Self::Member(_) => 180 * DAY,
        }
    }
}

/// A sign-in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignIn {
    /// Its number.
    pub id: SignInId,
    /// Who is signed in.
    pub subject: Subject,
    /// The browser, as it calls itself; at most 200 bytes.
    pub agent: String,
    /// In Unix seconds.
    pub created: u32,
    /// When it was used last, to within five minutes, in Unix seconds.
    pub used: u32,
    /// When its admin gave password or code last, in Unix seconds; `None` of a member's.
    pub confirmed: Option<u32>,
}

impl SignIn {
    /// When it ends unless it is used again, in Unix seconds.
    pub fn ends(&self) -> u32 {
        let idle = self.used.saturating_add(self.subject.idle_secs());
        idle.min(self.created.saturating_add(self.subject.longest_secs()))
    }
}

/// Sign-ins. Each operation fails where the database is unavailable.
impl Club {
    /// Signs somebody in; the token is not shown again. Of [`MAX_SIGN_INS`] the one that was unused
    /// for longest ends.
    ///
    /// # Errors
    ///
    /// See above; the member is suspended or was removed.
    pub async fn start_sign_in(
        &self,
        stamp: &Stamp,
        subject: Subject,
        agent: &str,
    ) -> Result<SecretToken, Error> {
        let agent = agent.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { start(tx, subject, &agent).await }))
            .await
    }

    /// The sign-in of a token; `None` where it ended. Its use is written down at most once in five
    /// minutes.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn sign_in(
        &self,
        token: &SecretToken,
        now_unix: u32,
    ) -> Result<Option<SignIn>, Error> {
        let hash = token.hash();
        let mut db = self.reader().await?;
        let found = db.one(BY_TOKEN, &[Value::Bytes(&hash)], read).await?;
        drop(db);
        let Some(found) = found.filter(|found| now_unix < found.ends()) else { return Ok(None) };
        if now_unix >= found.used.saturating_add(USE_PACE) {
            let id = found.id.0;
            // A page is shown all the same where this can't be written.
            let touched = self.write(move |db| {
                Box::pin(async move { Ok(db.execute(TOUCH, &[id.into(), now_unix.into()]).await?) })
            });
            drop(touched.await);
        }
        Ok(Some(found))
    }

    /// The sign-ins of a member or an admin that have not ended, the one used last first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn sign_ins_of(&self, subject: Subject, now_unix: u32) -> Result<Vec<SignIn>, Error> {
        let [member, admin] = subject.values();
        let mut found = self.reader().await?.all(OF_SUBJECT, &[member, admin], read).await?;
        found.retain(|sign_in| now_unix < sign_in.ends());
        Ok(found)
    }

    /// Ends one sign-in of a member or an admin, and voids the member's open links and codes: whoever was
    /// signed in may have asked for them.
    ///
    /// # Errors
    ///
    /// See above; they have none such.
    pub async fn end_sign_in(
        &self,
        stamp: &Stamp,
        subject: Subject,
        id: SignInId,
    ) -> Result<(), Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let [member, admin] = subject.values();
                if tx.execute(END, &[id.0.into(), member, admin]).await? == 0 {
                    return Err(Error::NoSignIn(id));
                }
                void_links(tx, subject).await?;
                note_end(tx, subject, &format!("sign-in {}", id.0)).await
            })
        })
        .await
    }

    /// Ends all sign-ins of a member or an admin, and voids the member's open links and codes;
    /// returns how many sign-ins there were.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn end_sign_ins(&self, stamp: &Stamp, subject: Subject) -> Result<u64, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let ended = end_all(tx, subject).await?;
                note_end(tx, subject, &format!("all {ended}")).await?;
                Ok(ended)
            })
        })
        .await
    }

    /// Deletes sign-ins, links and codes that ended.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn prune_sign_ins(&self, now_unix: u32) -> Result<(), Error> {
        self.write(move |db| {
            Box::pin(async move {
                let ago = |secs| now_unix.saturating_sub(secs).into();
                db.execute(PRUNE, &[ago(30 * DAY), ago(180 * DAY)]).await?;
                db.execute(PRUNE_LINKS, &[now_unix.into()]).await?;
                Ok(())
            })
        })
        .await
    }
}

/// Signs somebody in.
pub(crate) async fn start(
    tx: &mut Tx,
    subject: Subject,
    agent: &str,
) -> Result<SecretToken, Error> {
    if let Subject::Member(id) = subject {
        check_active(tx, id).await?;
    }
    let token = SecretToken::random()?;
    let [member, admin] = subject.values();
    let agent = &agent[..agent.floor_char_boundary(MAX_AGENT)];
    let hash = token.hash();
    let confirmed = matches!(subject, Subject::Admin(_)).then(|| tx.now());
    let values =
        [Value::Bytes(&hash), member, admin, agent.into(), tx.now().into(), confirmed.into()];
    tx.execute(INSERT, &values).await?;
    tx.execute(END_OLDEST, &[member, admin, MAX_SIGN_INS.into(), u32::MAX.into()]).await?;
    let entry =
        LogEntry { what: "sign-in.start", member: subject.member(), item: None, detail: agent };
    record(tx, entry).await?;
    Ok(token)
}

/// Ends all sign-ins of a member or an admin, with the links and codes that would make more.
pub(crate) async fn end_all(tx: &mut Tx, subject: Subject) -> SqlResult<u64> {
    void_links(tx, subject).await?;
    tx.execute(END_ALL, &subject.values()).await
}

async fn void_links(tx: &mut Tx, subject: Subject) -> SqlResult<()> {
    if let Subject::Member(id) = subject {
        for sql in VOID_LINKS {
            tx.execute(sql, &[id.value().into()]).await?;
        }
    }
    Ok(())
}

async fn note_end(tx: &mut Tx, subject: Subject, detail: &str) -> Result<(), Error> {
    record(tx, LogEntry { what: "sign-in.end", member: subject.member(), item: None, detail }).await
}

/// Refuses a member who is suspended or was removed.
async fn check_active(db: &mut dyn Connection, id: MemberId) -> Result<(), Error> {
    let sql = "SELECT id FROM member WHERE id = $1 AND state = 'active'";
    match db.one(sql, &[id.value().into()], |row| row.number::<u32>(0)).await? {
        Some(_) => Ok(()),
        None => Err(Error::Inactive(id.value())),
    }
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<SignIn> {
    let subject = match (row.int(1)?, row.optional(2)?) {
        (Some(_), None) => Subject::Member(member_id(row, 1)?),
        (None, Some(admin)) => Subject::Admin(AdminId(admin)),
        _ => return Err(unreadable(1, "both or neither of a member and an admin")),
    };
    Ok(SignIn {
        id: SignInId(row.number(0)?),
        subject,
        agent: row.text(3)?.to_owned(),
        created: row.number(4)?,
        used: row.number(5)?,
        confirmed: row.optional(6)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, member, admin, agent, created, used, confirmed FROM sign_in ", $rest)
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "sign_in", sql: select!(""), read: |row| read(row).map(drop) };
/// A member's state counts at once, whoever changed it; so does the removal of an admin.
const BY_TOKEN: &str = select!(
    "WHERE token = $1 AND (EXISTS (SELECT 1 FROM member \
     WHERE member.id = sign_in.member AND state = 'active') OR EXISTS (SELECT 1 FROM admin \
     WHERE admin.id = sign_in.admin AND password IS NOT NULL))"
);
const OF_SUBJECT: &str =
    select!("WHERE member = $1 OR admin = $2 ORDER BY used DESC, id DESC LIMIT 100");
const INSERT: &str = "INSERT INTO sign_in (token, member, admin, agent, created, used, confirmed) \
     VALUES ($1, $2, $3, $4, $5, $5, $6)";
const TOUCH: &str = "UPDATE sign_in SET used = $2 WHERE id = $1 AND used < $2";
const END: &str = "DELETE FROM sign_in WHERE id = $1 AND (member = $2 OR admin = $3)";
const END_ALL: &str = "DELETE FROM sign_in WHERE member = $1 OR admin = $2";
const END_OLDEST: &str = "DELETE FROM sign_in WHERE id IN (SELECT id FROM sign_in \
     WHERE member = $1 OR admin = $2 ORDER BY used DESC, id DESC LIMIT $4 OFFSET $3)";
const VOID_LINKS: [&str; 2] = [
    "DELETE FROM sign_in_link WHERE member = $1",
    "DELETE FROM mail WHERE member = $1 AND link IS NOT NULL AND state = 'queued'",
];
/// Idle for as long as a member's may be; an admin's is refused sooner.
const PRUNE: &str = "DELETE FROM sign_in WHERE used <= $1 OR created <= $2";
const PRUNE_LINKS: &str = "DELETE FROM sign_in_link WHERE expires <= $1";

/// Maximum sign-ins of one member or admin.
pub const MAX_SIGN_INS: u32 = 32;
/// A use is written down at most once in so many seconds.
const USE_PACE: u32 = 5 * 60;
const MAX_AGENT: usize = 200;
const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;
