//! Webhooks, which report orders and alerts to other programs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds a webhook.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddWebhook {
    /// Where it is sent to: `https://HOST/PATH`.
    pub url: String,
    /// The events to report; at least one.
    pub events: Vec<WebhookTopic>,
}

/// A kind of event that a webhook reports.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum WebhookTopic {
    /// Alerts: `alert.opened` and `alert.cleared`, of each kind once.
    Alert,
    /// Orders: `order.paid`, `order.refunded` and `order.disputed`.
    Order,
}

/// A webhook.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct WebhookView {
    /// The number.
    pub id: u32,
    /// Where it is sent to.
    pub url: String,
    /// The events that it reports.
    pub events: Vec<WebhookTopic>,
    /// When it was added.
    pub created: Timestamp,
    /// Since when every delivery failed; `null` where the last one did not.
    pub failing: Option<Timestamp>,
    /// When it was paused, because it failed for half a day or refused for good.
    pub paused: Option<Timestamp>,
    /// Deliveries that wait.
    pub queued: u32,
}

/// A new webhook with its secret, which is shown once.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct WebhookAdded {
    /// The webhook.
    pub webhook: WebhookView,
    /// The secret by which its receiver verifies signatures (Standard Webhooks), such as `whsec_…`.
    pub secret: String,
}

/// The webhooks; there are at most 20.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct WebhookList {
    /// By number.
    pub webhooks: Vec<WebhookView>,
    /// Always `null`.
    pub next: Option<String>,
}

/// A page of a webhook's deliveries.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookDeliveryQuery {
    /// Only deliveries before this number: `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Maximum number of deliveries; at most, and by default, 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A delivery to a webhook.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct WebhookDeliveryView {
    /// The number.
    pub id: u32,
    /// The webhook's number.
    pub webhook: u32,
    /// What it reports, such as `order.paid`.
    pub event: String,
    /// Its `webhook-id`, the same at each try.
    pub message: String,
    /// `queued`, `delivered` or `failed`.
    pub state: String,
    /// When it was queued first.
    pub created: Timestamp,
    /// When it is tried next; `null` once it is not queued.
    pub due: Option<Timestamp>,
    /// The number of tries since it was queued, or queued again.
    pub tries: u32,
    /// When it was delivered or given up.
    pub ended: Option<Timestamp>,
    /// What came of the last try; empty before the first.
    pub answer: String,
}

/// A page of deliveries, the latest first.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct WebhookDeliveryList {
    /// The deliveries.
    pub deliveries: Vec<WebhookDeliveryView>,
    /// What `after` of the next page is; `null` at the end.
    pub next: Option<u32>,
}
