//! Orders: what members bought from their balance, and what was paid back.
//!
//! Money and right change hands in one transaction. A part that is paid back leaves the right; when
//! nothing is left paid the right ends, unless another order of the member's pays for the item.

use policy::{ItemId, MemberId, MemberState};

use crate::account::Account;
use crate::audit::Stamp;
use crate::books::{self, Entry};
use crate::club::Club;
use crate::entitlement::{self, Entitlement};
use crate::error::Error;
use crate::item::{self, Item};
use crate::ledger::{self, EntryId, NewEntry, Request, post};
use crate::member::{self, Member};
use crate::money::{Amount, MoneyError};
use crate::page::Page;
use crate::payment::{check_amount, credit, held};
use crate::price::Way;
use crate::sql::{Connection, Row, SqlResult, Value, unreadable};

/// The number of an order; later ones are higher.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OrderId(pub u32);

/// An order, which is paid when there is one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Who bought.
    pub member: MemberId,
    /// What.
    pub item: ItemId,
    /// As what.
    pub way: Way,
    /// What it cost; may be 0.
    pub amount: Amount,
    /// The entry that paid it.
    pub entry: EntryId,
    /// In Unix seconds.
    pub created: u32,
    /// When the last of it was paid back, in Unix seconds; `None` where some is still paid.
    pub refunded: Option<u32>,
}

/// Operations on orders; `key` as for payments. What they do to a right is in force on the
/// announce path when they return.
impl Club {
    /// Buys an item from a member's balance, for ever.
    ///
    /// # Errors
    ///
    /// There is no such member or item, or it was removed; the member is suspended, has too
    /// little, or bought it so already; it is not sold so; the database is unavailable.
    pub async fn buy(
        &self,
        stamp: &Stamp,
        key: &str,
        member: &str,
        item: &str,
        way: Way,
    ) -> Result<Order, Error> {
        let (stamp, key, live) = (stamp.clone(), key.to_owned(), self.live());
        let (member, item) = (member.to_owned(), item.to_owned());
        let (order, _) = self
            .writer()
            .run(
                move |db| Box::pin(async move { buy(db, &stamp, &key, &member, &item, way).await }),
                move |(_, granted)| granted.iter().for_each(|held| live.show_entitlement(held)),
            )
            .await?;
        Ok(order)
    }

    /// Pays an order back into the member's balance: `amount` of it, or what is left of it.
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
        let (stamp, key, live) = (stamp.clone(), key.to_owned(), self.live());
        let (entry, _) = self
            .writer()
            .run(
                move |db| Box::pin(async move { refund(db, &stamp, &key, order, amount).await }),
                move |(_, changed)| changed.iter().for_each(|held| live.show_entitlement(held)),
            )
            .await?;
        Ok(entry)
    }

    /// An order.
    ///
    /// # Errors
    ///
    /// There is none such; the database is unavailable.
    pub async fn order(&self, order: OrderId) -> Result<Order, Error> {
        find(&mut *self.reader().await?, order).await
    }

    /// A page of a member's orders, oldest first.
    ///
    /// # Errors
    ///
    /// There is no such member, by name or id; the database is unavailable.
    pub async fn orders(&self, member: &str, page: Page) -> Result<Vec<Order>, Error> {
        let mut db = self.reader().await?;
        let member = member::find(&mut *db, member).await?.id.value();
        Ok(db
            .all(OF_MEMBER, &[member.into(), page.after.into(), page.limit().into()], read)
            .await?)
    }
}

