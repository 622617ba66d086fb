//! Gifts: orders whose buyer passes on what was bought, as a voucher.
//!
//! The voucher is issued by the transaction that pays the order. Its code is worked out from the order's token, so that
//! whoever may see the order's page reads it there, again and again, and the store keeps its hash alone. Redeeming it
//! makes an order of 0 for whoever does, which gives the right. What takes the gift's order back voids the voucher, or
//! takes back the order that redeemed it; what pays it again puts both back.

use policy::MemberId;

use crate::audit::log::{LogEntry, record};
use crate::catalog::item;
use crate::members::member::{self, Member};
use crate::rights::order::{self, Order, check_not_bought};
use crate::sales::voucher::{self, Voucher};
use crate::store::club::Club;
use crate::store::sql::{Connection, Value};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::OrderId;
use crate::values::page::Page;
use crate::values::product::{Product, ProductRequest};
use crate::values::voucher_code::VoucherCode;

/// What became of a gift.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gift {
    /// The voucher that was issued for it.
    pub voucher: Voucher,
    /// The code to pass on.
    pub code: VoucherCode,
    /// The order by which it was redeemed; `None` where it was not.
    pub redeemed_as: Option<Order>,
}

impl Club {
    /// What became of an order that is a gift; `None` where the order is no gift, or was never paid.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn gift(&self, order: &Order) -> Result<Option<Gift>, Error> {
        if !order.is_gift {
            return Ok(None);
        }
        let mut db = self.reader().await?;
        let Some(voucher) = voucher::of_gift(&mut *db, order.id).await? else { return Ok(None) };
        let redeemed_as = match voucher.redeemed_as {
            Some(taken) => Some(order::find(&mut *db, taken).await?),
            None => None,
        };
        let code = VoucherCode::of_order(&order.token);
        Ok(Some(Gift { voucher, code, redeemed_as }))
    }

    /// The orders by which a member redeemed gifts, at most 1000.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn gifts_of(&self, member: MemberId) -> Result<Vec<OrderId>, Error> {
        let values = [member.value().into(), Page::MAX.into()];
        let mut db = self.reader().await?;
        Ok(db.all(REDEEMED, &values, |row| Ok(OrderId(row.number(0)?))).await?)
    }
}

/// Refuses what can't be passed on.
pub(crate) const fn check_product(product: &ProductRequest) -> Result<(), Error> {
    match product {
        ProductRequest::Item { .. } | ProductRequest::Tier { .. } => Ok(()),
        ProductRequest::Subscription { .. } => Err(Error::NotForGift("a subscription")),
        ProductRequest::Topup(_) => Err(Error::NotForGift("a top-up")),
    }
}

/// Refuses a gift that can't be given again: what its voucher gave can't be given to who redeemed it.
pub(crate) async fn check_restorable(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let Some(taken) = redeemed_as(tx, order).await? else { return Ok(()) };
    let recipient = member::by_id(tx, taken.owner()?).await?;
    recipient.check_not_removed()?;
    match &taken.product {
        Product::Item { item, .. } => {
            let item = item::by_id(tx, *item).await?;
            check_not_bought(tx, &recipient, &item, &taken.product).await
        }
        _ => Ok(()),
    }
}

/// Issues the voucher of a gift that was paid, or puts back what it was before the gift was paid back. Returns the
/// order that redeemed it, with its owner, whose right is to be given again.
pub(crate) async fn give(tx: &mut Tx, order: &Order) -> Result<Option<(Order, Member)>, Error> {
    let entry = order::find(tx, order.id).await?.entry.ok_or(Error::NoOrder(order.id))?;
    let Some(voucher) = voucher::of_gift(tx, order.id).await? else {
        let [item, way, tier, days] = order::product_values(&order.product);
        let hash = VoucherCode::of_order(&order.token).hash();
        let values =
            [Value::Bytes(&hash), entry.0.into(), item, way, tier, days, order.id.0.into()];
        tx.execute(ISSUE, &values).await?;
        return Ok(None);
    };
    if let Some(taken) = voucher.redeemed_as {
        let sql = "UPDATE orders SET refunded = NULL WHERE id = $1";
        tx.execute(sql, &[taken.0.into()]).await?;
        let taken = order::find(tx, taken).await?;
        let owner = member::by_id(tx, taken.owner()?).await?;
        return Ok(Some((taken, owner)));
    }
    let sql = "UPDATE voucher SET state = 'issued' WHERE id = $1 AND state = 'void'";
    tx.execute(sql, &[voucher.id.0.into()]).await?;
    note(tx, order, "gift.restore", &voucher).await?;
    Ok(None)
}

/// Voids the voucher of a gift of which nothing is kept. Returns the order that redeemed it, of which nothing is kept
/// from now on, and whose right is to be ended.
pub(crate) async fn end(tx: &mut Tx, order: &Order) -> Result<Option<Order>, Error> {
    let Some(voucher) = voucher::of_gift(tx, order.id).await? else { return Ok(None) };
    if let Some(taken) = voucher.redeemed_as {
        if order::find(tx, taken).await?.refunded.is_some() {
            return Ok(None);
        }
        note(tx, order, "gift.take_back", &voucher).await?;
        let values = [taken.0.into(), tx.now().into()];
        tx.execute("UPDATE orders SET refunded = $2 WHERE id = $1", &values).await?;
        return Ok(Some(order::find(tx, taken).await?));
    }
    let sql = "UPDATE voucher SET state = 'void' WHERE id = $1 AND state = 'issued'";
    tx.execute(sql, &[voucher.id.0.into()]).await?;
    note(tx, order, "gift.void", &voucher).await?;
    Ok(None)
}

async fn redeemed_as(db: &mut dyn Connection, order: &Order) -> Result<Option<Order>, Error> {
    match voucher::of_gift(db, order.id).await?.and_then(|voucher| voucher.redeemed_as) {
        Some(taken) => Ok(Some(order::find(db, taken).await?)),
        None => Ok(None),
    }
}

async fn note(
    tx: &mut Tx,
    order: &Order,
    what: &'static str,
    voucher: &Voucher,
) -> Result<(), Error> {
    let detail = format!("{} of {}", voucher.source(), order.id);
    let item = order.product.item();
    record(tx, LogEntry { what, member: voucher.redeemed_by, item, detail: &detail }).await
}

const REDEEMED: &str = "SELECT orders.id FROM orders \
     JOIN voucher ON voucher.redeemed_as = orders.id WHERE orders.member = $1 \
     ORDER BY orders.id LIMIT $2";
const ISSUE: &str = "INSERT INTO voucher (hash, state, issue, item, way, tier, days, gift) \
     VALUES ($1, 'issued', $2, $3, $4, $5, $6, $7)";
