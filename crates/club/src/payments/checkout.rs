//! Checkouts: attempts to pay an order at a provider, from when they are made until they are paid or
//! not.
//!
//! The price is the order's own from the moment it is placed: nothing that a provider or a payer
//! says later changes what it costs. Deliberately absent: the provider, whom the web asks.

use crate::ledger::journal::MAX_KEY;
use crate::payments::facts::Phase;
use crate::payments::inbox;
use crate::payments::payment::{self, Payment};
use crate::payments::reference;
use crate::rights::order::{self, Order};
use crate::sales::placing::{Buyer, NewOrder, is_for, place};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, DeliveryId, OrderId};
use crate::values::page::Page;
use crate::values::product::ProductRequest;
use crate::values::stamp::Stamp;

/// What is needed to place an order of a member's and to make a checkout for it.
#[derive(Clone, Debug)]
pub struct NewCheckout {
    /// At most 30 of lower-case letters, digits and `-`.
    pub provider: String,
    /// Who is to pay, by name or id.
    pub member: String,
    /// The product.
    pub product: ProductRequest,
}

/// An attempt to pay an order at a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkout {
    /// Its number.
    pub id: CheckoutId,
    /// The order; of a subscription, its first one.
    pub order: Order,
    /// Where it is paid.
    pub provider: String,
    /// What the provider is given along, by which it is known again.
    pub reference: String,
    /// The provider's name for it.
    pub session: Option<String>,
    /// The address at which it is paid.
    pub url: Option<String>,
    /// For a subscription: the provider's name for that.
    pub subscription: Option<String>,
    /// For a subscription: until when it is paid, in Unix seconds.
    pub until: Option<u32>,
    /// For a subscription: when it was ended, in Unix seconds.
    pub ended: Option<u32>,
    /// Whether it ran out unpaid.
    pub closed: bool,
    /// In Unix seconds.
    pub created: u32,
    /// What was paid for it, oldest first.
    pub payments: Vec<Payment>,
}

impl Checkout {
    /// `pending`, `closed`, or what its payments come to: `paid` while anything of them is kept.
    pub fn state(&self) -> String {
        let phase = |payment: &Payment| payment.phase(self.order.amount);
        let paid = self.payments.iter().filter(|payment| payment.facts.paid);
        let best = [Phase::Paid, Phase::Disputed, Phase::Lost, Phase::Refunded];
        let reached = best.into_iter().find(|best| paid.clone().any(|one| phase(one) == *best));
        match reached {
            Some(phase) => phase.to_string(),
            None if self.closed => "closed".to_owned(),
            None => Phase::Pending.to_string(),
        }
    }
}

/// Operations on checkouts. Each fails where the database is unavailable.
impl Club {
    /// Places an order of a member's at today's price and makes a checkout for it; the same `key`,
    /// of 1 to 255 bytes, again finds the first.
    ///
    /// # Errors
    ///
    /// See above; there is no such member or item, or it was removed; the item is not sold so, or
    /// free, or bought so already; the tier is not configured; the amount is out of bounds; the key
    /// was used for another checkout.
    pub async fn make_checkout(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewCheckout,
    ) -> Result<Checkout, Error> {
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { make(tx, &key, new).await })).await
    }

    /// Makes another checkout for an order; the same `key`, of 1 to 255 bytes, again finds the first.
    ///
    /// # Errors
    ///
    /// See above; there is no such order, or it is paid; the key was used for another checkout.
    pub async fn add_checkout(
        &self,
        stamp: &Stamp,
        key: &str,
        order: OrderId,
        provider: &str,
    ) -> Result<Checkout, Error> {
        let (key, provider) = (key.to_owned(), provider.to_owned());
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let order = order::find(tx, order).await?;
                if let Some(known) = of_key(tx, &key).await? {
                    return same(known, &key, |known| known.order.id == order.id);
                }
                if order.paid.is_some() {
                    return Err(Error::OrderPaid(order.id));
                }
                insert(tx, &key, &provider, None, &order).await
            })
        })
        .await
    }

    /// Notes what the provider calls a checkout, and where it is paid. Returns the events that are
    /// held for it too: those that came before this was known can be applied now.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn set_session(
        &self,
        id: CheckoutId,
        session: &str,
        url: &str,
    ) -> Result<(Checkout, Vec<DeliveryId>), Error> {
        let (session, url) = (session.to_owned(), url.to_owned());
        self.write(move |db| {
            Box::pin(async move {
                let values = [id.0.into(), session.as_str().into(), url.as_str().into()];
                let sql = "UPDATE checkout SET session = $2, url = $3 WHERE id = $1";
                db.execute(sql, &values).await?;
                Ok((find(db, id).await?, inbox::held_for(db, id).await?))
            })
        })
        .await
    }

    /// A checkout with its payments.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn checkout(&self, id: CheckoutId) -> Result<Checkout, Error> {
        find(&mut *self.reader().await?, id).await
    }

    /// A page of checkouts with their payments, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn checkouts(&self, page: Page) -> Result<Vec<Checkout>, Error> {
        let mut db = self.reader().await?;
        let rows =
            db.all(LIST, &[page.after.into(), page.limit().into()], BareCheckout::read).await?;
        whole_of_all(&mut *db, rows).await
    }

    /// A page of the checkouts of an order, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn checkouts_of(&self, order: OrderId) -> Result<Vec<Checkout>, Error> {
        let mut db = self.reader().await?;
        let rows =
            db.all(OF_ORDER, &[order.0.into(), Page::MAX.into()], BareCheckout::read).await?;
        whole_of_all(&mut *db, rows).await
    }

    /// A page of the checkouts at a provider that have a session, are neither paid nor closed, and
    /// were made at `since` or later: the number and session of each, oldest first.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn open_checkouts(
        &self,
        provider: &str,
        since_unix: u32,
        page: Page,
    ) -> Result<Vec<(CheckoutId, String)>, Error> {
        let values = [provider.into(), since_unix.into(), page.after.into(), page.limit().into()];
        let read = |row: &dyn Row| Ok((CheckoutId(row.number(0)?), row.text(1)?.to_owned()));
        Ok(self.reader().await?.all(OPEN, &values, read).await?)
    }
}

