//! Money from outside: webhooks of payment providers, and what is asked of them.
//!
//! [`Payments`] is the face. What a provider's word means is the club's; here is how it is heard.
//! Secrets and keys come in with [`Providers`]; where those lie is the daemon's business.

mod btcpay;
mod checkout;
mod client;
mod error;
mod heard;
mod payments;
mod poll;
mod providers;
mod refund;
mod screen;
mod stripe;
mod subscriptions;
mod webhooks;

pub use checkout::{CheckoutRequest, WantedProduct};
pub use client::ProviderError;
pub use error::{PaymentError, Unanswered};
pub use heard::Heard;
pub use payments::Payments;
pub use poll::Polled;
pub use providers::{BtcpayApi, HookSettings, Providers, StripeApi, TierPlan};
pub use screen::{MAX_BODY_BYTES, Screening};
pub use webhooks::router;
