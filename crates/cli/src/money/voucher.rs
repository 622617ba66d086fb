//! `usher voucher`.

use std::io;

use api::page::VoucherPage;
use api::query::VoucherQuery;
use api::voucher::{
    IssueVouchers, RedeemVoucher, VoucherCodeView, VoucherView, WorthRequest, WorthView,
};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::sheet;
use crate::daemon::{CommandContext, CommandError, RowArgs, given_or_fresh};
use crate::text::{When, amount, list, named, or_dash};

/// `usher voucher`.
#[derive(Clone, Debug, Subcommand)]
pub enum VoucherCommand {
    /// Issue vouchers, and print their codes, which are shown only this once
    Issue(IssueArgs),
    /// List vouchers, used and unused, without their codes
    #[command(after_help = LIST)]
    List {
        /// Show only vouchers in this state
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        /// Show only vouchers of this batch: its number, from `usher voucher list --json`
        #[arg(long)]
        batch: Option<u32>,
        /// Show only vouchers that this member redeemed: the name or id
        #[arg(long)]
        member: Option<String>,
        /// How much of the list is printed
        #[command(flatten)]
        rows: RowArgs,
        /// Print CSV, for a spreadsheet
        #[arg(long)]
        csv: bool,
    },
    /// Redeem a code for a member
    #[command(after_help = REDEEM)]
    Redeem {
        /// The code; case, spaces and hyphens do not matter
        code: String,
        /// The member's name or id
        #[arg(long)]
        member: String,
    },
    /// Void a voucher that was not redeemed
    #[command(after_help = "Example:\n  usher voucher void 12")]
    Void {
        /// The voucher's number, from `usher voucher list`
        voucher: u32,
    },
}

/// `usher voucher issue`.
#[derive(Args, Clone, Debug)]
#[command(
    group = ArgGroup::new("worth").required(true).args(["amount", "item", "tier"]),
    override_usage = ISSUE_USAGE,
    after_help = ISSUE
)]
pub struct IssueArgs {
    /// Amount for the balance, such as 10.00
    #[arg(long, requires = "currency")]
    amount: Option<String>,
    /// Currency of the amount, such as usd
    #[arg(long, requires = "amount")]
    currency: Option<String>,
    /// Item to grant for ever: its name, id or info hash
    #[arg(long)]
    item: Option<String>,
    /// A tier of the configuration
    #[arg(long, requires = "days")]
    tier: Option<String>,
    /// Number of days of the tier
    #[arg(long, value_name = "N", requires = "tier")]
    days: Option<u16>,
    /// Number of vouchers, at most 1000
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// When they expire [default: never]
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
    /// A note for the books
    #[arg(long, value_name = "TEXT", default_value = "")]
    memo: String,
    /// Print a sheet to cut up: plain text, or a page for a browser with --print=html
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text"
    )]
    print: Option<SheetFormat>,
    /// A key for this request: the same request again is refused [default: a new key]
    #[arg(long)]
    key: Option<String>,
}

/// The format of a sheet of vouchers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SheetFormat {
    /// A page for a browser
    Html,
    /// Plain text
    Text,
}

impl VoucherCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Issue(args) => args.run(context).await,
            Self::List { state, batch, member, rows, csv } => {
                let query = VoucherQuery {
                    state: state.clone(),
                    batch: *batch,
                    member: member.clone(),
                    newest: rows.newest(),
                    ..VoucherQuery::default()
                };
                if *csv {
                    // As it comes, because it may be long.
                    let request = context.get(&["vouchers.csv"]).query(&query);
                    request.copy(&mut io::stdout()).await?;
                    return Ok(String::new());
                }
                let vouchers = context.list::<VoucherPage>(&["vouchers"], query, *rows).await?;
                context.print(&vouchers, |vouchers| vouchers_text(vouchers))
            }
            Self::Redeem { code, member } => {
                let redeem = RedeemVoucher { code: code.clone(), member: member.clone() };
                let request = context.post(&["vouchers", "redeem"]).json(&redeem);
                context.print(&request.answer().await?, redeemed)
            }
            Self::Void { voucher } => {
                let request = context.delete(&["vouchers", &voucher.to_string()]);
                context.print(&request.answer().await?, |voucher: &VoucherView| {
                    format!("Voucher {} ({}) is void.\n", voucher.id, worth(&voucher.worth))
                })
            }
        }
    }
}

