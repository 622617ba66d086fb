//! Mail: what is queued, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;

/// A mail.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MailView {
    /// The number.
    pub id: u32,
    /// The address it goes to.
    pub to: String,
    /// The member it is for.
    pub member: Option<NamedId>,
    /// What it reports, such as `receipt 7` or `sign-in`.
    pub about: String,
    /// The subject.
    pub subject: String,
    /// `queued`, `sent`, `failed` or `bounced`.
    pub state: String,
    /// When it was queued first.
    pub created: Timestamp,
    /// When it is tried next; `null` once it is not queued.
    pub due: Option<Timestamp>,
    /// The number of tries since it was queued, or queued again.
    pub tries: u32,
    /// When it was sent or given up.
    pub ended: Option<Timestamp>,
    /// The server's last words; empty before the first try.
    pub answer: String,
}

/// A mail was queued.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MailQueued {
    /// The address it goes to.
    pub to: String,
}

/// Sends a test message.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendTest {
    /// The address it goes to.
    pub to: String,
}

/// A test message was sent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TestSent {
    /// The address it went to.
    pub to: String,
    /// What the server said.
    pub answer: String,
}
