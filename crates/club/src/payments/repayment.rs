//! What providers are asked to pay back.
//!
//! A repayment is noted before its provider is asked, and entered with the answer. Where the answer
//! is lost nobody knows whether it was paid: no other of the order begins until that is known.
//! Deliberately absent: the provider, whom the web asks.

use crate::audit::log::{self, record};
use crate::ledger::statement::last_reversal;
use crate::payments::checkout::{self, Checkout};
use crate::payments::inbox::{self, Delivery, Verdict, receive};
use crate::payments::payment::{self, Payment};
use crate::payments::provider::{Event, Notice, Report};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, EntryId, RepaymentId};
use crate::values::money::Amount;
use crate::values::page::Page;
use crate::values::stamp::Stamp;

/// What a provider was asked to pay back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repayment {
    /// Its number.
    pub id: RepaymentId,
    /// Of which order.
    pub checkout: CheckoutId,
    /// The request's.
    pub key: String,
    /// The provider's name for the payment.
    pub payment: String,
    /// How much of it.
    pub amount: Amount,
    /// In Unix seconds.
    pub asked: u32,
    /// Whether it was paid or offered; `false` where the provider's answer is not known.
    pub made: bool,
    /// Where the payer takes the money, where that is up to them.
    pub link: Option<String>,
    /// The entry that took the purchase back; `None` where nothing was bought.
    pub entry: Option<EntryId>,
    provider: String,
    refunded: i64,
}

/// What is to be paid back.
#[derive(Clone, Debug)]
pub struct NewRepayment {
    /// Of which order.
    pub checkout: CheckoutId,
    /// Names the request, among those of its provider.
    pub key: String,
    /// The purchase to take back, where it matters which of the order's payments is meant.
    pub bought: Option<EntryId>,
    /// How much; `None` for what is left.
    pub amount: Option<Amount>,
}

/// How a repayment begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Begun {
    /// Less than that is left.
    Less(Amount),
    /// The same request was answered; without a repayment where only its event was kept.
    Made(Option<Box<Repayment>>),
    /// It is noted: now the provider is to be asked.
    New(Box<Repayment>),
    /// Nothing is left.
    NothingLeft,
    /// Of this one of the order nobody knows whether it was made: the same request's, or another.
    Unanswered(Box<Repayment>),
}

/// Operations on repayments. Each fails where the database is unavailable.
impl Club {
    /// Notes that a provider is to be asked for a repayment; the same `key` again finds the first.
    ///
    /// # Errors
    ///
    /// See above; there is no such order; the key was another order's or amount's.
    pub async fn begin_repayment(&self, stamp: &Stamp, new: NewRepayment) -> Result<Begun, Error> {
        let now = stamp.now_unix;
        self.write(move |db| Box::pin(async move { begin(db, now, &new).await })).await
    }

    /// Enters that a repayment was made. What it ends is ended on the announce path when this
    /// returns.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn enter_repayment(
        &self,
        stamp: &Stamp,
        repayment: &Repayment,
        link: Option<&str>,
    ) -> Result<(Verdict, String), Error> {
        let (made, link) = (repayment.clone(), link.map(str::to_owned));
        self.change(stamp, move |tx| {
            Box::pin(async move { enter(tx, &made, link.as_deref()).await })
        })
        .await
    }

    /// Forgets a repayment that was not made, so that another may begin. Where a person says so
    /// that goes into the record.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn forget_repayment(
        &self,
        stamp: &Stamp,
        repayment: &Repayment,
        is_said: bool,
    ) -> Result<(), Error> {
        let repayment = repayment.clone();
        self.change(stamp, move |tx| Box::pin(async move { forget(tx, &repayment, is_said).await }))
            .await
    }

    /// What the provider of an order was asked to pay back, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn repayments(&self, checkout: CheckoutId) -> Result<Vec<Repayment>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(OF_CHECKOUT, &[checkout.0.into(), Page::MAX.into()], read).await?)
    }
}

