//! Reports: mail whose text is written when it is sent, from what the store holds then.
//!
//! So a receipt says what became of its order until it goes out, and its links begin with the site's
//! address of that time. Deliberately absent: the texts.

use crate::store::sql::{Connection, Row, SqlResult, unreadable};
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::ids::OrderId;

/// What a mail reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailReport {
    /// The orders of its member, each with a link.
    Orders,
    /// An order was paid.
    Receipt(OrderId),
    /// Something of an order was paid back.
    Refund(OrderId),
}

impl MailReport {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Receipt(_) => "receipt",
            Self::Refund(_) => "refund",
        }
    }

    pub(crate) const fn order(self) -> Option<OrderId> {
        match self {
            Self::Orders => None,
            Self::Receipt(order) | Self::Refund(order) => Some(order),
        }
    }

    /// For the operator: `receipt 7`.
    pub(crate) fn about(self) -> String {
        match self.order() {
            Some(OrderId(number)) => format!("{} {number}", self.text()),
            None => self.text().to_owned(),
        }
    }
}

/// Whether an address got as many such reports within an hour as it may.
pub(crate) async fn is_too_often(tx: &mut Tx, to: &Email, report: MailReport) -> SqlResult<bool> {
    let since = tx.now().saturating_sub(HOUR);
    let values = [to.text().into(), since.into(), report.text().into()];
    let sent = tx.one(COUNT, &values, |row| row.number::<u32>(0)).await?;
    Ok(sent.unwrap_or(0) >= MAX_AN_HOUR)
}

/// Has reports that wait for one address go to another.
pub(crate) async fn readdress(tx: &mut Tx, from: &Email, to: &Email) -> SqlResult<()> {
    tx.execute(READDRESS, &[from.text().into(), to.text().into()]).await.map(drop)
}

/// Reads the columns `report`, not NULL, and `orders`.
pub(crate) fn report(row: &dyn Row, column: usize) -> SqlResult<Option<MailReport>> {
    let order = row.optional(column + 1)?.map(OrderId);
    match (row.text(column)?, order) {
        ("", None) => Ok(None),
        ("orders", None) => Ok(Some(MailReport::Orders)),
        ("receipt", Some(order)) => Ok(Some(MailReport::Receipt(order))),
        ("refund", Some(order)) => Ok(Some(MailReport::Refund(order))),
        (other, _) => Err(unreadable(column, other)),
    }
}

const COUNT: &str =
    "SELECT count(*) FROM mail WHERE recipient = $1 AND created > $2 AND report = $3";
const READDRESS: &str = "UPDATE mail SET recipient = $2 WHERE recipient = $1 \
     AND state = 'queued' AND report IN ('receipt', 'refund')";
/// Maximum reports of one kind, asked for by people, to one address in an hour.
pub const MAX_AN_HOUR: u32 = 5;
const HOUR: u32 = 3600;
