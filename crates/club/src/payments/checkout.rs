//! Checkouts: orders to be paid at a provider, from when they are made until they are paid or not.
//!
//! The price is the order's own from the moment it is made: nothing that a provider or a payer
//! says later changes what it costs. Deliberately absent: the provider, whom the web asks.

use policy::MemberId;

use crate::catalog::item;
use crate::ledger::balance::check_amount;
use crate::members::member;
use crate::payments::facts::Phase;
use crate::payments::payment::{self, Payment};
use crate::rights::order::{self, check_not_bought, product_values};
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, currency, member_id};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;
use crate::values::money::Amount;
use crate::values::page::Page;
use crate::values::product::{Product, ProductRequest};
use crate::values::stamp::Stamp;

/// What is needed to make a checkout.
#[derive(Clone, Debug)]
pub struct NewCheckout {
    /// At most 30 of lower-case letters, digits and `-`.
    pub provider: String,
    /// Who is to pay, by name or id.
    pub member: String,
    /// The product.
    pub product: ProductRequest,
}

/// An order to be paid at a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkout {
    /// Its number.
    pub id: CheckoutId,
    /// Where.
    pub provider: String,
    /// The provider's name for it.
    pub session: Option<String>,
    /// Where it is paid.
    pub url: Option<String>,
    /// By whom.
    pub member: MemberId,
    /// What one payment costs.
    pub amount: Amount,
    /// The product.
    pub product: Product,
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
    /// `pending`, `closed`, or what its last payment came to.
    pub fn state(&self) -> String {
        match self.payments.last() {
            Some(payment) if payment.facts.paid => payment.phase(self.amount).to_string(),
            _ if self.closed => "closed".to_owned(),
            _ => Phase::Pending.to_string(),
        }
    }
}

/// Operations on checkouts. Each fails where the database is unavailable.
impl Club {
    /// Makes a checkout at today's price; `key` as for payments.
    ///
    /// # Errors
    ///
    /// See above; there is no such member or item, or it was removed; the item is not sold so, or
    /// free, or bought so already; the tier is not configured; the amount is out of bounds.
    pub async fn make_checkout(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewCheckout,
    ) -> Result<Checkout, Error> {
        match &new.product {
            ProductRequest::Item { .. } => {}
            ProductRequest::Tier { days: 0, .. } => return Err(Error::Days),
            ProductRequest::Subscription { tier, price }
            | ProductRequest::Tier { tier, price, .. } => {
                self.names().check_tier(tier)?;
                check_amount(*price)?;
            }
            ProductRequest::Topup(amount) => check_amount(*amount)?,
        }
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { make(tx, &key, &new).await })).await
    }

    /// Notes what the provider calls a checkout, and where it is paid.
    ///
    /// # Errors
    ///
    /// See above; there is none such.
    pub async fn set_session(
        &self,
        id: CheckoutId,
        session: &str,
        url: &str,
    ) -> Result<Checkout, Error> {
        let (session, url) = (session.to_owned(), url.to_owned());
        self.write(move |db| {
            Box::pin(async move {
                let values = [id.0.into(), session.as_str().into(), url.as_str().into()];
                let sql = "UPDATE checkout SET session = $2, url = $3 WHERE id = $1";
                db.execute(sql, &values).await?;
                find(db, id).await
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
        let values = [page.after.into(), page.limit().into()];
        let found = db.all(LIST, &values, read).await?;
        with_payments(&mut *db, found).await
    }

    /// Checkouts at a provider that have a session, are neither paid nor closed, and were made at
    /// `since` or later: at most a page of them.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn open_checkouts(
        &self,
        provider: &str,
        since_unix: u32,
    ) -> Result<Vec<Checkout>, Error> {
        let values = [provider.into(), since_unix.into(), Page::MAX.into()];
        Ok(self.reader().await?.all(OPEN, &values, read).await?)
    }
}

async fn make(tx: &mut Tx, key: &str, new: &NewCheckout) -> Result<Checkout, Error> {
    let member = member::find_live(tx, &new.member).await?;
    let (product, amount) = match &new.product {
        ProductRequest::Item { item, method } => {
            let item = item::find_live(tx, item).await?;
            let Some(price) = item.prices.of(*method) else {
                return Err(Error::NotForSale { item: item.name, method: *method });
            };
            check_amount(price)?;
            let product = Product::Item { item: item.id, method: *method };
            // The same request again finds its order, paid or not.
            if tx.one(BY_KEY, &[key.into()], read).await?.is_none() {
                check_not_bought(tx, &member, &item, &product).await?;
            }
            (product, price)
        }
        ProductRequest::Subscription { tier, price } => {
            (Product::Subscription { tier: tier.clone() }, *price)
        }
        ProductRequest::Tier { tier, days, price } => {
            (Product::Tier { tier: tier.clone(), days: *days }, *price)
        }
        ProductRequest::Topup(amount) => (Product::Topup, *amount),
    };
    insert(tx, key, &new.provider, None, member.id, amount, &product).await
}

/// Adds a checkout, or finds the one that this request made before.
pub(crate) async fn insert(
    tx: &mut Tx,
    key: &str,
    provider: &str,
    session: Option<&str>,
    member: MemberId,
    amount: Amount,
    product: &Product,
) -> Result<Checkout, Error> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(Error::Key(key.len()));
    }
    if let Some(found) = tx.one(BY_KEY, &[key.into()], read).await? {
        if (found.member, found.amount, &found.product) != (member, amount, product) {
            return Err(Error::CheckoutKey { key: key.to_owned(), checkout: found.id });
        }
        return one_with_payments(tx, found).await;
    }
    let [item, method, tier, days] = product_values(product);
    let values = [
        key.into(),
        provider.into(),
        session.map_or(Value::Null, Value::Text),
        member.value().into(),
        amount.currency.code().into(),
        Value::Int(Some(amount.minor)),
        item,
        method,
        tier,
        days,
        tx.now().into(),
    ];
    Ok(tx.one(INSERT, &values, read).await?.ok_or(sqlx::Error::RowNotFound)?)
}

