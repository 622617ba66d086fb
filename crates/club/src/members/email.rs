//! Members' e-mail addresses: each is one member's, and unverified until mail to it was answered.
//!
//! What a member has goes with the member, so a new address is all that it takes to move it.

use policy::{MemberId, MemberState};

use crate::audit::log::{LogEntry, record};
use crate::mail::queue::{self, LinkKind, MailText, NewMail};
use crate::members::member::{self, BY_EMAIL, Member, read};
use crate::sign_ins::attempt::{self, Outcome};
use crate::sign_ins::link;
use crate::sign_ins::sign_in::{self, Subject};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::stamp::Stamp;

/// Addresses. Each operation fails where the database is unavailable.
impl Club {
    /// Mails a link to an address that a member wants to have instead of the own; using it gives
    /// the member that address. Where another member has it, or too many links are open, nothing is
    /// mailed and the attempt is noted: whoever asked is not told.
    ///
    /// # Errors
    ///
    /// See above; the member is suspended or was removed.
    pub async fn request_email(
        &self,
        stamp: &Stamp,
        member: MemberId,
        email: Email,
        text: MailText,
    ) -> Result<(), Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let member = member::by_id(tx, member).await?;
                if member.state != MemberState::Active {
                    return Err(Error::Inactive(member.id.value()));
                }
                let holder = tx.one(BY_EMAIL, &[email.text().into()], read).await?;
                if holder.is_some_and(|holder| holder.id != member.id) {
                    return Ok(attempt::note(tx, &email, Outcome::Taken).await?);
                }
                mail_link(tx, &member, email, text, LinkKind::Address).await
            })
        })
        .await
    }
}

/// Queues a mail with a link, unless the member has too many of them.
pub(crate) async fn mail_link(
    tx: &mut Tx,
    member: &Member,
    to: Email,
    text: MailText,
    kind: LinkKind,
) -> Result<(), Error> {
    if link::count(tx, member.id).await? >= link::MAX_OPEN_LINKS {
        return Ok(attempt::note(tx, &to, Outcome::TooMany).await?);
    }
    let about = match kind {
        LinkKind::Address => "new address",
        LinkKind::SignIn => "sign-in",
    };
    let (member, about, link) = (Some(member.id), about.to_owned(), Some(kind));
    queue::enqueue(tx, &NewMail { to, member, about, text, report: None, link }).await.map(drop)
}

/// Gives a member another address, or none, in the operator's name. The address is unverified,
/// whoever was signed in is signed out, and a link goes to it with `text`.
pub(crate) async fn set(
    tx: &mut Tx,
    member: Member,
    email: Option<Email>,
    text: MailText,
) -> Result<Member, Error> {
    if member.email != email {
        sign_in::end_all(tx, Subject::Member(member.id)).await?;
        replace(tx, &member, email.as_ref(), None).await?;
    }
    if let Some(email) = email
        && member.state == MemberState::Active
    {
        mail_link(tx, &member, email, text, LinkKind::SignIn).await?;
    }
    member::by_id(tx, member.id).await
}

/// Replaces a member's address, with that of the member's orders.
pub(crate) async fn replace(
    tx: &mut Tx,
    member: &Member,
    email: Option<&Email>,
    verified: Option<u32>,
) -> Result<(), Error> {
    if let Some(email) = email {
        let holder = tx.one(BY_EMAIL, &[email.text().into()], read).await?;
        if let Some(holder) = holder.filter(|holder| holder.id != member.id) {
            return Err(Error::EmailTaken { email: email.clone(), member: holder.name });
        }
    }
    let (id, text) = (member.id.value().into(), email.map(Email::text).into());
    tx.execute(REPLACE, &[id, text, verified.into()]).await?;
    if let (Some(old), Some(_)) = (&member.email, email) {
        tx.execute(REPLACE_IN_ORDERS, &[id, text, old.text().into()]).await?;
    }
    let shown = |email: Option<&Email>| email.map_or("none", Email::text).to_owned();
    let detail = format!("{} -> {}", shown(member.email.as_ref()), shown(email));
    let entry =
        LogEntry { what: "member.email", member: Some(member.id), item: None, detail: &detail };
    record(tx, entry).await
}

const REPLACE: &str = "UPDATE member SET email = $2, email_verified = $3 WHERE id = $1";
const REPLACE_IN_ORDERS: &str = "UPDATE orders SET email = $2 WHERE member = $1 AND email = $3";