impl IssueArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let vouchers = IssueVouchers {
            key: given_or_fresh(self.key.as_deref())?,
            count: self.count,
            worth: self.worth(),
            until: context.moment(self.until)?,
            memo: self.memo.clone(),
        };
        let request = context.post(&["vouchers"]).json(&vouchers);
        let issued: Vec<VoucherCodeView> = request.answer().await?;
        context.print(&issued, |issued| match self.print {
            Some(SheetFormat::Html) => sheet::html(issued),
            Some(SheetFormat::Text) => sheet::text(issued),
            None => codes_text(issued),
        })
    }

    fn worth(&self) -> WorthRequest {
        if let Some(item) = &self.item {
            return WorthRequest::Item(item.clone());
        }
        if let (Some(tier), Some(days)) = (&self.tier, self.days) {
            return WorthRequest::Tier { tier: tier.clone(), days };
        }
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        WorthRequest::Money { amount: typed(&self.amount).into(), currency: typed(&self.currency) }
    }
}

/// What a voucher is worth, in a few words.
pub(super) fn worth(worth: &WorthView) -> String {
    match worth {
        WorthView { money: Some(money), .. } => amount(money),
        WorthView { item: Some(item), .. } => item.name.clone(),
        WorthView { tier: Some(tier), days, .. } => {
            format!("{} days of {tier}", days.unwrap_or_default())
        }
        _ => "nothing".to_owned(),
    }
}

fn codes_text(issued: &[VoucherCodeView]) -> String {
    let rows = issued.iter().map(|issued| {
        [issued.voucher.id.to_string(), issued.code.clone(), worth(&issued.voucher.worth)]
    });
    list(["ID", "CODE", "WORTH"], rows) + "The codes cannot be shown again.\n"
}

fn vouchers_text(vouchers: &[VoucherView]) -> String {
    let rows = vouchers.iter().map(|voucher| {
        let gift = voucher.gift.map_or_else(String::new, |order| format!(" (gift, order {order})"));
        [
            voucher.id.to_string(),
            worth(&voucher.worth) + &gift,
            voucher.state.clone(),
            or_dash(voucher.until),
            named(voucher.member.as_ref()),
        ]
    });
    list(["ID", "WORTH", "STATE", "UNTIL", "REDEEMED BY"], rows)
}

fn redeemed(voucher: &VoucherView) -> String {
    let member = named(voucher.member.as_ref());
    format!("{member} redeemed voucher {}: {}.\n", voucher.id, worth(&voucher.worth))
}

pub(crate) const VOUCHER: &str = "\
Examples:
  usher voucher issue --amount 10.00 --currency usd --count 20 --print
  usher voucher redeem 0A1B2-C3D4E-F5G6H-7J8K9-MNPQR-ST --member ada
  usher voucher void 12";
const ISSUE_USAGE: &str = "\
usher voucher issue [OPTIONS] --amount <AMOUNT> --currency <CURRENCY>
       usher voucher issue [OPTIONS] --item <ITEM>
       usher voucher issue [OPTIONS] --tier <TIER> --days <N>";
const ISSUE: &str = "\
Examples:
  usher voucher issue --amount 10.00 --currency usd
  usher voucher issue --item reel --count 100 --until 2027-12-31 --json
  usher voucher issue --tier patron --days 30 --print=html > sheet.html";
const STATES: [&str; 4] = ["expired", "issued", "redeemed", "void"];
const LIST: &str = "\
Examples:
  usher voucher list
  usher voucher list --state issued
  usher voucher list --csv > vouchers.csv";
const REDEEM: &str = "\
Example:
  usher voucher redeem 0A1B2-C3D4E-F5G6H-7J8K9-MNPQR-ST --member ada";
