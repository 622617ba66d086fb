//! Rights that orders give: to the item, and to the parts that its collection had when it was sold. What was in force
//! before stands behind them, and is in force again when the last order is paid back; what is revoked does not come
//! back.

use policy::{ItemId, MemberId};

use crate::rights::entitlement::{self, Before, Ended, Entitlement};
use crate::rights::order::{self, Order, STILL_PAID};
use crate::store::sql::{Connection, SqlResult};
use crate::store::tx::Tx;
use crate::values::error::Error;

/// Notes which parts the item of an order has when it is sold.
pub(crate) async fn note_parts(tx: &mut Tx, order: &Order, item: ItemId) -> SqlResult<()> {
    tx.execute(NOTE_PARTS, &[order.id.0.into(), item.0.into()]).await.map(drop)
}

/// Gives the rights that an order pays for, for ever.
pub(crate) async fn give(tx: &mut Tx, order: &Order, item: ItemId) -> Result<(), Error> {
    if !order.revoked {
        give_one(tx, order, item).await?;
    }
    for part in parts(tx, order).await? {
        give_one(tx, order, part).await?;
    }
    Ok(())
}

async fn give_one(tx: &mut Tx, order: &Order, item: ItemId) -> Result<(), Error> {
    let member = order.owner()?;
    let held = entitlement::one(tx, member, item).await?;
    let mut held = held.unwrap_or_else(|| Entitlement::none(member, item, tx.now()));
    if held.ended == Some(Ended::Refunded) && held.source != order.id.to_string() {
        // A visitor may have paid and had the torrent in the member's name: it comes to life for nobody.
        held.generation = held.generation.next();
        held.old_key_until = None;
    }
    let orders = orders(tx, member, item).await?;
    let before = match held.before.clone() {
        _ if !held.is_live(tx.now()) => None,
        before if orders.iter().any(|order| held.source == order.id.to_string()) => before,
        _ => Some(Before { until: held.until, source: held.source.clone() }),
    };
    entitlement::replace(tx, held, None, &order.id.to_string(), before).await
}

/// Ends the rights that came from an order, or lets them come from another or from what was before.
pub(crate) async fn end(tx: &mut Tx, order: &Order, item: ItemId) -> Result<(), Error> {
    end_one(tx, order, item).await?;
    for part in parts(tx, order).await? {
        end_one(tx, order, part).await?;
    }
    Ok(())
}

async fn end_one(tx: &mut Tx, order: &Order, item: ItemId) -> Result<(), Error> {
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
    tx.execute(REVOKE, &values).await?;
    tx.execute(REVOKE_PART, &values).await.map(drop)
}

/// What an order gives besides its item, but for what was revoked.
async fn parts(db: &mut dyn Connection, order: &Order) -> SqlResult<Vec<ItemId>> {
    let sql = "SELECT item FROM order_part WHERE orders = $1 AND revoked IS NULL ORDER BY item";
    db.all(sql, &[order.id.0.into()], |row| Ok(ItemId(row.number(0)?))).await
}

/// Those of a member's that pay for an item, oldest first.
async fn orders(db: &mut dyn Connection, member: MemberId, item: ItemId) -> SqlResult<Vec<Order>> {
    db.all(STILL_PAID, &[member.value().into(), item.0.into()], order::read).await
}

const REVOKE: &str = "UPDATE orders SET revoked = $3 \
     WHERE member = $1 AND item = $2 AND journal IS NOT NULL AND revoked IS NULL AND gift = 0";
const REVOKE_PART: &str = "UPDATE order_part SET revoked = $3 WHERE item = $2 AND revoked IS NULL \
     AND orders IN (SELECT id FROM orders WHERE member = $1 AND journal IS NOT NULL AND gift = 0)";
const NOTE_PARTS: &str = "INSERT INTO order_part (orders, item) SELECT $1, item FROM part \
     WHERE collection = $2 ON CONFLICT DO NOTHING";
