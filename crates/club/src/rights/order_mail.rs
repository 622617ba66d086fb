//! Mail about orders: a receipt when one is paid, a notice when something of it is paid back, and
//! both again for who asks.
//!
//! An order is paid for the first time once, so it has one receipt, whatever its providers report
//! and in which order.

use crate::audit::log::{LogEntry, record};
use crate::mail::queue::{self, MailText, NewMail};
use crate::mail::report::{self, MailReport};
use crate::members::member;
use crate::rights::order::{self, Order};
use crate::store::club::Club;
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::ids::OrderId;
use crate::values::stamp::Stamp;

impl Club {
    /// Mails the receipt of an order again: to the address that it has, or its member. Returns where it
    /// goes.
    ///
    /// # Errors
    ///
    /// There is no such order; it is not paid, or has no address; no mail is sent, or too many wait;
    /// the address got too many receipts in the last hour; the database is unavailable.
    pub async fn mail_receipt(&self, stamp: &Stamp, order: OrderId) -> Result<Email, Error> {
        self.change(stamp, move |tx| Box::pin(async move { again(tx, order).await })).await
    }
}

/// Queues the receipt of an order that was just paid for the first time.
pub(crate) async fn receipt(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    enqueue(tx, order, MailReport::Receipt(order.id)).await
}

/// Queues the notice that something of an order was paid back.
pub(crate) async fn refund(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    enqueue(tx, order, MailReport::Refund(order.id)).await
}

async fn enqueue(tx: &mut Tx, order: &Order, report: MailReport) -> Result<(), Error> {
    if !tx.names.has_mail {
        return Ok(());
    }
    if let Some(to) = address(tx, order).await? {
        queue::enqueue(tx, &mail(to, order, report)).await?;
    }
    Ok(())
}

async fn again(tx: &mut Tx, id: OrderId) -> Result<Email, Error> {
    let order = order::find(tx, id).await?;
    if order.paid.is_none() {
        return Err(Error::OrderUnpaid(id));
    }
    if !tx.names.has_mail {
        return Err(Error::NoMailServer);
    }
    let to = address(tx, &order).await?.ok_or(Error::NoAddress(id))?;
    let report = MailReport::Receipt(id);
    if report::is_too_often(tx, &to, report).await? {
        return Err(Error::MailedOften(to));
    }
    if !queue::enqueue(tx, &mail(to.clone(), &order, report)).await? {
        return Err(Error::MailFull);
    }
    let detail = report.about();
    let (what, member) = ("mail.again", order.member);
    record(tx, LogEntry { what, member, item: None, detail: &detail }).await?;
    Ok(to)
}

/// Where mail about an order goes: the address that the buyer gave, or the member's.
async fn address(tx: &mut Tx, order: &Order) -> Result<Option<Email>, Error> {
    match (&order.email, order.member) {
        (Some(email), _) => Ok(Some(email.clone())),
        (None, Some(owner)) => Ok(member::by_id(tx, owner).await?.email),
        (None, None) => Ok(None),
    }
}

fn mail(to: Email, order: &Order, report: MailReport) -> NewMail {
    NewMail {
        to,
        member: order.member,
        about: report.about(),
        text: MailText::default(),
        report: Some(report),
        link: None,
    }
}
