//! Selling an order, and taking it back in whole or in part: the entry, the receipt and what it
//! gives.
//!
//! The money comes out of the member's balance and goes back into it. An order is sold by one entry;
//! what is paid back reverses that, and what is paid again reverses the reversal.

use crate::catalog::item::{self, Item};
use crate::ledger::account::Account;
use crate::ledger::balance::credit;
use crate::ledger::journal::{self, EntryRequest, NewEntry, negated, post};
use crate::members::member::{self, Member};
use crate::rights::bought;
use crate::rights::order::{Order, check_not_bought};
use crate::rights::order_news;
use crate::rights::tier_term;
use crate::sales::discount;
use crate::sales::gift;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::EntryId;
use crate::values::money::Amount;
use crate::values::product::{DeliveryMethod, Product};
use crate::values::tax::proportion;

/// An order's buyer and item, where the order can be sold now. One of which something is kept stays
/// sold, whatever became of them.
pub(crate) async fn sellable(tx: &mut Tx, order: &Order) -> Result<(Member, Option<Item>), Error> {
    let member = member::by_id(tx, order.owner()?).await?;
    let is_sold = order.entry.is_some() && order.kept.minor > 0;
    if !is_sold {
        member.check_not_removed()?;
    }
    let item = match &order.product {
        Product::Item { item, .. } => {
            let item = item::by_id(tx, *item).await?;
            if !is_sold {
                item.check_not_removed()?;
                if !order.is_gift {
                    check_not_bought(tx, &member, &item, &order.product).await?;
                }
            }
            Some(item)
        }
        _ if is_sold => None,
        Product::Subscription { tier } | Product::Tier { tier, .. } => {
            tx.names.check_tier(tier)?;
            None
        }
        Product::Topup => None,
    };
    if order.is_gift && !is_sold {
        gift::check_restorable(tx, order).await?;
    }
    Ok((member, item))
}

/// Sells an order for the first time, for all that it costs: `credit` of it by store credit.
pub(crate) async fn sell(
    tx: &mut Tx,
    request: &EntryRequest,
    order: &Order,
    (buyer, item): (&Member, Option<&Item>),
    credit: Amount,
) -> Result<(), Error> {
    let (amount, currency) = (order.amount, order.amount.currency);
    let tax = tx.names.tax.clone();
    let part = tax.as_ref().map_or_else(|| currency.minor(0), |tax| tax.part_of(amount));
    let entry = NewEntry {
        request,
        kind: PURCHASE,
        member: Some(buyer.id),
        reverses: None,
        memo: &described(&order.product, item),
        postings: &[
            (Account::Rebate(buyer.id), credit),
            (Account::Prepaid(buyer.id), currency.minor(amount.minor - credit.minor)),
            (revenue(&order.product)?, currency.minor(part.minor - amount.minor)),
            (Account::Tax, negated(part)?),
        ],
    };
    let entry = post(tx, entry).await?;
    let minor = |amount: Amount| Value::Int(Some(amount.minor));
    let values = [
        order.id.0.into(),
        entry.0.into(),
        tx.now().into(),
        tax.as_ref().map(|tax| tax.label.as_str()).into(),
        tax.as_ref().map(|tax| tax.rate).into(),
        minor(part),
        minor(credit),
        minor(saved(order, item)),
    ];
    tx.execute(SELL, &values).await?;
    if let Some((code, _)) = &order.discount {
        discount::count_use(tx, code).await?;
    }
    if order.paid.is_none() {
        order_news::paid(tx, order).await?;
    }
    if let Product::Item { item, .. } = &order.product
        && !order.is_gift
    {
        bought::note_parts(tx, order, *item).await?;
    }
    give(tx, order, buyer).await
}

/// Has `to` of a sold order kept, more than now; what it gave is given again where nothing was.
pub(crate) async fn raise(
    tx: &mut Tx,
    key: &str,
    order: &Order,
    (buyer, item): (&Member, Option<&Item>),
    to: i64,
) -> Result<(), Error> {
    let entry = order.entry.ok_or(Error::NoOrder(order.id))?;
    let mut kept = order.kept.minor;
    let parts = journal::reversals(tx, entry, to - kept).await?;
    for (place, (reversal, part)) in (0_u32..).zip(parts) {
        let back = Shares::of(order, kept + part, part);
        let entry = NewEntry {
            request: &EntryRequest::new(&format!("{key}:{place}"), &[])?,
            kind: REFUND_REVERSED,
            member: Some(buyer.id),
            reverses: Some(reversal),
            memo: &described(&order.product, item),
            postings: &[
                (Account::Prepaid(buyer.id), back.prepaid),
                (Account::Rebate(buyer.id), back.credit),
                (revenue(&order.product)?, negated(back.revenue)?),
                (Account::Tax, negated(back.tax)?),
            ],
        };
        post(tx, entry).await?;
        kept += part;
    }
    if order.kept.minor > 0 {
        return Ok(());
    }
    tx.execute("UPDATE orders SET refunded = NULL WHERE id = $1", &[order.id.0.into()]).await?;
    give(tx, order, buyer).await
}

