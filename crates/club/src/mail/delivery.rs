//! Delivering: who takes a mail from the queue has it for a while, and says what came of it.
//!
//! Taking one puts off its next try, so that a daemon that dies with it sends it again, and of
//! several daemons one has it at a time.

use crate::mail::queue::{self, DUE, QueuedMail, alert, read};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::MailId;
use crate::values::mail_state::MailState;
use crate::values::stamp::Stamp;
use crate::values::tries::{HELD_SECS, kept, pause};

/// What came of a try. The text is the server's words, or what kept us from it; cut to 500 bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tried {
    /// The server refuses it for good.
    Bounced(String),
    /// Not now.
    Later(String),
    /// The server took it.
    Sent(String),
    /// There is nobody to send it to any more.
    Void(String),
}

/// Delivery. Each operation fails where the database is unavailable.
impl Club {
    /// Takes the mail that is due longest, for one try within [`TRY_LEASE`](crate::TRY_LEASE).
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn take_mail(&self, now_unix: u32) -> Result<Option<QueuedMail>, Error> {
        // Most calls find nothing, and need not wait for the writer.
        let mut db = self.reader().await?;
        if db.one(DUE, &[now_unix.into()], read).await?.is_none() {
            return Ok(None);
        }
        drop(db);
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, |tx| Box::pin(take(tx))).await
    }

    /// Notes what came of a try, and how far the mail is then. Nothing is noted of a mail that is
    /// not queued any more.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn settle_mail(&self, now_unix: u32, id: MailId, tried: Tried) -> Result<(), Error> {
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, move |tx| Box::pin(async move { settle(tx, id, tried).await })).await
    }

    /// Deletes what was sent a month ago, and what was given up three months ago; of what is left
    /// the oldest over 50,000.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn prune_mail(&self, now_unix: u32) -> Result<(), Error> {
        self.write(move |db| {
            Box::pin(async move {
                let (sent, given_up) =
                    (now_unix.saturating_sub(MONTH), now_unix.saturating_sub(3 * MONTH));
                db.execute(PRUNE, &[sent.into(), given_up.into()]).await?;
                db.execute(PRUNE_MOST, &[MAX_ENDED.into(), u32::MAX.into()]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn take(tx: &mut Tx) -> Result<Option<QueuedMail>, Error> {
    let now = tx.now();
    let Some(mail) = tx.one(DUE, &[now.into()], read).await? else { return Ok(None) };
    let due = now.saturating_add(HELD_SECS);
    tx.execute(TAKE, &[mail.id.0.into(), due.into()]).await?;
    queue::find(tx, mail.id).await.map(Some)
}

async fn settle(tx: &mut Tx, id: MailId, tried: Tried) -> Result<(), Error> {
    let mail = queue::find(tx, id).await?;
    if mail.state != MailState::Queued {
        return Ok(());
    }
    let due = tx.now().saturating_add(pause(mail.tries));
    let is_too_old = due > mail.since.saturating_add(MAX_AGE);
    let (state, is_alert, answer) = match tried {
        Tried::Bounced(answer) => (MailState::Bounced, true, answer),
        Tried::Later(answer) if is_too_old => (MailState::Failed, true, answer),
        Tried::Later(answer) => (MailState::Queued, false, answer),
        Tried::Sent(answer) => (MailState::Sent, false, answer),
        Tried::Void(answer) => (MailState::Failed, false, answer),
    };
    let answer = kept(&answer);
    let ended = (state != MailState::Queued).then_some(tx.now());
    let values = [id.0.into(), state.text().into(), ended.into(), answer.into(), due.into()];
    tx.execute(SETTLE, &values).await?;
    if is_alert {
        let evidence = format!("mail {} ({}) {}: {answer}", id.0, mail.about, state.text());
        alert(tx, mail.member, evidence).await?;
    }
    Ok(())
}

const TAKE: &str = "UPDATE mail SET tries = tries + 1, due = $2 WHERE id = $1";
const SETTLE: &str = "UPDATE mail SET state = $2, ended = $3, answer = $4, due = $5, \
     body = CASE WHEN $2 = 'sent' THEN '' ELSE body END WHERE id = $1";
const PRUNE: &str = "DELETE FROM mail WHERE ended < $2 OR (ended < $1 AND state = 'sent')";
const PRUNE_MOST: &str = "DELETE FROM mail WHERE id IN (SELECT id FROM mail \
     WHERE ended IS NOT NULL ORDER BY ended DESC, id DESC LIMIT $2 OFFSET $1)";

/// Maximum mails that are kept once they are sent or given up.
const MAX_ENDED: u32 = 50_000;
/// A mail that could not be sent for so long is given up.
const MAX_AGE: u32 = 2 * 86_400;
const MONTH: u32 = 30 * 86_400;
