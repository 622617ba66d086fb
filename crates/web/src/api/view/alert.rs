//! Alerts, and the record of changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Named;

/// Something that somebody should look at.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Alert {
    /// Its number.
    pub id: u32,
    /// `broken-item`, `imbalance`, `leak`, `nobody-took`, `payment` or `speed`.
    pub kind: String,
    /// Whom it concerns.
    pub member: Option<Named>,
    /// Which item it concerns.
    pub item: Option<Named>,
    /// When it was opened.
    pub first: Timestamp,
    /// When the same was seen last.
    pub last: Timestamp,
    /// How often it was seen.
    pub times: u32,
    /// What was seen the last time, in numbers.
    pub evidence: String,
    /// When it was closed: acknowledged, or its item made whole, replaced or taken away.
    pub acked: Option<Timestamp>,
    /// By whom.
    pub acked_by: Option<String>,
}

/// A row of the record: who changed what, and when.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Change {
    /// Later ones have higher numbers.
    pub id: u32,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// The operation, as `member.tier`.
    pub what: String,
    /// The member it touched.
    pub member: Option<Named>,
    /// The item it touched; `all` for all of them.
    pub item: Option<Named>,
    /// What a person would want to know of it.
    pub detail: String,
}
