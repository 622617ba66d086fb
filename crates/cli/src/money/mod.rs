//! Money: balances, orders, checkouts, vouchers, discounts, rewards and the books.

mod checkout;
mod discount;
mod event;
mod export;
mod ledger;
mod order;
mod reward;
mod sheet;
mod voucher;

pub(crate) use checkout::CHECKOUT;
pub use checkout::{AddCheckoutArgs, CheckoutCommand};
pub(crate) use discount::DISCOUNT;
pub use discount::{DiscountArgs, DiscountCommand};
pub(crate) use event::EVENT;
pub use event::EventCommand;
pub use export::{ExportArgs, ExportTable};
pub(crate) use ledger::{BALANCE, LEDGER, balance};
pub use ledger::{LedgerCommand, TopupArgs};
pub(crate) use order::ORDER;
pub use order::{BuyArgs, OrderCommand, RefundArgs};
pub(crate) use reward::REWARD;
pub use reward::RewardCommand;
pub(crate) use voucher::VOUCHER;
pub use voucher::{IssueArgs, SheetFormat, VoucherCommand};
