//! Alerts, and the record of changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;

/// Something that the operator should look at.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AlertView {
    /// The number.
    pub id: u32,
    /// `backup`, `broken-item`, `disk`, `few-addresses`, `guard`, `imbalance`, `leak`, `mail`, `no-seed`,
    /// `nobody-took`, `payment`, `proxy`, `speed`, `unreadable-item` or `webhook`.
    pub kind: String,
    /// The member it concerns.
    pub member: Option<NamedId>,
    /// The item it concerns.
    pub item: Option<NamedId>,
    /// When it was opened.
    pub first: Timestamp,
    /// When the same was seen last.
    pub last: Timestamp,
    /// The number of times it was seen.
    pub times: u32,
    /// What was seen the last time, with numbers.
    pub evidence: String,
    /// When it was closed: acknowledged, or its item repaired, replaced or removed.
    pub acked: Option<Timestamp>,
    /// Who closed it.
    pub acked_by: Option<String>,
}

/// A row of the record: who changed what, and when.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AuditView {
    /// The number; later rows have higher ones.
    pub id: u32,
    /// When it was changed.
    pub at: Timestamp,
    /// Who changed it.
    pub who: String,
    /// The operation, such as `member.tier`.
    pub what: String,
    /// The member that was changed.
    pub member: Option<NamedId>,
    /// The item that was changed; `all` for all of them.
    pub item: Option<NamedId>,
    /// Details for people.
    pub detail: String,
}
