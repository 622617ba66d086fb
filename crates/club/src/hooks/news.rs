//! ClubNews of orders: told to webhooks in the transaction of the order, and to who listens after it.

use serde_json::json;

use crate::hooks::queue::{Topic, enqueue};
use crate::store::image::Shown;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::OrderId;
use crate::values::money::Amount;
use crate::values::news::{ClubNews, OrderNews};
use crate::values::product::Product;

/// What of an order is told.
pub(crate) struct OrderFacts<'a> {
    pub(crate) id: OrderId,
    pub(crate) member: Option<policy::MemberId>,
    pub(crate) product: &'a Product,
    pub(crate) is_gift: bool,
    pub(crate) amount: Amount,
}

/// Tells what became of an order.
pub(crate) async fn of_order(
    tx: &mut Tx,
    what: OrderNews,
    order: OrderFacts<'_>,
) -> Result<(), Error> {
    let OrderFacts { id, member, product, is_gift, amount } = order;
    let (kind, method, tier, days) = match product {
        Product::Item { method, .. } => ("item", Some(method.text()), None, None),
        Product::Subscription { tier } => ("subscription", None, Some(tier), None),
        Product::Tier { tier, days } => ("tier", None, Some(tier), Some(*days)),
        Product::Topup => ("topup", None, None, None),
    };
    let data = json!({
        "order": id.0,
        "member": member.map(policy::MemberId::value),
        "product": kind,
        "item": product.item().map(|item| item.0),
        "method": method,
        "tier": tier,
        "days": days,
        "gift": is_gift,
        "amount": { "minor": amount.minor, "currency": amount.currency.to_string() },
    });
    let event = match what {
        OrderNews::Disputed => "order.disputed",
        OrderNews::Paid => "order.paid",
        OrderNews::Refunded => "order.refunded",
    };
    tx.show(Shown::News(ClubNews::Order { id, what, member, item: product.item(), amount }));
    enqueue(tx, Topic::Orders, event, &data).await
}
