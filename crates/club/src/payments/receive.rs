//! What a provider's word does: it is kept with what came of it, joined to what is known of its
//! payment, and has its effect once.
//!
//! A delivery is answered after its effect was committed. What can't be applied is held for a
//! person, with an alert.

use crate::audit::alert::{self, AlertKind, NewAlert};
use crate::payments::checkout::{self, Checkout};
use crate::payments::claim::claimed;
use crate::payments::inbox::{self, Delivery, Kept, StoredDelivery, Verdict};
use crate::payments::locate::{Located, locate};
use crate::payments::payment::{self, Payment};
use crate::payments::provider::{Beginning, Event, Held, Notice, Report};
use crate::payments::refund;
use crate::payments::settle::{settle, waits};
use crate::payments::subscription;
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::{CheckoutId, DeliveryId};
use crate::values::money::Amount;
use crate::values::stamp::Stamp;

/// An event of a provider, while it has its effect.
pub(crate) struct EventContext<'a> {
    pub(crate) provider: &'a str,
    /// Whether it was held before.
    pub(crate) is_retry: bool,
    /// The checkout that it is about, once it is found.
    pub(crate) checkout: Option<CheckoutId>,
    /// Whether more is known from now on of how the provider names the checkout.
    pub(crate) is_bound: bool,
    /// Whether a person should look at it although it is applied.
    pub(crate) is_odd: bool,
}

/// What it did, in words for people.
pub(crate) enum EventOutcome {
    /// What it says is in force.
    Applied(String),
    /// It needs a person.
    Held(String),
    /// It is nothing to us.
    Ignored(String),
    /// All of it was known, and is not in force: the money is in the balance.
    Known,
    /// All of it was known and is in force.
    Settled,
}

/// What came of an event.
#[derive(Clone, Debug)]
pub struct Handled {
    /// What was thought of it.
    pub verdict: Verdict,
    /// What it did, or why not, for people.
    pub effect: String,
    /// Events that were held and can be applied now.
    pub retry: Vec<DeliveryId>,
}

/// Receiving. Fails where the database is unavailable, which the provider must be told, so that it
/// tries again.
impl Club {
    /// Keeps a genuine delivery and does what it says, once however often it comes. What it does
    /// is in force on the announce path when this returns.
    ///
    /// One that was held is looked at anew each time it comes.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn receive(
        &self,
        stamp: &Stamp,
        delivery: Delivery,
        event: Event,
    ) -> Result<Handled, Error> {
        self.change(stamp, move |tx| Box::pin(async move { receive(tx, &delivery, &event).await }))
            .await
    }
}

/// Keeps a delivery and does what it says, unless it did so before.
pub(crate) async fn receive(
    tx: &mut Tx,
    delivery: &Delivery,
    event: &Event,
) -> Result<Handled, Error> {
    let known = inbox::of_key(tx, &delivery.provider, &event.key).await?;
    if let Some(known) = &known
        && known.verdict != Verdict::Held
    {
        return again(tx, known, Verdict::Duplicate).await;
    }
    let mut context = EventContext {
        provider: &delivery.provider,
        is_retry: known.is_some(),
        checkout: None,
        is_bound: false,
        is_odd: false,
    };
    let outcome = tx.attempt(async |tx| apply(tx, &mut context, &event.notice).await).await?;
    let outcome = outcome.unwrap_or_else(|refused| EventOutcome::Held(refused.to_string()));
    let (verdict, effect) = match (outcome, &known) {
        (EventOutcome::Applied(effect), _) => (Verdict::Applied, effect),
        (EventOutcome::Held(effect), _) => (Verdict::Held, effect),
        (EventOutcome::Ignored(effect), _) => (Verdict::Ignored, effect),
        (EventOutcome::Known, Some(held)) => return again(tx, held, Verdict::Held).await,
        (EventOutcome::Settled, _) | (EventOutcome::Known, None) => {
            (Verdict::Applied, "all of it was known".to_owned())
        }
    };
    let (key, checkout) = (Some(event.key.as_str()), context.checkout);
    let kept = Kept { key, kind: &event.kind, verdict: verdict.text(), effect: &effect, checkout };
    inbox::keep(tx, delivery, kept).await?;
    if verdict == Verdict::Held || context.is_odd {
        let evidence = format!("{} {}: {effect}", delivery.provider, event.kind);
        let alert = NewAlert { kind: AlertKind::Payment, member: None, item: None, evidence };
        alert::raise(tx, &[alert]).await?;
    }
    let retry = match checkout {
        Some(checkout) if context.is_bound => inbox::held_for(tx, checkout).await?,
        _ => Vec::new(),
    };
    Ok(Handled { verdict, effect, retry })
}

