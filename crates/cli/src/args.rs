//! The commands that ask a running daemon.

mod item;
mod member;

use std::path::PathBuf;

use clap::Subcommand;

pub use self::item::ItemCommand;
pub use self::member::MemberCommand;
use super::discount::{self, DiscountCommand};
use super::event::{EVENTS, EventsCommand};
use super::export::{EXPORT, ExportArgs};
use super::import::class_is_tier;
use super::ledger::{self, LedgerCommand, TopupArgs};
use super::order::{CHECKOUT, CheckoutArgs, ORDERS, OrdersCommand};
use super::publish::{PUBLISH, PublishArgs};
use super::purchase::{self, BuyArgs, OrderCommand, RefundArgs};
use super::standing::StandingCommand;
use super::torrent::{TORRENT, TorrentArgs};
use super::voucher::{self, VoucherCommand};
use super::when::When;

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Add, list and change members
    #[command(subcommand, after_help = member::MEMBER)]
    Member(MemberCommand),
    /// Add, list and change items: what you offer
    #[command(subcommand, after_help = item::ITEM)]
    Item(ItemCommand),
    /// Make an item and its torrent of a file or folder
    #[command(after_help = PUBLISH)]
    Publish(PublishArgs),
    /// Give out neither the torrent nor the files of an item any more; rights and swarm stay
    Unpublish {
        /// The item's name, id or info hash
        item: String,
    },
    /// Hash an item's files again, and serve them no more if they are not what was published
    VerifyItem {
        /// The item's name, id or info hash
        item: String,
    },
    /// Write a member's own torrent of an item
    #[command(after_help = TORRENT)]
    Torrent(TorrentArgs),
    /// Print the magnet link of a free item
    Magnet {
        /// The item's name, id or info hash
        item: String,
    },
    /// Give a member the right to an item, or to all
    #[command(after_help = GRANT)]
    Grant {
        /// The member's name or id
        member: String,
        /// The item's name or id, or `all`
        item: String,
        /// When it ends: 2027-01-31 (to the end of that day, UTC), 2027-01-31T18:00:00Z, or 30d
        /// from now [default: never]
        #[arg(long, value_name = "DATE")]
        until: Option<When>,
    },
    /// Take back what was granted
    Revoke {
        /// The member's name or id
        member: String,
        /// The item's name or id, or `all`
        item: String,
    },
    /// Make an order at a payment provider and print where the member pays
    #[command(after_help = CHECKOUT)]
    Checkout(CheckoutArgs),
    /// List, show and pay back orders that were made at payment providers
    #[command(subcommand, after_help = ORDERS)]
    Orders(OrdersCommand),
    /// List, show and repeat what payment providers said
    #[command(subcommand, after_help = EVENTS)]
    Events(EventsCommand),
    /// Add to a member's balance what they paid by hand
    #[command(after_help = ledger::TOPUP)]
    Topup(TopupArgs),
    /// Show what a member has, by currency
    Balance {
        /// The member's name or id
        member: String,
    },
    /// Buy an item for a member from the balance
    #[command(after_help = purchase::BUY)]
    Buy(BuyArgs),
    /// Pay an order back into the balance
    #[command(after_help = purchase::REFUND)]
    Refund(RefundArgs),
    /// Show what members bought from their balance: receipts
    #[command(subcommand, after_help = purchase::ORDER)]
    Order(OrderCommand),
    /// Make, list and remove discount codes
    #[command(subcommand, after_help = discount::DISCOUNT)]
    Discount(DiscountCommand),
    /// Issue, redeem, list and void vouchers
    #[command(subcommand, after_help = voucher::VOUCHER)]
    Voucher(VoucherCommand),
    /// Read the books
    #[command(subcommand, after_help = ledger::LEDGER)]
    Ledger(LedgerCommand),
    /// What follows from what members do
    #[command(flatten)]
    Standing(StandingCommand),
    /// Show who is in a swarm
    #[command(after_help = SWARM)]
    Swarm {
        /// The info hash in hexadecimal, or the item's name or id
        #[arg(value_name = "HASH|ITEM")]
        swarm: String,
    },
    /// Show what the tracker is doing
    Stats,
    /// Show a member's last announces, and what each was told and why
    Why {
        /// The member's name or id
        member: String,
    },
    /// Bring in members of another tracker, with their passkeys
    #[command(after_help = IMPORT)]
    Import {
        /// CSV with a header line, or JSON: `name` or `username`; `passkey` or `torrent_pass`;
        /// `tier`, `group`, `class` or `PermissionID`; `enabled` or `active`
        file: PathBuf,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// What a class or group of theirs is here; as often as there are classes
        #[arg(long, value_name = "CLASS=TIER", value_parser = class_is_tier)]
        tier: Vec<(String, String)>,
        /// What everybody else is here
        #[arg(long, value_name = "TIER")]
        default_tier: Option<String>,
    },
    /// Print orders, refunds, fees or tax as CSV, for the accountant
    #[command(after_help = EXPORT)]
    Export(ExportArgs),
    /// Copy the club to a file, while the daemon runs
    #[command(after_help = BACKUP)]
    Backup {
        /// The file, which must not be there yet
        file: PathBuf,
        /// Copy the master secret too, to FILE.secret: who has it can make passkeys
        #[arg(long)]
        with_secret: bool,
    },
}

const GRANT: &str = "\
Examples:
  usher grant ada reel                    for ever
  usher grant ada all --until 30d         every item, for thirty days
  usher grant bob reel --until 2027-01-31";
const IMPORT: &str = "\
Examples:
  usher import users.csv --dry-run --default-tier outsider
  usher import users.json --tier 'Power User=fan' --tier VIP=patron --default-tier outsider

The whole file is tried first, and nothing is changed unless all of it can be. Passkeys go on
answering until `usher member rotate`; only a keyed hash of each is kept.";
const BACKUP: &str = "\
Examples:
  usher backup /var/backups/usher-2027-01-31.db
  usher backup club.db --with-secret      the secret beside it, in club.db.secret

The daemon makes such copies by itself, see `backup` in tracker.yaml.";
const SWARM: &str = "\
Examples:
  usher swarm reel
  usher swarm c1463792a1ff36a237e3a0f68badeb0d3764e9bb --json";
