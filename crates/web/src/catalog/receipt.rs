//! The receipt of an order, as its page and its mail have it.

use club::{DeliveryMethod, Item, Order, Product};

use super::wording::{day, money, title};

/// A line of a receipt.
pub(crate) struct ReceiptLine {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// The receipt of an order.
pub(crate) fn receipt(order: &Order, item: Option<&Item>) -> Vec<ReceiptLine> {
    let mut lines = Vec::new();
    let mut line = |label: &str, value: String| {
        lines.push(ReceiptLine { label: label.to_owned(), value });
    };
    line("Order", order.id.0.to_string());
    line("Date", day(order.paid.unwrap_or(order.created)));
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
pub(crate) fn product(order: &Order, item: Option<&Item>) -> String {
    let title = item.map_or_else(|| "An item".to_owned(), title);
    match &order.product {
        Product::Item { method: DeliveryMethod::Direct, .. } => {
            format!("{title}, direct download and torrent")
        }
        Product::Item { method: DeliveryMethod::Torrent, .. } => format!("{title}, torrent"),
        Product::Subscription { tier } => format!("Membership: {tier}"),
        Product::Tier { tier, days } => format!("Membership: {tier}, {days} days"),
        Product::Topup => "Balance".to_owned(),
    }
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
    }
}