async fn begin(db: &mut dyn Connection, now: u32, new: &NewRepayment) -> Result<Begun, Error> {
    if new.key.is_empty() || new.key.len() > MAX_KEY {
        return Err(Error::Key(new.key.len()));
    }
    let order = checkout::find(db, new.checkout).await?;
    let by_key = [order.provider.as_str().into(), new.key.as_str().into()];
    if let Some(known) = db.one(BY_KEY, &by_key, read).await? {
        if !is_same(&known, &order, new) {
            let (key, checkout) = (known.key, known.checkout);
            return Err(Error::CheckoutKey { key, checkout });
        }
        let known = Box::new(known);
        return Ok(if known.made { Begun::Made(Some(known)) } else { Begun::Unanswered(known) });
    }
    if inbox::is_known(db, &order.provider, &event_key(&new.key)).await? {
        return Ok(Begun::Made(None));
    }
    if let Some(open) = db.one(UNANSWERED, &[order.id.0.into()], read).await? {
        return Ok(Begun::Unanswered(Box::new(open)));
    }
    let mut payments = order.payments.iter().rev();
    let Some(payment) = payments.find(|payment| payment.kept > 0 && is_meant(payment, new)) else {
        return Ok(Begun::NothingLeft);
    };
    let left = order.amount.currency.minor(payment.kept);
    let amount = new.amount.unwrap_or(left);
    if amount.currency != left.currency || amount.minor > left.minor || amount.minor <= 0 {
        return Ok(Begun::Less(left));
    }
    let values = [
        order.provider.as_str().into(),
        new.key.as_str().into(),
        order.id.0.into(),
        payment.name.as_str().into(),
        Value::Int(Some(amount.minor)),
        Value::Int(Some(payment.facts.refunded.saturating_add(amount.minor))),
        now.into(),
    ];
    db.execute(NOTE, &values).await?;
    let noted = db.one(BY_KEY, &by_key, read).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Begun::New(Box::new(noted)))
}

/// Whether a repayment is the one that a request with its key asks for.
fn is_same(known: &Repayment, order: &Checkout, new: &NewRepayment) -> bool {
    let payment = order.payments.iter().find(|payment| payment.name == known.payment);
    known.checkout == order.id
        && new.amount.is_none_or(|amount| amount == known.amount)
        && payment.is_none_or(|payment| is_meant(payment, new))
}

fn is_meant(payment: &Payment, new: &NewRepayment) -> bool {
    new.bought.is_none() || payment.bought == new.bought
}

async fn enter(
    tx: &mut Tx,
    made: &Repayment,
    link: Option<&str>,
) -> Result<(Verdict, String), Error> {
    // Cumulative, as the provider's own event will be: that one will find it known.
    let report = Report {
        payment: made.payment.clone(),
        refunded: Some(made.amount.currency.minor(made.refunded)),
        ..Report::default()
    };
    let event = Event {
        key: event_key(&made.key),
        kind: "refund".to_owned(),
        notice: Notice::Payment(Box::new(report)),
    };
    let received = receive(tx, &Delivery::of(&made.provider), &event).await?;
    let payment = payment::find(tx, &made.provider, &made.payment).await?;
    let entry = match payment.and_then(|payment| payment.bought) {
        Some(bought) => last_reversal(tx, bought).await?,
        None => None,
    };
    let link = link.map_or(Value::Null, Value::Text);
    tx.execute(MADE, &[made.id.0.into(), link, entry.map(|entry| entry.0).into()]).await?;
    Ok(received)
}

async fn forget(tx: &mut Tx, repayment: &Repayment, is_said: bool) -> Result<(), Error> {
    let sql = "DELETE FROM repayment WHERE id = $1 AND made = 0";
    tx.execute(sql, &[repayment.id.0.into()]).await?;
    if is_said {
        let member = Some(checkout::find(tx, repayment.checkout).await?.member);
        let detail = format!("order {}, {}", repayment.checkout.0, repayment.amount);
        let what = "orders.not_refunded";
        record(tx, log::Entry { what, member, item: None, detail: &detail }).await?;
    }
    Ok(())
}

/// What makes the event of a repayment one.
fn event_key(key: &str) -> String {
    format!("refund:{key}")
}

fn read(row: &dyn Row) -> SqlResult<Repayment> {
    let link = row.text(8)?;
    Ok(Repayment {
        id: RepaymentId(row.number(0)?),
        checkout: CheckoutId(row.number(1)?),
        provider: row.text(2)?.to_owned(),
        key: row.text(3)?.to_owned(),
        payment: row.text(4)?.to_owned(),
        amount: currency(row, 5)?.minor(row.number(6)?),
        asked: row.number(7)?,
        link: (!link.is_empty()).then(|| link.to_owned()),
        made: row.number::<u8>(9)? == 1,
        entry: row.optional(10)?.map(EntryId),
        refunded: row.number(11)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT repayment.id, checkout, repayment.provider, repayment.key, payment, currency, \
             repayment.amount, asked, coalesce(link, ''), made, entry, refunded FROM repayment \
             JOIN checkout ON checkout.id = repayment.checkout WHERE ",
            $rest
        )
    };
}

const BY_KEY: &str = select!("repayment.provider = $1 AND repayment.key = $2");
const OF_CHECKOUT: &str = select!("checkout = $1 ORDER BY repayment.id LIMIT $2");
const UNANSWERED: &str = select!("checkout = $1 AND made = 0 ORDER BY repayment.id DESC");
const NOTE: &str = "INSERT INTO repayment \
     (provider, key, checkout, payment, amount, refunded, asked, made) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
const MADE: &str = "UPDATE repayment SET made = 1, link = $2, entry = $3 WHERE id = $1";
const MAX_KEY: usize = 255;
