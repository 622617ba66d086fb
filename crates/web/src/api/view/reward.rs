//! What members carried, and what it earned them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Named;
use super::money::Money;

/// What a member earned by one item in one window.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Reward {
    /// Its number.
    pub id: u32,
    /// Who earned it.
    pub member: Named,
    /// By which item.
    pub item: Named,
    /// When the window ended.
    pub window: Timestamp,
    /// How much; once it is credited, what was.
    pub money: Money,
    /// `pending` while it is held, `credited`, or `reversed`.
    pub state: String,
    /// When it is credited.
    pub due: Timestamp,
    /// The entry of the journal that credited it.
    pub entry: Option<u32>,
}

/// What a member's clients carried, and what of it counts.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MemberTraffic {
    /// Whose.
    pub member: Named,
    /// The tier that verified upload earned.
    pub earned: Option<String>,
    /// By item.
    pub items: Vec<ItemTraffic>,
    /// Rewards that are held, by currency.
    pub pending: Vec<Money>,
    /// Rewards that were credited, by currency.
    pub credited: Vec<Money>,
}

/// What a member's clients carried of an item, in bytes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ItemTraffic {
    /// Which.
    pub item: Named,
    /// Sent to peers, by the clients' word.
    pub uploaded: u64,
    /// Received, by the clients' word.
    pub downloaded: u64,
    /// Sent to them by the publisher's own copy: web seed and direct download.
    pub web_seed: u64,
    /// Of what they say they sent, what was judged in the last 35 days.
    pub judged: u64,
    /// Of that, what was verified.
    pub verified: u64,
}
