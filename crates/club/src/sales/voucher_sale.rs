//! Buying with a voucher, and redeeming one by an e-mail address: order, redemption, sale and right in one
//! transaction.
//!
//! A visitor's voucher pays for the order and for nothing else: whatever the account of that address holds is not
//! spent, and what the visitor does not use of it is added to it. An account that has bought the item already gets the
//! money instead, as where a provider was paid: the visitor learns that after paying. Only an item's own voucher is
//! refused then, because it would be lost.

use policy::{ItemId, MemberId, MemberState};

use crate::catalog::item::{self, Item};
use crate::ledger::account::Account;
use crate::ledger::balance::credit;
use crate::ledger::journal::{EntryRequest, negated};
use crate::members::member::{self, Member};
use crate::rights::entitlement;
use crate::rights::order::{self, NewRow, Order, check_not_bought};
use crate::rights::order_news;
use crate::sales::placing::{Buyer, NewOrder, note_consent, place};
use crate::sales::sale::sell;
use crate::sales::voucher::{self, Voucher, Worth};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::money::{Amount, Currency, MoneyError};
use crate::values::product::{DeliveryMethod, Product};
use crate::values::stamp::Stamp;
use crate::values::voucher_code::VoucherCode;

/// Who redeems a voucher without being signed in.
#[derive(Clone, Debug)]
pub struct Claimant {
    /// The account that has this address gets what the voucher is worth; where there is none, it is made.
    pub email: Email,
    /// Whether they agreed to delivery at once, for the record.
    pub consent: bool,
}

/// What came of a voucher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Redeemed {
    /// So much was added to the balance.
    Amount(Amount),
    /// An item or days of a tier, as an order that is paid.
    Order(Box<Order>),
}

/// Vouchers that pay for orders. Each fails where the database is unavailable. What they give is in force on the
/// announce path when they return.
impl Club {
    /// Redeems a code for a member. What it gives is in force on the announce path when this
    /// returns.
    ///
    /// # Errors
    ///
    /// The text is no code, or no voucher has this code; the voucher was redeemed, taken back or has run out;
    /// there is no such member; the member is suspended, or has as much or more already; the database is
    /// unavailable.
    pub async fn redeem(&self, stamp: &Stamp, code: &str, member: &str) -> Result<Voucher, Error> {
        let code = VoucherCode::parse(code)?;
        let wanted = member.to_owned();
        self.change(stamp, move |tx| Box::pin(async move { redeem(tx, code, &wanted).await })).await
    }

    /// Places an order and pays it with a voucher, or does neither. The same `key`, of 1 to 255 bytes, again finds
    /// the order; what is paid is not paid again.
    ///
    /// # Errors
    ///
    /// See above and [`place_order`](Self::place_order); it is no code, or nobody's; the voucher was redeemed, taken
    /// back or has run out, is for something else, or holds less than the order costs; the member is suspended.
    pub async fn buy_with_voucher(
        &self,
        stamp: &Stamp,
        key: &str,
        new: NewOrder,
        code: &str,
    ) -> Result<Order, Error> {
        let (key, code) = (key.to_owned(), code.to_owned());
        self.change(stamp, move |tx| Box::pin(async move { buy(tx, &key, &new, &code).await }))
            .await
    }

    /// Redeems a code for whoever has an e-mail address.
    ///
    /// # Errors
    ///
    /// See above; it is no code, or nobody's; the voucher was redeemed, taken back or has run out; its item was
    /// removed, or its tier is not configured; the account is suspended.
    pub async fn redeem_for_visitor(
        &self,
        stamp: &Stamp,
        code: &str,
        claimant: Claimant,
    ) -> Result<Redeemed, Error> {
        let code = VoucherCode::parse(code)?;
        self.change(stamp, move |tx| Box::pin(async move { claim(tx, code, &claimant).await }))
            .await
    }
}

async fn redeem(tx: &mut Tx, code: VoucherCode, wanted: &str) -> Result<Voucher, Error> {
    let member = member::find_live(tx, wanted).await?;
    check_active(&member)?;
    let voucher = voucher::redeemable(tx, code).await?;
    if voucher.gift.is_none() {
        return voucher::redeem(tx, voucher, member).await;
    }
    if let Worth::Item(item) = voucher.worth {
        check_not_held(tx, &voucher, member.id, item).await?;
    }
    let id = voucher.id;
    redeem_as_order(
        tx,
        voucher,
        Recipient { member: Some(member.id), email: None, consent: false },
    )
    .await?;
    voucher::find(tx, id).await
}

