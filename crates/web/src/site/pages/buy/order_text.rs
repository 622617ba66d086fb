//! What an order's page says of it: how far it is.

use club::{Checkout, Gift, Order, OrderState, Product};

/// How far an order is, for its buyer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OrderProgress {
    /// It was given up, or what should have paid it ran out.
    Failed,
    /// It is paid and gives what was bought.
    Delivered,
    Disputed,
    /// It is paid, and can't be delivered: its money is in the balance.
    Held,
    Refunded,
    /// A payment was begun and nothing is known of it yet.
    Waiting,
}

impl OrderProgress {
    pub(super) fn of(order: &Order, checkouts: &[Checkout]) -> Self {
        match order.state() {
            OrderState::Cancelled => Self::Failed,
            OrderState::Pending if checkouts.iter().any(|checkout| !checkout.closed) => {
                Self::Waiting
            }
            OrderState::Pending => Self::Failed,
            OrderState::Disputed => Self::Disputed,
            // Nothing sold it, and no provider can have paid it back: its voucher's money is in the balance.
            OrderState::Refunded if order.entry.is_none() && checkouts.is_empty() => Self::Held,
            OrderState::Refunded => Self::Refunded,
            OrderState::Paid | OrderState::PartlyRefunded => {
                let is_delivered = order.entry.is_some() || order.product == Product::Topup;
                if is_delivered { Self::Delivered } else { Self::Held }
            }
        }
    }

    /// Heading and first sentence; `gift` is the voucher of an order that is one.
    pub(super) fn text(self, order: &Order, gift: Option<&Gift>) -> (&'static str, &'static str) {
        match self {
            Self::Failed => (
                "Not paid",
                "No payment came for this order, and nothing was charged. You can try again.",
            ),
            Self::Delivered if gift.is_some() => {
                ("Thank you", "Your gift is paid. Pass its code on: whoever redeems it gets it.")
            }
            Self::Delivered => match &order.product {
                Product::Item { .. } => ("Thank you", "Your order is paid. It is yours to keep."),
                Product::Subscription { .. } | Product::Tier { .. } => (
                    "Thank you",
                    "Your order is paid. Your account says until when your membership lasts.",
                ),
                Product::Topup => {
                    ("Thank you", "Your order is paid. The money is in your balance.")
                }
            },
            Self::Disputed => (
                "Payment disputed",
                "The payment of this order is disputed, so it is closed until that is settled.",
            ),
            Self::Held => (
                "Paid, and not delivered",
                "Your payment came, and this order can't be delivered. The money is in the balance of the account \
                 with your e-mail address.",
            ),
            Self::Refunded if gift.is_some_and(|gift| gift.redeemed_as.is_some()) => (
                "Refunded",
                "This gift was paid back. Its code had been redeemed, and what it gave was taken back.",
            ),
            Self::Refunded if gift.is_some() => {
                ("Refunded", "This gift was paid back, and its code is void.")
            }
            Self::Refunded if is_voucher(order) && order.amount.minor == 0 => (
                "Taken back",
                "The voucher that this came with was taken back, so what it gave has ended.",
            ),
            Self::Refunded => ("Refunded", "This order was paid back, so what it gave has ended."),
            Self::Waiting => (
                "Waiting for the payment",
                "We have not heard of your payment yet. This page looks again by itself; you may also close it and \
                 come back.",
            ),
        }
    }
}

/// Whether a voucher for what was bought paid for it.
fn is_voucher(order: &Order) -> bool {
    order.discount.as_ref().is_some_and(|(code, _)| code.starts_with("voucher "))
}
