//! Asking providers for refunds.
//!
//! One is noted before its provider is asked, and answered with what the provider says. Where that
//! answer is lost nobody knows whether it was made: no other of the order begins until that is known.
//! Deliberately absent: the provider, whom the web asks.

use crate::audit::log::{self, record};
use crate::ledger::journal::MAX_KEY;
use crate::ledger::statement::last_reversal;
use crate::payments::checkout;
use crate::payments::inbox::{self, Delivery, Verdict};
use crate::payments::payment::{self, Payment};
use crate::payments::provider::{Event, Notice, RefundState, Report};
use crate::payments::receive::{Handled, receive};
use crate::payments::refund::{self, Refund};
use crate::rights::order;
use crate::store::club::Club;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, EntryId, OrderId};
use crate::values::money::Amount;
use crate::values::stamp::Stamp;

/// What is to be paid back.
#[derive(Clone, Debug)]
pub struct NewRefund {
    /// Whose newest payment of which something is kept.
    pub of: RefundOf,
    /// Names the request.
    pub key: String,
    /// How much; `None` for what is left of the payment.
    pub amount: Option<Amount>,
}

/// What a refund is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefundOf {
    /// A checkout.
    Checkout(CheckoutId),
    /// An order, whichever of its checkouts was paid.
    Order(OrderId),
}

/// How a refund begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Begun {
    /// Less than that is left.
    Less(Amount),
    /// The same request was answered; without a refund where only its event was kept.
    Made(Option<Box<Refund>>),
    /// It is noted: now the provider is to be asked.
    New(Box<Refund>),
    /// Nothing is left.
    NothingLeft,
    /// Of this one of the order nobody knows whether it was made: the same request's, or another.
    Unanswered(Box<Refund>),
}

/// What a provider answered to a refund that was asked for.
#[derive(Clone, Debug)]
pub struct RefundAnswer {
    /// The provider's name for it.
    pub name: Option<String>,
    /// How far it got.
    pub state: RefundState,
    /// Where the payer takes the money, where that is up to them.
    pub link: Option<String>,
}

/// Operations on refunds that are asked for here. Each fails where the database is unavailable.
impl Club {
    /// Notes that a provider is to be asked for a refund; the same `key` again finds the first.
    ///
    /// # Errors
    ///
    /// See above; there is no such checkout or order; the key was another request's.
    pub async fn begin_refund(&self, stamp: &Stamp, new: NewRefund) -> Result<Begun, Error> {
        self.change(stamp, move |tx| Box::pin(async move { begin(tx, &new).await })).await
    }

    /// Where a refund is to be asked for: where the request with this key was, or where the newest
    /// payment is of which something is kept; `None` where there is none.
    ///
    /// # Errors
    ///
    /// See above; there is no such checkout or order.
    pub async fn refund_provider(&self, of: RefundOf, key: &str) -> Result<Option<String>, Error> {
        let mut db = self.reader().await?;
        if let Some(known) = refund::of_key(&mut *db, key).await? {
            return Ok(Some(known.provider));
        }
        let (_, provider) = refundable(&mut *db, of).await?;
        Ok(provider)
    }

    /// Enters what a provider answered. What that ends is ended on the announce path when this
    /// returns.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn answer_refund(
        &self,
        stamp: &Stamp,
        refund: &Refund,
        answer: RefundAnswer,
    ) -> Result<Handled, Error> {
        let refund = refund.clone();
        self.change(stamp, move |tx| Box::pin(async move { enter(tx, &refund, &answer).await }))
            .await
    }

    /// Forgets a refund that was not made, so that another may begin. Where a person says so that
    /// goes into the record.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn forget_refund(
        &self,
        stamp: &Stamp,
        refund: &Refund,
        is_said: bool,
    ) -> Result<(), Error> {
        let refund = refund.clone();
        self.change(stamp, move |tx| Box::pin(async move { forget(tx, &refund, is_said).await }))
            .await
    }
}

async fn begin(tx: &mut Tx, new: &NewRefund) -> Result<Begun, Error> {
    if new.key.is_empty() || new.key.len() > MAX_KEY {
        return Err(Error::Key(new.key.len()));
    }
    if let Some(known) = refund::of_key(tx, &new.key).await? {
        if !is_same(&known, new) {
            return Err(Error::RefundKey { key: new.key.clone(), refund: known.id });
        }
        let known = Box::new(known);
        let is_answered = known.answered.is_some();
        return Ok(if is_answered { Begun::Made(Some(known)) } else { Begun::Unanswered(known) });
    }
    let (payments, provider) = refundable(tx, new.of).await?;
    let Some(provider) = provider else { return Ok(Begun::NothingLeft) };
    if inbox::is_known(tx, &provider, &event_key(&new.key)).await? {
        return Ok(Begun::Made(None));
    }
    let unanswered = payments.iter().flat_map(|payment| &payment.refunds);
    let unanswered = unanswered.rev().find(|refund| refund.answered.is_none());
    if let Some(open) = unanswered {
        return Ok(Begun::Unanswered(Box::new(open.clone())));
    }
    let Some(payment) = payments.iter().rev().find(|payment| payment.kept > 0) else {
        return Ok(Begun::NothingLeft);
    };
    note(tx, new, payment).await
}

