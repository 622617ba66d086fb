//! What payment providers say and do: checkouts, payments, webhooks, subscriptions.

pub(crate) mod apply;
pub(crate) mod checkout;
pub(crate) mod claim;
pub(crate) mod facts;
pub(crate) mod inbox;
pub(crate) mod locate;
pub(crate) mod payment;
pub mod provider;
pub(crate) mod repayment;
pub(crate) mod subscription;
pub(crate) mod suspension;
