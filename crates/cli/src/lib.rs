//! The commands that ask a running daemon through its admin socket.
//!
//! Each file holds commands from end to end: what may be typed, what is asked for it, and how the
//! answer looks. The folders are the headings of `usher help`; `daemon` asks, and `text` formats.
//! Deliberately absent: the configuration, and the commands that work without a daemon.

#![forbid(unsafe_code)]

mod command;
mod daemon;
mod items;
mod maintenance;
mod members;
mod money;
mod renamed;
mod text;
mod top;
mod tracker;

pub use command::DaemonCommand;
pub use daemon::{ClientError, CommandContext, CommandError, DayArgs, RowArgs};
pub use items::{
    ItemCommand, ItemListArgs, PresentationArgs, PriceArgs, PublishArgs, SetItemArgs, TorrentArgs,
};
pub use maintenance::{
    AddTokenArgs, AdminCommand, AuditArgs, BackupArgs, MailCommand, MailFilter, RoleName,
    TokenCommand, WebhookCommand,
};
pub use members::{
    GrantArgs, ImportArgs, MemberCommand, MemberListArgs, RevokeArgs, RotateArgs, SignInCommand,
};
pub use money::{
    AddCheckoutArgs, BuyArgs, CheckoutCommand, CheckoutListArgs, DiscountArgs, DiscountCommand,
    EventCommand, EventListArgs, ExportArgs, ExportTable, IssueArgs, JournalArgs, LedgerCommand,
    OrderCommand, OrderListArgs, RefundArgs, RewardCommand, SheetFormat, TopupArgs, VoucherCommand,
};
pub use renamed::explain;
pub use text::{When, WhenError};
pub use top::TopArgs;
pub use tracker::AlertCommand;
