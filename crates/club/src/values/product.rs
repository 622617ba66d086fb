//! What is for sale, and how an item is delivered.

use std::fmt;
use std::str::FromStr;

use policy::ItemId;
use serde::{Deserialize, Serialize};

use crate::values::money::Amount;

/// How the files of an item reach its buyer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryMethod {
    /// From the publisher's web server; the torrent is included.
    Direct,
    /// From the web seed and other peers.
    Torrent,
}

impl DeliveryMethod {
    /// Both, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Direct, Self::Torrent];

    /// `direct` or `torrent`.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Torrent => "torrent",
        }
    }
}

impl fmt::Display for DeliveryMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for DeliveryMethod {
    type Err = UnknownDeliveryMethod;

    fn from_str(text: &str) -> Result<Self, UnknownDeliveryMethod> {
        let found = Self::ALL.into_iter().find(|method| method.text() == text);
        found.ok_or_else(|| UnknownDeliveryMethod(text.to_owned()))
    }
}

/// The text does not name a delivery method.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a delivery method: expected `torrent` or `direct`")]
pub struct UnknownDeliveryMethod(String);

/// What an order or a checkout is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Product {
    /// An item, for ever.
    Item {
        /// The item.
        item: ItemId,
        /// How it is delivered; the direct download includes the torrent.
        method: DeliveryMethod,
    },
    /// A tier for as long as a subscription is paid.
    Subscription {
        /// The tier's id.
        tier: String,
    },
    /// A tier for some days.
    Tier {
        /// The tier's id.
        tier: String,
        /// At least 1.
        days: u16,
    },
    /// Money in the member's balance.
    Topup,
}

impl Product {
    /// The item; `None` for any other product.
    pub const fn item(&self) -> Option<ItemId> {
        match self {
            Self::Item { item, .. } => Some(*item),
            Self::Subscription { .. } | Self::Tier { .. } | Self::Topup => None,
        }
    }
}

/// What a buyer asks for. The price of an item is the one that the store has for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProductRequest {
    /// An item at its price.
    Item {
        /// The item's name, id or info hash.
        item: String,
        /// How it is to be delivered.
        method: DeliveryMethod,
    },
    /// A tier at the price of the configuration, for as long as it is paid.
    Subscription {
        /// The tier's id.
        tier: String,
        /// The price of one period.
        price: Amount,
    },
    /// A tier at the price of the configuration, for some days.
    Tier {
        /// The tier's id.
        tier: String,
        /// At least 1; they begin when the days end that the member has of this tier.
        days: u16,
        /// The price of all of them.
        price: Amount,
    },
    /// Money in the member's balance.
    Topup(Amount),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_method_is_read_from_its_own_text() {
        for method in DeliveryMethod::ALL {
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        for text in ["", "Direct", "magnet"] {
            assert!(text.parse::<DeliveryMethod>().is_err(), "{text}");
        }
    }
}
