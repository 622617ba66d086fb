//! What is told when an order is paid, paid back or disputed: mail to the buyer, and news to webhooks.

use crate::hooks::news::{OrderFacts, of_order};
use crate::rights::order::Order;
use crate::rights::order_mail;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::news::OrderNews;

/// An order was just paid for the first time.
pub(crate) async fn paid(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    order_mail::receipt(tx, order).await?;
    tell(tx, OrderNews::Paid, order).await
}

/// Something of an order was paid back.
pub(crate) async fn refunded(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    order_mail::refund(tx, order).await?;
    tell(tx, OrderNews::Refunded, order).await
}

/// The payer of an order disputes a payment; their bank tells them.
pub(crate) async fn disputed(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    tell(tx, OrderNews::Disputed, order).await
}

async fn tell(tx: &mut Tx, what: OrderNews, order: &Order) -> Result<(), Error> {
    let Order { id, member, product, is_gift, amount, .. } = order;
    let (id, member, is_gift, amount) = (*id, *member, *is_gift, *amount);
    of_order(tx, what, OrderFacts { id, member, product, is_gift, amount }).await
}