/// The order, and the right where this granted one.
async fn buy(
    db: &mut dyn Connection,
    stamp: &Stamp,
    key: &str,
    member: &str,
    item: &str,
    way: Way,
) -> Result<(Order, Option<Entitlement>), Error> {
    let member = member::find(db, member).await?;
    let item = item::find(db, item).await?;
    let (member_id, item_id) = (member.id.value().to_string(), item.id.0.to_string());
    let request = Request::new(key, &[PURCHASE, &member_id, &item_id, way.text()])?;
    if let Some(entry) = request.answered(db).await? {
        let order = db.one(OF_ENTRY, &[entry.0.into()], read).await?;
        return Ok((order.ok_or(sqlx::Error::RowNotFound)?, None));
    }
    member.check_not_removed()?;
    item.check_not_removed()?;
    if member.state == MemberState::Suspended {
        return Err(Error::Suspended(member.name));
    }
    let Some(price) = item.prices.of(way) else {
        return Err(Error::NotForSale { item: item.name, way });
    };
    check_not_bought(db, &member, &item, way).await?;
    let prepaid = held(db, member.id, price.currency).await?.prepaid;
    if prepaid.minor < price.minor {
        return Err(Error::Short { member: member.name, has: prepaid, needs: price });
    }

    let (order, held) = place(db, stamp, &request, &member, &item, way, price).await?;
    Ok((order, Some(held)))
}

/// Buys an item for what was just paid for it, whatever it costs now; for ever.
pub(crate) async fn buy_paid(
    db: &mut dyn Connection,
    stamp: &Stamp,
    key: &str,
    member: MemberId,
    item: ItemId,
    way: Way,
    price: Amount,
) -> Result<(EntryId, Entitlement), Error> {
    let member = member::find_live(db, &member.value().to_string()).await?;
    let item = item::find_live(db, &item.0.to_string()).await?;
    check_not_bought(db, &member, &item, way).await?;
    let request = Request::new(key, &[])?;
    let (order, held) = place(db, stamp, &request, &member, &item, way, price).await?;
    Ok((order.entry, held))
}

async fn check_not_bought(
    db: &mut dyn Connection,
    member: &Member,
    item: &Item,
    way: Way,
) -> Result<(), Error> {
    let values = [member.id.value().into(), item.id.0.into(), way.text().into()];
    match db.one(PAID, &values, read).await? {
        None => Ok(()),
        Some(order) => {
            let (member, item) = (member.name.clone(), item.name.clone());
            Err(Error::Bought { member, item, order: order.id })
        }
    }
}

/// Enters an order and what it gives.
async fn place(
    db: &mut dyn Connection,
    stamp: &Stamp,
    request: &Request,
    member: &Member,
    item: &Item,
    way: Way,
    price: Amount,
) -> Result<(Order, Entitlement), Error> {
    let entry = NewEntry {
        request,
        kind: PURCHASE,
        member: Some(member.id),
        reverses: None,
        memo: &format!("{} as {way}", item.name),
        postings: &[
            (Account::Prepaid(member.id), price),
            (Account::Revenue(item.id), ledger::negated(price)?),
        ],
    };
    let entry = post(db, stamp, entry).await?;
    let values = [
        member.id.value().into(),
        item.id.0.into(),
        way.text().into(),
        price.currency.code().into(),
        Value::Int(Some(price.minor)),
        entry.0.into(),
        stamp.now_unix.into(),
    ];
    let order = db.one(INSERT, &values, read).await?.ok_or(sqlx::Error::RowNotFound)?;
    let held = entitlement::give(db, stamp, member.id, item.id, None, &source(order.id)).await?;
    Ok((order, held))
}

/// Pays the order that an entry paid back into the balance, `amount` of it: the right where this
/// changed it.
pub(crate) async fn refund_entry(
    db: &mut dyn Connection,
    stamp: &Stamp,
    key: &str,
    entry: EntryId,
    amount: Amount,
) -> Result<Option<Entitlement>, Error> {
    let order = db.one(OF_ENTRY, &[entry.0.into()], read).await?.ok_or(Error::NoEntry(entry))?;
    let (_, changed) = refund(db, stamp, key, order.id, Some(amount)).await?;
    Ok(changed)
}

