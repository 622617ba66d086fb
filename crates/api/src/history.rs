//! History: what was counted in each minute, hour and day.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::member::NamedId;

/// The query of a history.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryQuery {
    /// `tracker` or `item`; by default `item` where an item is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub of: Option<HistoryOf>,
    /// The item: a name, an id or an info hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// How far back, and how long each interval is.
    #[param(inline)]
    pub range: HistoryRange,
}

/// The subject of a history.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HistoryOf {
    /// One item's.
    Item,
    /// The tracker's.
    Tracker,
}

/// How far back a history goes, and how long each interval is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HistoryRange {
    /// Each day of the last ten years, in UTC.
    All,
    /// Each minute of the last 24 hours.
    #[default]
    Day,
    /// Each hour of the last 31 days.
    Month,
}

/// The history of the tracker or of an item.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct History {
    /// The item; `null` for the tracker.
    pub item: Option<NamedId>,
    /// Seconds of each interval.
    pub step_secs: u32,
    /// Intervals in which the daemon ran, the first first. The last one may not be over yet.
    pub points: Vec<HistoryPointView>,
}

/// What was counted in an interval.
///
/// Peers and members are means of samples, one a minute, over the time in which the daemon ran. The other
/// numbers are sums. What an hour and a day say is exactly what their minutes said.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HistoryPointView {
    /// When the interval began.
    pub at: Timestamp,
    /// Seeders inside the club.
    pub inside_seeders: f64,
    /// Leechers inside the club.
    pub inside_leechers: f64,
    /// Seeders outside the club.
    pub outside_seeders: f64,
    /// Leechers outside the club.
    pub outside_leechers: f64,
    /// Members with a client in an item's swarm; `null` for an item.
    pub members_online: Option<f64>,
    /// Announces, including refused ones; `null` for an item.
    pub announces: Option<u64>,
    /// Announces that were refused; `null` for an item.
    pub refusals: Option<u64>,
    /// Completed downloads of items.
    pub completions: u64,
    /// Bytes that members' clients reported as sent to peers.
    pub bytes_p2p: u64,
    /// Bytes that members' clients reported as received, from peers and from the web seed.
    pub bytes_received: u64,
    /// Bytes that the web seed sent.
    pub bytes_web_seed: u64,
}
