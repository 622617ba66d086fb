//! What members may have: entitlements, orders and terms of tiers.

pub(crate) mod address_change;
pub(crate) mod bought;
pub(crate) mod entitlement;
pub(crate) mod membership;
pub(crate) mod order;
pub(crate) mod order_mail;
pub(crate) mod order_news;
pub(crate) mod seed_box;
pub(crate) mod taken;
pub(crate) mod tier_term;
