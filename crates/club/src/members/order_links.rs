//! Mailing members the links to their orders, with one that signs them in.
//!
//! An address gets a bounded number of these mails an hour. Nothing here tells a stranger whether an
//! address is a member's.

use policy::MemberState;

use crate::audit::log::{LogEntry, record};
use crate::mail::queue::{self, LinkKind, MailText, NewMail};
use crate::mail::report::{self, MailReport};
use crate::members::member::{self, BY_EMAIL, Member, read};
use crate::sign_ins::attempt::{self, Outcome};
use crate::sign_ins::link;
use crate::store::club::Club;
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::stamp::Stamp;

/// Links to orders. Each operation fails where the database is unavailable.
impl Club {
    /// Mails the links to the member who has an address. Nothing is mailed if nobody has the address, if its
    /// member is suspended, or if it got too many mails in the last hour. The attempt is noted for the operator;
    /// whoever asked is not told.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn request_orders(&self, stamp: &Stamp, email: Email) -> Result<(), Error> {
        self.change(stamp, move |tx| Box::pin(async move { request(tx, email).await })).await
    }

    /// Mails a member, by name or id, the links, and returns the member.
    ///
    /// # Errors
    ///
    /// There is no such member; the member can't sign in or has no address; this daemon sends no mail, or too
    /// many mails wait; the address got too many in the last hour; the database is unavailable.
    pub async fn mail_orders(&self, stamp: &Stamp, member: &str) -> Result<Member, Error> {
        let wanted = member.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { mail(tx, &wanted).await })).await
    }
}

async fn request(tx: &mut Tx, email: Email) -> Result<(), Error> {
    let member = tx.one(BY_EMAIL, &[email.text().into()], read).await?;
    let outcome = match member {
        None => Outcome::Unknown,
        Some(member) if member.state != MemberState::Active => Outcome::Suspended,
        Some(member) if is_too_often(tx, &member, &email).await? => Outcome::TooMany,
        Some(member) => {
            enqueue(tx, &member, email).await?;
            return Ok(());
        }
    };
    Ok(attempt::note(tx, &email, outcome).await?)
}

async fn mail(tx: &mut Tx, wanted: &str) -> Result<Member, Error> {
    let member = member::find_live(tx, wanted).await?;
    if member.state != MemberState::Active {
        return Err(Error::Inactive(member.id.value()));
    }
    if !tx.names.has_mail {
        return Err(Error::NoMailServer);
    }
    let Some(email) = member.email.clone() else {
        return Err(Error::NoMemberAddress(member.name));
    };
    if is_too_often(tx, &member, &email).await? {
        return Err(Error::MailedOften(email));
    }
    if !enqueue(tx, &member, email).await? {
        return Err(Error::MailFull);
    }
    let (what, id) = ("mail.orders", Some(member.id));
    record(tx, LogEntry { what, member: id, item: None, detail: "" }).await?;
    Ok(member)
}

async fn is_too_often(tx: &mut Tx, member: &Member, email: &Email) -> Result<bool, Error> {
    let is_often = report::is_too_often(tx, email, MailReport::Orders).await?;
    Ok(is_often || link::count(tx, member.id).await? >= link::MAX_OPEN_LINKS)
}

async fn enqueue(tx: &mut Tx, member: &Member, to: Email) -> Result<bool, Error> {
    let report = MailReport::Orders;
    let mail = NewMail {
        to,
        member: Some(member.id),
        about: report.about(),
        text: MailText::default(),
        report: Some(report),
        link: Some(LinkKind::SignIn),
    };
    queue::enqueue(tx, &mail).await
}
