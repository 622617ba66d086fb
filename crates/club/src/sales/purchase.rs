//! Buying: order, charge, right and receipt in one transaction.
//!
//! A balance is charged store credit first, then what was paid in. What a provider was paid is
//! spent at once in the same way, at what was paid. A direct download includes the torrent: who
//! has it need not buy the torrent, and who has the torrent may buy it too.

use policy::{MemberId, MemberState};

use crate::audit::log::Stamp;
use crate::catalog::item::{self, Item};
use crate::catalog::price::{Prices, Way};
use crate::ledger::account::Account;
use crate::ledger::balance::{check_amount, held};
use crate::ledger::journal::{EntryId, NewEntry, Request, negated, post};
use crate::members::member::{self, Member};
use crate::payments::apply::Changes;
use crate::rights::bought;
use crate::rights::order::{self, INSERT, Order, PAID, Thing};
use crate::sales::discount;
use crate::sales::voucher;
use crate::store::club::Club;
use crate::store::sql::{Connection, Value};
use crate::values::error::Error;
use crate::values::money::{Amount, MoneyError};
use crate::values::names::Names;
use crate::values::tax::Tax;

/// What a member buys from the balance.
#[derive(Clone, Debug)]
pub struct NewPurchase {
    /// Who, by name or id.
    pub member: String,
    /// What.
    pub choice: Choice,
    /// What the buyer chose to pay, where the item has a minimum; `None` for its price.
    pub pay: Option<Amount>,
    /// A discount's code.
    pub discount: Option<String>,
}

/// What is for sale.
#[derive(Clone, Debug)]
pub enum Choice {
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
        /// For how many days, at least 1; after those that the member has of it.
        days: u16,
        /// What it costs.
        price: Amount,
    },
}

/// Purchases; `key` as for payments. What they give is in force on the announce path when they
/// return.
impl Club {
    /// Buys an item from a member's balance at its price, for ever.
    ///
    /// # Errors
    ///
    /// See [`purchase`](Self::purchase).
    pub async fn buy(
        &self,
        stamp: &Stamp,
        key: &str,
        member: &str,
        item: &str,
        way: Way,
    ) -> Result<Order, Error> {
        let choice = Choice::Item { item: item.to_owned(), way };
        let new = NewPurchase { member: member.to_owned(), choice, pay: None, discount: None };
        self.purchase(stamp, key, new).await
    }

    /// Buys something from a member's balance.
    ///
    /// # Errors
    ///
    /// There is no such member, item, tier or discount, or it was removed; the member is
    /// suspended, has too little, or has it already; it is not sold so; the discount does not fit;
    /// the chosen price is too low, or there is none to choose; the database is unavailable.
    pub async fn purchase(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewPurchase,
    ) -> Result<Order, Error> {
        if let Choice::Tier { tier, days, price } = &new.choice {
            self.names().check_tier(tier)?;
            check_amount(*price)?;
            if *days == 0 {
                return Err(Error::Days);
            }
        }
        let (stamp, key, names) = (stamp.clone(), key.to_owned(), self.names());
        let live = self.live();
        let (order, _) = self
            .writer()
            .run(
                move |db| Box::pin(async move { buy(db, &stamp, &names, &key, &new).await }),
                move |(_, changes)| changes.show(&live),
            )
            .await?;
        Ok(order)
    }
}

/// What is sold to whom, at which price.
pub(crate) struct Sale<'a> {
    pub(crate) member: &'a Member,
    pub(crate) thing: Thing,
    /// For the books, as `reel as torrent`.
    pub(crate) name: &'a str,
    pub(crate) price: Amount,
    pub(crate) discount: Option<(String, Amount)>,
    /// What of it store credit pays.
    pub(crate) credit: Amount,
    /// Those of the item at the time of the sale.
    pub(crate) prices: Prices,
}

impl Sale<'_> {
    /// What is paid.
    fn amount(&self) -> Amount {
        let off = self.discount.as_ref().map_or(0, |(_, off)| off.minor);
        self.price.currency.minor(self.price.minor - off)
    }

    /// What carriers can earn by it.
    fn saved(&self) -> Amount {
        match &self.thing {
            Thing::Item { way: Way::Torrent, .. } => self.prices.saved(self.amount()),
            Thing::Item { way: Way::Direct, .. } | Thing::Tier { .. } => {
                self.price.currency.minor(0)
            }
        }
    }
}

