//! Placing orders that are paid later, and giving them up.

use policy::MemberId;

use crate::audit::log::{LogEntry, record};
use crate::ledger::balance::check_amount;
use crate::ledger::journal::MAX_KEY;
use crate::members::member;
use crate::rights::order::{self, NewRow, Order, OrderState, check_not_bought};
use crate::sales::gift;
use crate::sales::offer::offer;
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::ids::OrderId;
use crate::values::money::Amount;
use crate::values::product::ProductRequest;
use crate::values::stamp::Stamp;

/// What is needed to place an order.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Who is to pay and owns what was bought.
    pub buyer: Buyer,
    /// The product.
    pub product: ProductRequest,
    /// What the buyer chose to pay, where the item has a minimum; `None` for its price.
    pub pay: Option<Amount>,
    /// A discount's code. It is used once the order is paid.
    pub discount: Option<String>,
    /// Whether the buyer agreed to delivery at once, for the record.
    pub consent: bool,
    /// Whether the buyer passes it on: paying makes a voucher and gives no right.
    pub gift: bool,
    /// The price that the buyer was shown: a higher one is refused, and a lower one taken.
    pub seen: Option<Amount>,
}

/// Who is to pay.
#[derive(Clone, Debug)]
pub enum Buyer {
    /// A member, by name or id.
    Member(String),
    /// Somebody with this address, who becomes a member by paying. If a member has the address,
    /// that member owns what was bought; the visitor learns nothing of it.
    Visitor(Email),
}

/// Placing orders. Each fails where the database is unavailable.
impl Club {
    /// Places an order at today's price, to be paid by a checkout; the same `key`, of 1 to 255 bytes,
    /// again finds the first.
    ///
    /// # Errors
    ///
    /// See above; there is no such member, item, tier or discount, or it was removed; the member
    /// has the item already and it is no gift; it is free or not sold so; it can't be a gift; the discount does not fit; the
    /// chosen price is too low, or there is none to choose; the key was used for another order.
    pub async fn place_order(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewOrder,
    ) -> Result<Order, Error> {
        let key = key.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { place(tx, Some(&key), &new).await }))
            .await
    }

    /// What a product costs now, as the buyer chose it and with the discount. Nothing is ordered.
    ///
    /// # Errors
    ///
    /// See [`place_order`](Self::place_order).
    pub async fn quote(
        &self,
        stamp: &Stamp,
        product: ProductRequest,
        pay: Option<Amount>,
        discount: Option<String>,
    ) -> Result<Amount, Error> {
        self.change(stamp, move |tx| {
            Box::pin(async move {
                let offer = offer(tx, &product).await?;
                Ok(offer.price(tx, pay, discount.as_deref(), None).await?.amount())
            })
        })
        .await
    }

    /// Gives an order up that is not paid. If money comes for it, it is paid after all.
    ///
    /// # Errors
    ///
    /// See above; there is no such order; it is paid.
    pub async fn cancel_order(&self, stamp: &Stamp, order: OrderId) -> Result<Order, Error> {
        self.change(stamp, move |tx| Box::pin(async move { cancel(tx, order).await })).await
    }

    /// Cancels visitors' orders that nobody tried to pay: pending, without a checkout, and placed before
    /// `before_unix`. Returns how many. If money comes for one, it is paid after all.
    ///
    /// Reads all orders. Each transaction cancels a few hundred, so that other changes come between.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn cancel_abandoned_orders(
        &self,
        before_unix: u32,
        now_unix: u32,
    ) -> Result<u64, Error> {
        let (mut cancelled, mut after) = (0, 0);
        loop {
            let stamp = Stamp::of_daemon(now_unix);
            let step = self.change(&stamp, move |tx| {
                Box::pin(async move { cancel_abandoned(tx, after, before_unix).await })
            });
            let ids = step.await?;
            cancelled += u64::try_from(ids.len()).unwrap_or(u64::MAX);
            let Some(last) = ids.last() else { return Ok(cancelled) };
            after = last.0;
        }
    }
}

