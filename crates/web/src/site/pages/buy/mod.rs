//! Buying, from the form to the receipt, and redeeming vouchers.
//!
//! The club works out what everything costs; a form says only what is wanted. A page whose URL holds an order's token
//! shows that order alone, changes nothing, and signs nobody in.

mod at_provider;
mod buy_form;
pub(super) mod checkout;
mod fields;
pub(super) mod gift;
pub(super) mod membership;
pub(super) mod membership_step;
mod not_ordered;
pub(super) mod one_click;
pub(super) mod order;
mod order_text;
mod problem;
pub(super) mod redeem;
pub(super) mod topup;
mod wares;
mod way;
