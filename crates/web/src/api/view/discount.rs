//! Discount codes in what the admin API says and is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Named;
use super::money::Money;

/// Makes a discount code: of a percentage, or of an amount with its currency.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewDiscount {
    /// 1 to 32 letters, digits and `-`, in either case.
    pub code: String,
    /// 1 to 100.
    #[serde(default)]
    pub percent: Option<u8>,
    /// Digits, with a point before the decimals.
    #[serde(default)]
    pub amount: Option<String>,
    /// Of the amount.
    #[serde(default)]
    pub currency: Option<String>,
    /// Off which item, by name, id or info hash; by default off all that is for sale.
    #[serde(default)]
    pub item: Option<String>,
    /// When it ends.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How often it may be used.
    #[serde(default)]
    pub uses: Option<u32>,
}

/// A discount code.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Discount {
    /// In capitals.
    pub code: String,
    /// What it takes off, in hundredths of the price; or `amount`.
    pub percent: Option<u8>,
    /// What it takes off; or `percent`.
    pub amount: Option<Money>,
    /// Off which item; `null` for all that is for sale.
    pub item: Option<Named>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// How often it may be used.
    pub uses: Option<u32>,
    /// How often it was.
    pub used: u32,
}
