//! Orders: what somebody wants to buy or bought, at what price, and the receipt of it.
//!
//! Deliberately absent: how an order comes about, is sold and paid back, which are sales, and how it
//! is paid, which are payments.

use policy::{ItemId, MemberId};

use crate::catalog::item::Item;
use crate::ledger::journal::left_of;
use crate::members::member::{self, Member};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency, unreadable};
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::ids::{EntryId, OrderId};
use crate::values::money::Amount;
use crate::values::page::Page;
use crate::values::product::{DeliveryMethod, Product};
use crate::values::tax::Tax;
use crate::values::token::random_token;

/// An order, from the moment somebody wants to buy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Its unguessable name, for the buyer's URLs.
    pub token: String,
    /// The buyer; `None` for a visitor who has not paid.
    pub member: Option<MemberId>,
    /// The address that the buyer gave.
    pub email: Option<Email>,
    /// The product. A subscription's order is for one period of it.
    pub product: Product,
    /// The first order of the subscription, where this one is for a later period.
    pub renews: Option<OrderId>,
    /// Whether the buyer passes on what it is for, as a voucher.
    pub is_gift: bool,
    /// What it costs before the discount.
    pub price: Amount,
    /// What is taken off, and by which code.
    pub discount: Option<(String, Amount)>,
    /// What is to be paid; may be 0.
    pub amount: Amount,
    /// What of it is tax; `None` before it is sold too.
    pub tax: Option<(Tax, Amount)>,
    /// What of it was paid by store credit.
    pub credit: Amount,
    /// The entry that sold it; `None` while nothing did, and for a top-up.
    pub entry: Option<EntryId>,
    /// What of it is paid and not paid back.
    pub kept: Amount,
    /// In Unix seconds.
    pub created: u32,
    /// When it was first paid, in Unix seconds.
    pub paid: Option<u32>,
    /// When the last of it was paid back, in Unix seconds; `None` while some is kept.
    pub refunded: Option<u32>,
    /// When it was given up unpaid, in Unix seconds.
    pub cancelled: Option<u32>,
    pub(crate) revoked: bool,
    is_disputed: bool,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderState {
    /// It was given up unpaid. It is paid after all if money comes for it.
    Cancelled,
    /// Nothing of it is kept while the payer disputes the payment.
    Disputed,
    /// All of it is paid.
    Paid,
    /// A part of it was paid back; what it gave stays.
    PartlyRefunded,
    /// It is not paid yet.
    Pending,
    /// All of it was paid back.
    Refunded,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Cancelled,
        Self::Disputed,
        Self::Paid,
        Self::PartlyRefunded,
        Self::Pending,
        Self::Refunded,
    ];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Disputed => "disputed",
            Self::Paid => "paid",
            Self::PartlyRefunded => "partly_refunded",
            Self::Pending => "pending",
            Self::Refunded => "refunded",
        }
    }
}

impl Order {
    /// How far it is.
    pub fn state(&self) -> OrderState {
        match (self.paid, self.refunded) {
            (None, _) if self.cancelled.is_some() => OrderState::Cancelled,
            (None, _) => OrderState::Pending,
            (Some(_), Some(_)) if self.is_disputed => OrderState::Disputed,
            (Some(_), Some(_)) => OrderState::Refunded,
            (Some(_), None) if self.kept.minor < self.amount.minor => OrderState::PartlyRefunded,
            (Some(_), None) => OrderState::Paid,
        }
    }

    /// What of it was paid back.
    pub fn paid_back(&self) -> Amount {
        let back = self.amount.minor.saturating_sub(self.kept.minor).max(0);
        self.amount.currency.minor(if self.paid.is_some() { back } else { 0 })
    }

    /// The member that it is of.
    pub(crate) fn owner(&self) -> Result<MemberId, Error> {
        self.member.ok_or(Error::NoOwner(self.id))
    }
}

/// What is needed for the row of an order.
pub(crate) struct NewRow<'a> {
    pub(crate) key: Option<&'a str>,
    pub(crate) member: Option<MemberId>,
    pub(crate) email: Option<&'a Email>,
    pub(crate) product: &'a Product,
    pub(crate) renews: Option<OrderId>,
    pub(crate) is_gift: bool,
    pub(crate) price: Amount,
    pub(crate) discount: Option<&'a (String, Amount)>,
    pub(crate) created: u32,
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

    /// The order with a token; `None` where nobody has it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn order_by_token(&self, token: &str) -> Result<Option<Order>, Error> {
        Ok(self.reader().await?.one(BY_TOKEN, &[token.into()], read).await?)
    }

    /// Whether an order has payments at a provider, which pays it back.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn is_paid_at_provider(&self, order: OrderId) -> Result<bool, Error> {
        Ok(payments(&mut *self.reader().await?, order).await? > 0)
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

    /// The last orders of a member, the latest first: at most `count`.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn last_orders(&self, member: MemberId, count: u32) -> Result<Vec<Order>, Error> {
        let values = [member.value().into(), count.min(Page::MAX).into()];
        Ok(self.reader().await?.all(LAST, &values, read).await?)
    }

    /// Whether a member bought an item's direct download, and some of it is kept.
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
    /// first; those that are not paid too.
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

