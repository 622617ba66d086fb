//! The commands that ask a running daemon through its admin socket: what may be typed, what is asked
//! for it, and how the answer looks.
//!
//! Deliberately absent: the configuration, and the commands that work without a daemon.

#![forbid(unsafe_code)]

mod args;
mod ask;
mod backup;
mod client;
mod discount;
mod error;
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
mod sheet;
mod show;
mod standing;
mod table;
mod torrent;
mod voucher;
mod when;

pub use args::{Command, ItemCommand, MemberCommand};
pub use ask::CommandContext;
pub use client::ClientError;
pub use discount::{DiscountArgs, DiscountCommand};
pub use error::CommandError;
pub use event::EventsCommand;
pub use export::{ExportArgs, Table};
pub use export_file::{ExportError, Place};
pub use import::ImportError;
pub use ledger::{LedgerCommand, TopupArgs};
pub use order::{CheckoutArgs, OrdersCommand};
pub use price::PriceArgs;
pub use publish::{DetailArgs, PublishArgs};
pub use purchase::{BuyArgs, OrderCommand, RefundArgs};
pub use standing::{AlertCommand, RewardCommand, StandingCommand};
pub use torrent::TorrentArgs;
pub use voucher::{IssueArgs, VoucherCommand};
pub use when::{When, WhenError};
