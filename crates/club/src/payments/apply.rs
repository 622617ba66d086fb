//! What a provider's word does: to a payment's facts, and by the difference to the books, to
//! rights and to tiers.
//!
//! Money that comes in is a top-up, and what it was paid for is bought from it at once, in the
//! same transaction; it goes out the same way. Where it can't be bought any more, the money is in
//! the member's balance and the event is held for a person to look at. While a payment is
//! disputed its member is suspended.

use crate::audit::log::Stamp;
use crate::catalog::item;
use crate::catalog::price::Prices;
use crate::ledger::account::Account;
use crate::ledger::balance::{self, TakeBack, credit};
use crate::ledger::journal::{self, EntryId, NewEntry, Request, negated, post};
use crate::members::member::{self, Member};
use crate::payments::checkout::{self, Checkout, CheckoutId};
use crate::payments::claim::claimed;
use crate::payments::payment::{self, Payment};
use crate::payments::provider::{Held, Notice, Report};
use crate::payments::subscription;
use crate::payments::suspension;
use crate::rights::entitlement::Entitlement;
use crate::rights::order::check_not_bought;
use crate::sales::purchase::{Sale, place};
use crate::sales::refund::refund_entry;
use crate::store::image::Live;
use crate::store::sql::Connection;
use crate::values::error::Error;
use crate::values::fault::Fault;
use crate::values::money::Amount;
use crate::values::names::Names;
use crate::values::product::Product;

/// Where a provider's word was heard.
pub(crate) struct Hearing<'a> {
    pub(crate) stamp: &'a Stamp,
    pub(crate) provider: &'a str,
    pub(crate) names: &'a Names,
}

/// What it did, in words for people.
pub(crate) enum Done {
    /// What it says is in force.
    Applied(String),
    /// It needs a person.
    Held(String),
    /// It is nothing to us.
    Ignored(&'static str),
    /// All of it was known, and is not in force: the money is in the balance.
    Known,
    /// All of it was known and is in force.
    Settled,
}

/// What the announce path must be shown.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) members: Vec<Member>,
    pub(crate) rights: Vec<Entitlement>,
    /// Of which order the word was, where one was found; nothing that is shown.
    pub(crate) order: Option<CheckoutId>,
}

impl Changes {
    /// Shows them.
    pub(crate) fn show(&self, live: &Live) {
        self.rights.iter().for_each(|right| live.show_entitlement(right));
        self.members.iter().for_each(|member| live.show_member(member));
    }

    fn extend(&mut self, more: Self) {
        self.members.extend(more.members);
        self.rights.extend(more.rights);
    }
}

/// Does what a notice says.
pub(crate) async fn apply(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    notice: &Notice,
    changes: &mut Changes,
) -> Result<Done, Error> {
    match notice {
        Notice::Closed { session } => close(db, hearing, session, changes).await,
        Notice::Ended(ending) => subscription::end(db, hearing, ending, changes).await,
        Notice::Held(held) => hold(db, hearing, held, changes).await,
        Notice::Nothing(why) => Ok(Done::Ignored(why)),
        Notice::Payment(report) => take(db, hearing, report, changes).await,
        Notice::Wake { .. } => Ok(Done::Ignored("the provider was not asked what happened")),
    }
}

async fn close(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    session: &str,
    changes: &mut Changes,
) -> Result<Done, Error> {
    let Some(found) = checkout::find_session(db, hearing.provider, session).await? else {
        return Ok(Done::Ignored("an order of somebody else's ran out"));
    };
    changes.order = Some(found.id);
    db.execute(CLOSE, &[found.id.0.into()]).await?;
    Ok(Done::Applied(format!("order {} is closed unless it is paid after all", found.id.0)))
}

/// Holds what can't be applied, unless it is about an order of somebody else's.
async fn hold(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    held: &Held,
    changes: &mut Changes,
) -> Result<Done, Error> {
    let Some(report) = &held.about else { return Ok(Done::Held(held.why.clone())) };
    let known = payment::find(db, hearing.provider, &report.payment).await?;
    let order = match known.and_then(|payment| payment.checkout) {
        Some(id) => Some(checkout::find(db, id).await?),
        None => locate(db, hearing, report).await?,
    };
    let Some(order) = order else {
        return Ok(Done::Ignored("an order of somebody else's, which says too little of itself"));
    };
    changes.order = Some(order.id);
    if held.closed {
        db.execute(CLOSE, &[order.id.0.into()]).await?;
    }
    Ok(Done::Held(format!("order {}: {}", order.id.0, held.why)))
}

