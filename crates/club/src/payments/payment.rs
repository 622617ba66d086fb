//! Payments, as far as providers told us of them.

use crate::payments::checkout::Checkout;
use crate::payments::facts::{Facts, Phase};
use crate::payments::provider::{Dispute, Report};
use crate::payments::refund::{self, Refund};
use crate::store::sql::{Connection, Row, SqlResult, Value, unreadable};
use crate::values::ids::{CheckoutId, EntryId, OrderId};
use crate::values::money::Amount;
use crate::values::page::Page;

/// One payment for a checkout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payment {
    /// The provider's name for it.
    pub name: String,
    /// What is known of it.
    pub facts: Facts,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// What of it is in the books, in minor units.
    pub kept: i64,
    /// For a subscription: the end of the period that it paid for, in Unix seconds.
    pub until: Option<u32>,
    /// The entry that brought the money in.
    pub topup: Option<EntryId>,
    /// The order that it pays; `None` before it is paid.
    pub order: Option<OrderId>,
    pub(crate) id: Option<u32>,
    pub(crate) checkout: Option<CheckoutId>,
    pub(crate) currency: String,
    pub(crate) moves: u32,
    pub(crate) suspends: bool,
}

impl Payment {
    /// What was paid back of it, in minor units. Refunds that failed are not in it.
    pub fn paid_back(&self) -> i64 {
        let answered = self.refunds.iter().filter(|refund| refund.answered.is_some());
        self.facts.paid_back(answered.map(|refund| (refund.amount.minor, refund.state)))
    }

    /// What its facts come to, at its order's price.
    pub fn phase(&self, amount: Amount) -> Phase {
        self.facts.phase(amount.minor, self.paid_back())
    }

    /// One that nobody spoke of.
    pub(crate) fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            facts: Facts::default(),
            refunds: Vec::new(),
            kept: 0,
            until: None,
            topup: None,
            order: None,
            id: None,
            checkout: None,
            currency: String::new(),
            moves: 0,
            suspends: false,
        }
    }

    /// Joins what a report says, single refunds aside.
    pub(crate) fn learn(&mut self, report: &Report, checkout: Option<&Checkout>) {
        self.facts = self.facts.join(Facts {
            paid: report.paid.is_some(),
            refunded: report.refunded.map_or(0, |amount| amount.minor.max(0)),
            dispute: report.dispute,
        });
        if let Some(checkout) = checkout {
            // A sender may say no more than that all of it was paid back.
            self.facts.refunded = self.facts.refunded.min(checkout.order.amount.minor);
        }
        self.until = self.until.max(report.until);
        self.checkout = self.checkout.or_else(|| checkout.map(|checkout| checkout.id));
        if let Some(amount) = report.amounts().next() {
            amount.currency.code().clone_into(&mut self.currency);
        }
    }

    /// Names a step of the present move in the journal.
    pub(crate) fn key(&self, provider: &str, step: &str) -> String {
        format!("{provider}:{}:{}:{step}", self.name, self.moves)
    }
}

/// What was paid for a checkout, oldest first.
pub(crate) async fn of_checkout(
    db: &mut dyn Connection,
    checkout: CheckoutId,
) -> SqlResult<Vec<Payment>> {
    let found = db.all(OF_CHECKOUT, &[checkout.0.into(), Page::MAX.into()], read).await?;
    with_refunds(db, found).await
}

/// What was paid for an order, oldest first.
pub(crate) async fn of_order(db: &mut dyn Connection, order: OrderId) -> SqlResult<Vec<Payment>> {
    let found = db.all(OF_ORDER, &[order.0.into(), Page::MAX.into()], read).await?;
    with_refunds(db, found).await
}

/// What is kept of all payments of an order but one, in minor units.
pub(crate) async fn kept_of_others(
    db: &mut dyn Connection,
    order: OrderId,
    payment: &Payment,
) -> SqlResult<i64> {
    let values = [order.0.into(), payment.id.unwrap_or(0).into()];
    Ok(db.one(KEPT_OF_OTHERS, &values, |row| row.number(0)).await?.unwrap_or(0))
}

