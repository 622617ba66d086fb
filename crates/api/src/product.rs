//! What can be bought: an item, a tier, or more balance.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;
use crate::money::GivenAmount;

/// How an item is delivered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum DeliveryMethod {
    /// As a direct download; the torrent is included
    Direct,
    /// As a torrent, whose buyers help to distribute it
    Torrent,
}

impl DeliveryMethod {
    /// The word that requests name it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Torrent => "torrent",
        }
    }
}

/// A product that somebody wants to buy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProductChoice {
    /// An item, for ever.
    Item {
        /// Its name, id or info hash.
        item: String,
        /// How it is delivered.
        #[serde(rename = "as")]
        method: DeliveryMethod,
    },
    /// A tier.
    Tier {
        /// The tier's name.
        tier: String,
        /// Whether it is paid again at the end of each period, instead of once.
        #[serde(default)]
        subscribe: bool,
    },
    /// More balance.
    Topup {
        /// The amount.
        amount: GivenAmount,
        /// The three letters of ISO 4217, or `btc`.
        currency: String,
    },
}

/// A product that was bought, or is to be paid for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ProductView {
    /// The kind of product.
    pub product: ProductKind,
    /// The item; `null` for anything else.
    pub item: Option<NamedId>,
    /// How the item is delivered; `null` for anything else.
    #[serde(rename = "as")]
    pub method: Option<DeliveryMethod>,
    /// The tier's name; `null` for anything else.
    pub tier: Option<String>,
    /// The days of the tier that one payment buys; `null` for a subscription, which says when it ends.
    pub days: Option<u16>,
}

/// The kinds of products.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProductKind {
    /// An item, for ever.
    Item,
    /// A tier that is paid again at the end of each period.
    Subscription,
    /// A tier for some days.
    Tier,
    /// More balance.
    Topup,
}