/// Joins a report to what is known of its payment.
async fn take(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    report: &Report,
    changes: &mut Changes,
) -> Result<Done, Error> {
    if let Some(refund) = report.refunds.iter().find(|refund| !refund.state.stands()) {
        let (amount, payment) = (refund.amount, &report.payment);
        return Ok(Done::Held(format!("a refund of {amount} of {payment} was not made after all")));
    }
    let known = payment::find(db, hearing.provider, &report.payment).await?;
    let mut payment = known.unwrap_or_else(|| Payment::unknown(&report.payment));
    let before = (payment.facts, payment.checkout);
    let order = match payment.checkout {
        Some(id) => Some(checkout::find(db, id).await?),
        None => locate(db, hearing, report).await?,
    };
    changes.order = order.as_ref().map(|order| order.id);
    if let Some(why) = mismatch(report, order.as_ref(), &payment) {
        return Ok(Done::Held(why));
    }
    payment.learn(report, order.as_ref());
    let Some(order) = order else {
        payment::save(db, hearing.provider, &payment).await?;
        let name = &report.payment;
        return Ok(Done::Held(format!("no payment {name} is known yet: kept until it is")));
    };
    if before == (payment.facts, payment.checkout) {
        let waits = payment.kept > 0 && payment.bought.is_none();
        let waits = waits && (order.product != Product::Topup || is_removed(db, &order).await?);
        return Ok(if waits { Done::Known } else { Done::Settled });
    }
    let done = settle(db, hearing, &order, &mut payment, changes).await?;
    payment::save(db, hearing.provider, &payment).await?;
    if matches!(order.product, Product::Subscription { .. }) {
        subscription::note(db, order.id, report).await?;
        subscription::extend(db, hearing, order.id, changes).await?;
    }
    Ok(done)
}

