//! Buying: order, charge, right and receipt in one transaction.
//!
//! A balance is charged store credit first, then what was paid in. What a provider was paid is
//! spent at once in the same way, at what was paid. A direct download includes the torrent: who
//! has it need not buy the torrent, and who has the torrent may buy it too.

use std::sync::Arc;

use policy::{MemberId, MemberState};

use crate::catalog::item::{self, Item};
use crate::catalog::price::Prices;
use crate::ledger::account::Account;
use crate::ledger::balance::{check_amount, held};
use crate::ledger::journal::{NewEntry, Request, negated, post};
use crate::members::member::{self, Member};
use crate::rights::bought;
use crate::rights::order::{self, INSERT, Order, product_values};
use crate::rights::tier_term;
use crate::sales::discount;
use crate::store::club::Club;
use crate::store::sql::Value;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::EntryId;
use crate::values::money::{Amount, MoneyError};
use crate::values::product::{DeliveryMethod, Product, ProductRequest};
use crate::values::stamp::Stamp;
use crate::values::tax::Tax;

/// What a member buys from the balance.
#[derive(Clone, Debug)]
pub struct NewPurchase {
    /// Who, by name or id.
    pub member: String,
    /// The product.
    pub product: ProductRequest,
    /// What the buyer chose to pay, where the item has a minimum; `None` for its price.
    pub pay: Option<Amount>,
    /// A discount's code.
    pub discount: Option<String>,
}

/// Purchases; `key` as for payments. What they give is in force on the announce path when they
/// return.
impl Club {
    /// Product an item from a member's balance at its price, for ever.
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
        method: DeliveryMethod,
    ) -> Result<Order, Error> {
        let product = ProductRequest::Item { item: item.to_owned(), method };
        let new = NewPurchase { member: member.to_owned(), product, pay: None, discount: None };
        self.purchase(stamp, key, new).await
    }

    /// Buys a product from a member's balance.
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
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { buy(tx, &key, &new).await })).await
    }
}

/// What is sold to whom, at which price.
pub(crate) struct Sale<'a> {
    pub(crate) member: &'a Member,
    pub(crate) product: Product,
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
        match &self.product {
            Product::Item { method: DeliveryMethod::Torrent, .. } => {
                self.prices.saved(self.amount())
            }
            _ => self.price.currency.minor(0),
        }
    }
}

async fn buy(tx: &mut Tx, key: &str, new: &NewPurchase) -> Result<Order, Error> {
    let member = member::find(tx, &new.member).await?;
    let offer = offer(tx, &new.product).await?;
    let request = request(key, member.id, &offer, new)?;
    if let Some(entry) = request.answered(tx).await? {
        return order::of_entry(tx, entry).await;
    }
    member.check_not_removed()?;
    if member.state == MemberState::Suspended {
        return Err(Error::Suspended(member.name));
    }
    if let Some(item) = &offer.item {
        item.check_not_removed()?;
        order::check_not_bought(tx, &member, item, &offer.product).await?;
    }
    let price = match new.pay {
        None => offer.price()?,
        Some(pay) => offer.chosen(pay, new.discount.is_some())?,
    };
    let discount = match &new.discount {
        None => None,
        Some(code) => Some(discount::redeem(tx, code, offer.product.item(), price).await?),
    };
    let off = discount.as_ref().map_or(0, |(_, off)| off.minor);
    let needs = price.currency.minor(price.minor - off);
    let has = held(tx, member.id, price.currency).await?;
    let spendable = has.prepaid.checked_add(has.credit)?;
    if spendable.minor < needs.minor {
        return Err(Error::Short { member: member.name, has: spendable, needs });
    }
    let credit = needs.currency.minor(has.credit.minor.min(needs.minor));
    let prices = offer.item.as_ref().map(|item| item.prices).unwrap_or_default();
    let name = &offer.name;
    let sale =
        Sale { member: &member, product: offer.product, name, price, discount, credit, prices };
    place(tx, &request, sale).await
}

