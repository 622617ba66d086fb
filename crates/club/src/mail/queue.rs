//! The queue: what is to be sent, and what became of it.
//!
//! A mail is queued in the transaction of what it reports, and never makes that fail. A link that
//! signs somebody in is not in the text but made when the mail is sent, so that it lives from then
//! on and no backup holds one. The text of a report is written then too. Deliberately absent: the
//! server, and the texts.

use policy::MemberId;

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::audit::log::{LogEntry, record};
use crate::mail::report::{MailReport, report};
use crate::store::club::Club;
use crate::store::sql::{Connection, Reading, Row, SqlResult, member_id, unreadable};
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::ids::MailId;
use crate::values::mail_state::MailState;
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// A text for one person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NewMail {
    /// Where it goes.
    pub(crate) to: Email,
    /// The member it is for.
    pub(crate) member: Option<MemberId>,
    /// What it reports, such as `receipt 7`; for the operator.
    pub(crate) about: String,
    /// Subject and body; empty for a report.
    pub(crate) text: MailText,
    /// What is to be written when it is sent.
    pub(crate) report: Option<MailReport>,
    /// The link that stands for [`LINK`] in the body.
    pub(crate) link: Option<LinkKind>,
}

/// Subject and body, both plain text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MailText {
    /// One line; cut to 200 characters.
    pub subject: String,
    /// Cut to 64 KiB.
    pub body: String,
}

/// What the link in a mail does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkKind {
    /// It makes the mail's address the member's, and signs the member in.
    Address,
    /// It signs the member in.
    SignIn,
}

impl LinkKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::SignIn => "sign-in",
        }
    }
}

/// A mail as the queue has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueuedMail {
    /// Its number.
    pub id: MailId,
    /// Where it goes.
    pub to: Email,
    /// The member it is for.
    pub member: Option<MemberId>,
    /// What it reports.
    pub about: String,
    /// Subject and body; the body is empty once it was sent, and both are for a report.
    pub text: MailText,
    /// What is written when it is sent.
    pub report: Option<MailReport>,
    /// The link that is made when it is sent.
    pub link: Option<LinkKind>,
    /// How far it is.
    pub state: MailState,
    /// When it was first queued, in Unix seconds.
    pub created: u32,
    /// When it is tried next, in Unix seconds; `None` once it is not queued.
    pub due: Option<u32>,
    /// How often it was tried since it was queued, or queued again.
    pub tries: u32,
    /// When it was sent or given up, in Unix seconds.
    pub ended: Option<u32>,
    /// The server's last words; empty before the first.
    pub answer: String,
    pub(crate) since: u32,
}

/// The queue. Each operation fails where the database is unavailable.
impl Club {
    /// A page of mail, oldest first; of one state or of all.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn mail(
        &self,
        state: Option<MailState>,
        page: Page,
    ) -> Result<Vec<QueuedMail>, Error> {
        let state = state.map_or("", MailState::text);
        let values = [page.after.into(), page.limit().into(), state.into()];
        Ok(self.reader().await?.all(PAGE, &values, read).await?)
    }

    /// Makes a mail due at once that waits, bounced or was given up.
    ///
    /// # Errors
    ///
    /// See above; there is none such, or it was sent.
    pub async fn retry_mail(&self, stamp: &Stamp, id: MailId) -> Result<QueuedMail, Error> {
        self.change(stamp, move |tx| Box::pin(async move { retry(tx, id).await })).await
    }
}

/// Queues a mail, due at once. Where no server is configured nothing is queued; where
/// [`MAX_QUEUED`] wait, an alert is raised instead. Returns whether it was queued.
pub(crate) async fn enqueue(tx: &mut Tx, mail: &NewMail) -> Result<bool, Error> {
    if !tx.names.has_mail {
        return Ok(false);
    }
    let subject = one_line(&mail.text.subject);
    let body = &mail.text.body;
    let body = &body[..body.floor_char_boundary(MAX_BODY)];
    let values = [
        mail.to.text().into(),
        mail.member.map(MemberId::value).into(),
        mail.about.as_str().into(),
        subject.as_str().into(),
        body.into(),
        mail.link.map(LinkKind::text).into(),
        tx.now().into(),
        MAX_QUEUED.into(),
        mail.report.map(MailReport::text).into(),
        mail.report.and_then(MailReport::order).map(|order| order.0).into(),
    ];
    let queued = tx.execute(INSERT, &values).await? > 0;
    if !queued {
        let evidence = format!("{MAX_QUEUED} mails wait: `{}` was not queued", mail.about);
        alert(tx, None, evidence).await?;
    }
    Ok(queued)
}