/// The entry, and the right where this changed it.
async fn refund(
    db: &mut dyn Connection,
    stamp: &Stamp,
    key: &str,
    order: OrderId,
    amount: Option<Amount>,
) -> Result<(Entry, Option<Entitlement>), Error> {
    let said = amount.map_or_else(String::new, |amount| amount.to_string());
    let request = Request::new(key, &[REFUND, &order.0.to_string(), &said])?;
    if let Some(entry) = request.answered(db).await? {
        return Ok((books::entry(db, entry).await?, None));
    }
    let order = find(db, order).await?;
    let left = ledger::unreversed(db, order.entry).await?;
    let amount = amount.unwrap_or_else(|| order.amount.currency.minor(left));
    if amount.currency != order.amount.currency {
        return Err(MoneyError::Mixed(order.amount.currency, amount.currency).into());
    }
    if order.refunded.is_some() {
        return Err(Error::Reversed(order.entry));
    }

    let credits = credit(db, order.member, amount).await?;
    let item = item::find(db, &order.item.0.to_string()).await?;
    let entry = NewEntry {
        request: &request,
        kind: REFUND,
        member: Some(order.member),
        reverses: Some(order.entry),
        memo: &format!("{} as {}, order {}", item.name, order.way, order.id.0),
        postings: &[&[(Account::Revenue(order.item), amount)][..], &credits].concat(),
    };
    let entry = post(db, stamp, entry).await?;
    let changed = if amount.minor == left { end(db, stamp, &order).await? } else { None };
    Ok((books::entry(db, entry).await?, changed))
}

/// Ends an order of which nothing is paid any more, and the right that came from it.
async fn end(
    db: &mut dyn Connection,
    stamp: &Stamp,
    order: &Order,
) -> Result<Option<Entitlement>, Error> {
    let values = [order.id.0.into(), stamp.now_unix.into()];
    db.execute("UPDATE orders SET refunded = $2 WHERE id = $1", &values).await?;
    let values = [order.member.value().into(), order.item.0.into()];
    let other = db.one(STILL_PAID, &values, read).await?;
    let source = source(order.id);
    let Some(held) = entitlement::one(db, order.member, order.item).await? else { return Ok(None) };
    if held.source != source || held.revoked.is_some() {
        return Ok(None);
    }
    let changed = match other {
        Some(other) => {
            let source = self::source(other.id);
            entitlement::give(db, stamp, order.member, order.item, None, &source).await?
        }
        None => entitlement::end(db, stamp, held).await?,
    };
    Ok(Some(changed))
}

async fn find(db: &mut dyn Connection, order: OrderId) -> Result<Order, Error> {
    db.one(BY_ID, &[order.0.into()], read).await?.ok_or(Error::NoOrder(order))
}

/// What an order's entitlement says it comes from.
fn source(order: OrderId) -> String {
    format!("order {}", order.0)
}

fn read(row: &dyn Row) -> SqlResult<Order> {
    Ok(Order {
        id: OrderId(row.number(0)?),
        member: member::id(row, 1)?,
        item: ItemId(row.number(2)?),
        way: match row.text(3)? {
            "direct" => Way::Direct,
            "torrent" => Way::Torrent,
            other => return Err(unreadable(3, other)),
        },
        amount: ledger::currency(row, 4)?.minor(row.number(5)?),
        entry: EntryId(row.number(6)?),
        created: row.number(7)?,
        refunded: row.optional(8)?,
    })
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, member, item, way, currency, amount, journal, created, refunded ",
            $after
        )
    };
}

const BY_ID: &str = columns!("SELECT", "FROM orders WHERE id = $1");
const INSERT: &str = columns!(
    "INSERT INTO orders (member, item, way, currency, amount, journal, created) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING",
    ""
);
const OF_ENTRY: &str = columns!("SELECT", "FROM orders WHERE journal = $1");
const OF_MEMBER: &str =
    columns!("SELECT", "FROM orders WHERE member = $1 AND id > $2 ORDER BY id LIMIT $3");
const PAID: &str = columns!(
    "SELECT",
    "FROM orders WHERE member = $1 AND item = $2 AND way = $3 AND refunded IS NULL"
);
const STILL_PAID: &str = columns!(
    "SELECT",
    "FROM orders WHERE member = $1 AND item = $2 AND refunded IS NULL ORDER BY id"
);
const PURCHASE: &str = "purchase";
const REFUND: &str = "refund";
