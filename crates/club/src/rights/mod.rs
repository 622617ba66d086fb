//! What members may have: entitlements, orders and terms of tiers.

pub(crate) mod bought;
pub(crate) mod entitlement;
pub(crate) mod order;
pub(crate) mod seed_box;
pub(crate) mod tier_term;