/// Adds the row of an order.
pub(crate) async fn insert(db: &mut dyn Connection, new: NewRow<'_>) -> Result<Order, Error> {
    let [item, method, tier, days] = product_values(new.product);
    let minor = |amount: Amount| Value::Int(Some(amount.minor));
    let (code, off) = match new.discount {
        None => (None, new.price.currency.minor(0)),
        Some((code, off)) => (Some(code.as_str()), *off),
    };
    let token = random_token()?;
    let values = [
        token.as_str().into(),
        new.key.into(),
        new.member.map(MemberId::value).into(),
        new.email.map(Email::text).into(),
        item,
        method,
        tier,
        days,
        new.renews.map(|first| first.0).into(),
        new.price.currency.code().into(),
        minor(new.price),
        minor(off),
        code.into(),
        Value::Int(Some(new.price.minor.saturating_sub(off.minor))),
        new.created.into(),
        new.is_gift.into(),
    ];
    let id = db.one(INSERT, &values, |row| Ok(OrderId(row.number(0)?))).await?;
    find(db, id.ok_or(sqlx::Error::RowNotFound)?).await
}

pub(crate) async fn find(db: &mut dyn Connection, order: OrderId) -> Result<Order, Error> {
    db.one(BY_ID, &[order.0.into()], read).await?.ok_or(Error::NoOrder(order))
}

/// The order that a request made.
pub(crate) async fn of_key(db: &mut dyn Connection, key: &str) -> SqlResult<Option<Order>> {
    db.one(BY_KEY, &[key.into()], read).await
}

/// How many payments at providers an order has.
pub(crate) async fn payments(db: &mut dyn Connection, order: OrderId) -> SqlResult<u32> {
    let sql = "SELECT count(*) FROM payment WHERE orders = $1";
    Ok(db.one(sql, &[order.0.into()], |row| row.number(0)).await?.unwrap_or(0))
}

/// The order that an entry sold.
pub(crate) async fn of_entry(db: &mut dyn Connection, entry: EntryId) -> Result<Order, Error> {
    db.one(OF_ENTRY, &[entry.0.into()], read).await?.ok_or(Error::NoEntry(entry))
}