/// What somebody chose, as it is for sale.
struct Offer {
    product: Product,
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

async fn offer(tx: &mut Tx, wanted: &ProductRequest) -> Result<Offer, Error> {
    match wanted {
        ProductRequest::Item { item, method } => {
            let (item, method) = (item::find(tx, item).await?, *method);
            let not_sold = || Error::NotForSale { item: item.name.clone(), method };
            Ok(Offer {
                product: Product::Item { item: item.id, method },
                name: format!("{} as {method}", item.name),
                price: item.prices.of(method).ok_or_else(not_sold),
                least: item.least(method),
                item: Some(item),
            })
        }
        ProductRequest::Tier { days: 0, .. } => Err(Error::Days),
        ProductRequest::Tier { tier, days, price } => {
            tx.names.check_tier(tier)?;
            check_amount(*price)?;
            Ok(Offer {
                product: Product::Tier { tier: tier.clone(), days: *days },
                name: format!("{days} days of {tier}"),
                item: None,
                price: Ok(*price),
                least: None,
            })
        }
        ProductRequest::Subscription { .. } => Err(Error::NotForBalance("a subscription")),
        ProductRequest::Topup(_) => Err(Error::NotForBalance("a top-up")),
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
    let (kind, what, how) = match &offer.product {
        Product::Item { item, method } => ("item", item.0.to_string(), method.to_string()),
        Product::Subscription { tier } => ("tier", tier.clone(), "0".to_owned()),
        Product::Tier { tier, days } => ("tier", tier.clone(), days.to_string()),
        Product::Topup => return Err(Error::NotForBalance("a top-up")),
    };
    let pay = new.pay.map_or_else(String::new, |pay| pay.to_string());
    let code = new.discount.as_deref().unwrap_or_default();
    Request::new(key, &[PURCHASE, &member, kind, &what, &how, &pay, code])
}

/// Enters an order and gives what was bought.
pub(crate) async fn place(tx: &mut Tx, request: &Request, sale: Sale<'_>) -> Result<Order, Error> {
    let (member, amount) = (sale.member.id, sale.amount());
    let currency = amount.currency;
    let names = Arc::clone(&tx.names);
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
            (revenue(&sale.product)?, currency.minor(tax.minor - amount.minor)),
            (Account::Tax, negated(tax)?),
        ],
    };
    let entry = post(tx, entry).await?;
    let tax = names.tax.as_ref().map(|name| (name, tax));
    let order = insert(tx, &sale, tax, entry).await?;
    give(tx, sale.member, &order).await?;
    Ok(order)
}

/// The account that the price of a product goes to.
pub(crate) fn revenue(product: &Product) -> Result<Account<'_>, Error> {
    match product {
        Product::Item { item, .. } => Ok(Account::Revenue(*item)),
        Product::Subscription { tier } | Product::Tier { tier, .. } => {
            Ok(Account::TierRevenue(tier))
        }
        Product::Topup => Err(Error::NotForBalance("a top-up")),
    }
}

/// The row of an order: its receipt.
async fn insert(
    tx: &mut Tx,
    sale: &Sale<'_>,
    tax: Option<(&Tax, Amount)>,
    entry: EntryId,
) -> Result<Order, Error> {
    let [item, method, tier, days] = product_values(&sale.product);
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
        item,
        method,
        tier,
        days,
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
        tx.now().into(),
        minor(sale.saved()),
    ];
    Ok(tx.one(INSERT, &values, order::read).await?.ok_or(sqlx::Error::RowNotFound)?)
}

/// Gives what an order is for.
async fn give(tx: &mut Tx, member: &Member, order: &Order) -> Result<(), Error> {
    let source = order.id.to_string();
    match &order.product {
        Product::Item { item, .. } => bought::give(tx, order, *item).await,
        // Payments move the end of a subscription, and a top-up gives no right.
        Product::Subscription { .. } | Product::Topup => Ok(()),
        Product::Tier { tier, days } => {
            let mut member = member.clone();
            tier_term::lengthen(&mut member, tier, *days, &tx.names, tx.now())?;
            member::save(tx, "member.tier", &member, &source).await
        }
    }
}

const PURCHASE: &str = "purchase";
