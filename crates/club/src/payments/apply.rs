//! What a provider's word does: to a payment's facts, and by the difference to the books, to
//! rights and to tiers.
//!
//! Money that comes in is a top-up, and what it was paid for is bought from it at once, in the
//! same transaction; it goes out the same way. Where it can't be bought any more, the money is in
//! the member's balance and the event is held for a person to look at. While a payment is
//! disputed its member is suspended.

use crate::catalog::item;
use crate::catalog::price::Prices;
use crate::ledger::account::Account;
use crate::ledger::balance::{self, TakeBack, credit};
use crate::ledger::journal::{self, NewEntry, Request, negated, post};
use crate::members::member;
use crate::payments::checkout::{self, Checkout};
use crate::payments::locate::locate;
use crate::payments::payment::{self, Payment};
use crate::payments::provider::{Held, Notice, Report};
use crate::payments::subscription;
use crate::payments::suspension;
use crate::rights::order::check_not_bought;
use crate::sales::purchase::{Sale, place};
use crate::sales::refund::refund_entry;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, EntryId};
use crate::values::money::Amount;
use crate::values::product::Product;

/// An event of a provider, while it has its effect.
pub(crate) struct EventContext<'a> {
    pub(crate) provider: &'a str,
    /// The checkout that the event is about, once it is found.
    pub(crate) checkout: Option<CheckoutId>,
}

