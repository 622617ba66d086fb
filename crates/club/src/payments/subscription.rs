//! Subscriptions: a tier for as long as what is kept of their payments says.

use crate::payments::apply::{EventContext, EventOutcome};
use crate::payments::checkout;
use crate::payments::locate::locate;
use crate::payments::provider::{Ending, Report};
use crate::rights::tier_term;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;
use crate::values::product::Product;

/// Keeps the provider's name for a subscription, by which later events may mean its order.
pub(crate) async fn note(
    db: &mut dyn Connection,
    order: CheckoutId,
    report: &Report,
) -> Result<(), Error> {
    if let Some(name) = &report.subscription {
        let sql = "UPDATE checkout SET subscription = $2 WHERE id = $1";
        db.execute(sql, &[order.0.into(), name.as_str().into()]).await?;
    }
    Ok(())
}

/// Ends a subscription, at the earliest time that is named.
pub(crate) async fn end(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    ending: &Ending,
) -> Result<EventOutcome, Error> {
    let report = Report {
        reference: ending.reference.clone(),
        subscription: Some(ending.subscription.clone()),
        ..Report::default()
    };
    let Some(order) = locate(tx, context.provider, &report).await? else {
        return Ok(EventOutcome::Held(format!(
            "no order of ours has the subscription {}",
            ending.subscription
        )));
    };
    context.checkout = Some(order.id);
    let ended = order.ended.unwrap_or(u32::MAX).min(ending.at);
    let sql = "UPDATE checkout SET ended = $2 WHERE id = $1";
    tx.execute(sql, &[order.id.0.into(), ended.into()]).await?;
    extend(tx, context.provider, order.id).await?;
    Ok(EventOutcome::Applied(format!("the subscription of order {} is over", order.id.0)))
}

/// Lets a subscription's tier last as long as what is kept of its payments says.
pub(crate) async fn extend(tx: &mut Tx, provider: &str, order: CheckoutId) -> Result<(), Error> {
    let order = checkout::find(tx, order).await?;
    let Product::Subscription { tier } = &order.product else { return Ok(()) };
    let kept = order.payments.iter().filter(|payment| payment.kept > 0 && payment.bought.is_some());
    let paid = kept.filter_map(|payment| payment.until).max();
    let until = paid.map(|until| until.min(order.ended.unwrap_or(u32::MAX)));
    if until != order.until {
        tier_term::move_end(tx, provider, order.member, tier, order.until, until).await?;
        let sql = "UPDATE checkout SET until = $2 WHERE id = $1";
        tx.execute(sql, &[order.id.0.into(), Value::from(until)]).await?;
    }
    Ok(())
}
