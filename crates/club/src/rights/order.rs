//! Orders: what members bought, at what price, and the receipt of it.
//!
//! Deliberately absent: how an order comes about and how it ends, which are sales.

use policy::{ItemId, MemberId};

use crate::catalog::item::Item;
use crate::members::member::{self, Member};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency, member_id, unreadable};
use crate::values::error::Error;
use crate::values::ids::{EntryId, OrderId};
use crate::values::money::Amount;
use crate::values::page::Page;
use crate::values::product::{DeliveryMethod, Product};
use crate::values::tax::Tax;

/// An order, which is paid when there is one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Who bought.
    pub member: MemberId,
    /// The product.
    pub product: Product,
    /// What it cost before the discount.
    pub price: Amount,
    /// What was taken off, and by which code.
    pub discount: Option<(String, Amount)>,
    /// What was paid; may be 0.
    pub amount: Amount,
    /// What of it is tax.
    pub tax: Option<(Tax, Amount)>,
    /// What of it was paid by store credit.
    pub credit: Amount,
    /// The entry that paid it.
    pub entry: EntryId,
    /// In Unix seconds.
    pub created: u32,
    /// When the last of it was paid back, in Unix seconds; `None` where some is still paid.
    pub refunded: Option<u32>,
}

/// Orders. Each fails where the database is unavailable.
impl Club {
    /// An order.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn order(&self, order: OrderId) -> Result<Order, Error> {
        find(&mut *self.reader().await?, order).await
    }

    /// A page of a member's orders, oldest first.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, by name or id.
    pub async fn orders(&self, member: &str, page: Page) -> Result<Vec<Order>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        let values = [member.into(), page.after.into(), page.limit().into()];
        Ok(db.all(OF_MEMBER, &values, read).await?)
    }

    /// Whether a member bought an item's direct download, and has not had all of it paid back.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn bought_direct(&self, member: MemberId, item: ItemId) -> Result<bool, Error> {
        let values = [member.value().into(), item.0.into()];
        let mut db = self.reader().await?;
        let found = db.one(BOUGHT_DIRECT, &values, |row| row.number::<u32>(0)).await?;
        Ok(found.is_some())
    }

    /// A page of the orders made in a time, from its first second to before its last, oldest
    /// first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn orders_between(
        &self,
        from_unix: u32,
        to_unix: u32,
        page: Page,
    ) -> Result<Vec<Order>, Error> {
        let values = [from_unix.into(), to_unix.into(), page.after.into(), page.limit().into()];
        Ok(self.reader().await?.all(BETWEEN, &values, read).await?)
    }
}

pub(crate) async fn find(db: &mut dyn Connection, order: OrderId) -> Result<Order, Error> {
    db.one(BY_ID, &[order.0.into()], read).await?.ok_or(Error::NoOrder(order))
}

