//! Checkouts: orders to be paid at a provider, from when they are made until they are paid or not.
//!
//! The price is the order's own from the moment it is made: nothing that a provider or a payer
//! says later changes what it costs. Deliberately absent: the provider, whom the web asks.

use policy::{ItemId, MemberId};

use crate::audit::log::Stamp;
use crate::catalog::item;
use crate::catalog::price::Way;
use crate::ledger::balance::check_amount;
use crate::ledger::journal;
use crate::members::member;
use crate::payments::facts::Phase;
use crate::payments::payment::{self, Payment};
use crate::rights::order::Thing;
use crate::sales::purchase::check_not_bought;
use crate::store::club::Club;
use crate::store::sql::{Connection, Row, SqlResult, Value, unreadable};
use crate::values::error::Error;
use crate::values::money::Amount;
use crate::values::page::Page;

/// The number of a checkout; later ones are higher.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CheckoutId(pub u32);

/// What is paid for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Buys {
    /// An item, for ever.
    Item {
        /// Which.
        item: ItemId,
        /// As what.
        way: Way,
    },
    /// A tier for as long as a subscription is paid.
    Subscription {
        /// Its id.
        tier: String,
    },
    /// A tier for some days.
    Tier {
        /// Its id.
        tier: String,
        /// At least 1.
        days: u16,
    },
    /// More in the member's balance.
    Topup,
}

/// What is needed to make a checkout.
#[derive(Clone, Debug)]
pub struct NewCheckout {
    /// At most 30 of lower-case letters, digits and `-`.
    pub provider: String,
    /// Who is to pay, by name or id.
    pub member: String,
    /// For what, the item by name, id or info hash.
    pub wants: Wants,
}

/// What somebody wants to pay for.
#[derive(Clone, Debug)]
pub enum Wants {
    /// An item at its price.
    Item {
        /// By name, id or info hash.
        item: String,
        /// As what.
        way: Way,
    },
    /// A tier at the price of the configuration.
    Tier {
        /// Its id.
        tier: String,
        /// For so many days; 0 for a subscription.
        days: u16,
        /// What it costs.
        price: Amount,
    },
    /// More in the balance.
    Topup(Amount),
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
    /// For what.
    pub buys: Buys,
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
        match &new.wants {
            Wants::Item { .. } => {}
            Wants::Tier { tier, price, .. } => {
                self.names().check_tier(tier)?;
                check_amount(*price)?;
            }
            Wants::Topup(amount) => check_amount(*amount)?,
        }
        let (stamp, key) = (stamp.clone(), key.to_owned());
        self.writer()
            .run(move |db| Box::pin(async move { make(db, &stamp, &key, &new).await }), |_| {})
            .await
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
        self.writer()
            .run(
                move |db| {
                    Box::pin(async move {
                        let values = [id.0.into(), session.as_str().into(), url.as_str().into()];
                        let sql = "UPDATE checkout SET session = $2, url = $3 WHERE id = $1";
                        db.execute(sql, &values).await?;
                        find(db, id).await
                    })
                },
                |_| {},
            )
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

async fn make(
    db: &mut dyn Connection,
    stamp: &Stamp,
    key: &str,
    new: &NewCheckout,
) -> Result<Checkout, Error> {
    let member = member::find_live(db, &new.member).await?;
    let (buys, amount) = match &new.wants {
        Wants::Item { item, way } => {
            let item = item::find_live(db, item).await?;
            let Some(price) = item.prices.of(*way) else {
                return Err(Error::NotForSale { item: item.name, way: *way });
            };
            check_amount(price)?;
            // The same request again finds its order, paid or not.
            if db.one(BY_KEY, &[key.into()], read).await?.is_none() {
                let thing = Thing::Item { item: item.id, way: *way };
                check_not_bought(db, &member, &item, &thing).await?;
            }
            (Buys::Item { item: item.id, way: *way }, price)
        }
        Wants::Tier { tier, days: 0, price } => (Buys::Subscription { tier: tier.clone() }, *price),
        Wants::Tier { tier, days, price } => {
            (Buys::Tier { tier: tier.clone(), days: *days }, *price)
        }
        Wants::Topup(amount) => (Buys::Topup, *amount),
    };
    insert(db, stamp, key, &new.provider, None, member.id, amount, &buys).await
}

/// Adds a checkout, or finds the one that this request made before.
#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
pub(crate) async fn insert(
    db: &mut dyn Connection,
    stamp: &Stamp,
    key: &str,
    provider: &str,
    session: Option<&str>,
    member: MemberId,
    amount: Amount,
    buys: &Buys,
) -> Result<Checkout, Error> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(Error::Key(key.len()));
    }
    if let Some(found) = db.one(BY_KEY, &[key.into()], read).await? {
        if (found.member, found.amount, &found.buys) != (member, amount, buys) {
            return Err(Error::CheckoutKey { key: key.to_owned(), checkout: found.id });
        }
        return one_with_payments(db, found).await;
    }
    let (item, tier) = match buys {
        Buys::Item { item, way } => (Some((item.0, way.text())), None),
        Buys::Subscription { tier } => (None, Some((tier.as_str(), 0))),
        Buys::Tier { tier, days } => (None, Some((tier.as_str(), *days))),
        Buys::Topup => (None, None),
    };
    let text = |text: Option<&'static str>| text.map_or(Value::Null, Value::Text);
    let values = [
        key.into(),
        provider.into(),
        session.map_or(Value::Null, Value::Text),
        member.value().into(),
        amount.currency.code().into(),
        Value::Int(Some(amount.minor)),
        item.map(|(item, _)| item).into(),
        text(item.map(|(_, way)| way)),
        tier.map_or(Value::Null, |(tier, _)| Value::Text(tier)),
        tier.map(|(_, days)| u32::from(days)).into(),
        stamp.now_unix.into(),
    ];
    Ok(db.one(INSERT, &values, read).await?.ok_or(sqlx::Error::RowNotFound)?)
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
    let item = row.optional(6)?.map(ItemId);
    let tier = row.text(8)?.to_owned();
    let buys = match (item, row.optional(9)?) {
        (Some(item), None) => Buys::Item { item, way: way(row.text(7)?)? },
        (None, Some(0)) => Buys::Subscription { tier },
        (None, Some(days)) => Buys::Tier { tier, days },
        (None, None) => Buys::Topup,
        (Some(_), Some(_)) => return Err(unreadable(6, "an item and a tier")),
    };
    Ok(Checkout {
        id: CheckoutId(row.number(0)?),
        provider: row.text(1)?.to_owned(),
        session: text(row, 2)?,
        url: text(row, 13)?,
        member: member::id(row, 3)?,
        amount: journal::currency(row, 4)?.minor(row.number(5)?),
        buys,
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

fn way(text: &str) -> SqlResult<Way> {
    match text {
        "direct" => Ok(Way::Direct),
        "torrent" => Ok(Way::Torrent),
        other => Err(unreadable(7, other)),
    }
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
