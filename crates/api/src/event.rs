//! Events of payment providers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An event that a provider sent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EventView {
    /// The number.
    pub id: u32,
    /// The provider.
    pub provider: String,
    /// The provider's id of the event; `null` where it was refused.
    pub key: Option<String>,
    /// The provider's name for what happened.
    pub kind: String,
    /// When it arrived first.
    pub received: Timestamp,
    /// `applied`, `held`, `ignored`, or why it was refused: `forged`, `malformed`, `oversized` or
    /// `stale`.
    pub verdict: String,
    /// What it changed, or why it changed nothing.
    pub effect: String,
    /// The number of times it arrived after the first.
    pub again: u32,
}

/// An event with what the provider sent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EventDetail {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// The headers, one a line.
    pub headers: String,
    /// The body, with anything that is not text replaced.
    pub body: String,
    /// When headers and body were erased together with their member.
    pub erased: Option<Timestamp>,
}

/// The result of replaying an event.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Replayed {
    /// As of an event, or `duplicate`.
    pub verdict: String,
    /// What it changed, or why it changed nothing.
    pub effect: String,
}
