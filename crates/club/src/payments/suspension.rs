//! While a payment is disputed its member is suspended.

use policy::{MemberId, MemberState};

use crate::ledger::balance;
use crate::members::member;
use crate::payments::payment::Payment;
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;

/// Suspends the member of a payment that is disputed.
pub(crate) async fn begin(
    tx: &mut Tx,
    owner: MemberId,
    payment: &mut Payment,
) -> Result<(), Error> {
    payment.suspends = balance::suspend(tx, owner).await?;
    Ok(())
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

const ALSO_DISPUTED: &str = "SELECT payment.id FROM payment JOIN orders ON orders.id = payment.orders \
     WHERE orders.member = $1 AND payment.id <> $2 AND payment.paid = 1 AND dispute IN (1, 3) \
     ORDER BY payment.id LIMIT 1";
