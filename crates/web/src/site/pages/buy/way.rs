//! The ways to pay that there are.

use club::Product;

use super::problem::{Field, Problem};
use crate::site::Site;

/// How an order is paid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// From the balance of whoever is signed in.
    Balance,
    Btcpay,
    Stripe,
    Voucher,
}

/// A way to pay to choose.
pub(super) struct WayChoice {
    pub(super) value: &'static str,
    pub(super) label: String,
    pub(super) hint: &'static str,
    pub(super) is_chosen: bool,
}

impl Way {
    /// The value of the form's field.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Btcpay => "btcpay",
            Self::Stripe => "stripe",
            Self::Voucher => "voucher",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Balance => "Your balance",
            Self::Btcpay => "Bitcoin",
            Self::Stripe => "Card",
            Self::Voucher => "Voucher",
        }
    }

    pub(super) const fn hint(self) -> &'static str {
        match self {
            Self::Balance => "Paid at once.",
            Self::Btcpay => "You pay on the next page, at our BTCPay Server.",
            Self::Stripe => "You pay on the next page, at Stripe.",
            Self::Voucher => "A code that we or a friend gave you.",
        }
    }

    /// The providers that are set up.
    pub(super) fn at_providers(site: &Site) -> Vec<Self> {
        let names = site.payments().map(|payments| payments.page_providers()).unwrap_or_default();
        [Self::Stripe, Self::Btcpay].into_iter().filter(|way| names.contains(&way.text())).collect()
    }

    /// The providers at which a product can be paid: a subscription is paid by card.
    pub(super) fn for_product(site: &Site, product: &Product) -> Vec<Self> {
        let is_subscription = matches!(product, Product::Subscription { .. });
        let all = Self::at_providers(site).into_iter();
        all.filter(|way| !is_subscription || *way == Self::Stripe).collect()
    }
}

/// Ways with their labels, to choose from: what the form says, or else `first`, or else the first.
pub(super) fn choices(
    ways: Vec<(Way, String)>,
    wanted: &str,
    first: Option<Way>,
) -> Vec<WayChoice> {
    let found = ways.iter().map(|(way, _)| *way).find(|way| way.text() == wanted);
    let chosen = found.or(first).or_else(|| ways.first().map(|(way, _)| *way));
    let choice = |(way, label): (Way, String)| WayChoice {
        value: way.text(),
        label,
        hint: way.hint(),
        is_chosen: Some(way) == chosen,
    };
    ways.into_iter().map(choice).collect()
}

/// Why a form without a way to pay is refused.
pub(super) fn no_way() -> Problem {
    Problem::new(Field::Way, "Choose how you want to pay.")
}