/// What is known of a payment by its provider's name for it.
pub(crate) async fn find(
    db: &mut dyn Connection,
    provider: &str,
    name: &str,
) -> SqlResult<Option<Payment>> {
    let found = db.one(BY_NAME, &[provider.into(), name.into()], read).await?;
    Ok(with_refunds(db, found.into_iter().collect()).await?.pop())
}

/// Keeps what is known of a payment, its refunds aside, and returns its number.
pub(crate) async fn save(
    db: &mut dyn Connection,
    provider: &str,
    payment: &Payment,
) -> SqlResult<u32> {
    let values = [
        provider.into(),
        payment.name.as_str().into(),
        payment.checkout.map(|checkout| checkout.0).into(),
        payment.facts.paid.into(),
        Value::Int(Some(payment.facts.refunded)),
        u32::from(rank(payment.facts.dispute)).into(),
        payment.currency.as_str().into(),
        payment.until.into(),
        Value::Int(Some(payment.kept)),
        payment.moves.into(),
        payment.topup.map(|entry| entry.0).into(),
        payment.order.map(|order| order.0).into(),
        payment.suspends.into(),
    ];
    let id = db.one(SAVE, &values, |row| row.number(0)).await?;
    id.ok_or(sqlx::Error::RowNotFound)
}

async fn with_refunds(
    db: &mut dyn Connection,
    mut payments: Vec<Payment>,
) -> SqlResult<Vec<Payment>> {
    for payment in &mut payments {
        if let Some(id) = payment.id {
            payment.refunds = refund::of_payment(db, id).await?;
        }
    }
    Ok(payments)
}

fn read(row: &dyn Row) -> SqlResult<Payment> {
    Ok(Payment {
        id: Some(row.number(0)?),
        name: row.text(1)?.to_owned(),
        checkout: row.optional(2)?.map(CheckoutId),
        facts: Facts {
            paid: row.number::<u8>(3)? == 1,
            refunded: row.number(4)?,
            dispute: dispute(row, 5)?,
        },
        refunds: Vec::new(),
        currency: row.text(6)?.to_owned(),
        until: row.optional(7)?,
        kept: row.number(8)?,
        moves: row.number(9)?,
        topup: row.optional(10)?.map(EntryId),
        order: row.optional(11)?.map(OrderId),
        suspends: row.number::<u8>(12)? == 1,
    })
}

fn dispute(row: &dyn Row, column: usize) -> SqlResult<Dispute> {
    match row.number::<u8>(column)? {
        0 => Ok(Dispute::None),
        1 => Ok(Dispute::Open),
        2 => Ok(Dispute::Won),
        3 => Ok(Dispute::Lost),
        other => Err(unreadable(column, &other.to_string())),
    }
}

fn rank(dispute: Dispute) -> u8 {
    match dispute {
        Dispute::None => 0,
        Dispute::Open => 1,
        Dispute::Won => 2,
        Dispute::Lost => 3,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, checkout, paid, refunded, dispute, currency, until, kept, moves, \
             topup, orders, suspends FROM payment WHERE ",
            $rest
        )
    };
}

const BY_NAME: &str = select!("provider = $1 AND name = $2");
const OF_CHECKOUT: &str = select!("checkout = $1 ORDER BY id LIMIT $2");
const OF_ORDER: &str = select!("orders = $1 ORDER BY id LIMIT $2");
const KEPT_OF_OTHERS: &str = "SELECT CAST(coalesce(sum(kept), 0) AS BIGINT) FROM payment \
     WHERE orders = $1 AND id <> $2";
const SAVE: &str = "INSERT INTO payment (provider, name, checkout, paid, refunded, \
     dispute, currency, until, kept, moves, topup, orders, suspends) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     ON CONFLICT (provider, name) DO UPDATE SET checkout = excluded.checkout, \
     paid = excluded.paid, refunded = excluded.refunded, dispute = excluded.dispute, \
     currency = excluded.currency, until = excluded.until, kept = excluded.kept, \
     moves = excluded.moves, topup = excluded.topup, orders = excluded.orders, \
     suspends = excluded.suspends RETURNING id";
