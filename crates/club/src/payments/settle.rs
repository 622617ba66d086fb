//! What is kept of a payment, put into the books: by the difference between what is kept and what
//! should be.
//!
//! Money that comes in is a top-up, and its order is sold for it at once, in the same transaction;
//! it goes out the same way. If the order can't be sold any more, the money is in the member's
//! balance and the event is held for a person to look at. While a payment is disputed its member is
//! suspended.

use crate::ledger::account::Account;
use crate::ledger::balance::{self, TakeBack, credit};
use crate::ledger::journal::{self, EntryRequest, NewEntry, post};
use crate::members::member;
use crate::payments::checkout::Checkout;
use crate::payments::payment::{self, Payment};
use crate::payments::receive::EventOutcome;
use crate::payments::suspension;
use crate::rights::order::{self, NewRow, Order};
use crate::rights::order_news;
use crate::sales::sale::{self, sellable};
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;
use crate::values::product::Product;

/// Puts what is known of a payment into the books.
pub(crate) async fn settle(
    tx: &mut Tx,
    provider: &str,
    checkout: &Checkout,
    payment: &mut Payment,
) -> Result<EventOutcome, Error> {
    if !payment.facts.paid {
        let what = format!("checkout {} is pending: kept until it is paid", checkout.id.0);
        return Ok(EventOutcome::Applied(what));
    }
    let order = paid_order(tx, checkout, payment).await?;
    let owner = order.owner()?;
    payment.moves += 1;
    if payment.suspends && !payment.facts.suspends() {
        suspension::end(tx, owner, payment).await?;
    }
    let others = payment::kept_of_others(tx, order.id, payment).await?;
    let over = checkout.ended.filter(|ended| *ended <= tx.now());
    let over = over.map(|_| checkout.id);
    let kept_before = payment.kept;
    let owed_before = balance::held(tx, owner, order.amount.currency).await?.owed;
    let mut books = Books { provider, order, payment, others, over };
    let held = books.settle(tx).await?;
    let Books { order, payment, .. } = books;
    // Who disputes a payment is told by the bank.
    if payment.kept < kept_before && !payment.facts.suspends() {
        order_news::refunded(tx, &order).await?;
    }
    if payment.facts.suspends() && !payment.suspends {
        suspension::begin(tx, &order, owner, payment, owed_before).await?;
        order_news::disputed(tx, &order).await?;
    }
    let (id, kept) = (order.id, order.amount.currency.minor(payment.kept));
    Ok(match held {
        Some(why) => {
            EventOutcome::Held(format!("{id} is paid, its money is in the balance: {why}"))
        }
        None => {
            EventOutcome::Applied(format!("{id} is {}, {kept} kept", payment.phase(order.amount)))
        }
    })
}

/// Whether something of a payment is in the balance that its order should have been sold for, or that
/// nobody ordered.
pub(crate) async fn waits(db: &mut dyn Connection, payment: &Payment) -> Result<bool, Error> {
    let Some(id) = payment.order.filter(|_| payment.kept > 0) else { return Ok(false) };
    let order = order::find(db, id).await?;
    if order.product == Product::Topup {
        let owner = member::by_id(db, order.owner()?).await?;
        return Ok(owner.check_not_removed().is_err());
    }
    let all = payment::kept_of_others(db, id, payment).await?.saturating_add(payment.kept);
    Ok(order.entry.is_none() || all > order.kept.minor)
}

/// The order that a payment pays, which has a member from now on. The first payment of a subscription
/// pays the checkout's order, each other one an order of its own.
async fn paid_order(
    tx: &mut Tx,
    checkout: &Checkout,
    payment: &mut Payment,
) -> Result<Order, Error> {
    let first = &checkout.order;
    let id = match payment.order {
        Some(order) => order,
        None if matches!(first.product, Product::Subscription { .. })
            && order::payments(tx, first.id).await? > 0 =>
        {
            let row = NewRow {
                key: None,
                member: first.member,
                email: first.email.as_ref(),
                product: &first.product,
                renews: Some(first.id),
                is_gift: false,
                price: first.price,
                discount: first.discount.as_ref(),
                created: tx.now(),
            };
            order::insert(tx, row).await?.id
        }
        None => first.id,
    };
    payment.order = Some(id);
    let order = order::find(tx, id).await?;
    let owner = match (order.member, &order.email) {
        (Some(owner), _) => owner,
        (None, None) => return Err(Error::NoOwner(id)),
        (None, Some(email)) => {
            let name = format!("buyer-{}", id.0);
            member::of_email(tx, &name, email).await?.id
        }
    };
    let values = [id.0.into(), owner.value().into(), tx.now().into()];
    tx.execute(PAID, &values).await?;
    let paid = order::find(tx, id).await?;
    if order.paid.is_none() {
        order_news::paid(tx, &paid).await?;
    }
    Ok(paid)
}

/// A payment and its order, while what is kept of them moves.
struct Books<'a> {
    provider: &'a str,
    order: Order,
    payment: &'a mut Payment,
    /// What is kept of the order's other payments.
    others: i64,
    /// The checkout, where its subscription has ended.
    over: Option<CheckoutId>,
}

