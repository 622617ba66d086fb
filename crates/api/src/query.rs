//! What may follow the `?` of a URL, and the limits of a request.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// A page of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PageQuery {
    /// Only rows with a higher id.
    pub after: u32,
    /// Maximum number of rows; at most, and by default, 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the vouchers.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct VoucherQuery {
    /// Only vouchers in this state: `issued`, `redeemed`, `expired` or `void`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only rows with a higher id.
    pub after: u32,
    /// Maximum number of rows; at most, and by default, 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the alerts.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct AlertQuery {
    /// Whether closed alerts are listed too.
    pub all: bool,
    /// Only alerts with a higher id.
    pub after: u32,
}

/// A page of the record of changes.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct AuditQuery {
    /// Only changes of this member: a name or an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Only changes of this item: a name, an id or an info hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Only changes with a higher id.
    pub after: u32,
}

/// A page of what happened within a range of days, in UTC.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PeriodQuery {
    /// The first day; without it, the first there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day; without it, the last there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// Only rows with a higher id.
    pub after: u32,
    /// Maximum number of rows; at most, and by default, 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The name and policy of an item whose .torrent file is the body of the request.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TorrentQuery {
    /// Unique among the items that are not removed.
    pub name: String,
    /// A policy's name.
    pub policy: String,
}

/// Maximum number of rows of a page.
pub const MAX_PAGE: u32 = 1000;
/// Maximum size of a request's body, in bytes: that of a .torrent file.
pub const MAX_BODY_BYTES: usize = 10 << 20;