/// Has `to` of a sold order kept, less than now; what it gave ends where nothing is.
pub(crate) async fn lower(
    tx: &mut Tx,
    request: &EntryRequest,
    order: &Order,
    to: i64,
) -> Result<EntryId, Error> {
    let (entry, owner) = (order.entry.ok_or(Error::NoOrder(order.id))?, order.owner()?);
    let back = Shares::of(order, order.kept.minor, order.kept.minor - to);
    let credits = credit(tx, owner, back.prepaid).await?;
    let item = match &order.product {
        Product::Item { item, .. } => Some(item::by_id(tx, *item).await?),
        _ => None,
    };
    let name = described(&order.product, item.as_ref());
    let debits = [(revenue(&order.product)?, back.revenue), (Account::Tax, back.tax)];
    let credits = [credits.as_slice(), &[(Account::Rebate(owner), negated(back.credit)?)]];
    let entry = NewEntry {
        request,
        kind: REFUND,
        member: Some(owner),
        reverses: Some(entry),
        memo: &format!("{name}, {}", order.id),
        postings: &[&debits[..], &credits.concat()].concat(),
    };
    let entry = post(tx, entry).await?;
    if to == 0 {
        end(tx, order).await?;
    }
    Ok(entry)
}

/// Gives what an order is for: to its buyer, or as a voucher that is a gift.
async fn give(tx: &mut Tx, order: &Order, buyer: &Member) -> Result<(), Error> {
    if !order.is_gift {
        return give_right(tx, order, buyer).await;
    }
    match gift::give(tx, order).await? {
        Some((taken, owner)) => give_right(tx, &taken, &owner).await,
        None => Ok(()),
    }
}

async fn give_right(tx: &mut Tx, order: &Order, buyer: &Member) -> Result<(), Error> {
    match &order.product {
        Product::Item { item, .. } => {
            bought::give(tx, order, *item).await?;
        }
        // Payments move the end of a subscription, and a top-up gives no right.
        Product::Subscription { .. } | Product::Topup => {}
        Product::Tier { tier, days } => {
            tier_term::give(tx, buyer.id, tier, *days, &order.id.to_string()).await?;
        }
    }
    Ok(())
}

/// Ends an order of which nothing is kept, and what came from it.
async fn end(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let values = [order.id.0.into(), tx.now().into()];
    tx.execute("UPDATE orders SET refunded = $2 WHERE id = $1", &values).await?;
    if !order.is_gift {
        return end_right(tx, order).await;
    }
    match gift::end(tx, order).await? {
        Some(taken) => end_right(tx, &taken).await,
        None => Ok(()),
    }
}

async fn end_right(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    match &order.product {
        Product::Item { item, .. } => {
            bought::end(tx, order, *item).await?;
        }
        Product::Subscription { .. } | Product::Topup => {}
        Product::Tier { tier, days } => {
            let (owner, source) = (order.owner()?, order.id.to_string());
            tier_term::take_back(tx, owner, tier, *days, &source).await?;
        }
    }
    Ok(())
}

/// Where an amount of an order comes from when it is paid back, and goes to.
struct Shares {
    revenue: Amount,
    tax: Amount,
    prepaid: Amount,
    credit: Amount,
}

impl Shares {
    /// Those of `amount`, where `kept` of the order is kept before it.
    fn of(order: &Order, kept: i64, amount: i64) -> Self {
        let (whole, currency) = (order.amount.minor, order.amount.currency);
        let from = whole - kept;
        let to = from + amount;
        let taxed = order.tax.as_ref().map_or(0, |(_, tax)| tax.minor);
        let tax = proportion(taxed, to, whole) - proportion(taxed, from, whole);
        let paid_in = whole - order.credit.minor;
        let prepaid = to.min(paid_in) - from.min(paid_in);
        Self {
            revenue: currency.minor(amount - tax),
            tax: currency.minor(tax),
            prepaid: currency.minor(prepaid),
            credit: currency.minor(amount - prepaid),
        }
    }
}

/// The account that the price of a product goes to.
fn revenue(product: &Product) -> Result<Account<'_>, Error> {
    match product {
        Product::Item { item, .. } => Ok(Account::Revenue(*item)),
        Product::Subscription { tier } | Product::Tier { tier, .. } => {
            Ok(Account::TierRevenue(tier))
        }
        Product::Topup => Err(Error::NotForBalance("a top-up")),
    }
}

/// By how much the buyer of a torrent pays less than for the direct download, which its carriers
/// can earn.
fn saved(order: &Order, item: Option<&Item>) -> Amount {
    match (&order.product, item) {
        // Nobody takes a gift from peers under this order.
        (Product::Item { method: DeliveryMethod::Torrent, .. }, Some(item)) if !order.is_gift => {
            item.prices.saved(order.amount)
        }
        _ => order.amount.currency.minor(0),
    }
}

/// A product in the books' words, as `reel as torrent`.
fn described(product: &Product, item: Option<&Item>) -> String {
    let item = item.map_or("an item", |item| &item.name);
    match product {
        Product::Item { method, .. } => format!("{item} as {method}"),
        Product::Subscription { tier } => format!("tier {tier}"),
        Product::Tier { tier, days } => format!("{days} days of {tier}"),
        Product::Topup => "balance".to_owned(),
    }
}

pub(crate) const PURCHASE: &str = "purchase";
pub(crate) const REFUND: &str = "refund";
const REFUND_REVERSED: &str = "refund.reversed";
const SELL: &str = "UPDATE orders SET journal = $2, paid = coalesce(paid, $3), tax_label = $4, \
     tax_rate = $5, tax = $6, credit = $7, saved = $8, refunded = NULL, cancelled = NULL \
     WHERE id = $1";
