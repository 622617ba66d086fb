//! The event stream: what happens, while it does, as server-sent events.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::member::NamedId;
use crate::money::Money;
use crate::swarm::AnnounceView;

/// The query of the event stream.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct StreamQuery {
    /// Only these events, separated by commas: `snapshot`, `join`, `completion`, `order`, `alert`, `announce`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<String>,
    /// Only events of this item, and snapshots: a name, an id or an info hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// The data of the events `join`, `completion` and `announce`: an announce and its reply.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct StreamAnnounce {
    /// The announce.
    #[serde(flatten)]
    pub announce: AnnounceView,
    /// The member; `null` for a stranger, and for a reader that may not read members.
    pub member: Option<NamedId>,
}

/// The data of the event `order`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct StreamOrder {
    /// The order's number.
    pub order: u32,
    /// What became of it: `paid`, `refunded` or `disputed`.
    pub what: String,
    /// The buyer.
    pub member: Option<NamedId>,
    /// The item that it is for.
    pub item: Option<NamedId>,
    /// What it costs.
    pub amount: Money,
}

/// The data of the event `alert`: an alert was opened.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct StreamAlert {
    /// The alert's number.
    pub alert: u32,
    /// Its kind, as in the list of alerts.
    pub kind: String,
    /// The item it concerns.
    pub item: Option<NamedId>,
    /// The member it concerns; `null` for a reader that may not read members.
    pub member: Option<NamedId>,
    /// What was seen, with numbers; `null` for a reader that may not read members.
    pub evidence: Option<String>,
}

/// The data of the event `lagged`, which a snapshot follows: the reader was too slow, and missed events.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub struct StreamLagged {
    /// Events that were not sent.
    pub missed: u64,
}
