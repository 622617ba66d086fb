//! Signing in by a link that was mailed, or by one that the publisher handed out.
//!
//! Nothing here tells a stranger whether an address is a member's.

use policy::{MemberId, MemberState};

use crate::audit::log::{LogEntry, record};
use crate::mail::queue::{self, LinkKind, MailText, NewMail, QueuedMail};
use crate::members::email;
use crate::members::member::{self, BY_EMAIL, Member, read};
use crate::sign_ins::attempt::{self, Outcome};
use crate::sign_ins::link::{self, LinkSecret, OpenLink};
use crate::sign_ins::sign_in::{self, Subject};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::secret_token::SecretToken;
use crate::values::sign_in_code::SignInCode;
use crate::values::stamp::Stamp;

/// A link and a code for one member, for handing out. Either works once, and then the other does
/// not.
#[derive(Clone, Debug)]
pub struct HandedOut {
    /// The member.
    pub member: Member,
    /// For the URL.
    pub token: SecretToken,
    /// For typing.
    pub code: SignInCode,
    /// When they stop working, in Unix seconds.
    pub until: u32,
}

/// What a link would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkOffer {
    /// Whom it signs in.
    pub member: Member,
    /// The address that it makes the member's.
    pub address: Option<Email>,
}

/// A link was used.
#[derive(Clone, Debug)]
pub struct LinkUsed {
    /// Who is signed in.
    pub member: Member,
    /// For the browser.
    pub token: SecretToken,
}

/// Links. Each operation fails where the database is unavailable.
impl Club {
    /// Mails a link to the member who has an address. Where nobody has it, its member is suspended,
    /// or too many links are open, nothing is mailed and the attempt is noted: whoever asked is not
    /// told.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn request_link(
        &self,
        stamp: &Stamp,
        email: Email,
        text: MailText,
    ) -> Result<(), Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let member = tx.one(BY_EMAIL, &[email.text().into()], read).await?;
                match member {
                    None => Ok(attempt::note(tx, &email, Outcome::Unknown).await?),
                    Some(member) if member.state == MemberState::Active => {
                        email::mail_link(tx, &member, email, text, LinkKind::SignIn).await
                    }
                    Some(_) => Ok(attempt::note(tx, &email, Outcome::Suspended).await?),
                }
            })
        })
        .await
    }

    /// Makes the link of a mail that is about to be sent. `None` where it must not be: the member
    /// can't sign in any more, or the address is not theirs, or another's by now.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn make_mailed_link(
        &self,
        now_unix: u32,
        mail: &QueuedMail,
    ) -> Result<Option<SecretToken>, Error> {
        let (Some(member), Some(kind)) = (mail.member, mail.link) else { return Ok(None) };
        let to = mail.to.clone();
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, move |tx| {
            Box::pin(async move {
                let open = OpenLink { member, mailed: Some((to, kind)) };
                if usable(tx, &open).await?.is_none() {
                    return Ok(None);
                }
                let Some((to, kind)) = open.mailed else { return Ok(None) };
                link::mail(tx, member, &to, kind).await.map(Some)
            })
        })
        .await
    }

    /// Voids the link of a mail that no server took. Nobody has it, and it would count among those that are open.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn void_mailed_link(&self, now_unix: u32, token: SecretToken) -> Result<(), Error> {
        let (stamp, secret) = (Stamp::of_daemon(now_unix), LinkSecret::Token(token));
        self.change(&stamp, move |tx| Box::pin(async move { Ok(link::void(tx, &secret).await?) }))
            .await
    }

    /// Makes a link and a code for the publisher to hand out.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, by name or id, or they can't sign in.
    pub async fn hand_out_link(&self, stamp: &Stamp, member: &str) -> Result<HandedOut, Error> {
        let wanted = member.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let member = member::find_live(tx, &wanted).await?;
                if member.state != MemberState::Active {
                    return Err(Error::Inactive(member.id.value()));
                }
                let (token, code, until) = link::hand_out(tx, member.id).await?;
                let detail = "handed out";
                let (what, id) = ("sign-in.link", Some(member.id));
                record(tx, LogEntry { what, member: id, item: None, detail }).await?;
                Ok(HandedOut { member, token, code, until })
            })
        })
        .await
    }

    /// What a link would do; `None` where it does nothing (any more). Changes nothing.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn link_offer(
        &self,
        secret: &LinkSecret,
        now_unix: u32,
    ) -> Result<Option<LinkOffer>, Error> {
        let mut db = self.reader().await?;
        let Some(open) = link::find(&mut *db, secret, now_unix).await? else { return Ok(None) };
        let Some(member) = usable(&mut *db, &open).await? else { return Ok(None) };
        let address = open.mailed.filter(|(_, kind)| *kind == LinkKind::Address);
        Ok(Some(LinkOffer { member, address: address.map(|(email, _)| email) }))
    }

    /// Uses a link or a code, which works no more then: signs its member in. One that was mailed
    /// verifies its address; where that was not verified, whoever was signed in before is signed
    /// out. Where it gives the member another address, `notice` goes to the one before. `None`
    /// where the link does nothing (any more).
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn use_link(
        &self,
        stamp: &Stamp,
        secret: LinkSecret,
        agent: &str,
        notice: MailText,
    ) -> Result<Option<LinkUsed>, Error> {
        let agent = agent.to_owned();
        self.change(stamp, move |tx| {
            Box::pin(async move { use_link(tx, &secret, &agent, notice).await })
        })
        .await
    }
}