/// Counts a delivery that came again and changed nothing.
async fn again(
    db: &mut dyn Connection,
    known: &StoredDelivery,
    verdict: Verdict,
) -> Result<Handled, Error> {
    inbox::count_again(db, known.id).await?;
    Ok(Handled { verdict, effect: known.effect.clone(), retry: Vec::new() })
}

/// Does what a notice says.
async fn apply(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    notice: &Notice,
) -> Result<EventOutcome, Error> {
    match notice {
        Notice::Begun(beginning) => begin(tx, context, beginning).await,
        Notice::Closed { session } => close(tx, context, session).await,
        Notice::Ended(ending) => subscription::end(tx, context, ending).await,
        Notice::Held(held) => hold(tx, context, held).await,
        Notice::Nothing(why) => Ok(EventOutcome::Ignored((*why).to_owned())),
        Notice::Payment(report) => take(tx, context, report).await,
        Notice::Wake { .. } => {
            Ok(EventOutcome::Ignored("the provider was not asked what happened".to_owned()))
        }
    }
}

/// Notes which subscription a checkout's session began.
async fn begin(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    beginning: &Beginning,
) -> Result<EventOutcome, Error> {
    let report = Report {
        reference: beginning.reference.clone(),
        by_link: beginning.by_link,
        session: Some(beginning.session.clone()),
        ..Report::default()
    };
    let checkout = match locate(tx, context.provider, &report).await? {
        Located::Ours(found) => found,
        Located::Theirs(why) => return Ok(EventOutcome::Ignored(why)),
        Located::Unknown => {
            return Ok(EventOutcome::Ignored("a subscription of somebody else's".to_owned()));
        }
        Located::Waits(found, why) => {
            context.checkout = Some(found.id);
            return Ok(EventOutcome::Held(why));
        }
    };
    context.checkout = Some(checkout.id);
    let (id, subscription) = (checkout.id, &beginning.subscription);
    match checkout.subscription {
        Some(known) if known == *subscription => Ok(EventOutcome::Settled),
        Some(known) => Ok(EventOutcome::Held(format!(
            "checkout {} began the subscription {subscription}, and has {known} already",
            id.0
        ))),
        None => {
            subscription::bind(tx, context, id, subscription).await?;
            let what = format!("checkout {} began the subscription {subscription}", id.0);
            Ok(EventOutcome::Applied(what))
        }
    }
}

async fn close(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    session: &str,
) -> Result<EventOutcome, Error> {
    let Some(found) = checkout::of_session(tx, context.provider, session).await? else {
        return Ok(EventOutcome::Ignored("a checkout of somebody else's ran out".to_owned()));
    };
    context.checkout = Some(found.id);
    checkout::close(tx, &found).await?;
    Ok(EventOutcome::Applied(format!(
        "checkout {} is closed unless it is paid after all",
        found.id.0
    )))
}

/// Holds what can't be applied, unless it is about an object of somebody else's.
async fn hold(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    held: &Held,
) -> Result<EventOutcome, Error> {
    let Some(report) = &held.about else { return Ok(EventOutcome::Held(held.why.clone())) };
    let known = payment::find(tx, context.provider, &report.payment).await?;
    let checkout = match known.and_then(|payment| payment.checkout) {
        Some(id) => checkout::find(tx, id).await?,
        None => match locate(tx, context.provider, report).await? {
            Located::Ours(found) | Located::Waits(found, _) => *found,
            Located::Theirs(why) => return Ok(EventOutcome::Ignored(why)),
            Located::Unknown => {
                let why = "an object of somebody else's, which says too little of itself";
                return Ok(EventOutcome::Ignored(why.to_owned()));
            }
        },
    };
    context.checkout = Some(checkout.id);
    if held.closed {
        checkout::close(tx, &checkout).await?;
    }
    Ok(EventOutcome::Held(format!("checkout {}: {}", checkout.id.0, held.why)))
}

