//! What other programs and the operator are told of: orders and alerts, by webhooks and by mail.

pub(crate) mod delivery;
pub(crate) mod news;
pub(crate) mod queue;
pub(crate) mod tell;
pub(crate) mod webhook;
