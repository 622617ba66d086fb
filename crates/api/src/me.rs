//! What a member reads with a token of their own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ledger::BalanceView;

/// A member's own numbers.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct OwnNumbers {
    /// The name.
    pub name: String,
    /// The tier's name.
    pub tier: String,
    /// When the tier ends; `null` means never.
    pub tier_until: Option<Timestamp>,
    /// The tier that verified upload earned; `null` where it earned none.
    pub earned_tier: Option<String>,
    /// The balance in each currency.
    pub balances: Vec<BalanceView>,
    /// Orders that were paid.
    pub purchases: u64,
    /// Bytes sent to peers, as the clients reported it.
    pub uploaded: u64,
    /// Bytes received, as the clients reported it.
    pub downloaded: u64,
    /// `uploaded` over `downloaded`; `null` where nothing was received.
    pub ratio: Option<f64>,
    /// Bytes sent to peers that were verified in the last 35 days.
    pub verified: u64,
    /// Bytes that the publisher's own copy sent.
    pub web_seed: u64,
}
