//! The ways to pay that there are.

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
}
