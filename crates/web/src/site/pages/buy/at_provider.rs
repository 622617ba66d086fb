//! From an order to the page at a provider on which it is paid.

use club::Order;

use super::fields::{path_of, stamp};
use super::problem::{Field, Problem};
use super::way::{Way, no_way};
use crate::pay::PaymentError;
use crate::site::pages::visitor::Visitor;

/// Begins to pay an order at a provider; returns where.
pub(super) async fn at_provider(
    visitor: &Visitor,
    order: &Order,
    way: Way,
    key: &str,
) -> Result<String, Problem> {
    let Some(payments) = visitor.site.payments() else { return Err(no_way()) };
    let who = stamp(visitor).who;
    let back = format!("{}/orders/{}", visitor.look.site, order.token);
    let made = payments.pay_order(&who, key, order.id, way.text(), &back).await;
    match made {
        Ok(checkout) => Ok(checkout.url.unwrap_or_else(|| path_of(visitor, order))),
        // It was paid meanwhile.
        Err(PaymentError::Club(club::Error::OrderPaid(_))) => Ok(path_of(visitor, order)),
        Err(PaymentError::Club(club::Error::CheckoutKey { .. })) => Err(Problem::new(
            Field::Way,
            "This form was sent before. Reload the page and try again.",
        )),
        Err(PaymentError::NoSubscriptions(_)) => Err(Problem::new(
            Field::Way,
            "A subscription is paid by card. Choose that, or pay for one period.",
        )),
        Err(error) => {
            tracing::warn!(provider = way.text(), %error, "a checkout could not be made");
            let text = format!(
                "{}: nobody answers there now, and nothing was charged. Try again in a minute, or pay otherwise.",
                way.label()
            );
            Err(Problem::new(Field::Way, text))
        }
    }
}
