//! Rights that orders give. What was in force before stands behind them, and is in force again when
//! the last order is paid back; what is revoked does not come back.

use policy::{ItemId, MemberId};

use crate::rights::entitlement::{self, Before, Entitlement};
use crate::rights::order::{self, Order, STILL_PAID};
use crate::store::sql::{Connection, SqlResult};
use crate::store::tx::Tx;
use crate::values::error::Error;

/// Gives the right that an order pays for, for ever.
pub(crate) async fn give(tx: &mut Tx, order: &Order, item: ItemId) -> Result<(), Error> {
    let member = order.owner()?;
    let held = entitlement::one(tx, member, item).await?;
    let held = held.unwrap_or_else(|| Entitlement::none(member, item, tx.now()));
    let orders = orders(tx, member, item).await?;
    let before = match held.before.clone() {
        _ if !held.is_live(tx.now()) => None,
        before if orders.iter().any(|order| held.source == order.id.to_string()) => before,
        _ => Some(Before { until: held.until, source: held.source.clone() }),
    };
    entitlement::replace(tx, held, None, &order.id.to_string(), before).await
}

/// Ends the right that came from an order, or lets it come from another or from what was before.
pub(crate) async fn end(tx: &mut Tx, order: &Order, item: ItemId) -> Result<(), Error> {
    let member = order.owner()?;
    let Some(held) = entitlement::one(tx, member, item).await? else { return Ok(()) };
    if held.source != order.id.to_string() || held.revoked.is_some() {
        return Ok(());
    }
    let other = orders(tx, member, item).await?.into_iter().next();
    match (other, held.before.clone()) {
        (Some(other), before) => {
            let source = other.id.to_string();
            entitlement::replace(tx, held, None, &source, before).await?;
        }
        (None, Some(before)) => {
            entitlement::replace(tx, held, before.until, &before.source, None).await?;
        }
        (None, None) => entitlement::end(tx, held).await?,
    }
    Ok(())
}

/// Refuses what would end sooner than what a member paid for.
pub(crate) async fn check_not_paid(
    db: &mut dyn Connection,
    member: MemberId,
    item: ItemId,
) -> Result<(), Error> {
    match orders(db, member, item).await?.first() {
        None => Ok(()),
        Some(order) => Err(Error::Paid(order.id)),
    }
}

/// Lets what was paid for so far give no right any more, where some of it is paid again too.
pub(crate) async fn revoke(tx: &mut Tx, member: MemberId, item: ItemId) -> SqlResult<()> {
    let values = [member.value().into(), item.0.into(), tx.now().into()];
    tx.execute(REVOKE, &values).await.map(drop)
}

/// Those of a member's that pay for an item, oldest first.
async fn orders(db: &mut dyn Connection, member: MemberId, item: ItemId) -> SqlResult<Vec<Order>> {
    db.all(STILL_PAID, &[member.value().into(), item.0.into()], order::read).await
}

const REVOKE: &str = "UPDATE orders SET revoked = $3 \
     WHERE member = $1 AND item = $2 AND journal IS NOT NULL AND revoked IS NULL AND gift = 0";
