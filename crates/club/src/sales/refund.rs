//! Paying orders back into the balance that they were paid from: what was paid in first, then store
//! credit.
//!
//! A part that is paid back leaves the right. When nothing is left paid a right to an item ends,
//! unless another order of the member's pays for it or there was one before, and the days of a tier
//! that have not elapsed are taken back. Deliberately absent: orders that were paid at a provider, which pays them back.

use crate::ledger::balance::check_amount;
use crate::ledger::journal::EntryRequest;
use crate::ledger::statement::{self, Entry};
use crate::rights::{order, order_news};
use crate::sales::sale::{REFUND, lower};
use crate::store::club::Club;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::OrderId;
use crate::values::money::{Amount, MoneyError};
use crate::values::stamp::Stamp;

impl Club {
    /// Pays an order back into the balance that it came from: `amount` of it, or what is left of
    /// it. `key` as for payments; what it ends is ended on the announce path when this returns.
    ///
    /// # Errors
    ///
    /// There is no such order; it is not paid, or was paid at a provider; less of it is left; the
    /// database is unavailable.
    pub async fn refund(
        &self,
        stamp: &Stamp,
        key: &str,
        order: OrderId,
        amount: Option<Amount>,
    ) -> Result<Entry, Error> {
        if let Some(amount) = amount {
            check_amount(amount)?;
        }
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { refund(tx, &key, order, amount).await }))
            .await
    }
}

async fn refund(
    tx: &mut Tx,
    key: &str,
    id: OrderId,
    amount: Option<Amount>,
) -> Result<Entry, Error> {
    let said = amount.map_or_else(String::new, |amount| amount.to_string());
    let request = EntryRequest::new(key, &[REFUND, &id.0.to_string(), &said])?;
    if let Some(entry) = request.answered(tx).await? {
        return statement::entry(tx, entry).await;
    }
    let order = order::find(tx, id).await?;
    if order.paid.is_none() {
        return Err(Error::OrderUnpaid(id));
    }
    if order::payments(tx, id).await? > 0 {
        return Err(Error::PaidAtProvider(id));
    }
    let amount = amount.unwrap_or(order.kept);
    if amount.currency != order.amount.currency {
        return Err(MoneyError::Mixed(order.amount.currency, amount.currency).into());
    }
    if order.refunded.is_some() {
        return Err(Error::PaidBack { order: id, amount: order.amount });
    }
    if amount.minor > order.kept.minor {
        return Err(Error::LessLeft { order: id, left: order.kept });
    }
    let entry = lower(tx, &request, &order, order.kept.minor - amount.minor).await?;
    order_news::refunded(tx, &order).await?;
    statement::entry(tx, entry).await
}