/// A checkout with its payments.
pub(crate) async fn find(db: &mut dyn Connection, id: CheckoutId) -> Result<Checkout, Error> {
    let found = db.one(BY_ID, &[id.0.into()], read).await?.ok_or(Error::NoCheckout(id))?;
    one_with_payments(db, found).await
}

/// The checkout that a provider means by its own name for it, or for its subscription.
pub(crate) async fn find_session(
    db: &mut dyn Connection,
    provider: &str,
    name: &str,
) -> Result<Option<Checkout>, Error> {
    match db.one(BY_SESSION, &[provider.into(), name.into()], read).await? {
        Some(found) => Ok(Some(one_with_payments(db, found).await?)),
        None => Ok(None),
    }
}

async fn with_payments(
    db: &mut dyn Connection,
    found: Vec<Checkout>,
) -> Result<Vec<Checkout>, Error> {
    let mut whole = Vec::with_capacity(found.len());
    for checkout in found {
        whole.push(one_with_payments(db, checkout).await?);
    }
    Ok(whole)
}

async fn one_with_payments(db: &mut dyn Connection, found: Checkout) -> Result<Checkout, Error> {
    let payments = payment::of_checkout(db, found.id).await?;
    Ok(Checkout { payments, ..found })
}

fn read(row: &dyn Row) -> SqlResult<Checkout> {
    Ok(Checkout {
        id: CheckoutId(row.number(0)?),
        provider: row.text(1)?.to_owned(),
        session: text(row, 2)?,
        url: text(row, 13)?,
        member: member_id(row, 3)?,
        amount: currency(row, 4)?.minor(row.number(5)?),
        product: order::product(row, 6)?,
        until: row.optional(10)?,
        ended: row.optional(11)?,
        closed: row.number::<u8>(12)? == 1,
        created: row.number(14)?,
        payments: Vec::new(),
    })
}

fn text(row: &dyn Row, column: usize) -> SqlResult<Option<String>> {
    let text = row.text(column)?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, provider, coalesce(session, ''), member, currency, amount, item, \
             coalesce(way, ''), coalesce(tier, ''), days, until, ended, closed, \
             coalesce(url, ''), created ",
            $after
        )
    };
}

const BY_ID: &str = columns!("SELECT", "FROM checkout WHERE id = $1");
const BY_KEY: &str = columns!("SELECT", "FROM checkout WHERE key = $1");
const BY_SESSION: &str = columns!(
    "SELECT",
    "FROM checkout WHERE provider = $1 AND (session = $2 OR subscription = $2) ORDER BY id"
);
const INSERT: &str = columns!(
    "INSERT INTO checkout (key, provider, session, member, currency, amount, item, way, tier, \
     days, closed, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11) RETURNING",
    ""
);
const LIST: &str = columns!("SELECT", "FROM checkout WHERE id > $1 ORDER BY id LIMIT $2");
const OPEN: &str = columns!(
    "SELECT",
    "FROM checkout WHERE provider = $1 AND created >= $2 AND session IS NOT NULL AND closed = 0 \
     AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.checkout = checkout.id AND paid = 1) \
     ORDER BY id LIMIT $3"
);
const MAX_KEY: usize = 255;
