//! Paying orders back, to where the money came from: what was paid in first, then store credit.
//!
//! A part that is paid back leaves the right. When nothing is left paid a right to an item ends,
//! unless another order of the member's pays for it or there was one before, and the days of a tier
//! are taken back.

use crate::catalog::item;
use crate::ledger::account::Account;
use crate::ledger::balance::{check_amount, credit};
use crate::ledger::journal::{self, NewEntry, Request, post};
use crate::ledger::statement::{self, Entry};
use crate::rights::bought;
use crate::rights::order::{self, Order};
use crate::rights::tier_term;
use crate::sales::purchase::revenue;
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{EntryId, OrderId};
use crate::values::money::{Amount, MoneyError};
use crate::values::product::Product;
use crate::values::stamp::Stamp;
use crate::values::tax::proportion;

impl Club {
    /// Pays an order back into the balance that it came from: `amount` of it, or what is left of
    /// it. `key` as for payments; what it ends is ended on the announce path when this returns.
    ///
    /// # Errors
    ///
    /// There is no such order; less of it is left; the database is unavailable.
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

    /// What of an order was paid back.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn paid_back(&self, order: &Order) -> Result<Amount, Error> {
        let left = journal::unreversed(&mut *self.reader().await?, order.entry).await?;
        Ok(order.amount.currency.minor(order.amount.minor - left))
    }
}

/// Pays the order that an entry paid back into the balance, `amount` of it.
pub(crate) async fn refund_entry(
    tx: &mut Tx,
    key: &str,
    entry: EntryId,
    amount: Amount,
) -> Result<(), Error> {
    let order = order::of_entry(tx, entry).await?.id;
    refund(tx, key, order, Some(amount)).await.map(drop)
}

async fn refund(
    tx: &mut Tx,
    key: &str,
    order: OrderId,
    amount: Option<Amount>,
) -> Result<Entry, Error> {
    let said = amount.map_or_else(String::new, |amount| amount.to_string());
    let request = Request::new(key, &[REFUND, &order.0.to_string(), &said])?;
    if let Some(entry) = request.answered(tx).await? {
        return statement::entry(tx, entry).await;
    }
    let order = order::find(tx, order).await?;
    let left = journal::unreversed(tx, order.entry).await?;
    let amount = amount.unwrap_or_else(|| order.amount.currency.minor(left));
    if amount.currency != order.amount.currency {
        return Err(MoneyError::Mixed(order.amount.currency, amount.currency).into());
    }
    if order.refunded.is_some() {
        return Err(Error::PaidBack { order: order.id, amount: order.amount });
    }
    if amount.minor > left {
        let left = order.amount.currency.minor(left);
        return Err(Error::LessLeft { order: order.id, left });
    }

    let back = Back::of(&order, left, amount);
    let credits = credit(tx, order.member, back.prepaid).await?;
    let name = match &order.product {
        Product::Item { item, method } => {
            format!("{} as {method}", item::by_id(tx, *item).await?.name)
        }
        Product::Subscription { tier } | Product::Tier { tier, .. } => format!("tier {tier}"),
        Product::Topup => "balance".to_owned(),
    };
    let debits = [(revenue(&order.product)?, back.revenue), (Account::Tax, back.tax)];
    let credits = [credits.as_slice(), &[(Account::Rebate(order.member), back.credit)]].concat();
    let entry = NewEntry {
        request: &request,
        kind: REFUND,
        member: Some(order.member),
        reverses: Some(order.entry),
        memo: &format!("{name}, {}", order.id),
        postings: &[&debits[..], &credits].concat(),
    };
    let entry = post(tx, entry).await?;
    if amount.minor == left {
        end(tx, &order).await?;
    }
    statement::entry(tx, entry).await
}

/// Where an amount that is paid back comes from and goes to.
struct Back {
    revenue: Amount,
    tax: Amount,
    prepaid: Amount,
    /// Below 0, as it is posted.
    credit: Amount,
}

impl Back {
    /// The shares of `amount`, where `left` of the order is not paid back yet.
    fn of(order: &Order, left: i64, amount: Amount) -> Self {
        let (whole, currency) = (order.amount.minor, order.amount.currency);
        let from = whole - left;
        let to = from + amount.minor;
        let taxed = order.tax.as_ref().map_or(0, |(_, tax)| tax.minor);
        let tax = proportion(taxed, to, whole) - proportion(taxed, from, whole);
        let paid_in = whole - order.credit.minor;
        let prepaid = to.min(paid_in) - from.min(paid_in);
        Self {
            revenue: currency.minor(amount.minor - tax),
            tax: currency.minor(tax),
            prepaid: currency.minor(prepaid),
            credit: currency.minor(prepaid - amount.minor),
        }
    }
}

/// Ends an order of which nothing is paid any more, and what came from it.
async fn end(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let values = [order.id.0.into(), tx.now().into()];
    tx.execute("UPDATE orders SET refunded = $2 WHERE id = $1", &values).await?;
    match &order.product {
        Product::Item { item, .. } => bought::end(tx, order, *item).await,
        Product::Subscription { .. } | Product::Topup => Ok(()),
        Product::Tier { tier, days } => {
            let source = format!("{} was paid back", order.id);
            tier_term::shorten(tx, &source, order.member, tier, *days).await
        }
    }
}

const REFUND: &str = "refund";