/// Places an order, or finds the one that this request placed before.
pub(crate) async fn place(tx: &mut Tx, key: Option<&str>, new: &NewOrder) -> Result<Order, Error> {
    if let Some(key) = key
        && (key.is_empty() || key.len() > MAX_KEY)
    {
        return Err(Error::Key(key.len()));
    }
    if let Some(key) = key
        && let Some(known) = order::of_key(tx, key).await?
    {
        if is_for(tx, &known, new).await? {
            return Ok(known);
        }
        return Err(Error::OrderKey { key: key.to_owned(), order: known.id });
    }
    let (member, email) = match &new.buyer {
        Buyer::Member(wanted) => (Some(member::find_live(tx, wanted).await?), None),
        Buyer::Visitor(email) => (None, Some(email)),
    };
    if new.gift {
        gift::check_product(&new.product)?;
    }
    let offer = offer(tx, &new.product).await?;
    if let Some(item) = &offer.item {
        item.check_not_removed()?;
        if let Some(member) = member.as_ref().filter(|_| !new.gift) {
            check_not_bought(tx, member, item, &offer.product).await?;
        }
    }
    let price = offer.price(tx, new.pay, new.discount.as_deref(), new.seen).await?;
    check_amount(price.amount())?;
    let row = NewRow {
        key,
        member: member.as_ref().map(|member| member.id),
        email,
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
    Ok(order)
}

/// Notes that the buyer of an order agreed to delivery at once.
pub(crate) async fn note_consent(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let entry = LogEntry {
        what: "order.consent",
        member: order.member,
        item: order.product.item(),
        detail: &order.id.to_string(),
    };
    record(tx, entry).await
}

/// Whether an order is for what a request asks for. The price is not of it, so that a repeated one may
/// find another; the amount of a top-up is.
pub(crate) async fn is_for(tx: &mut Tx, known: &Order, new: &NewOrder) -> Result<bool, Error> {
    let is_buyers = match &new.buyer {
        Buyer::Member(wanted) => known.member == Some(member::find(tx, wanted).await?.id),
        Buyer::Visitor(email) => known.email.as_ref() == Some(email),
    };
    let is_amount = match &new.product {
        ProductRequest::Topup(amount) => known.amount == *amount,
        _ => true,
    };
    Ok(is_buyers
        && is_amount
        && known.is_gift == new.gift
        && known.product == offer(tx, &new.product).await?.product)
}

async fn cancel(tx: &mut Tx, id: OrderId) -> Result<Order, Error> {
    let order = order::find(tx, id).await?;
    match order.state() {
        OrderState::Cancelled => return Ok(order),
        OrderState::Pending => {}
        _ => return Err(Error::OrderPaid(id)),
    }
    give_up(tx, id, order.member).await?;
    order::find(tx, id).await
}

/// Cancels the next abandoned orders whose ids are above `after`, and returns them.
async fn cancel_abandoned(tx: &mut Tx, after: u32, before: u32) -> Result<Vec<OrderId>, Error> {
    let values = [after.into(), before.into(), MAX_CANCELLED_AT_ONCE.into()];
    let db: &mut dyn Connection = tx;
    let ids = db.all(ABANDONED, &values, |row| Ok(OrderId(row.number(0)?))).await?;
    for id in &ids {
        give_up(tx, *id, None).await?;
    }
    Ok(ids)
}

async fn give_up(tx: &mut Tx, id: OrderId, member: Option<MemberId>) -> Result<(), Error> {
    let values = [id.0.into(), tx.now().into()];
    tx.execute("UPDATE orders SET cancelled = $2 WHERE id = $1", &values).await?;
    let entry = LogEntry { what: "order.cancel", member, item: None, detail: &id.to_string() };
    record(tx, entry).await?;
    Ok(())
}

const ABANDONED: &str = "SELECT id FROM orders WHERE id > $1 AND created < $2 \
     AND member IS NULL AND paid IS NULL AND cancelled IS NULL \
     AND NOT EXISTS (SELECT 1 FROM checkout WHERE checkout.orders = orders.id) \
     ORDER BY id LIMIT $3";
const MAX_CANCELLED_AT_ONCE: u32 = 200;
