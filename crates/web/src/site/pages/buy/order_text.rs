//! What an order's page says of it: how far it is, and its receipt.

use club::{Checkout, Gift, Item, Order, OrderState, Product};
use jiff::Timestamp;

use crate::site::pages::price::money;
use crate::site::pages::shown::title;

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

/// A line of a receipt.
pub(super) struct ReceiptLine {
    pub(super) label: String,
    pub(super) value: String,
}

/// The receipt of an order.
pub(super) fn receipt(order: &Order, item: Option<&Item>) -> Vec<ReceiptLine> {
    let mut lines = Vec::new();
    let mut line = |label: &str, value: String| {
        lines.push(ReceiptLine { label: label.to_owned(), value });
    };
    line("Order", order.id.0.to_string());
    line("Date", date(order.paid.unwrap_or(order.created)));
    line("Product", product(order, item));
    if let Some(email) = &order.email {
        line("Buyer", email.to_string());
    }
    if order.is_gift {
        line("Gift", "A code to pass on".to_owned());
    }
    // What came with a voucher has no price of its own where its giver paid it.
    if let Some((code, off)) = order.discount.as_ref().filter(|_| order.price.minor > 0) {
        line("Price", money(order.price));
        let code = match code.strip_prefix("voucher ") {
            Some(number) => format!("Voucher {number}"),
            None => format!("Discount {code}"),
        };
        line(&code, money(off.currency.minor(-off.minor)));
    }
    line("Total", money(order.amount));
    if let Some((tax, amount)) = &order.tax {
        line(&format!("of which {}, {} %", tax.label, rate(tax.rate)), money(*amount));
    }
    let back = order.paid_back();
    if back.minor > 0 {
        line("Paid back", money(back));
    }
    lines
}

/// A product as its buyer reads it.
pub(super) fn product(order: &Order, item: Option<&Item>) -> String {
    let title = item.map_or_else(|| "An item".to_owned(), title);
    match &order.product {
        Product::Item { method: club::DeliveryMethod::Direct, .. } => {
            format!("{title}, direct download and torrent")
        }
        Product::Item { method: club::DeliveryMethod::Torrent, .. } => format!("{title}, torrent"),
        Product::Subscription { tier } => format!("Membership: {tier}"),
        Product::Tier { tier, days } => format!("Membership: {tier}, {days} days"),
        Product::Topup => "Balance".to_owned(),
    }
}

pub(super) fn date(unix: u32) -> String {
    let at = Timestamp::from_second(unix.into()).unwrap_or_default();
    at.strftime("%-d %B %Y").to_string()
}

/// Thousandths of a percent as a decimal.
fn rate(thousandths: u32) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_the_decimals_it_needs() {
        for (thousandths, expected) in [(19_000, "19"), (5_500, "5.5"), (125, "0.125"), (0, "0")] {
            assert_eq!(rate(thousandths), expected);
        }
        assert_eq!(date(1_800_000_000), "15 January 2027");
    }
}
