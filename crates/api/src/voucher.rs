//! Vouchers.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;
use crate::money::{GivenAmount, Money};

/// Issues vouchers.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueVouchers {
    /// The key of the request. Codes are shown once, so the same request again is refused.
    pub key: String,
    /// The number of vouchers, 1 to 1000.
    pub count: u32,
    /// What each voucher is worth.
    pub worth: WorthRequest,
    /// When they expire; `null` means never.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// A note for people.
    #[serde(default)]
    pub memo: String,
}

/// What a new voucher is worth.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum WorthRequest {
    /// More balance.
    Money {
        /// The amount.
        amount: GivenAmount,
        /// The three letters of ISO 4217, or `btc`.
        currency: String,
    },
    /// A right to an item, for ever: its name, id or info hash.
    Item(String),
    /// A tier.
    Tier {
        /// Its name.
        tier: String,
        /// The number of days, at least 1.
        days: u16,
    },
}

/// A voucher.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct VoucherView {
    /// The number, which is not secret.
    pub id: u32,
    /// What it is worth.
    #[serde(flatten)]
    pub worth: WorthView,
    /// When it expires; `null` means never.
    pub until: Option<Timestamp>,
    /// `issued`, `redeemed`, `expired` or `void`.
    pub state: String,
    /// The member who redeemed it.
    pub member: Option<NamedId>,
    /// The number of its batch: that of the entry of the journal that issued it.
    #[serde(default)]
    pub batch: u32,
    /// The order that it is the gift of; `null` where it was issued by hand.
    #[serde(default)]
    pub gift: Option<u32>,
}

/// What a voucher is worth: exactly one of the three.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct WorthView {
    /// More balance.
    pub money: Option<Money>,
    /// A right to an item, for ever.
    pub item: Option<NamedId>,
    /// A tier, for `days`.
    pub tier: Option<String>,
    /// The number of days.
    pub days: Option<u16>,
}

/// A voucher with its code, which is shown only when it is issued.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct VoucherCodeView {
    /// The code that redeems it.
    pub code: String,
    /// The voucher.
    #[serde(flatten)]
    pub voucher: VoucherView,
}

impl fmt::Debug for VoucherCodeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoucherCodeView").field("voucher", &self.voucher).finish_non_exhaustive()
    }
}

/// Redeems a voucher.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedeemVoucher {
    /// The code, as it was printed or as people type it.
    pub code: String,
    /// The member who gets what it is worth: a name or an id.
    pub member: String,
}

impl fmt::Debug for RedeemVoucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedeemVoucher").field("member", &self.member).finish_non_exhaustive()
    }
}
