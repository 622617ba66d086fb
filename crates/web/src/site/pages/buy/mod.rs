//! Buying, from the form to the receipt, and redeeming vouchers.
//!
//! The club works out what everything costs; a form says only what is wanted. A page whose URL holds an order's token
//! shows that order alone, changes nothing, and signs nobody in.

pub(super) mod checkout;
mod fields;
pub(super) mod order;
mod order_text;
mod problem;
pub(super) mod redeem;
mod way;
