//! What payment providers say and do: checkouts, payments, refunds, webhooks, subscriptions.

pub(crate) mod checkout;
mod claim;
pub(crate) mod facts;
pub(crate) mod inbox;
mod locate;
pub(crate) mod member_subscriptions;
pub(crate) mod payment;
pub mod provider;
pub(crate) mod receive;
mod reference;
pub(crate) mod refund;
pub(crate) mod refunding;
mod settle;
mod subscription;
mod suspension;
