//! Amounts of money: decimals in text, beside whole minor units.

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
