//! Subscriptions: a tier for as long as what is kept of their payments says.

use crate::payments::checkout;
use crate::payments::locate::{Located, locate};
use crate::payments::provider::{Ending, Report};
use crate::payments::receive::{EventContext, EventOutcome};
use crate::rights::tier_term;
use crate::store::sql::{Connection, SqlResult, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;
use crate::values::product::Product;

/// Keeps the provider's name for the subscription that a checkout began.
pub(crate) async fn bind(
    tx: &mut Tx,
    context: &mut EventContext<'_>,
    checkout: CheckoutId,
    subscription: &str,
) -> SqlResult<()> {
    context.is_bound = true;
    let sql = "UPDATE checkout SET subscription = $2 WHERE id = $1";
    tx.execute(sql, &[checkout.0.into(), subscription.into()]).await.map(drop)
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
    let checkout = match locate(tx, context.provider, &report).await? {
        Located::Ours(found) => found,
        Located::Theirs(why) => return Ok(EventOutcome::Ignored(why)),
        Located::Unknown => {
            let name = &ending.subscription;
            return Ok(EventOutcome::Held(format!(
                "no checkout of ours has the subscription {name}"
            )));
        }
        Located::Waits(found, why) => {
            context.checkout = Some(found.id);
            return Ok(EventOutcome::Held(why));
        }
    };
    context.checkout = Some(checkout.id);
    if checkout.subscription.is_none() {
        bind(tx, context, checkout.id, &ending.subscription).await?;
    }
    let ended = checkout.ended.unwrap_or(u32::MAX).min(ending.at);
    let sql = "UPDATE checkout SET ended = $2 WHERE id = $1";
    tx.execute(sql, &[checkout.id.0.into(), ended.into()]).await?;
    extend(tx, checkout.id).await?;
    Ok(EventOutcome::Applied(format!("the subscription of checkout {} is over", checkout.id.0)))
}

/// Lets a subscription's tier last as long as what is kept of its payments says.
pub(crate) async fn extend(tx: &mut Tx, id: CheckoutId) -> Result<(), Error> {
    let checkout = checkout::find(tx, id).await?;
    let Product::Subscription { tier } = &checkout.order.product else { return Ok(()) };
    let Some(owner) = checkout.order.member else { return Ok(()) };
    let paid = tx.one(PAID_UNTIL, &[id.0.into()], |row| row.optional::<u32>(0)).await?.flatten();
    let until = paid.map(|until| until.min(checkout.ended.unwrap_or(u32::MAX)));
    if until != checkout.until {
        let source = format!("checkout {}", id.0);
        tier_term::move_end(tx, owner, tier, &source, (checkout.until, until)).await?;
        let sql = "UPDATE checkout SET until = $2 WHERE id = $1";
        tx.execute(sql, &[id.0.into(), Value::from(until)]).await?;
    }
    Ok(())
}

/// The end of the last period of which something is kept.
const PAID_UNTIL: &str = "SELECT max(payment.until) FROM payment \
     JOIN orders ON orders.id = payment.orders \
     WHERE checkout = $1 AND kept > 0 AND journal IS NOT NULL AND orders.refunded IS NULL";
