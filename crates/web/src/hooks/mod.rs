//! Webhooks: telling other programs of orders and alerts.

mod address;
mod sender;
mod signature;

pub use address::{BadWebhookUrl, WebhookUrl};
pub use sender::WebhookSender;
pub use signature::secret_text;
