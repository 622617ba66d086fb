//! Amounts of money: whole minor units and a currency, with the decimal that people read beside them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Money {
    /// As people write it, with all decimals: `2.25`, or `700` of `jpy`.
    pub amount: String,
    /// The three letters of ISO 4217, or `btc`, in lower case.
    pub currency: String,
    /// The same amount in the currency's smallest unit.
    pub minor: i64,
}

/// An amount in a request, whose currency stands beside it or is known.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected an amount: a whole number of the smallest unit, or a decimal in text"
)]
pub enum GivenAmount {
    /// A whole number of the currency's smallest unit, such as cents.
    Minor(i64),
    /// A decimal in text, as people type it: digits, with a point before the decimals.
    Decimal(String),
}

impl From<String> for GivenAmount {
    fn from(typed: String) -> Self {
        Self::Decimal(typed)
    }
}