async fn buy(
    db: &mut dyn Connection,
    stamp: &Stamp,
    names: &Names,
    key: &str,
    new: &NewPurchase,
) -> Result<(Order, Changes), Error> {
    let member = member::find(db, &new.member).await?;
    let offer = offer(db, &new.choice).await?;
    let request = request(key, member.id, &offer, new)?;
    if let Some(entry) = request.answered(db).await? {
        return Ok((order::of_entry(db, entry).await?, Changes::default()));
    }
    member.check_not_removed()?;
    if member.state == MemberState::Suspended {
        return Err(Error::Suspended(member.name));
    }
    if let Some(item) = &offer.item {
        item.check_not_removed()?;
        check_not_bought(db, &member, item, &offer.thing).await?;
    }
    let price = match new.pay {
        None => offer.price()?,
        Some(pay) => offer.chosen(pay, new.discount.is_some())?,
    };
    let discount = match &new.discount {
        None => None,
        Some(code) => Some(discount::redeem(db, stamp, code, offer.thing.item(), price).await?),
    };
    let off = discount.as_ref().map_or(0, |(_, off)| off.minor);
    let needs = price.currency.minor(price.minor - off);
    let has = held(db, member.id, price.currency).await?;
    let spendable = has.prepaid.checked_add(has.credit)?;
    if spendable.minor < needs.minor {
        return Err(Error::Short { member: member.name, has: spendable, needs });
    }
    let credit = needs.currency.minor(has.credit.minor.min(needs.minor));
    let prices = offer.item.as_ref().map(|item| item.prices).unwrap_or_default();
    let name = &offer.name;
    let sale = Sale { member: &member, thing: offer.thing, name, price, discount, credit, prices };
    place(db, stamp, names, &request, sale).await
}

/// What somebody chose, as it is for sale.
struct Offer {
    thing: Thing,
    name: String,
    item: Option<Item>,
    price: Result<Amount, Error>,
    /// Where the buyer chooses.
    least: Option<Amount>,
}

impl Offer {
    fn price(&self) -> Result<Amount, Error> {
        self.price.clone()
    }

    /// The price that a buyer chose.
    fn chosen(&self, pay: Amount, with_discount: bool) -> Result<Amount, Error> {
        let price = self.price()?;
        let Some(least) = self.least.filter(|_| !with_discount) else {
            return Err(Error::FixedPrice(price));
        };
        if pay.currency != least.currency {
            return Err(MoneyError::Mixed(pay.currency, least.currency).into());
        }
        if pay.minor < least.minor {
            return Err(Error::LowPrice { paid: pay, least });
        }
        if pay.minor > Amount::MAX_MINOR {
            return Err(MoneyError::TooMuch(pay.decimal()).into());
        }
        Ok(pay)
    }
}

async fn offer(db: &mut dyn Connection, choice: &Choice) -> Result<Offer, Error> {
    match choice {
        Choice::Item { item, way } => {
            let (item, way) = (item::find(db, item).await?, *way);
            let not_sold = || Error::NotForSale { item: item.name.clone(), way };
            Ok(Offer {
                thing: Thing::Item { item: item.id, way },
                name: format!("{} as {way}", item.name),
                price: item.prices.of(way).ok_or_else(not_sold),
                least: item.least(way),
                item: Some(item),
            })
        }
        Choice::Tier { tier, days, price } => Ok(Offer {
            thing: Thing::Tier { tier: tier.clone(), days: *days },
            name: format!("{days} days of {tier}"),
            item: None,
            price: Ok(*price),
            least: None,
        }),
    }
}

/// What is asked for; the price is not of it, so that a repeated request may find another.
fn request(
    key: &str,
    member: MemberId,
    offer: &Offer,
    new: &NewPurchase,
) -> Result<Request, Error> {
    let member = member.value().to_string();
    let (kind, what, how) = match &offer.thing {
        Thing::Item { item, way } => ("item", item.0.to_string(), way.to_string()),
        Thing::Tier { tier, days } => ("tier", tier.clone(), days.to_string()),
    };
    let pay = new.pay.map_or_else(String::new, |pay| pay.to_string());
    let code = new.discount.as_deref().unwrap_or_default();
    Request::new(key, &[PURCHASE, &member, kind, &what, &how, &pay, code])
}