pub(crate) fn read(row: &dyn Row) -> SqlResult<Order> {
    let currency = currency(row, 6)?;
    let amount = |column| row.number(column).map(|minor| currency.minor(minor));
    let (code, label) = (row.text(9)?, row.text(11)?);
    let rate: Option<u32> = row.optional(12)?;
    let (discount, tax) = (amount(8)?, amount(13)?);
    let email = row.text(20)?;
    Ok(Order {
        id: OrderId(row.number(0)?),
        member: row.optional::<u32>(1)?.and_then(MemberId::new),
        product: product(row, 2)?,
        price: amount(7)?,
        discount: (!code.is_empty()).then(|| (code.to_owned(), discount)),
        amount: amount(10)?,
        tax: rate.map(|rate| (Tax { label: label.to_owned(), rate }, tax)),
        credit: amount(14)?,
        entry: row.optional(15)?.map(EntryId),
        created: row.number(16)?,
        refunded: row.optional(17)?,
        paid: row.optional(18)?,
        token: row.text(19)?.to_owned(),
        email: (!email.is_empty()).then(|| Email::stored(email)),
        renews: row.optional(21)?.map(OrderId),
        cancelled: row.optional(22)?,
        revoked: row.optional::<u32>(23)?.is_some(),
        kept: amount(24)?,
        is_disputed: row.number::<u32>(25)? > 0,
        is_gift: row.number::<u8>(26)? == 1,
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

pub(crate) fn method(row: &dyn Row, column: usize) -> SqlResult<DeliveryMethod> {
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

/// What of an order is paid and not paid back.
macro_rules! kept {
    () => {
        concat!(
            "CASE WHEN journal IS NULL \
             THEN (SELECT CAST(coalesce(sum(kept), 0) AS BIGINT) FROM payment \
             WHERE payment.orders = orders.id) ELSE ",
            left_of!("orders.journal"),
            " END"
        )
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, member, item, coalesce(way, ''), coalesce(tier, ''), days, currency, price, \
             discount, coalesce(discount_code, ''), amount, coalesce(tax_label, ''), tax_rate, tax, \
             credit, journal, created, refunded, paid, token, coalesce(email, ''), renews, \
             cancelled, revoked, ",
            kept!(),
            ", (SELECT count(*) FROM payment WHERE payment.orders = orders.id AND paid = 1 \
             AND dispute = 1), gift FROM orders WHERE ",
            $rest
        )
    };
}

/// Whether an order gives item $2, by itself or as a part of a collection.
macro_rules! is_of_item {
    () => {
        "(item = $2 OR EXISTS (SELECT 1 FROM order_part \
         WHERE order_part.orders = orders.id AND order_part.item = $2))"
    };
}

/// Every row.
pub(crate) const ANY: &str = select!("id > 0");
/// As [`Order::state`] says it.
pub(crate) const IS_PAID: &str =
    concat!("paid IS NOT NULL AND refunded IS NULL AND ", kept!(), " >= amount");
/// As [`Order::state`] says it. Few orders have an entry that was reversed, or none, so the sum is made for few.
pub(crate) const IS_PARTLY_REFUNDED: &str = concat!(
    "paid IS NOT NULL AND refunded IS NULL AND id IN (SELECT sold.id FROM journal AS back \
     JOIN orders AS sold ON sold.journal = back.reverses WHERE back.reverses IS NOT NULL \
     UNION SELECT sold.id FROM orders AS sold \
     WHERE sold.journal IS NULL AND sold.paid IS NOT NULL) AND ",
    kept!(),
    " < amount"
);
/// As [`Order::state`] says it.
pub(crate) const IS_REFUNDED: &str = "paid IS NOT NULL AND refunded IS NOT NULL AND NOT EXISTS \
     (SELECT 1 FROM payment WHERE payment.orders = orders.id AND payment.paid = 1 AND dispute = 1)";
/// As [`Order::state`] says it.
pub(crate) const IS_DISPUTED: &str = "paid IS NOT NULL AND refunded IS NOT NULL AND EXISTS \
     (SELECT 1 FROM payment WHERE payment.orders = orders.id AND payment.paid = 1 AND dispute = 1)";
const BETWEEN: &str = select!("created >= $1 AND created < $2 AND id > $3 ORDER BY id LIMIT $4");
const BOUGHT_DIRECT: &str = concat!(
    "SELECT id FROM orders WHERE member = $1 AND ",
    is_of_item!(),
    " AND way = 'direct' AND journal IS NOT NULL AND refunded IS NULL AND gift = 0 LIMIT 1"
);
const BY_ID: &str = select!("id = $1");
const BY_KEY: &str = select!("key = $1");
const BY_TOKEN: &str = select!("token = $1");
const LAST: &str = select!("member = $1 ORDER BY id DESC LIMIT $2");
const OF_ENTRY: &str = select!("journal = $1");
const OF_MEMBER: &str = select!("member = $1 AND id > $2 ORDER BY id LIMIT $3");
const INSERT: &str = "INSERT INTO orders (token, key, member, email, item, way, tier, days, renews, \
     currency, price, discount, discount_code, amount, created, gift, tax, credit, \
     saved) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 0, 0) \
     RETURNING id";
/// Those of a member for an item in some way that give it: the direct download gives the torrent, a gift gives nothing.
const PAID: &str = concat!(
    select!("member = $1 AND "),
    is_of_item!(),
    " AND way IN ($3, 'direct') AND journal IS NOT NULL AND refunded IS NULL AND gift = 0 ORDER BY id"
);
/// Those of a member that still give an item.
pub(crate) const STILL_PAID: &str = select!(
    "member = $1 AND journal IS NOT NULL AND refunded IS NULL AND gift = 0 AND (item = $2 AND revoked IS NULL \
     OR EXISTS (SELECT 1 FROM order_part WHERE order_part.orders = orders.id \
     AND order_part.item = $2 AND order_part.revoked IS NULL)) ORDER BY id"
);
/// The last ones of a member that are paid and whose receipt is not about to be sent.
pub(crate) const UNREPORTED: &str = select!(
    "member = $1 AND paid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM mail \
     WHERE mail.orders = orders.id AND mail.report = 'receipt' AND mail.state = 'queued') \
     ORDER BY id DESC LIMIT $2"
);
