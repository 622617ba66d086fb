//! Buying from a balance: order, charge, right and receipt in one transaction.
//!
//! A balance is charged store credit first, then what was paid in. A direct download includes the
//! torrent: who has it need not buy the torrent, and who has the torrent may buy it too.

use policy::{MemberId, MemberState};

use crate::catalog::item::Item;
use crate::ledger::balance::held;
use crate::ledger::journal::EntryRequest;
use crate::members::member::{self, Member};
use crate::rights::order::{self, NewRow, Order, check_not_bought};
use crate::sales::offer::offer;
use crate::sales::placing::note_consent;
use crate::sales::sale::{PURCHASE, sell};
use crate::store::club::Club;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::money::Amount;
use crate::values::product::{DeliveryMethod, Product, ProductRequest};
use crate::values::stamp::Stamp;

/// What a member buys from the balance.
#[derive(Clone, Debug)]
pub struct NewPurchase {
    /// Who, by name or id.
    pub member: String,
    /// The product.
    pub product: ProductRequest,
    /// What the buyer chose to pay, as a decimal of the item's currency, where the item has a
    /// minimum; `None` for its price.
    pub pay: Option<String>,
    /// A discount's code.
    pub discount: Option<String>,
    /// Whether the buyer agreed to delivery at once, for the record.
    pub consent: bool,
    /// Whether the buyer passes it on: the purchase makes a voucher and gives no right.
    pub gift: bool,
    /// The price that the buyer was shown: a higher one is refused, and a lower one taken.
    pub seen: Option<Amount>,
}

/// A purchase, with all that was read for it.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The order, which is paid.
    pub order: Order,
    /// The buyer, as before the purchase.
    pub buyer: Member,
    /// The item; `None` for a tier.
    pub item: Option<Item>,
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
        method: DeliveryMethod,
    ) -> Result<Order, Error> {
        let product = ProductRequest::Item { item: item.to_owned(), method };
        let new = NewPurchase {
            member: member.to_owned(),
            product,
            pay: None,
            discount: None,
            consent: false,
            gift: false,
            seen: None,
        };
        Ok(self.purchase(stamp, key, new).await?.order)
    }

    /// Buys a product from a member's balance.
    ///
    /// # Errors
    ///
    /// There is no such member, item, tier or discount, or it was removed; the member is
    /// suspended, has too little, or has it already; it is not sold so; the discount does not fit;
    /// the chosen price is too low, or there is none to choose; the price is above the one that was
    /// seen; the database is unavailable.
    pub async fn purchase(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewPurchase,
    ) -> Result<Purchase, Error> {
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { buy(tx, &key, &new).await })).await
    }
}

async fn buy(tx: &mut Tx, key: &str, new: &NewPurchase) -> Result<Purchase, Error> {
    match &new.product {
        ProductRequest::Subscription { .. } => return Err(Error::NotForBalance("a subscription")),
        ProductRequest::Topup(_) => return Err(Error::NotForBalance("a top-up")),
        ProductRequest::Item { .. } | ProductRequest::Tier { .. } => {}
    }
    let buyer = member::find(tx, &new.member).await?;
    let offer = offer(tx, &new.product).await?;
    let pay = new.pay.as_deref().map(|text| offer.parse(text)).transpose()?;
    let request = request(key, buyer.id, &offer.product, pay, new)?;
    if let Some(entry) = request.answered(tx).await? {
        let order = order::of_entry(tx, entry).await?;
        return Ok(Purchase { order, buyer, item: offer.item });
    }
    buyer.check_not_removed()?;
    if buyer.state == MemberState::Suspended {
        return Err(Error::Suspended(buyer.name));
    }
    if let Some(item) = &offer.item {
        item.check_not_removed()?;
        if !new.gift {
            check_not_bought(tx, &buyer, item, &offer.product).await?;
        }
    }
    let price = offer.price(tx, pay, new.discount.as_deref(), new.seen).await?;
    let needs = price.amount();
    let has = held(tx, buyer.id, needs.currency).await?;
    let spendable = has.prepaid.checked_add(has.credit)?;
    if spendable.minor < needs.minor {
        return Err(Error::Short { member: buyer.name, has: spendable, needs });
    }
    let credit = needs.currency.minor(has.credit.minor.min(needs.minor));
    let row = NewRow {
        key: None,
        member: Some(buyer.id),
        email: None,
        product: &offer.product,
        renews: None,
        is_gift: new.gift,
        price: price.price,
        discount: price.discount.as_ref(),
        created: tx.now(),
    };
    let order = order::insert(tx, row).await?;
    if new.consent {
        note_consent(tx, &order).await?;
    }
    sell(tx, &request, &order, (&buyer, offer.item.as_ref()), credit).await?;
    let order = order::find(tx, order.id).await?;
    Ok(Purchase { order, buyer, item: offer.item })
}

/// What is asked for; the price is not of it, so that a repeated request may find another.
fn request(
    key: &str,
    member: MemberId,
    product: &Product,
    pay: Option<Amount>,
    new: &NewPurchase,
) -> Result<EntryRequest, Error> {
    let member = member.value().to_string();
    let (kind, what, how) = match product {
        Product::Item { item, method } => ("item", item.0.to_string(), method.to_string()),
        Product::Subscription { tier } => ("tier", tier.clone(), "0".to_owned()),
        Product::Tier { tier, days } => ("tier", tier.clone(), days.to_string()),
        Product::Topup => return Err(Error::NotForBalance("a top-up")),
    };
    let pay = pay.map_or_else(String::new, |pay| pay.to_string());
    let code = new.discount.as_deref().unwrap_or_default();
    let asked = [PURCHASE, &member, kind, &what, &how, &pay, code, "gift"];
    // Requests of before there were gifts end with the code.
    let asked = if new.gift { &asked[..] } else { asked.split_last().map_or(&[][..], |it| it.1) };
    EntryRequest::new(key, asked)
}