/// Refuses what a member has paid for.
pub(crate) async fn check_not_bought(
    db: &mut dyn Connection,
    member: &Member,
    item: &Item,
    thing: &Thing,
) -> Result<(), Error> {
    let Thing::Item { way, .. } = thing else { return Ok(()) };
    let values = [member.id.value().into(), item.id.0.into(), way.text().into()];
    match db.one(PAID, &values, order::read).await? {
        None => Ok(()),
        Some(order) => {
            let (member, item) = (member.name.clone(), item.name.clone());
            Err(Error::Bought { member, item, order: order.id })
        }
    }
}

/// Enters an order and gives what was bought.
pub(crate) async fn place(
    db: &mut dyn Connection,
    stamp: &Stamp,
    names: &Names,
    request: &Request,
    sale: Sale<'_>,
) -> Result<(Order, Changes), Error> {
    let (member, amount) = (sale.member.id, sale.amount());
    let currency = amount.currency;
    let tax = names.tax.as_ref().map_or_else(|| currency.minor(0), |tax| tax.part_of(amount));
    let entry = NewEntry {
        request,
        kind: PURCHASE,
        member: Some(member),
        reverses: None,
        memo: sale.name,
        postings: &[
            (Account::Rebate(member), sale.credit),
            (Account::Prepaid(member), currency.minor(amount.minor - sale.credit.minor)),
            (Account::revenue(&sale.thing), currency.minor(tax.minor - amount.minor)),
            (Account::Tax, negated(tax)?),
        ],
    };
    let entry = post(db, stamp, entry).await?;
    let tax = names.tax.as_ref().map(|name| (name, tax));
    let order = insert(db, stamp, &sale, tax, entry).await?;
    let changes = give(db, stamp, names, sale.member, &order).await?;
    Ok((order, changes))
}

/// The row of an order: its receipt.
async fn insert(
    db: &mut dyn Connection,
    stamp: &Stamp,
    sale: &Sale<'_>,
    tax: Option<(&Tax, Amount)>,
    entry: EntryId,
) -> Result<Order, Error> {
    let (way, tier, days) = match &sale.thing {
        Thing::Item { way, .. } => (way.text().into(), Value::Null, None),
        Thing::Tier { tier, days } => (Value::Null, tier.as_str().into(), Some(u32::from(*days))),
    };
    let minor = |amount: Amount| Value::Int(Some(amount.minor));
    let (code, off) = match &sale.discount {
        None => (Value::Null, sale.price.currency.minor(0)),
        Some((code, off)) => (code.as_str().into(), *off),
    };
    let (label, rate, tax) = match tax {
        None => (Value::Null, None, sale.price.currency.minor(0)),
        Some((name, tax)) => (name.label.as_str().into(), Some(name.rate), tax),
    };
    let values = [
        sale.member.id.value().into(),
        sale.thing.item().map(|item| item.0).into(),
        way,
        tier,
        days.into(),
        sale.price.currency.code().into(),
        minor(sale.price),
        minor(off),
        code,
        minor(sale.amount()),
        label,
        rate.into(),
        minor(tax),
        minor(sale.credit),
        entry.0.into(),
        stamp.now_unix.into(),
        minor(sale.saved()),
    ];
    Ok(db.one(INSERT, &values, order::read).await?.ok_or(sqlx::Error::RowNotFound)?)
}

/// Gives what an order is for.
async fn give(
    db: &mut dyn Connection,
    stamp: &Stamp,
    names: &Names,
    member: &Member,
    order: &Order,
) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    let source = order.id.to_string();
    match &order.thing {
        Thing::Item { item, .. } => {
            changes.rights.push(bought::give(db, stamp, order, *item).await?);
        }
        // A subscription's end is moved by what is known of it.
        Thing::Tier { days: 0, .. } => {}
        Thing::Tier { tier, days } => {
            let mut member = member.clone();
            voucher::lengthen(&mut member, tier, *days, names, stamp.now_unix)?;
            member::save(db, stamp, "member.tier", &member, &source).await?;
            changes.members.push(member);
        }
    }
    Ok(changes)
}

const PURCHASE: &str = "purchase";
