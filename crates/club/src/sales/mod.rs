//! What is sold: offers, orders that are placed, purchases from a balance, discounts, vouchers and
//! refunds.

pub(crate) mod discount;
pub(crate) mod gift;
pub(crate) mod offer;
pub(crate) mod placing;
pub(crate) mod purchase;
pub(crate) mod refund;
pub(crate) mod sale;
pub(crate) mod voucher;
pub(crate) mod voucher_sale;