async fn is_removed(db: &mut dyn Connection, order: &Checkout) -> Result<bool, Error> {
    let member = member::find(db, &order.member.value().to_string()).await?;
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

/// The order that a payment is for.
pub(crate) async fn locate(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    report: &Report,
) -> Result<Option<Checkout>, Error> {
    let provider = hearing.provider;
    if let Some(reference) = &report.reference {
        let Ok(number) = reference.parse() else { return Ok(None) };
        return match checkout::find(db, CheckoutId(number)).await {
            Ok(found) => Ok(Some(found).filter(|found| found.provider == provider)),
            Err(Error::NoCheckout(_)) => Ok(None),
            Err(error) => Err(error),
        };
    }
    for name in [&report.session, &report.subscription].into_iter().flatten() {
        if let Some(found) = checkout::find_session(db, provider, name).await? {
            return Ok(Some(found));
        }
    }
    match (&report.claim, report.paid) {
        (Some(claim), Some(paid)) => {
            let stamp = hearing.stamp;
            claimed(db, stamp, provider, &report.payment, claim, paid).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// Moves the books by the difference between what is kept of a payment and what should be.
async fn settle(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    order: &Checkout,
    payment: &mut Payment,
    changes: &mut Changes,
) -> Result<Done, Error> {
    let keeps = payment.facts.kept(order.amount.minor);
    let (stamp, currency) = (hearing.stamp, order.amount.currency);
    let before = payment.kept;
    payment.moves += u32::from(keeps != before);
    payment.kept = keeps;
    let mut held = None;
    if payment.suspends && !payment.facts.suspends() {
        suspension::end(db, stamp, order, payment, changes).await?;
    }
    if keeps > before {
        held = pay(db, hearing, order, payment, changes).await?;
    } else if keeps < before {
        give_back(db, hearing, payment, currency.minor(before - keeps), changes).await?;
    }
    if payment.facts.suspends() && !payment.suspends {
        suspension::begin(db, stamp, order, payment, changes).await?;
    }
    let (id, phase) = (order.id.0, payment.phase(order.amount));
    Ok(match held {
        Some(why) => Done::Held(format!("order {id} is paid, its money is in the balance: {why}")),
        None => Done::Applied(format!("order {id} is {phase}, {} kept", currency.minor(keeps))),
    })
}

/// Brings the money in and buys what it is for; says why where that can't be.
async fn pay(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    order: &Checkout,
    payment: &mut Payment,
    changes: &mut Changes,
) -> Result<Option<String>, Error> {
    let amount = order.amount.currency.minor(payment.kept);
    db.execute("SAVEPOINT purchase", &[]).await?;
    let refused = match buy(db, hearing, order, payment, amount, changes).await {
        Ok(()) => None,
        Err(error) if error.fault() == Fault::Ours => return Err(error),
        Err(error) => {
            db.execute("ROLLBACK TO SAVEPOINT purchase", &[]).await?;
            payment.bought = None;
            let credits = credit(db, order.member, amount).await?;
            payment.topup = Some(top_up(db, hearing, order, payment, amount, &credits).await?);
            Some(error.to_string())
        }
    };
    db.execute("RELEASE SAVEPOINT purchase", &[]).await?;
    Ok(refused)
}

async fn buy(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    order: &Checkout,
    payment: &mut Payment,
    amount: Amount,
    changes: &mut Changes,
) -> Result<(), Error> {
    if order.product == Product::Topup {
        member::find_live(db, &order.member.value().to_string()).await?;
        let credits = credit(db, order.member, amount).await?;
        payment.topup = Some(top_up(db, hearing, order, payment, amount, &credits).await?);
        return Ok(());
    }
    if order.ended.is_some_and(|ended| ended <= hearing.stamp.now_unix) {
        return Err(Error::SubscriptionOver(order.id));
    }
    // What is paid for one thing does not go into a debt.
    let credits = [(Account::Prepaid(order.member), negated(amount)?)];
    payment.topup = Some(top_up(db, hearing, order, payment, amount, &credits).await?);
    let key = payment.key(hearing.provider, "buy");
    let (bought, more) = sell(db, hearing, &key, order, amount).await?;
    payment.bought = Some(bought);
    changes.extend(more);
    Ok(())
}

/// Sells something for what was just paid for it, whatever it costs now.
async fn sell(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    key: &str,
    order: &Checkout,
    price: Amount,
) -> Result<(EntryId, Changes), Error> {
    let member = member::find_live(db, &order.member.value().to_string()).await?;
    let product = order.product.clone();
    let (name, prices) = match &product {
        Product::Item { item, method } => {
            let item = item::find_live(db, &item.0.to_string()).await?;
            check_not_bought(db, &member, &item, &product).await?;
            (format!("{} as {method}", item.name), item.prices)
        }
        Product::Subscription { tier } | Product::Tier { tier, .. } => {
            hearing.names.check_tier(tier)?;
            (format!("tier {tier}"), Prices::default())
        }
        Product::Topup => ("balance".to_owned(), Prices::default()),
    };
    let credit = price.currency.minor(0);
    let sale =
        Sale { member: &member, product, name: &name, price, discount: None, credit, prices };
    let request = Request::new(key, &[])?;
    let (sold, changes) = place(db, hearing.stamp, hearing.names, &request, sale).await?;
    Ok((sold.entry, changes))
}

async fn top_up(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    order: &Checkout,
    payment: &Payment,
    amount: Amount,
    credits: &[(Account<'_>, Amount)],
) -> Result<EntryId, Error> {
    let memo = format!("order {} by {}", order.id.0, payment.name);
    let entry = NewEntry {
        request: &Request::new(&payment.key(hearing.provider, "paid"), &[])?,
        kind: balance::TOPUP,
        member: Some(order.member),
        reverses: None,
        memo: &memo,
        postings: &[&[(Account::Clearing(hearing.provider), amount)][..], credits].concat(),
    };
    post(db, hearing.stamp, entry).await
}

/// Takes back what the provider gave back: first the purchase, then the money.
async fn give_back(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    payment: &Payment,
    amount: Amount,
    changes: &mut Changes,
) -> Result<(), Error> {
    let stamp = hearing.stamp;
    if let Some(bought) = payment.bought {
        // Some of it may have been paid back into the balance by hand.
        let left = journal::unreversed(db, bought).await?;
        let back = amount.currency.minor(amount.minor.min(left));
        let key = payment.key(hearing.provider, "unbuy");
        if back.minor > 0 {
            let names = hearing.names;
            changes.extend(refund_entry(db, stamp, names, &key, bought, back).await?);
        }
    }
    let Some(topup) = payment.topup else { return Ok(()) };
    let back = TakeBack { kind: balance::TOPUP_REFUND, topup, amount: Some(amount), fee: None };
    let key = payment.key(hearing.provider, "back");
    balance::take_back(db, stamp, &key, &back).await?;
    Ok(())
}

const CLOSE: &str = "UPDATE checkout SET closed = 1 WHERE id = $1";

#[cfg(test)]
mod tests;
