//! The command line: what may be typed, what is asked of the daemon for it, and how the answer
//! looks.
//!
//! But for `serve`, `check`, `restore`, `forget-secret` and a `verify` with nobody to ask, every command asks a
//! running daemon through its admin socket.

mod args;
mod ask;
mod check;
mod client;
mod discount;
mod event;
mod export;
mod export_file;
mod import;
mod key;
mod ledger;
mod order;
mod price;
mod publish;
mod purchase;
mod run;
mod sheet;
mod show;
mod standing;
mod table;
mod torrent;
mod upkeep;
mod voucher;
mod when;

pub use args::{Args, Command, ItemCommand, MemberCommand};
pub use client::ClientError;
pub use discount::{DiscountArgs, DiscountCommand};
pub use event::EventsCommand;
pub use export::{ExportArgs, Table};
pub use export_file::{ExportError, Place};
pub use import::ImportError;
pub use ledger::{LedgerCommand, TopupArgs};
pub use order::{CheckoutArgs, OrdersCommand};
pub use price::PriceArgs;
pub use publish::{DetailArgs, PublishArgs};
pub use purchase::{BuyArgs, OrderCommand, RefundArgs};
pub use run::{RunError, run};
pub use standing::{AlertCommand, RewardCommand, StandingCommand};
pub use torrent::TorrentArgs;
pub use upkeep::UpkeepError;
pub use voucher::{IssueArgs, VoucherCommand};
pub use when::{When, WhenError};
