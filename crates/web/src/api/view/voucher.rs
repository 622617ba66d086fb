//! Vouchers in what the admin API says and is told.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Named;
use super::money::Money;

/// Issues vouchers: of an amount with its currency, an item, or a tier with days.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewVouchers {
    /// Names the request; as codes are shown once, the same again is refused.
    pub key: String,
    /// 1 to 1000.
    pub count: u32,
    /// What each is worth.
    pub worth: NewWorth,
    /// When they can be redeemed no more; by default they always can.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// For people.
    #[serde(default)]
    pub memo: String,
}

/// What a new voucher is worth.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum NewWorth {
    /// More in the balance.
    Money {
        /// Digits, with a point before the decimals.
        amount: String,
        /// The three letters of ISO 4217, or `btc`.
        currency: String,
    },
    /// A right to an item, for ever: its name, id or info hash.
    Item(String),
    /// A tier.
    Tier {
        /// Its name.
        tier: String,
        /// At least 1.
        days: u16,
    },
}

/// A voucher.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Voucher {
    /// Its number, which is no secret.
    pub id: u32,
    /// What it is worth.
    #[serde(flatten)]
    pub worth: Worth,
    /// When it can be redeemed no more.
    pub until: Option<Timestamp>,
    /// `issued`, `redeemed`, `expired` or `void`.
    pub state: String,
    /// Who redeemed it.
    pub member: Option<Named>,
}

/// What a voucher is worth: one of the three.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Worth {
    /// More in the balance.
    pub money: Option<Money>,
    /// A right to an item, for ever.
    pub item: Option<Named>,
    /// A tier, with `days`.
    pub tier: Option<String>,
    /// Of the tier.
    pub days: Option<u16>,
}

/// A voucher as its issuer sees it, this once.
#[derive(Clone, Deserialize, Serialize)]
pub struct IssuedVoucher {
    /// What is typed to redeem it; it can't be had again.
    pub code: String,
    /// The voucher.
    #[serde(flatten)]
    pub voucher: Voucher,
}

impl fmt::Debug for IssuedVoucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedVoucher").field("voucher", &self.voucher).finish_non_exhaustive()
    }
}

/// Redeems a voucher.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    /// As it was printed, or as people type it.
    pub code: String,
    /// For whom, by name or id.
    pub member: String,
}

impl fmt::Debug for Redeem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redeem").field("member", &self.member).finish_non_exhaustive()
    }
}
