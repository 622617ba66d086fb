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
pub use checkout::{AddCheckoutArgs, CheckoutCommand, CheckoutListArgs};
pub(crate) use discount::DISCOUNT;
pub use discount::{DiscountArgs, DiscountCommand};
pub(crate) use event::EVENT;
pub use event::{EventCommand, EventListArgs};
pub use export::{ExportArgs, ExportTable};
pub(crate) use ledger::{BALANCE, LEDGER, balance};
pub use ledger::{JournalArgs, LedgerCommand, TopupArgs};
pub(crate) use order::ORDER;
pub use order::{BuyArgs, OrderCommand, OrderListArgs, RefundArgs};
pub(crate) use reward::REWARD;
pub use reward::RewardCommand;
pub(crate) use voucher::VOUCHER;
pub use voucher::{IssueArgs, SheetFormat, VoucherCommand};