/// The order that an entry paid.
pub(crate) async fn of_entry(db: &mut dyn Connection, entry: EntryId) -> Result<Order, Error> {
    db.one(OF_ENTRY, &[entry.0.into()], read).await?.ok_or(Error::NoEntry(entry))
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Order> {
    let currency = currency(row, 6)?;
    let amount = |column| row.number(column).map(|minor| currency.minor(minor));
    let (code, label) = (row.text(9)?, row.text(11)?);
    let rate: Option<u32> = row.optional(12)?;
    let (discount, tax) = (amount(8)?, amount(13)?);
    Ok(Order {
        id: OrderId(row.number(0)?),
        member: member_id(row, 1)?,
        product: product(row, 2)?,
        price: amount(7)?,
        discount: (!code.is_empty()).then(|| (code.to_owned(), discount)),
        amount: amount(10)?,
        tax: rate.map(|rate| (Tax { label: label.to_owned(), rate }, tax)),
        credit: amount(14)?,
        entry: EntryId(row.number(15)?),
        created: row.number(16)?,
        refunded: row.optional(17)?,
    })
}

/// Reads the columns of [`product_values`], the method and the tier not NULL.
pub(crate) fn product(row: &dyn Row, column: usize) -> SqlResult<Product> {
    let (item, days) = (row.optional(column)?.map(ItemId), row.optional(column + 3)?);
    let tier = row.text(column + 2)?.to_owned();
    match (item, days) {
        (Some(item), None) => Ok(Product::Item { item, method: method(row, column + 1)? }),
        (None, Some(0)) => Ok(Product::Subscription { tier }),
        (None, Some(days)) => Ok(Product::Tier { tier, days }),
        (None, None) => Ok(Product::Topup),
        (Some(_), Some(_)) => Err(unreadable(column, "an item and a tier")),
    }
}

/// The columns `item`, `way`, `tier` and `days` of a product.
pub(crate) fn product_values(product: &Product) -> [Value<'_>; 4] {
    let tier = |tier, days: u16| [Value::Int(None), Value::Null, Value::Text(tier), days.into()];
    match product {
        Product::Item { item, method } => {
            [item.0.into(), method.text().into(), Value::Null, Value::Int(None)]
        }
        Product::Subscription { tier: id } => tier(id, 0),
        Product::Tier { tier: id, days } => tier(id, *days),
        Product::Topup => [Value::Int(None), Value::Null, Value::Null, Value::Int(None)],
    }
}

fn method(row: &dyn Row, column: usize) -> SqlResult<DeliveryMethod> {
    let text = row.text(column)?;
    text.parse().map_err(|_| unreadable(column, text))
}

/// Refuses an item that a member has paid for, as this delivery method or as one that includes it.
pub(crate) async fn check_not_bought(
    db: &mut dyn Connection,
    member: &Member,
    item: &Item,
    product: &Product,
) -> Result<(), Error> {
    let Product::Item { method, .. } = product else { return Ok(()) };
    let values = [member.id.value().into(), item.id.0.into(), method.text().into()];
    match db.one(PAID, &values, read).await? {
        None => Ok(()),
        Some(order) => {
            let (member, item) = (member.name.clone(), item.name.clone());
            Err(Error::Bought { member, item, order: order.id })
        }
    }
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, member, item, coalesce(way, ''), coalesce(tier, ''), days, currency, price, \
             discount, coalesce(discount_code, ''), amount, coalesce(tax_label, ''), tax_rate, tax, \
             credit, journal, created, refunded ",
            $after
        )
    };
}

const BETWEEN: &str = columns!(
    "SELECT",
    "FROM orders WHERE created >= $1 AND created < $2 AND id > $3 ORDER BY id LIMIT $4"
);
const BOUGHT_DIRECT: &str = "SELECT id FROM orders \
     WHERE member = $1 AND item = $2 AND way = 'direct' AND refunded IS NULL LIMIT 1";
const BY_ID: &str = columns!("SELECT", "FROM orders WHERE id = $1");
const OF_ENTRY: &str = columns!("SELECT", "FROM orders WHERE journal = $1");
const OF_MEMBER: &str =
    columns!("SELECT", "FROM orders WHERE member = $1 AND id > $2 ORDER BY id LIMIT $3");
pub(crate) const INSERT: &str = columns!(
    "INSERT INTO orders (member, item, way, tier, days, currency, price, discount, \
     discount_code, amount, tax_label, tax_rate, tax, credit, journal, created, saved) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
     RETURNING",
    ""
);
/// Those of a member for an item in some way that give it: the direct download gives the torrent.
const PAID: &str = columns!(
    "SELECT",
    "FROM orders WHERE member = $1 AND item = $2 AND way IN ($3, 'direct') AND refunded IS NULL \
     ORDER BY id"
);
/// Those of a member that still give an item.
pub(crate) const STILL_PAID: &str = columns!(
    "SELECT",
    "FROM orders WHERE member = $1 AND item = $2 AND refunded IS NULL AND revoked IS NULL \
     ORDER BY id"
);
