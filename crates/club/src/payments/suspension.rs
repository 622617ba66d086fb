//! While a payment is disputed its member is suspended.
//!
//! Whoever pays without being signed in may give anybody's address. A dispute over such an order suspends nobody who
//! was a member before it was placed, unless they spent the money; a person is told.

use policy::{MemberId, MemberState};

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::ledger::balance;
use crate::members::member;
use crate::payments::payment::Payment;
use crate::rights::order::Order;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;

/// Suspends the member of a payment of an order that is disputed.
pub(crate) async fn begin(
    tx: &mut Tx,
    order: &Order,
    owner: MemberId,
    payment: &mut Payment,
) -> Result<(), Error> {
    if is_anybodys(tx, order, owner).await? {
        let evidence = format!(
            "{} is disputed; its buyer was not signed in, and its member is not suspended for it",
            order.id
        );
        let (kind, member) = (AlertKind::Payment, Some(owner));
        raise(tx, &[NewAlert { kind, member, item: None, evidence }]).await?;
        return Ok(());
    }
    payment.suspends = balance::suspend(tx, owner).await?;
    Ok(())
}

/// Whether an order may have been paid by anybody who knew its member's address, who has not spent its money.
async fn is_anybodys(tx: &mut Tx, order: &Order, owner: MemberId) -> Result<bool, Error> {
    let values = [order.id.0.into()];
    let found = tx.one(OF_ANYBODY, &values, |row| row.number::<u32>(0)).await?;
    let owed = balance::held(tx, owner, order.amount.currency).await?.owed;
    Ok(found.is_some() && owed.minor <= 0)
}

/// Ends the suspension that a payment's dispute was the reason of, unless another's is one too.
pub(crate) async fn end(tx: &mut Tx, owner: MemberId, payment: &mut Payment) -> Result<(), Error> {
    payment.suspends = false;
    let values = [owner.value().into(), payment.id.into()];
    let other = tx.one(ALSO_DISPUTED, &values, |row| row.number::<u32>(0)).await?;
    if let Some(other) = other {
        let sql = "UPDATE payment SET suspends = 1 WHERE id = $1";
        tx.execute(sql, &[other.into()]).await?;
        return Ok(());
    }
    let mut member = member::by_id(tx, owner).await?;
    if member.state == MemberState::Suspended {
        member.state = MemberState::Active;
        member::save(tx, "member.resume", &member, "the dispute was won").await?;
    }
    Ok(())
}

/// Whether an order was placed with an address that was a member's before.
macro_rules! is_of_anybody {
    () => {
        "orders.email IS NOT NULL AND EXISTS (SELECT 1 FROM member WHERE member.id = orders.member \
         AND member.created < coalesce((SELECT begun.created FROM orders AS begun \
         WHERE begun.id = orders.renews), orders.created))"
    };
}

const OF_ANYBODY: &str = concat!("SELECT id FROM orders WHERE id = $1 AND ", is_of_anybody!());
const ALSO_DISPUTED: &str = concat!(
    "SELECT payment.id FROM payment JOIN orders ON orders.id = payment.orders \
     WHERE orders.member = $1 AND payment.id <> $2 AND payment.paid = 1 AND dispute IN (1, 3) \
     AND NOT (",
    is_of_anybody!(),
    ") ORDER BY payment.id LIMIT 1"
);
