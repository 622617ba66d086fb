//! Rights that orders give. What was in force before stands behind them, and is in force again when
//! the last order is paid back; what is revoked does not come back.

use policy::{ItemId, MemberId};

use crate::audit::log::Stamp;
use crate::rights::entitlement::{self, Before, Entitlement};
use crate::rights::order::{self, Order, STILL_PAID};
use crate::store::sql::{Connection, SqlResult};
use crate::values::error::Error;

/// Gives the right that an order pays for, for ever.
pub(crate) async fn give(
    db: &mut dyn Connection,
    stamp: &Stamp,
    order: &Order,
    item: ItemId,
) -> Result<Entitlement, Error> {
    let held = entitlement::one(db, order.member, item).await?;
    let held = held.unwrap_or_else(|| Entitlement::none(order.member, item, stamp.now_unix));
    let orders = orders(db, order.member, item).await?;
    let before = match held.before.clone() {
        _ if !held.is_live(stamp.now_unix) => None,
        before if orders.iter().any(|order| held.source == order.id.to_string()) => before,
        _ => Some(Before { until: held.until, source: held.source.clone() }),
    };
    entitlement::replace(db, stamp, held, None, &order.id.to_string(), before).await
}

/// Ends the right that came from an order, or lets it come from another or from what was before.
pub(crate) async fn end(
    db: &mut dyn Connection,
    stamp: &Stamp,
    order: &Order,
    item: ItemId,
) -> Result<Option<Entitlement>, Error> {
    let Some(held) = entitlement::one(db, order.member, item).await? else { return Ok(None) };
    if held.source != order.id.to_string() || held.revoked.is_some() {
        return Ok(None);
    }
    let other = orders(db, order.member, item).await?.into_iter().next();
    let changed = match (other, held.before.clone()) {
        (Some(other), before) => {
            let source = other.id.to_string();
            entitlement::replace(db, stamp, held, None, &source, before).await?
        }
        (None, Some(before)) => {
            entitlement::replace(db, stamp, held, before.until, &before.source, None).await?
        }
        (None, None) => entitlement::end(db, stamp, held).await?,
    };
    Ok(Some(changed))
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

/// Lets what was paid for so far give no right any more.
pub(crate) async fn revoke(
    db: &mut dyn Connection,
    stamp: &Stamp,
    member: MemberId,
    item: ItemId,
) -> SqlResult<()> {
    let values = [member.value().into(), item.0.into(), stamp.now_unix.into()];
    db.execute(REVOKE, &values).await.map(drop)
}

/// Those of a member's that pay for an item, oldest first.
async fn orders(db: &mut dyn Connection, member: MemberId, item: ItemId) -> SqlResult<Vec<Order>> {
    db.all(STILL_PAID, &[member.value().into(), item.0.into()], order::read).await
}

const REVOKE: &str = "UPDATE orders SET revoked = $3 \
     WHERE member = $1 AND item = $2 AND refunded IS NULL AND revoked IS NULL";