async fn make(tx: &mut Tx, key: &str, new: NewCheckout) -> Result<Checkout, Error> {
    let buyer = Buyer::Member(new.member);
    let wanted = NewOrder {
        buyer,
        product: new.product,
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    };
    if let Some(known) = of_key(tx, key).await? {
        let is_it = is_for(tx, &known.order, &wanted).await?;
        return same(known, key, |_| is_it);
    }
    let order = place(tx, None, &wanted).await?;
    insert(tx, key, &new.provider, None, &order).await
}

fn same(
    known: Checkout,
    key: &str,
    is_it: impl FnOnce(&Checkout) -> bool,
) -> Result<Checkout, Error> {
    if is_it(&known) {
        return Ok(known);
    }
    Err(Error::CheckoutKey { key: key.to_owned(), checkout: known.id })
}

/// Adds a checkout for an order.
pub(crate) async fn insert(
    tx: &mut Tx,
    key: &str,
    provider: &str,
    session: Option<&str>,
    order: &Order,
) -> Result<Checkout, Error> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(Error::Key(key.len()));
    }
    // An order that was given up is wanted again.
    tx.execute("UPDATE orders SET cancelled = NULL WHERE id = $1", &[order.id.0.into()]).await?;
    let reference = reference::make(tx).await?;
    let values = [
        key.into(),
        order.id.0.into(),
        provider.into(),
        reference.as_str().into(),
        session.into(),
        tx.now().into(),
    ];
    let id = tx.one(INSERT, &values, |row| Ok(CheckoutId(row.number(0)?))).await?;
    find(tx, id.ok_or(sqlx::Error::RowNotFound)?).await
}

/// A checkout with its payments.
pub(crate) async fn find(db: &mut dyn Connection, id: CheckoutId) -> Result<Checkout, Error> {
    let found =
        db.one(BY_ID, &[id.0.into()], BareCheckout::read).await?.ok_or(Error::NoCheckout(id))?;
    whole(db, found).await
}

/// The checkout that a request made.
pub(crate) async fn of_key(db: &mut dyn Connection, key: &str) -> Result<Option<Checkout>, Error> {
    one(db, BY_KEY, &[key.into()]).await
}

/// The checkout that a provider was given a reference of.
pub(crate) async fn of_reference(
    db: &mut dyn Connection,
    provider: &str,
    reference: &str,
) -> Result<Option<Checkout>, Error> {
    one(db, BY_REFERENCE, &[provider.into(), reference.into()]).await
}

/// The checkout that a provider means by its own name for it.
pub(crate) async fn of_session(
    db: &mut dyn Connection,
    provider: &str,
    session: &str,
) -> Result<Option<Checkout>, Error> {
    one(db, BY_SESSION, &[provider.into(), session.into()]).await
}

