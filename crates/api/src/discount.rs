//! Discount codes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;
use crate::money::{GivenAmount, Money};

/// Adds a discount code, of a percentage or of an amount with its currency.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDiscount {
    /// 1 to 32 letters, digits and `-`, in either case.
    pub code: String,
    /// Percentage off the price, 1 to 100.
    #[serde(default)]
    pub percent: Option<u8>,
    /// Amount off the price.
    #[serde(default)]
    pub amount: Option<GivenAmount>,
    /// The amount's currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// The only item it is for, by name, id or info hash; without it, everything that is for sale.
    #[serde(default)]
    pub item: Option<String>,
    /// When it ends; `null` means never.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Maximum number of uses; `null` means no limit.
    #[serde(default)]
    pub uses: Option<u32>,
}

/// A discount code.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DiscountView {
    /// The code, in capitals.
    pub code: String,
    /// Percentage off the price; `null` where `amount` is given.
    pub percent: Option<u8>,
    /// Amount off the price; `null` where `percent` is given.
    pub amount: Option<Money>,
    /// The only item it is for; `null` for everything that is for sale.
    pub item: Option<NamedId>,
    /// When it ends; `null` means never.
    pub until: Option<Timestamp>,
    /// Maximum number of uses; `null` means no limit.
    pub uses: Option<u32>,
    /// Number of uses so far.
    pub used: u32,
}
