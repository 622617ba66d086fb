//! While a payment is disputed its member is suspended.
//!
//! Whoever pays without being signed in may give anybody's address or name. A dispute over such an order takes back what
//! it gave, and suspends its member only where that leaves a debt, because the money was spent. In any case a person is
//! told.

use policy::{MemberId, MemberState};

use crate::audit::alert::{AlertKind, NewAlert, raise};
use crate::ledger::balance;
use crate::members::member;
use crate::payments::payment::Payment;
use crate::rights::order::Order;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::money::Amount;

/// Suspends the member of a payment of an order that is disputed. `owed` is what the member owed before.
pub(crate) async fn begin(
    tx: &mut Tx,
    order: &Order,
    owner: MemberId,
    payment: &mut Payment,
    owed: Amount,
) -> Result<(), Error> {
    let found = tx.one(OF_ANYBODY, &[order.id.0.into()], |row| row.number::<u32>(0)).await?;
    if found.is_none() || debt(tx, owner, payment, owed).await? > 0 {
        payment.suspends = balance::suspend(tx, owner).await?;
        return Ok(());
    }
    let evidence = format!(
        "{} is disputed; its buyer was not signed in, and its member is not suspended for it",
        order.id
    );
    let (kind, member) = (AlertKind::Payment, Some(owner));
    raise(tx, &[NewAlert { kind, member, item: None, evidence }]).await?;
    Ok(())
}

/// What a member owes because a payment was taken back: more than before, and not what the payment itself had paid off.
async fn debt(tx: &mut Tx, owner: MemberId, payment: &Payment, owed: Amount) -> Result<i64, Error> {
    let now = balance::held(tx, owner, owed.currency).await?.owed;
    let paid_off = match payment.topup {
        Some(topup) => balance::paid_off(tx, topup, owner).await?,
        None => 0,
    };
    Ok(now.minor - owed.minor - paid_off)
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

/// Whether whoever paid an order was not signed in: a visitor gave an address, or a payment without an order of ours
/// named the member (see [`claim`](super::claim)).
macro_rules! is_of_anybody {
    () => {
        "(orders.email IS NOT NULL OR EXISTS (SELECT 1 FROM checkout \
         WHERE checkout.orders = orders.id \
         AND checkout.key = checkout.provider || ':' || checkout.session))"
    };
}

const OF_ANYBODY: &str = concat!("SELECT id FROM orders WHERE id = $1 AND ", is_of_anybody!());
const ALSO_DISPUTED: &str = concat!(
    "SELECT payment.id FROM payment JOIN orders ON orders.id = payment.orders \
     WHERE orders.member = $1 AND payment.id <> $2 AND payment.paid = 1 AND dispute IN (1, 3) \
     AND NOT ",
    is_of_anybody!(),
    " ORDER BY payment.id LIMIT 1"
);