/// The checkout that a provider's subscription began with.
pub(crate) async fn of_subscription(
    db: &mut dyn Connection,
    provider: &str,
    subscription: &str,
) -> Result<Option<Checkout>, Error> {
    one(db, BY_SUBSCRIPTION, &[provider.into(), subscription.into()]).await
}

/// Notes that a checkout came to nothing. Its order is given up if nothing else may pay it.
pub(crate) async fn close(tx: &mut Tx, checkout: &Checkout) -> SqlResult<()> {
    tx.execute("UPDATE checkout SET closed = 1 WHERE id = $1", &[checkout.id.0.into()]).await?;
    let values = [checkout.order.id.0.into(), tx.now().into()];
    tx.execute(GIVE_UP, &values).await.map(drop)
}

async fn one(
    db: &mut dyn Connection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Option<Checkout>, Error> {
    match db.one(sql, values, BareCheckout::read).await? {
        Some(found) => Ok(Some(whole(db, found).await?)),
        None => Ok(None),
    }
}

pub(crate) async fn whole_of_all(
    db: &mut dyn Connection,
    rows: Vec<BareCheckout>,
) -> Result<Vec<Checkout>, Error> {
    let mut checkouts = Vec::with_capacity(rows.len());
    for row in rows {
        checkouts.push(whole(db, row).await?);
    }
    Ok(checkouts)
}

async fn whole(db: &mut dyn Connection, bare: BareCheckout) -> Result<Checkout, Error> {
    let BareCheckout {
        id,
        order,
        provider,
        reference,
        session,
        url,
        subscription,
        until,
        ended,
        closed,
        created,
    } = bare;
    let payments = payment::of_checkout(db, id).await?;
    let order = order::find(db, order).await?;
    Ok(Checkout {
        id,
        order,
        provider,
        reference,
        session,
        url,
        subscription,
        until,
        ended,
        closed,
        created,
        payments,
    })
}

/// The row of a checkout.
pub(crate) struct BareCheckout {
    pub(crate) id: CheckoutId,
    order: OrderId,
    provider: String,
    reference: String,
    session: Option<String>,
    url: Option<String>,
    subscription: Option<String>,
    until: Option<u32>,
    ended: Option<u32>,
    closed: bool,
    pub(crate) created: u32,
}

impl BareCheckout {
    pub(crate) fn read(row: &dyn Row) -> SqlResult<Self> {
        let text = |column| -> SqlResult<Option<String>> {
            let text = row.text(column)?;
            Ok((!text.is_empty()).then(|| text.to_owned()))
        };
        Ok(Self {
            id: CheckoutId(row.number(0)?),
            order: OrderId(row.number(1)?),
            provider: row.text(2)?.to_owned(),
            reference: row.text(3)?.to_owned(),
            session: text(4)?,
            url: text(5)?,
            subscription: text(6)?,
            until: row.optional(7)?,
            ended: row.optional(8)?,
            closed: row.number::<u8>(9)? == 1,
            created: row.number(10)?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, orders, provider, reference, coalesce(session, ''), coalesce(url, ''), \
             coalesce(subscription, ''), until, ended, closed, created FROM checkout WHERE ",
            $rest
        )
    };
}

/// Every row.
pub(crate) const ANY: &str = select!("id > 0");
const BY_ID: &str = select!("id = $1");
const BY_KEY: &str = select!("key = $1");
const BY_REFERENCE: &str = select!("provider = $1 AND reference = $2");
const BY_SESSION: &str = select!("provider = $1 AND session = $2");
const BY_SUBSCRIPTION: &str = select!("provider = $1 AND subscription = $2 ORDER BY id");
const GIVE_UP: &str = "UPDATE orders SET cancelled = $2 WHERE id = $1 AND paid IS NULL \
     AND cancelled IS NULL \
     AND NOT EXISTS (SELECT 1 FROM checkout WHERE checkout.orders = orders.id AND closed = 0)";
const INSERT: &str = "INSERT INTO checkout (key, orders, provider, reference, session, closed, \
     created) VALUES ($1, $2, $3, $4, $5, 0, $6) RETURNING id";
const LIST: &str = select!("id > $1 ORDER BY id LIMIT $2");
const OF_ORDER: &str = select!("orders = $1 ORDER BY id LIMIT $2");
const OPEN: &str = "SELECT id, session FROM checkout WHERE provider = $1 AND created >= $2 \
     AND id > $3 AND session IS NOT NULL AND closed = 0 \
     AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.checkout = checkout.id AND paid = 1) \
     ORDER BY id LIMIT $4";
