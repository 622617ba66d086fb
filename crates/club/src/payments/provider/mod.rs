//! Events of payment providers: verifying and parsing them.
//!
//! Pure: bytes, secrets and the time come in, an [`Event`] comes out. The bytes of a body are verified
//! before they are parsed. Deliberately absent: what an event does, and calls to a provider, which
//! are the web's.

mod btcpay;
mod document;
mod event;
mod hook;
mod kofi;
mod refused;
mod signature;
mod stripe;

#[cfg(test)]
mod documented;

pub use btcpay::{Btcpay, Invoice};
pub(crate) use event::REFERENCE_PREFIX;
pub use event::{
    Beginning, Claim, Dispute, Ending, Event, Grant, Held, MemberHint, Notice, RefundReport,
    RefundState, Report,
};
pub use hook::{Format, Hook, HookFields};
pub use kofi::Kofi;
pub use refused::Refused;
pub use signature::{Algorithm, Secret};
pub use stripe::{Stripe, to_stripe};
