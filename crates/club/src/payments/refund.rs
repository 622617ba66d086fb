//! Refunds of payments: those that were asked for here, and those that providers speak of.

use crate::payments::provider::{RefundReport, RefundState};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency, unreadable};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, EntryId, OrderId, RefundId};
use crate::values::money::Amount;
use crate::values::page::Page;

/// A refund of a payment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refund {
    /// Its number.
    pub id: RefundId,
    /// The checkout that was paid; `None` while the payment's is not known.
    pub checkout: Option<CheckoutId>,
    /// Where it was paid.
    pub provider: String,
    /// The provider's name for the payment.
    pub payment: String,
    /// The key of our request; `None` where it was not asked for here.
    pub key: Option<String>,
    /// The provider's name for it, where that is known.
    pub name: Option<String>,
    /// How much of the payment.
    pub amount: Amount,
    /// How far it got.
    pub state: RefundState,
    /// When it was asked for, or first heard of, in Unix seconds.
    pub asked: u32,
    /// When the provider first confirmed it, in Unix seconds; `None` where its answer is not known.
    pub answered: Option<u32>,
    /// Where the payer takes the money, where that is up to them.
    pub link: Option<String>,
    /// The entry that took the order back, or the money alone where nothing was sold for it.
    pub entry: Option<EntryId>,
    pub(super) order: Option<OrderId>,
    pub(super) payment_id: u32,
}

/// Refunds. Each fails where the database is unavailable.
impl Club {
    /// The refunds of a checkout's payments, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn refunds(&self, checkout: CheckoutId) -> Result<Vec<Refund>, Error> {
        let mut db = self.reader().await?;
        Ok(db.all(OF_CHECKOUT, &[checkout.0.into(), Page::MAX.into()], read).await?)
    }

    /// A page of the refunds that a provider has confirmed and not finished, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn open_refunds(&self, provider: &str, page: Page) -> Result<Vec<Refund>, Error> {
        let mut db = self.reader().await?;
        let values = [provider.into(), page.after.into(), page.limit().into()];
        Ok(db.all(OPEN, &values, read).await?)
    }
}

/// The refunds of a payment, oldest first.
pub(crate) async fn of_payment(db: &mut dyn Connection, payment_id: u32) -> SqlResult<Vec<Refund>> {
    db.all(OF_PAYMENT, &[payment_id.into(), Page::MAX.into()], read).await
}

/// The refund that a request with this key asked for.
pub(super) async fn of_key(db: &mut dyn Connection, key: &str) -> SqlResult<Option<Refund>> {
    db.one(BY_KEY, &[key.into()], read).await
}

/// Joins what is said of single refunds of a payment to what is known of them.
pub(crate) async fn learn(tx: &mut Tx, payment_id: u32, reports: &[RefundReport]) -> SqlResult<()> {
    for report in reports.iter().filter(|report| report.amount.minor > 0) {
        let known = of_payment(tx, payment_id).await?;
        match known.iter().min_by_key(|known| likeness(known, report)) {
            Some(known) if likeness(known, report) < NOT_ALIKE => {
                let (name, state) = (report.name.as_str(), report.state.max(known.state));
                let answered = known.answered.unwrap_or_else(|| tx.now());
                let values = [
                    known.id.0.into(),
                    name.into(),
                    state.text().into(),
                    answered.into(),
                    Value::Int(Some(report.amount.minor)),
                ];
                tx.execute(LEARN, &values).await?;
            }
            _ => {
                let values = [
                    payment_id.into(),
                    report.name.as_str().into(),
                    Value::Int(Some(report.amount.minor)),
                    report.state.text().into(),
                    tx.now().into(),
                ];
                tx.execute(ADD, &values).await?;
            }
        }
    }
    Ok(())
}

/// How well a refund that is known fits one that is spoken of; less is better.
fn likeness(known: &Refund, report: &RefundReport) -> u8 {
    match &known.name {
        Some(name) if *name == report.name => 0,
        Some(_) => NOT_ALIKE,
        None if known.key.is_some() && known.key == report.key => 1,
        // A person said that it was made, or an older usher, which did not keep the name.
        None if known.answered.is_some() && known.amount == report.amount => 2,
        None => NOT_ALIKE,
    }
}

fn read(row: &dyn Row) -> SqlResult<Refund> {
    let text = |column| -> SqlResult<Option<String>> {
        let text = row.text(column)?;
        Ok((!text.is_empty()).then(|| text.to_owned()))
    };
    Ok(Refund {
        id: RefundId(row.number(0)?),
        payment_id: row.number(1)?,
        provider: row.text(2)?.to_owned(),
        payment: row.text(3)?.to_owned(),
        checkout: row.optional(4)?.map(CheckoutId),
        order: row.optional(5)?.map(OrderId),
        key: text(6)?,
        name: text(7)?,
        amount: currency(row, 8)?.minor(row.number(9)?),
        state: state(row, 10)?,
        asked: row.number(11)?,
        answered: row.optional(12)?,
        link: text(13)?,
        entry: row.optional(14)?.map(EntryId),
    })
}

fn state(row: &dyn Row, column: usize) -> SqlResult<RefundState> {
    let all = [
        RefundState::Cancelled,
        RefundState::Failed,
        RefundState::Requested,
        RefundState::Succeeded,
    ];
    let text = row.text(column)?;
    all.into_iter().find(|state| state.text() == text).ok_or_else(|| unreadable(column, text))
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT refund.id, payment.id, provider, payment.name, checkout, orders, \
             coalesce(refund.key, ''), coalesce(refund.name, ''), currency, amount, state, asked, \
             answered, coalesce(link, ''), entry \
             FROM refund JOIN payment ON payment.id = refund.payment WHERE ",
            $rest
        )
    };
}

const BY_KEY: &str = select!("refund.key = $1 ORDER BY refund.id");
const OF_CHECKOUT: &str = select!("checkout = $1 ORDER BY refund.id LIMIT $2");
const OF_PAYMENT: &str = select!("payment.id = $1 ORDER BY refund.id LIMIT $2");
const OPEN: &str = select!(
    "provider = $1 AND refund.id > $2 AND state = 'requested' AND answered IS NOT NULL \
     AND refund.name IS NOT NULL ORDER BY refund.id LIMIT $3"
);
const ADD: &str = "INSERT INTO refund (payment, name, amount, state, asked, answered) \
     VALUES ($1, $2, $3, $4, $5, $5)";
const LEARN: &str = "UPDATE refund SET name = $2, state = $3, answered = $4, amount = $5 \
     WHERE id = $1";
const NOT_ALIKE: u8 = 3;
