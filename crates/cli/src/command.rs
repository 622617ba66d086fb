//! The commands that ask the daemon, in one list.

use clap::Subcommand;

use crate::daemon::{CommandContext, CommandError};
use crate::items::{self, ItemCommand, PublishArgs, TorrentArgs};
use crate::maintenance::{
    self, AdminCommand, AuditArgs, BackupArgs, MailCommand, TokenCommand, WebhookCommand,
};
use crate::members::{
    self, GrantArgs, ImportArgs, MemberCommand, RevokeArgs, RotateArgs, SignInCommand,
};
use crate::money::{
    self, BuyArgs, CheckoutCommand, DiscountCommand, EventCommand, ExportArgs, LedgerCommand,
    OrderCommand, RefundArgs, RewardCommand, TopupArgs, VoucherCommand,
};
use crate::top::TopArgs;
use crate::tracker::{self, AlertCommand};

/// A command that asks the daemon.
#[derive(Clone, Debug, Subcommand)]
pub enum DaemonCommand {
    /// Add, list, reset and remove admins of the dashboard
    #[command(subcommand, after_help = maintenance::ADMIN)]
    Admin(AdminCommand),
    /// List and acknowledge alerts
    #[command(subcommand, after_help = tracker::ALERT)]
    Alert(AlertCommand),
    /// Show who changed what, and when
    Audit(AuditArgs),
    /// Copy the club to a file, while the daemon runs
    Backup(BackupArgs),
    /// Show a member's balance
    #[command(after_help = money::BALANCE)]
    Balance {
        /// The member's name or id
        member: String,
    },
    /// Buy a product for a member from the balance
    Buy(BuyArgs),
    /// Make, list, refund and settle payments at providers
    #[command(subcommand, after_help = money::CHECKOUT)]
    Checkout(CheckoutCommand),
    /// Add, list and remove discount codes
    #[command(subcommand, after_help = money::DISCOUNT)]
    Discount(DiscountCommand),
    /// List, show and replay events of payment providers
    #[command(subcommand, after_help = money::EVENT)]
    Event(EventCommand),
    /// Print orders, refunds, fees or tax as CSV, for an accountant
    Export(ExportArgs),
    /// Grant a member the right to an item, or to all
    Grant(GrantArgs),
    /// Add the members of another tracker, with their passkeys
    Import(ImportArgs),
    /// Add, list, change and remove items
    #[command(subcommand, after_help = items::ITEM)]
    Item(ItemCommand),
    /// Read the books
    #[command(subcommand, after_help = money::LEDGER)]
    Ledger(LedgerCommand),
    /// Print the magnet link of a free item
    #[command(after_help = items::MAGNET)]
    Magnet {
        /// The item's name, id or info hash
        item: String,
    },
    /// List, test and retry mail
    #[command(subcommand, after_help = maintenance::MAIL)]
    Mail(MailCommand),
    /// Add, list, change and remove members
    #[command(subcommand, after_help = members::MEMBER)]
    Member(MemberCommand),
    /// List, show, mail and refund orders, which are purchases
    #[command(subcommand, after_help = money::ORDER)]
    Order(OrderCommand),
    /// Make an item and its torrent from a file or folder
    Publish(Box<PublishArgs>),
    /// Refund an order, to where the money came from
    Refund(RefundArgs),
    /// Revoke a member's right to an item, or to all
    Revoke(RevokeArgs),
    /// List and reverse rewards for verified upload
    #[command(subcommand, after_help = money::REWARD)]
    Reward(RewardCommand),
    /// Give a member a new torrent of an item, and void the old one
    Rotate(RotateArgs),
    /// Hand out sign-in links, and list and end sign-ins
    #[command(subcommand, after_help = members::SIGN_IN)]
    SignIn(SignInCommand),
    /// Show what the tracker is doing
    #[command(after_help = tracker::STATS)]
    Stats,
    /// Show who is in a swarm
    #[command(after_help = tracker::SWARM)]
    Swarm {
        /// The info hash in hexadecimal, or the item's name or id
        #[arg(value_name = "HASH|ITEM")]
        swarm: String,
    },
    /// Watch swarms, their clients and refusals live
    Top(TopArgs),
    /// Add, list and revoke tokens of the admin API
    #[command(subcommand, after_help = maintenance::TOKEN)]
    Token(TokenCommand),
    /// Add money that was paid by hand to a member's balance
    Topup(TopupArgs),
    /// Write a member's own torrent of an item
    Torrent(TorrentArgs),
    /// Issue, list, redeem and void vouchers
    #[command(subcommand, after_help = money::VOUCHER)]
    Voucher(VoucherCommand),
    /// Add, list, test and remove webhooks to other programs
    #[command(subcommand, after_help = maintenance::WEBHOOK)]
    Webhook(WebhookCommand),
    /// Show a member's last announces, and the reason for each reply
    #[command(after_help = tracker::WHY)]
    Why {
        /// The member's name or id
        member: String,
    },
}

impl DaemonCommand {
    /// Asks the daemon, and returns what to print.
    ///
    /// # Errors
    ///
    /// Says what to do next: start the daemon, or ask otherwise.
    pub async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Admin(command) => command.run(context).await,
            Self::Alert(command) => command.run(context).await,
            Self::Audit(args) => args.run(context).await,
            Self::Backup(args) => args.run(context).await,
            Self::Balance { member } => money::balance(context, member).await,
            Self::Buy(args) => args.run(context).await,
            Self::Checkout(command) => command.run(context).await,
            Self::Discount(command) => command.run(context).await,
            Self::Event(command) => command.run(context).await,
            Self::Export(args) => args.run(context).await,
            Self::Grant(args) => args.run(context).await,
            Self::Import(args) => args.run(context).await,
            Self::Item(command) => command.run(context).await,
            Self::Ledger(command) => command.run(context).await,
            Self::Magnet { item } => items::magnet(context, item).await,
            Self::Mail(command) => command.run(context).await,
            Self::Member(command) => command.run(context).await,
            Self::Order(command) => command.run(context).await,
            Self::Publish(args) => args.run(context).await,
            Self::Refund(args) => args.run(context).await,
            Self::Revoke(args) => args.run(context).await,
            Self::Reward(command) => command.run(context).await,
            Self::Rotate(args) => args.run(context).await,
            Self::SignIn(command) => command.run(context).await,
            Self::Stats => tracker::stats(context).await,
            Self::Swarm { swarm } => tracker::swarm(context, swarm).await,
            Self::Top(args) => args.run(context).await,
            Self::Token(command) => command.run(context).await,
            Self::Topup(args) => args.run(context).await,
            Self::Torrent(args) => args.run(context).await,
            Self::Voucher(command) => command.run(context).await,
            Self::Webhook(command) => command.run(context).await,
            Self::Why { member } => tracker::why(context, member).await,
        }
    }
}