/// Raises an alert about mail.
pub(crate) async fn alert(
    tx: &mut Tx,
    member: Option<MemberId>,
    evidence: String,
) -> SqlResult<()> {
    raise(tx, &[NewAlert { kind: AlertKind::Mail, member, item: None, evidence }]).await.map(drop)
}

pub(crate) async fn find(db: &mut dyn Connection, id: MailId) -> Result<QueuedMail, Error> {
    db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoMail(id))
}

async fn retry(tx: &mut Tx, id: MailId) -> Result<QueuedMail, Error> {
    let mail = find(tx, id).await?;
    if mail.state == MailState::Sent {
        return Err(Error::MailSent(id));
    }
    tx.execute(RETRY, &[id.0.into(), tx.now().into()]).await?;
    let detail = format!("mail {}: {}", id.0, mail.about);
    let entry = LogEntry { what: "mail.retry", member: mail.member, item: None, detail: &detail };
    record(tx, entry).await?;
    find(tx, id).await
}

/// A subject: titles in it may be long, and a line break would end the header.
fn one_line(text: &str) -> String {
    let fine =
        |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    text.chars().take(MAX_SUBJECT).map(fine).collect()
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<QueuedMail> {
    let (link, state) = (row.text(6)?, row.text(7)?);
    let link = match link {
        "" => None,
        "address" => Some(LinkKind::Address),
        "sign-in" => Some(LinkKind::SignIn),
        other => return Err(unreadable(6, other)),
    };
    let state = MailState::named(state).ok_or_else(|| unreadable(7, state))?;
    let due: u32 = row.number(9)?;
    let member = match row.int(2)? {
        Some(_) => Some(member_id(row, 2)?),
        None => None,
    };
    Ok(QueuedMail {
        id: MailId(row.number(0)?),
        to: Email::stored(row.text(1)?),
        member,
        about: row.text(3)?.to_owned(),
        text: MailText { subject: row.text(4)?.to_owned(), body: row.text(5)?.to_owned() },
        report: report(row, 14)?,
        link,
        state,
        created: row.number(8)?,
        due: (state == MailState::Queued).then_some(due),
        tries: row.number(10)?,
        ended: row.optional(11)?,
        answer: row.text(12)?.to_owned(),
        since: row.number(13)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, recipient, member, about, subject, body, coalesce(link, ''), state, \
             created, due, tries, ended, answer, since, coalesce(report, ''), orders FROM mail ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const READING: Reading =
    Reading { table: "mail", sql: select!(""), read: |row| read(row).map(drop) };
/// The one that waits longest.
pub(crate) const DUE: &str =
    select!("WHERE state = 'queued' AND due <= $1 ORDER BY due, id LIMIT 1");
const BY_ID: &str = select!("WHERE id = $1");
const PAGE: &str = select!("WHERE id > $1 AND ($3 = '' OR state = $3) ORDER BY id LIMIT $2");
const INSERT: &str = "INSERT INTO mail (recipient, member, about, subject, body, link, state, \
     created, since, due, tries, answer, report, orders) \
     SELECT $1, $2, $3, $4, $5, $6, 'queued', $7, $7, $7, 0, '', $9, $10 \
     WHERE (SELECT count(*) FROM mail WHERE state = 'queued') < $8";
const RETRY: &str = "UPDATE mail SET state = 'queued', since = $2, due = $2, tries = 0, \
     ended = NULL WHERE id = $1";

/// What stands in a body for the link that is made when the mail is sent.
pub const LINK: &str = "{link}";
/// Maximum mails that wait.
pub const MAX_QUEUED: u32 = 10_000;
const MAX_SUBJECT: usize = 200;
const MAX_BODY: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_of_bounded_length() {
        assert_eq!(one_line("Receipt\r\nBcc: x@y.org"), "Receipt  Bcc: x@y.org");
        assert_eq!(one_line(&"ü".repeat(201)), "ü".repeat(200));
    }
}
