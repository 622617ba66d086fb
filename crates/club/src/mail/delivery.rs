//! Delivering: who takes a mail from the queue has it for a while, and says what came of it.
//!
//! Taking one puts off its next try, so that a daemon that dies with it sends it again, and of
//! several daemons one has it at a time.

use std::time::Duration;

use crate::mail::queue::{self, DUE, QueuedMail, alert, read};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::MailId;
use crate::values::mail_state::MailState;
use crate::values::stamp::Stamp;

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
    /// Takes the mail that is due longest, for one try within [`LEASE`].
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
    let answer = &answer[..answer.floor_char_boundary(MAX_ANSWER)];
    let ended = (state != MailState::Queued).then_some(tx.now());
    let values = [id.0.into(), state.text().into(), ended.into(), answer.into(), due.into()];
    tx.execute(SETTLE, &values).await?;
    if is_alert {
        let evidence = format!("mail {} ({}) {}: {answer}", id.0, mail.about, state.text());
        alert(tx, mail.member, evidence).await?;
    }
    Ok(())
}

/// Seconds until the next try: 5, then three times as many each time, up to an hour.
fn pause(tries: u32) -> u32 {
    let thrice = 3_u32.saturating_pow(tries.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(thrice).min(HOUR)
}

const TAKE: &str = "UPDATE mail SET tries = tries + 1, due = $2 WHERE id = $1";
const SETTLE: &str = "UPDATE mail SET state = $2, ended = $3, answer = $4, due = $5, \
     body = CASE WHEN $2 = 'sent' THEN '' ELSE body END WHERE id = $1";
const PRUNE: &str = "DELETE FROM mail WHERE ended < $2 OR (ended < $1 AND state = 'sent')";
const PRUNE_MOST: &str = "DELETE FROM mail WHERE id IN (SELECT id FROM mail \
     WHERE ended IS NOT NULL ORDER BY ended DESC, id DESC LIMIT $2 OFFSET $1)";

/// How long whoever takes a mail has for one try.
pub const LEASE: Duration = Duration::from_secs(45);
/// After how many seconds a mail is taken again of which nothing was heard.
const HELD_SECS: u32 = 60;
const FIRST_PAUSE: u32 = 5;
/// Maximum mails that are kept once they are sent or given up.
const MAX_ENDED: u32 = 50_000;
const MAX_ANSWER: usize = 500;
/// A mail that could not be sent for so long is given up.
const MAX_AGE: u32 = 2 * 86_400;
const HOUR: u32 = 3600;
const MONTH: u32 = 30 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_up_to_an_hour() {
        let pauses = [1, 2, 3, 6, 7, 8, u32::MAX].map(pause);
        assert_eq!(pauses, [5, 15, 45, 1215, 3600, 3600, 3600]);
        assert!(u64::from(HELD_SECS) > LEASE.as_secs());
    }
}
