//! Subscriptions: a tier for as long as what is kept of their payments says.

use crate::payments::apply::{Changes, Done, Hearing, locate};
use crate::payments::checkout::{self, CheckoutId};
use crate::payments::provider::{Ending, Report};
use crate::rights::tier_term;
use crate::store::sql::{Connection, Value};
use crate::values::error::Error;
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
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    ending: &Ending,
    changes: &mut Changes,
) -> Result<Done, Error> {
    let report = Report {
        reference: ending.reference.clone(),
        subscription: Some(ending.subscription.clone()),
        ..Report::default()
    };
    let Some(order) = locate(db, hearing, &report).await? else {
        return Ok(Done::Held(format!(
            "no order of ours has the subscription {}",
            ending.subscription
        )));
    };
    changes.order = Some(order.id);
    let ended = order.ended.unwrap_or(u32::MAX).min(ending.at);
    let sql = "UPDATE checkout SET ended = $2 WHERE id = $1";
    db.execute(sql, &[order.id.0.into(), ended.into()]).await?;
    extend(db, hearing, order.id, changes).await?;
    Ok(Done::Applied(format!("the subscription of order {} is over", order.id.0)))
}

/// Lets a subscription's tier last as long as what is kept of its payments says.
pub(crate) async fn extend(
    db: &mut dyn Connection,
    hearing: &Hearing<'_>,
    order: CheckoutId,
    changes: &mut Changes,
) -> Result<(), Error> {
    let order = checkout::find(db, order).await?;
    let Product::Subscription { tier } = &order.product else { return Ok(()) };
    let kept = order.payments.iter().filter(|payment| payment.kept > 0 && payment.bought.is_some());
    let paid = kept.filter_map(|payment| payment.until).max();
    let until = paid.map(|until| until.min(order.ended.unwrap_or(u32::MAX)));
    if until != order.until {
        changes.members.extend(
            tier_term::move_end(db, hearing, order.member, tier, order.until, until).await?,
        );
        let sql = "UPDATE checkout SET until = $2 WHERE id = $1";
        db.execute(sql, &[order.id.0.into(), Value::from(until)]).await?;
    }
    Ok(())
}
