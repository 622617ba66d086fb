//! `usher export`: tables for an accountant, as CSV or JSON.
//!
//! Orders are exported as they are stored. Refunds, fees and tax are read from the journal, which is
//! never edited, so that an export of past days is always the same.

use std::collections::BTreeMap;

use api::ledger::JournalEntry;
use api::money::Money;
use api::order::OrderView;
use api::page::{JournalPage, OrderPage};
use api::product::DeliveryMethod;
use api::query::{JournalQuery, OrderQuery};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

use crate::daemon::{CommandContext, CommandError, DayArgs, RowArgs};

/// `usher export`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXPORT)]
pub struct ExportArgs {
    /// The table
    #[arg(value_name = "TABLE")]
    table: ExportTable,
    #[command(flatten)]
    days: DayArgs,
}

/// A table for an accountant.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExportTable {
    /// Fees for disputes, by entry of the journal
    Fees,
    /// Orders, with price, discount, tax and store credit
    Orders,
    /// Refunds and lost disputes, by entry of the journal
    Refunds,
    /// Tax collected less tax refunded, by month and currency
    Tax,
}

impl ExportArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        if let (Some(from), Some(to)) = (self.days.from, self.days.to)
            && from > to
        {
            return Err(CommandError::NoDays { from, to });
        }
        match self.table {
            ExportTable::Orders => {
                let query =
                    OrderQuery { from: self.days.from, to: self.days.to, ..OrderQuery::default() };
                let orders =
                    context.list::<OrderPage>(&["orders"], query, RowArgs::default()).await?;
                let sold = orders.iter().filter(|order| order.entry.is_some());
                print(context, sold.map(OrderRow::from))
            }
            ExportTable::Refunds => {
                let is_refund = |entry: &&JournalEntry| entry.reverses.is_some();
                let entries = self.entries(context).await?;
                print(context, entries.iter().filter(is_refund).flat_map(moved))
            }
            ExportTable::Fees => {
                let entries = self.entries(context).await?;
                let fees = |entry| posted(entry, "expense:chargeback");
                print(context, entries.iter().flat_map(fees))
            }
            ExportTable::Tax => print(context, by_month(&self.entries(context).await?)),
        }
    }

    async fn entries(&self, context: &CommandContext) -> Result<Vec<JournalEntry>, CommandError> {
        let query =
            JournalQuery { from: self.days.from, to: self.days.to, ..JournalQuery::default() };
        context.list::<JournalPage>(&["ledger", "journal"], query, RowArgs::default()).await
    }
}

/// CSV with a header line, or a JSON list of the same.
fn print<T: Default + Serialize>(
    context: &CommandContext,
    rows: impl Iterator<Item = T>,
) -> Result<String, CommandError> {
    if context.json() {
        return Ok(serde_json::to_string_pretty(&rows.collect::<Vec<_>>())? + "\n");
    }
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return header::<T>();
    }
    csv_of(rows)
}

/// CSV with a header line; empty where there are no rows.
fn csv_of<T: Serialize>(rows: impl Iterator<Item = T>) -> Result<String, CommandError> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for row in rows {
        csv.serialize(row)?;
    }
    let bytes = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The header line alone. The writer takes the columns' names from a row, so it gets one.
fn header<T: Default + Serialize>() -> Result<String, CommandError> {
    let csv = csv_of(std::iter::once(T::default()))?;
    Ok(csv.lines().next().unwrap_or_default().to_owned() + "\n")
}

#[derive(Default, Serialize)]
struct OrderRow {
    order: u32,
    at: Timestamp,
    member: String,
    item: String,
    r#as: String,
    currency: String,
    price: String,
    discount: String,
    discount_code: String,
    paid: String,
    of_it_store_credit: String,
    of_it_tax: String,
    tax: String,
    tax_percent: String,
    refunded: String,
}

impl From<&OrderView> for OrderRow {
    fn from(order: &OrderView) -> Self {
        let of = |money: &Money| money.amount.clone();
        let (tax, discount) = (order.tax.as_ref(), order.discount.as_ref());
        let product = &order.product;
        let item = product.item.as_ref().map(|item| item.name.clone());
        Self {
            order: order.id,
            at: order.created,
            member: order.member.as_ref().map(|member| member.name.clone()).unwrap_or_default(),
            item: item.or_else(|| product.tier.clone()).unwrap_or_default(),
            r#as: product.method.map_or("tier", DeliveryMethod::word).to_owned(),
            currency: order.amount.currency.clone(),
            price: of(&order.price),
            discount: discount.map(|discount| of(&discount.amount)).unwrap_or_default(),
            discount_code: discount.map(|discount| discount.code.clone()).unwrap_or_default(),
            paid: of(&order.amount),
            of_it_store_credit: of(&order.credit),
            of_it_tax: tax.map(|tax| of(&tax.amount)).unwrap_or_default(),
            tax: tax.map(|tax| tax.label.clone()).unwrap_or_default(),
            tax_percent: tax.map(|tax| percent(tax.rate)).unwrap_or_default(),
            refunded: order.refunded.map(|at| at.to_string()).unwrap_or_default(),
        }
    }
}

/// From thousandths of a percent.
fn percent(rate: u32) -> String {
    let text = format!("{}.{:03}", rate / 1000, rate % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct MovedRow {
    entry: u32,
    at: Timestamp,
    kind: String,
    reverses: Option<u32>,
    account: String,
    currency: String,
    amount: String,
    memo: String,
}

/// All postings of an entry.
fn moved(entry: &JournalEntry) -> impl Iterator<Item = MovedRow> + '_ {
    posted(entry, "")
}

/// The postings of an entry to accounts whose names begin with `account`.
fn posted<'a>(entry: &'a JournalEntry, account: &'a str) -> impl Iterator<Item = MovedRow> + 'a {
    let postings = entry.postings.iter();
    postings.filter(move |posting| posting.account.starts_with(account)).map(|posting| MovedRow {
        entry: entry.id,
        at: entry.at,
        kind: entry.kind.clone(),
        reverses: entry.reverses,
        account: posting.account.clone(),
        currency: posting.amount.currency.clone(),
        amount: posting.amount.amount.clone(),
        memo: entry.memo.clone(),
    })
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct TaxRow {
    month: String,
    currency: String,
    /// In the currency's smallest unit.
    collected_minor: i64,
}

fn by_month(entries: &[JournalEntry]) -> impl Iterator<Item = TaxRow> + use<> {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for entry in entries {
        let month = entry.at.strftime("%Y-%m").to_string();
        for posting in entry.postings.iter().filter(|posting| posting.account == "tax:collected") {
            // A credit is owed to the state.
            let sum = sums.entry((month.clone(), posting.amount.currency.clone())).or_default();
            *sum = sum.saturating_sub(posting.amount.minor);
        }
    }
    sums.into_iter().map(|((month, currency), collected_minor)| TaxRow {
        month,
        currency,
        collected_minor,
    })
}

const EXPORT: &str = "\
Examples:
  usher export orders --from 2027-01-01 --to 2027-03-31 > orders.csv
  usher export tax --json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_as_people_write_it() {
        for (rate, text) in [(19_000, "19"), (8_875, "8.875"), (500, "0.5"), (0, "0")] {
            assert_eq!(percent(rate), text);
        }
    }
}