async fn use_link(
    tx: &mut Tx,
    secret: &LinkSecret,
    agent: &str,
    notice: MailText,
) -> Result<Option<LinkUsed>, Error> {
    let now = tx.now();
    let Some(open) = link::find(tx, secret, now).await? else { return Ok(None) };
    link::void(tx, secret).await?;
    let Some(member) = usable(tx, &open).await? else { return Ok(None) };
    match open.mailed {
        Some((email, LinkKind::Address)) => {
            change_address(tx, &member, &email, notice).await?;
        }
        Some((_, LinkKind::SignIn)) => verify(tx, &member).await?,
        None => {}
    }
    let token = sign_in::start(tx, Subject::Member(member.id), agent).await?;
    let member = member::by_id(tx, member.id).await?;
    Ok(Some(LinkUsed { member, token }))
}

/// The member of a link, where it may be used: they can sign in, and it was mailed to their
/// address, or to one that is nobody else's.
async fn usable(db: &mut dyn Connection, open: &OpenLink) -> Result<Option<Member>, Error> {
    let member = member::by_id(db, open.member).await?;
    let is_right = match &open.mailed {
        None => true,
        Some((email, LinkKind::SignIn)) => member.email.as_ref() == Some(email),
        Some((email, LinkKind::Address)) => {
            let holder = db.one(BY_EMAIL, &[email.text().into()], read).await?;
            holder.is_none_or(|holder| holder.id == member.id)
        }
    };
    Ok((is_right && member.state == MemberState::Active).then_some(member))
}

/// Whoever signed in while nobody had shown the address to be theirs may have been anybody.
async fn verify(tx: &mut Tx, member: &Member) -> Result<(), Error> {
    if member.email_verified.is_none() {
        sign_in::end_all(tx, Subject::Member(member.id)).await?;
    }
    let values = [member.id.value().into(), tx.now().into()];
    tx.execute("UPDATE member SET email_verified = $2 WHERE id = $1", &values).await?;
    Ok(())
}

async fn change_address(
    tx: &mut Tx,
    member: &Member,
    email: &Email,
    notice: MailText,
) -> Result<(), Error> {
    let now = tx.now();
    void_mailed(tx, member.id).await?;
    email::replace(tx, member, Some(email), Some(now)).await?;
    if let Some(old) = member.email.clone().filter(|old| old != email) {
        let about = "address changed".to_owned();
        let mail = NewMail {
            to: old,
            member: Some(member.id),
            about,
            text: notice,
            report: None,
            link: None,
        };
        queue::enqueue(tx, &mail).await?;
    }
    Ok(())
}

/// Links that were mailed to the address of before, or would be, are void.
async fn void_mailed(tx: &mut Tx, member: MemberId) -> Result<(), Error> {
    for sql in [
        "DELETE FROM sign_in_link WHERE member = $1 AND email IS NOT NULL",
        "DELETE FROM mail WHERE member = $1 AND link IS NOT NULL AND state = 'queued'",
    ] {
        tx.execute(sql, &[member.value().into()]).await?;
    }
    Ok(())
}