/// The payments of a checkout or an order, and the provider of the one to be paid back.
async fn refundable(
    db: &mut dyn Connection,
    of: RefundOf,
) -> Result<(Vec<Payment>, Option<String>), Error> {
    let payments = match of {
        RefundOf::Checkout(id) => checkout::find(db, id).await?.payments,
        RefundOf::Order(id) => {
            order::find(db, id).await?;
            payment::of_order(db, id).await?
        }
    };
    let kept = payments.iter().rev().find(|payment| payment.kept > 0).or_else(|| payments.last());
    let provider = match kept.and_then(|payment| payment.checkout) {
        Some(checkout) => Some(checkout::find(db, checkout).await?.provider),
        None => None,
    };
    Ok((payments, provider))
}

async fn note(tx: &mut Tx, new: &NewRefund, payment: &Payment) -> Result<Begun, Error> {
    let Some((id, checkout)) = payment.id.zip(payment.checkout) else {
        return Ok(Begun::NothingLeft);
    };
    let currency = checkout::find(tx, checkout).await?.order.amount.currency;
    let left = currency.minor(payment.kept);
    let amount = new.amount.unwrap_or(left);
    if amount.currency != left.currency || amount.minor > left.minor || amount.minor <= 0 {
        return Ok(Begun::Less(left));
    }
    let values =
        [id.into(), new.key.as_str().into(), Value::Int(Some(amount.minor)), tx.now().into()];
    tx.execute(NOTE, &values).await?;
    let noted = refund::of_key(tx, &new.key).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Begun::New(Box::new(noted)))
}

/// Whether a refund is the one that a request with its key asks for.
fn is_same(known: &Refund, new: &NewRefund) -> bool {
    let is_of = match new.of {
        RefundOf::Checkout(checkout) => known.checkout == Some(checkout),
        RefundOf::Order(order) => known.order == Some(order),
    };
    is_of && new.amount.is_none_or(|amount| amount == known.amount)
}

async fn enter(tx: &mut Tx, refund: &Refund, answer: &RefundAnswer) -> Result<Handled, Error> {
    let before = reversal(tx, refund.order).await?;
    let mut state = answer.state;
    if let Some(name) = &answer.name {
        // The provider's own event may have come before its answer.
        let known = refund::of_payment(tx, refund.payment_id).await?;
        let is_it = |known: &&Refund| known.id != refund.id && known.name.as_ref() == Some(name);
        if let Some(heard) = known.iter().find(is_it) {
            state = state.max(heard.state);
            tx.execute("DELETE FROM refund WHERE id = $1", &[heard.id.0.into()]).await?;
        }
    }
    let values = [
        refund.id.0.into(),
        answer.name.as_deref().into(),
        state.text().into(),
        tx.now().into(),
        answer.link.as_deref().into(),
    ];
    tx.execute(ANSWER, &values).await?;
    let report = Report { payment: refund.payment.clone(), ..Report::default() };
    let event = Event {
        key: event_key(refund.key.as_deref().unwrap_or_default()),
        kind: "refund".to_owned(),
        notice: Notice::Payment(Box::new(report)),
    };
    let handled = receive(tx, &Delivery::of(&refund.provider), &event).await?;
    if state.stands() && handled.verdict != Verdict::Duplicate {
        let after = reversal(tx, refund.order).await?;
        let entry = match payment::find(tx, &refund.provider, &refund.payment).await? {
            Some(Payment { topup: Some(topup), .. }) if before == after => {
                last_reversal(tx, topup).await?
            }
            _ => after,
        };
        let sql = "UPDATE refund SET entry = $2 WHERE id = $1";
        tx.execute(sql, &[refund.id.0.into(), entry.map(|entry| entry.0).into()]).await?;
    }
    Ok(handled)
}

/// The last entry that took something of an order back.
async fn reversal(
    db: &mut dyn Connection,
    order: Option<OrderId>,
) -> Result<Option<EntryId>, Error> {
    let sold = match order {
        Some(order) => order::find(db, order).await?.entry,
        None => None,
    };
    match sold {
        Some(sold) => Ok(last_reversal(db, sold).await?),
        None => Ok(None),
    }
}

async fn forget(tx: &mut Tx, refund: &Refund, is_said: bool) -> Result<(), Error> {
    let sql = "DELETE FROM refund WHERE id = $1 AND answered IS NULL";
    tx.execute(sql, &[refund.id.0.into()]).await?;
    if is_said {
        let member = match refund.order {
            Some(order) => order::find(tx, order).await?.member,
            None => None,
        };
        let place = refund.checkout.map_or(0, |checkout| checkout.0);
        let detail = format!("checkout {place}, {}", refund.amount);
        let what = "checkout.not_refunded";
        record(tx, log::LogEntry { what, member, item: None, detail: &detail }).await?;
    }
    Ok(())
}

/// What makes the event of a refund that was asked for one.
fn event_key(key: &str) -> String {
    format!("refund:{key}")
}

const NOTE: &str = "INSERT INTO refund (payment, key, amount, state, asked) \
     VALUES ($1, $2, $3, 'requested', $4)";
const ANSWER: &str = "UPDATE refund SET name = $2, state = $3, answered = $4, link = $5 \
     WHERE id = $1";