/// Joins a report to what is known of its payment, and settles the difference.
async fn take(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    report: &Report,
) -> Result<EventOutcome, Error> {
    let known = payment::find(tx, context.provider, &report.payment).await?;
    let mut payment = known.unwrap_or_else(|| Payment::unknown(&report.payment));
    let before = (payment.facts, payment.checkout, payment.until);
    let checkout = match payment.checkout {
        Some(id) => Some(checkout::find(tx, id).await?),
        None => match locate(tx, context.provider, report).await? {
            Located::Ours(found) => Some(*found),
            Located::Theirs(why) => return Ok(EventOutcome::Ignored(why)),
            Located::Unknown => match (&report.claim, report.paid) {
                (Some(claim), Some(paid)) => {
                    Some(claimed(tx, context.provider, &report.payment, claim, paid).await?)
                }
                _ => None,
            },
            Located::Waits(found, why) => {
                context.checkout = Some(found.id);
                return Ok(EventOutcome::Held(why));
            }
        },
    };
    context.checkout = checkout.as_ref().map(|checkout| checkout.id);
    if let Some(why) = mismatch(report, checkout.as_ref(), &payment) {
        return Ok(EventOutcome::Held(why));
    }
    payment.learn(report, checkout.as_ref());
    let id = payment::save(tx, context.provider, &payment).await?;
    refund::learn(tx, id, &report.refunds).await?;
    (payment.id, payment.refunds) = (Some(id), refund::of_payment(tx, id).await?);
    let Some(checkout) = checkout else {
        let name = &report.payment;
        return Ok(EventOutcome::Held(format!("no payment {name} is known yet: kept until it is")));
    };
    if let (Some(subscription), None) = (&report.subscription, &checkout.subscription) {
        subscription::bind(tx, context, checkout.id, subscription).await?;
    }
    let target = payment.facts.kept(checkout.order.amount.minor, payment.paid_back());
    let is_news = before != (payment.facts, payment.checkout, payment.until);
    if !is_news && target == payment.kept {
        let waits = waits(tx, &payment).await?;
        if !(waits && context.is_retry) {
            return Ok(if waits { EventOutcome::Known } else { EventOutcome::Settled });
        }
    }
    let outcome = settle(tx, context.provider, &checkout, &mut payment).await?;
    payment::save(tx, context.provider, &payment).await?;
    subscription::extend(tx, checkout.id).await?;
    Ok(match (outcome, report.surplus) {
        (EventOutcome::Applied(effect), Some(surplus)) => {
            context.is_odd = true;
            EventOutcome::Applied(format!("{effect}; {surplus} more came in: give it back there"))
        }
        (outcome, _) => outcome,
    })
}

/// Why a report can't be of the checkout that it names.
fn mismatch(report: &Report, checkout: Option<&Checkout>, payment: &Payment) -> Option<String> {
    let Some(checkout) = checkout else {
        let paid = report.paid?;
        return Some(format!("{paid} paid for no checkout of ours: refund it at the provider"));
    };
    let (id, wanted) = (checkout.id.0, checkout.order.amount);
    if let Some(paid) = report.paid
        && paid != wanted
    {
        return Some(format!(
            "{paid} paid for checkout {id}, which costs {wanted}: nothing is given"
        ));
    }
    let code = wanted.currency.code();
    let is_other = |amount: Amount| amount.currency != wanted.currency;
    if report.amounts().any(is_other) || !["", code].contains(&payment.currency.as_str()) {
        let what = "a refund in another currency than";
        return Some(format!("{what} checkout {id}, which is in {code}"));
    }
    None
}

#[cfg(test)]
mod tests;