/// What an event did, in words for people.
pub(crate) enum EventOutcome {
    /// What it says is in force.
    Applied(String),
    /// It needs a person.
    Held(String),
    /// It does not concern the club.
    Ignored(&'static str),
    /// All of it was known, and is not in force: the money is in the balance.
    Known,
    /// All of it was known and is in force.
    Settled,
}

/// Does what a notice says.
pub(crate) async fn apply(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    notice: &Notice,
) -> Result<EventOutcome, Error> {
    match notice {
        Notice::Closed { session } => close(tx, context, session).await,
        Notice::Ended(ending) => subscription::end(tx, context, ending).await,
        Notice::Held(held) => hold(tx, context, held).await,
        Notice::Nothing(why) => Ok(EventOutcome::Ignored(why)),
        Notice::Payment(report) => take(tx, context, report).await,
        Notice::Wake { .. } => {
            Ok(EventOutcome::Ignored("the provider was not asked what happened"))
        }
    }
}

async fn close(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    session: &str,
) -> Result<EventOutcome, Error> {
    let Some(found) = checkout::find_session(tx, context.provider, session).await? else {
        return Ok(EventOutcome::Ignored("an order of somebody else's ran out"));
    };
    context.checkout = Some(found.id);
    tx.execute(CLOSE, &[found.id.0.into()]).await?;
    Ok(EventOutcome::Applied(format!("order {} is closed unless it is paid after all", found.id.0)))
}

/// Holds what can't be applied, unless it is about an order of somebody else's.
async fn hold(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    held: &Held,
) -> Result<EventOutcome, Error> {
    let Some(report) = &held.about else { return Ok(EventOutcome::Held(held.why.clone())) };
    let known = payment::find(tx, context.provider, &report.payment).await?;
    let order = match known.and_then(|payment| payment.checkout) {
        Some(id) => Some(checkout::find(tx, id).await?),
        None => locate(tx, context.provider, report).await?,
    };
    let Some(order) = order else {
        let why = "an order of somebody else's, which says too little of itself";
        return Ok(EventOutcome::Ignored(why));
    };
    context.checkout = Some(order.id);
    if held.closed {
        tx.execute(CLOSE, &[order.id.0.into()]).await?;
    }
    Ok(EventOutcome::Held(format!("order {}: {}", order.id.0, held.why)))
}

/// Joins a report to what is known of its payment.
async fn take(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    report: &Report,
) -> Result<EventOutcome, Error> {
    if let Some(refund) = report.refunds.iter().find(|refund| !refund.state.stands()) {
        let (amount, payment) = (refund.amount, &report.payment);
        return Ok(EventOutcome::Held(format!(
            "a refund of {amount} of {payment} was not made after all"
        )));
    }
    let known = payment::find(tx, context.provider, &report.payment).await?;
    let mut payment = known.unwrap_or_else(|| Payment::unknown(&report.payment));
    let before = (payment.facts, payment.checkout);
    let order = match payment.checkout {
        Some(id) => Some(checkout::find(tx, id).await?),
        None => locate(tx, context.provider, report).await?,
    };
    context.checkout = order.as_ref().map(|order| order.id);
    if let Some(why) = mismatch(report, order.as_ref(), &payment) {
        return Ok(EventOutcome::Held(why));
    }
    payment.learn(report, order.as_ref());
    let Some(order) = order else {
        payment::save(tx, context.provider, &payment).await?;
        let name = &report.payment;
        return Ok(EventOutcome::Held(format!("no payment {name} is known yet: kept until it is")));
    };
    if before == (payment.facts, payment.checkout) {
        let waits = payment.kept > 0 && payment.bought.is_none();
        let waits = waits && (order.product != Product::Topup || is_removed(tx, &order).await?);
        return Ok(if waits { EventOutcome::Known } else { EventOutcome::Settled });
    }
    let done = settle(tx, context.provider, &order, &mut payment).await?;
    payment::save(tx, context.provider, &payment).await?;
    if matches!(order.product, Product::Subscription { .. }) {
        subscription::note(tx, order.id, report).await?;
        subscription::extend(tx, context.provider, order.id).await?;
    }
    Ok(done)
}

async fn is_removed(tx: &mut Tx, order: &Checkout) -> Result<bool, Error> {
    let member = member::by_id(tx, order.member).await?;
    Ok(member.check_not_removed().is_err())
}

/// Why a report can't be of the order that it names.
fn mismatch(report: &Report, order: Option<&Checkout>, payment: &Payment) -> Option<String> {
    let Some(order) = order else {
        let paid = report.paid?;
        return Some(format!("{paid} paid for no order of ours: refund it at the provider"));
    };
    let id = order.id.0;
    let wanted = order.amount;
    if let Some(paid) = report.paid
        && paid != wanted
    {
        return Some(format!("{paid} paid for order {id}, which costs {wanted}: nothing is given"));
    }
    let code = wanted.currency.code();
    let is_other = |amount: Amount| amount.currency != wanted.currency;
    if report.refunded.is_some_and(is_other) || !["", code].contains(&payment.currency.as_str()) {
        return Some(format!("a refund in another currency than order {id}, which is in {code}"));
    }
    None
}

/// Moves the books by the difference between what is kept of a payment and what should be.
async fn settle(
    tx: &mut Tx,
    provider: &str,
    order: &Checkout,
    payment: &mut Payment,
) -> Result<EventOutcome, Error> {
    let keeps = payment.facts.kept(order.amount.minor);
    let currency = order.amount.currency;
    let before = payment.kept;
    payment.moves += u32::from(keeps != before);
    payment.kept = keeps;
    let mut held = None;
    if payment.suspends && !payment.facts.suspends() {
        suspension::end(tx, order, payment).await?;
    }
    if keeps > before {
        held = pay(tx, provider, order, payment).await?;
    } else if keeps < before {
        give_back(tx, provider, payment, currency.minor(before - keeps)).await?;
    }
    if payment.facts.suspends() && !payment.suspends {
        suspension::begin(tx, order, payment).await?;
    }
    let (id, phase) = (order.id.0, payment.phase(order.amount));
    Ok(match held {
        Some(why) => {
            EventOutcome::Held(format!("order {id} is paid, its money is in the balance: {why}"))
        }
        None => {
            EventOutcome::Applied(format!("order {id} is {phase}, {} kept", currency.minor(keeps)))
        }
    })
}

/// Brings the money in and buys what it is for; says why where that can't be.
async fn pay(
    tx: &mut Tx,
    provider: &str,
    order: &Checkout,
    payment: &mut Payment,
) -> Result<Option<String>, Error> {
    let amount = order.amount.currency.minor(payment.kept);
    match tx.attempt(async |tx| buy(tx, provider, order, payment, amount).await).await? {
        Ok(()) => Ok(None),
        Err(refused) => {
            payment.bought = None;
            let credits = credit(tx, order.member, amount).await?;
            payment.topup = Some(top_up(tx, provider, order, payment, amount, &credits).await?);
            Ok(Some(refused.to_string()))
        }
    }
}

async fn buy(
    tx: &mut Tx,
    provider: &str,
    order: &Checkout,
    payment: &mut Payment,
    amount: Amount,
) -> Result<(), Error> {
    if order.product == Product::Topup {
        member::live_by_id(tx, order.member).await?;
        let credits = credit(tx, order.member, amount).await?;
        payment.topup = Some(top_up(tx, provider, order, payment, amount, &credits).await?);
        return Ok(());
    }
    if order.ended.is_some_and(|ended| ended <= tx.now()) {
        return Err(Error::SubscriptionOver(order.id));
    }
    // What is paid for one thing does not go into a debt.
    let credits = [(Account::Prepaid(order.member), negated(amount)?)];
    payment.topup = Some(top_up(tx, provider, order, payment, amount, &credits).await?);
    let key = payment.key(provider, "buy");
    payment.bought = Some(sell(tx, &key, order, amount).await?);
    Ok(())
}

/// Sells something for what was just paid for it, whatever it costs now.
async fn sell(tx: &mut Tx, key: &str, order: &Checkout, price: Amount) -> Result<EntryId, Error> {
    let member = member::live_by_id(tx, order.member).await?;
    let product = order.product.clone();
    let (name, prices) = match &product {
        Product::Item { item, method } => {
            let item = item::live_by_id(tx, *item).await?;
            check_not_bought(tx, &member, &item, &product).await?;
            (format!("{} as {method}", item.name), item.prices)
        }
        Product::Subscription { tier } | Product::Tier { tier, .. } => {
            tx.names.check_tier(tier)?;
            (format!("tier {tier}"), Prices::default())
        }
        Product::Topup => ("balance".to_owned(), Prices::default()),
    };
    let credit = price.currency.minor(0);
    let sale =
        Sale { member: &member, product, name: &name, price, discount: None, credit, prices };
    let request = Request::new(key, &[])?;
    Ok(place(tx, &request, sale).await?.entry)
}

async fn top_up(
    tx: &mut Tx,
    provider: &str,
    order: &Checkout,
    payment: &Payment,
    amount: Amount,
    credits: &[(Account<'_>, Amount)],
) -> Result<EntryId, Error> {
    let memo = format!("order {} by {}", order.id.0, payment.name);
    let entry = NewEntry {
        request: &Request::new(&payment.key(provider, "paid"), &[])?,
        kind: balance::TOPUP,
        member: Some(order.member),
        reverses: None,
        memo: &memo,
        postings: &[&[(Account::Clearing(provider), amount)][..], credits].concat(),
    };
    post(tx, entry).await
}

/// Takes back what the provider gave back: first the purchase, then the money.
async fn give_back(
    tx: &mut Tx,
    provider: &str,
    payment: &Payment,
    amount: Amount,
) -> Result<(), Error> {
    if let Some(bought) = payment.bought {
        // Some of it may have been paid back into the balance by hand.
        let left = journal::unreversed(tx, bought).await?;
        let back = amount.currency.minor(amount.minor.min(left));
        let key = payment.key(provider, "unbuy");
        if back.minor > 0 {
            refund_entry(tx, &key, bought, back).await?;
        }
    }
    let Some(topup) = payment.topup else { return Ok(()) };
    let back = TakeBack { kind: balance::TOPUP_REFUND, topup, amount: Some(amount), fee: None };
    let key = payment.key(provider, "back");
    balance::take_back(tx, &key, &back).await?;
    Ok(())
}

const CLOSE: &str = "UPDATE checkout SET closed = 1 WHERE id = $1";

#[cfg(test)]
mod tests;