async fn buy(tx: &mut Tx, key: &str, new: &NewOrder, code: &str) -> Result<Order, Error> {
    let placed = place(tx, Some(key), new).await?;
    if placed.paid.is_some() {
        return Ok(placed);
    }
    let voucher = voucher::redeemable(tx, VoucherCode::parse(code)?).await?;
    match voucher.worth.clone() {
        Worth::Amount(holds) => {
            let needs = placed.amount;
            if holds.currency != needs.currency {
                return Err(MoneyError::Mixed(holds.currency, needs.currency).into());
            }
            if holds.minor < needs.minor {
                return Err(Error::VoucherShort { id: voucher.id, holds, needs });
            }
            let (order, buyer) = owned(tx, placed).await?;
            if let Err(Error::Bought { .. }) = check_new(tx, &order, &buyer).await {
                return give_back(tx, voucher, (order, &buyer), holds).await;
            }
            let rest = holds.currency.minor(holds.minor - needs.minor);
            let mut postings =
                vec![(Account::Vouchers, holds), (Account::Prepaid(buyer.id), negated(needs)?)];
            if rest.minor > 0 {
                postings.extend(credit(tx, buyer.id, rest).await?);
            }
            finish(tx, voucher, (order, &buyer), &postings).await
        }
        Worth::Item(item) => {
            let wanted = Product::Item { item, method: voucher.method };
            // A voucher is passed on as it is.
            if placed.product != wanted || placed.is_gift {
                return Err(Error::VoucherForOther(voucher.id));
            }
            if let Buyer::Member(_) = new.buyer
                && let Some(member) = placed.member
            {
                check_not_held(tx, &voucher, member, item).await?;
            }
            let source = voucher.source();
            let values = [placed.id.0.into(), source.as_str().into()];
            tx.execute(FREE, &values).await?;
            let free = order::find(tx, placed.id).await?;
            let (order, buyer) = owned(tx, free).await?;
            check_new(tx, &order, &buyer).await?;
            finish(tx, voucher, (order, &buyer), &[]).await
        }
        Worth::Tier { .. } => Err(Error::VoucherForOther(voucher.id)),
    }
}

async fn claim(tx: &mut Tx, code: VoucherCode, claimant: &Claimant) -> Result<Redeemed, Error> {
    let voucher = voucher::redeemable(tx, code).await?;
    match voucher.worth.clone() {
        Worth::Amount(amount) => {
            let name = format!("guest-{}", voucher.id.0);
            let member = member::of_email(tx, &name, &claimant.email).await?;
            check_active(&member)?;
            let credits = credit(tx, member.id, amount).await?;
            let postings = [&[(Account::Vouchers, amount)][..], &credits].concat();
            voucher::use_up(tx, voucher, (member.id, None), &postings).await?;
            Ok(Redeemed::Amount(amount))
        }
        Worth::Item(_) | Worth::Tier { .. } => {
            let recipient =
                Recipient { member: None, email: Some(&claimant.email), consent: claimant.consent };
            let order = redeem_as_order(tx, voucher, recipient).await?;
            Ok(Redeemed::Order(Box::new(order)))
        }
    }
}

/// Who redeems a voucher by an order.
struct Recipient<'a> {
    member: Option<MemberId>,
    email: Option<&'a Email>,
    consent: bool,
}

/// Redeems a voucher for an item or a tier by an order of 0.
async fn redeem_as_order(
    tx: &mut Tx,
    voucher: Voucher,
    recipient: Recipient<'_>,
) -> Result<Order, Error> {
    let (product, price) = match voucher.worth.clone() {
        Worth::Amount(_) => return Err(Error::VoucherForOther(voucher.id)),
        Worth::Item(id) => {
            let item = item::live_by_id(tx, id).await?;
            // What a gift cost is between its giver and the shop.
            let price = if voucher.gift.is_some() { nothing()? } else { worth_of(&item)? };
            (Product::Item { item: id, method: voucher.method }, price)
        }
        Worth::Tier { tier, days } => {
            tx.names.check_tier(&tier)?;
            (Product::Tier { tier, days }, nothing()?)
        }
    };
    let row = NewRow {
        key: None,
        member: recipient.member,
        email: recipient.email,
        product: &product,
        renews: None,
        is_gift: false,
        price,
        discount: Some(&(voucher.source(), price)),
        created: tx.now(),
    };
    let order = order::insert(tx, row).await?;
    if recipient.consent {
        note_consent(tx, &order).await?;
    }
    let (order, member) = owned(tx, order).await?;
    check_new(tx, &order, &member).await?;
    finish(tx, voucher, (order, &member), &[]).await
}

