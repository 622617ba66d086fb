//! Payments, as far as providers told us of them.

use crate::payments::checkout::Checkout;
use crate::payments::facts::{Facts, Phase};
use crate::payments::provider::{Dispute, Report};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, unreadable};
use crate::values::error::Error;
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
    /// What of it is in the books, in minor units.
    pub kept: i64,
    /// For a subscription: the end of the period that it paid for, in Unix seconds.
    pub until: Option<u32>,
    /// The entry that brought the money in.
    pub topup: Option<EntryId>,
    /// The entry that spent it; `None` where it is in the member's balance.
    pub bought: Option<EntryId>,
    pub(crate) id: Option<u32>,
    pub(crate) checkout: Option<CheckoutId>,
    pub(crate) currency: String,
    pub(crate) moves: u32,
    pub(crate) suspends: bool,
}

impl Payment {
    /// What its facts come to, at its order's price.
    pub fn phase(&self, amount: Amount) -> Phase {
        self.facts.phase(amount.minor)
    }
}

impl Payment {
    /// One that nobody spoke of.
    pub(crate) fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            facts: Facts::default(),
            kept: 0,
            until: None,
            topup: None,
            bought: None,
            id: None,
            checkout: None,
            currency: String::new(),
            moves: 0,
            suspends: false,
        }
    }

    /// Joins what a report says.
    pub(crate) fn learn(&mut self, report: &Report, order: Option<&Checkout>) {
        self.facts = self.facts.join(Facts {
            paid: report.paid.is_some(),
            refunded: report.refunded.map_or(0, |amount| amount.minor.max(0)),
            dispute: report.dispute,
        });
        self.until = self.until.max(report.until);
        self.checkout = self.checkout.or_else(|| order.map(|order| order.id));
        if let Some(amount) = report.refunded.or(report.paid) {
            amount.currency.code().clone_into(&mut self.currency);
        }
    }

    /// Names a step of the present move in the journal.
    pub(crate) fn key(&self, provider: &str, step: &str) -> String {
        format!("{provider}:{}:{}:{step}", self.name, self.moves)
    }
}

impl Club {
    /// The checkout whose payment bought an order.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn checkout_of(&self, order: OrderId) -> Result<Option<CheckoutId>, Error> {
        let mut db = self.reader().await?;
        Ok(db.one(OF_ORDER, &[order.0.into()], |row| Ok(CheckoutId(row.number(0)?))).await?)
    }
}

/// What was paid for a checkout, oldest first.
pub(crate) async fn of_checkout(
    db: &mut dyn Connection,
    checkout: CheckoutId,
) -> SqlResult<Vec<Payment>> {
    db.all(PAYMENTS, &[checkout.0.into(), Page::MAX.into()], read).await
}

/// What is known of a payment by its provider's name for it.
pub(crate) async fn find(
    db: &mut dyn Connection,
    provider: &str,
    name: &str,
) -> SqlResult<Option<Payment>> {
    db.one(BY_NAME, &[provider.into(), name.into()], read).await
}

/// Keeps what is known of a payment.
pub(crate) async fn save(
    db: &mut dyn Connection,
    provider: &str,
    payment: &Payment,
) -> SqlResult<()> {
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
        payment.bought.map(|entry| entry.0).into(),
        payment.suspends.into(),
    ];
    db.execute(SAVE, &values).await.map(|_| ())
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
        currency: row.text(6)?.to_owned(),
        until: row.optional(7)?,
        kept: row.number(8)?,
        moves: row.number(9)?,
        topup: row.optional(10)?.map(EntryId),
        bought: row.optional(11)?.map(EntryId),
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
             topup, bought, suspends FROM payment WHERE ",
            $rest
        )
    };
}

const BY_NAME: &str = select!("provider = $1 AND name = $2");
const PAYMENTS: &str = select!("checkout = $1 ORDER BY id LIMIT $2");
const SAVE: &str = "INSERT INTO payment (provider, name, checkout, paid, refunded, \
     dispute, currency, until, kept, moves, topup, bought, suspends) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     ON CONFLICT (provider, name) DO UPDATE SET checkout = excluded.checkout, \
     paid = excluded.paid, refunded = excluded.refunded, dispute = excluded.dispute, \
     currency = excluded.currency, until = excluded.until, kept = excluded.kept, \
     moves = excluded.moves, topup = excluded.topup, bought = excluded.bought, \
     suspends = excluded.suspends";
const OF_ORDER: &str = "SELECT checkout FROM payment JOIN orders ON orders.journal = payment.bought \
     WHERE orders.id = $1 AND checkout IS NOT NULL";
