//! What members buy from their balance: purchases, discounts, vouchers and refunds.

pub(crate) mod discount;
pub(crate) mod purchase;
pub(crate) mod refund;
pub(crate) mod voucher;