/// Makes an order its buyer's, who becomes a member where none has the address.
async fn owned(tx: &mut Tx, order: Order) -> Result<(Order, Member), Error> {
    let member = match (order.member, &order.email) {
        (Some(member), _) => member::by_id(tx, member).await?,
        (None, None) => return Err(Error::NoOwner(order.id)),
        (None, Some(email)) => {
            let member = member::of_email(tx, &format!("buyer-{}", order.id.0), email).await?;
            let values = [order.id.0.into(), member.id.value().into()];
            tx.execute("UPDATE orders SET member = $2 WHERE id = $1", &values).await?;
            member
        }
    };
    member.check_not_removed()?;
    check_active(&member)?;
    Ok((order::find(tx, order.id).await?, member))
}

/// Refuses an item that the buyer has bought so already and would keep.
async fn check_new(tx: &mut Tx, order: &Order, buyer: &Member) -> Result<(), Error> {
    let Some(item) = order.product.item().filter(|_| !order.is_gift) else { return Ok(()) };
    let item = item::by_id(tx, item).await?;
    check_not_bought(tx, buyer, &item, &order.product).await
}

/// Uses a voucher up whose order can't be sold: its money is the buyer's.
async fn give_back(
    tx: &mut Tx,
    voucher: Voucher,
    (order, buyer): (Order, &Member),
    holds: Amount,
) -> Result<Order, Error> {
    let credits = credit(tx, buyer.id, holds).await?;
    let postings = [&[(Account::Vouchers, holds)][..], &credits].concat();
    voucher::use_up(tx, voucher, (buyer.id, None), &postings).await?;
    let values = [order.id.0.into(), tx.now().into()];
    tx.execute("UPDATE orders SET paid = $2, refunded = $2 WHERE id = $1", &values).await?;
    order_news::paid(tx, &order).await?;
    order::find(tx, order.id).await
}

/// Uses a voucher up, and sells the order that it pays.
async fn finish(
    tx: &mut Tx,
    voucher: Voucher,
    (order, buyer): (Order, &Member),
    postings: &[(Account<'_>, Amount)],
) -> Result<Order, Error> {
    let item = match order.product.item() {
        Some(item) => Some(item::by_id(tx, item).await?),
        None => None,
    };
    let source = voucher.source();
    voucher::use_up(tx, voucher, (buyer.id, Some(order.id)), postings).await?;
    let request = EntryRequest::new(&format!("{source}: buy"), &[])?;
    let credit = order.amount.currency.minor(0);
    sell(tx, &request, &order, (buyer, item.as_ref()), credit).await?;
    order::find(tx, order.id).await
}

fn check_active(member: &Member) -> Result<(), Error> {
    match member.state {
        MemberState::Suspended => Err(Error::Suspended(member.name.clone())),
        _ => Ok(()),
    }
}

/// Refuses what a member has for ever already. A direct download holds more than the right to the torrent.
async fn check_not_held(
    tx: &mut Tx,
    voucher: &Voucher,
    member: MemberId,
    item: ItemId,
) -> Result<(), Error> {
    if voucher.method == DeliveryMethod::Direct {
        return Ok(());
    }
    let held = entitlement::one(tx, member, item).await?;
    if held.is_some_and(|held| held.until.is_none() && held.is_live(tx.now())) {
        let (member, item) = (member::by_id(tx, member).await?, item::by_id(tx, item).await?);
        return Err(Error::HasAlready { member: member.name, what: item.name });
    }
    Ok(())
}

/// What an item's voucher saves its holder.
fn worth_of(item: &Item) -> Result<Amount, Error> {
    item.prices.of(DeliveryMethod::Torrent).map_or_else(nothing, Ok)
}

/// No money, of any currency: an order has one.
fn nothing() -> Result<Amount, Error> {
    Ok(Currency::parse("usd")?.minor(0))
}

/// A voucher for what is bought takes the whole price off, whatever a discount's code took.
const FREE: &str =
    "UPDATE orders SET discount = price, amount = 0, discount_code = $2 WHERE id = $1";
