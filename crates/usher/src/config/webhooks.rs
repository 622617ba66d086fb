//! `webhooks`: telling other programs of orders and alerts.

use serde::{Deserialize, Serialize};

/// `webhooks`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawWebhooks {
    pub allow_private: bool,
}
