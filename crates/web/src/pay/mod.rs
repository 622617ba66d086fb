//! Money from outside: webhooks of payment providers, and what is asked of them.
//!
//! [`Till`] is the face. What a provider's word means is the club's; here is how it is heard.
//! Secrets and keys come in with [`Providers`]; where those lie is the daemon's business.

mod btcpay;
mod client;
mod error;
mod heard;
mod providers;
mod refund;
mod stripe;
mod till;
mod webhooks;

pub use client::ProviderError;
pub use error::{TillError, Unanswered};
pub use heard::Heard;
pub use providers::{BtcpayApi, HookSettings, Plan, Providers, StripeApi};
pub use till::{Bought, Order, Till};
pub use webhooks::{MAX_BODY_BYTES, router};