impl Books<'_> {
    /// Moves what is kept to what should be; says why where the money stays in the balance.
    async fn settle(&mut self, tx: &mut Tx) -> Result<Option<String>, Error> {
        let price = self.order.amount.minor;
        let target = self.payment.facts.kept(price, self.payment.paid_back());
        let wanted = price.min(self.others.saturating_add(target));
        let mut held = None;
        if target >= self.payment.kept && target > 0 {
            held = self.raise(tx, target, wanted).await?;
        }
        self.lower(tx, target, wanted).await?;
        let kept = self.others.saturating_add(target);
        let values = [self.order.id.0.into(), (kept == 0).into(), tx.now().into()];
        tx.execute(REFUNDED, &values).await?;
        if held.is_none() && kept > price && target > 0 && self.order.product != Product::Topup {
            let excess = self.order.amount.currency.minor((kept - price).min(target));
            held = Some(format!("it was paid before, {excess} too much"));
        }
        Ok(held)
    }

    /// Brings money in, and sells the order for it as far as `wanted`.
    async fn raise(
        &mut self,
        tx: &mut Tx,
        target: i64,
        wanted: i64,
    ) -> Result<Option<String>, Error> {
        let is_sold = self.order.entry.is_some();
        let is_enough = is_sold && self.order.kept.minor >= wanted;
        let (topup, kept) = (self.payment.topup, self.payment.kept);
        let sold = tx.attempt(async |tx| self.sell(tx, target, wanted, is_enough).await).await?;
        let refused = match sold {
            Ok(()) => None,
            Err(refused) => {
                (self.payment.topup, self.payment.kept) = (topup, kept);
                self.bring_in(tx, target, 0).await?;
                Some(refused.to_string())
            }
        };
        self.order = order::find(tx, self.order.id).await?;
        Ok(refused)
    }

    async fn sell(
        &mut self,
        tx: &mut Tx,
        target: i64,
        wanted: i64,
        is_enough: bool,
    ) -> Result<(), Error> {
        if is_enough {
            return self.bring_in(tx, target, 0).await;
        }
        let (buyer, item) = sellable(tx, &self.order).await?;
        if self.order.product == Product::Topup {
            return self.bring_in(tx, target, 0).await;
        }
        let (price, sold) = (self.order.amount.minor, self.order.kept.minor);
        let is_first = self.order.entry.is_none();
        if let Some(over) = self.over.filter(|_| is_first) {
            return Err(Error::SubscriptionOver(over));
        }
        // An order is sold whole; what is not kept of it goes back afterwards.
        let (top, need) = if is_first { (price, price) } else { (target, wanted - sold) };
        self.bring_in(tx, top, need).await?;
        let subject = (&buyer, item.as_ref());
        if is_first {
            let request = EntryRequest::new(&self.payment.key(self.provider, "buy"), &[])?;
            let credit = self.order.amount.currency.minor(0);
            sale::sell(tx, &request, &self.order, subject, credit).await
        } else {
            let key = self.payment.key(self.provider, "rebuy");
            sale::raise(tx, &key, &self.order, subject, wanted).await
        }
    }

    /// Has `to` of the payment in the books, or all of it where nothing was before. `for_sale` of it
    /// is not used for what the member owes.
    async fn bring_in(&mut self, tx: &mut Tx, to: i64, for_sale: i64) -> Result<(), Error> {
        let (currency, owner) = (self.order.amount.currency, self.order.owner()?);
        if let Some(topup) = self.payment.topup {
            let more = currency.minor(to - self.payment.kept);
            if more.minor > 0 {
                let key = self.payment.key(self.provider, "again");
                let for_sale = currency.minor(for_sale);
                balance::restore(tx, &key, topup, more, for_sale).await?;
                self.payment.kept = to;
            }
            return Ok(());
        }
        let whole = self.order.amount;
        let spent = for_sale.min(whole.minor);
        let rest = credit(tx, owner, currency.minor(whole.minor - spent)).await?;
        let entry = NewEntry {
            request: &EntryRequest::new(&self.payment.key(self.provider, "paid"), &[])?,
            kind: balance::TOPUP,
            member: Some(owner),
            reverses: None,
            memo: &format!("{} by {}", self.order.id, self.payment.name),
            postings: &[
                &[(Account::Clearing(self.provider), whole)][..],
                &[(Account::Prepaid(owner), currency.minor(-spent))],
                &rest,
            ]
            .concat(),
        };
        self.payment.topup = Some(post(tx, entry).await?);
        self.payment.kept = whole.minor;
        Ok(())
    }

    /// Takes back what is not kept: first the order, then the money.
    async fn lower(&mut self, tx: &mut Tx, target: i64, wanted: i64) -> Result<(), Error> {
        if self.order.entry.is_some() && self.order.kept.minor > wanted {
            let request = EntryRequest::new(&self.payment.key(self.provider, "unbuy"), &[])?;
            sale::lower(tx, &request, &self.order, wanted).await?;
        }
        let Some(topup) = self.payment.topup else { return Ok(()) };
        // Some of it may have been taken back by hand.
        let left = journal::unreversed(tx, topup).await?;
        let back = (self.payment.kept - target).min(left);
        if back > 0 {
            let amount = Some(self.order.amount.currency.minor(back));
            let back = TakeBack { kind: balance::TOPUP_REFUND, topup, amount, fee: None };
            let key = self.payment.key(self.provider, "back");
            balance::take_back(tx, &key, &back).await?;
        }
        self.payment.kept = target;
        Ok(())
    }
}

const PAID: &str = "UPDATE orders SET member = $2, paid = coalesce(paid, $3), cancelled = NULL \
     WHERE id = $1";
/// Of an order that nothing sold.
const REFUNDED: &str = "UPDATE orders SET refunded = CASE WHEN $2 = 1 THEN coalesce(refunded, $3) \
     END WHERE id = $1 AND journal IS NULL";
