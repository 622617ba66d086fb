//! Vouchers: what may be typed, what is asked, how it looks.

use api::voucher::{
    IssueVouchers, RedeemVoucher, VoucherCodeView, VoucherView, WorthRequest, WorthView,
};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::key;
use super::ledger::said;
use super::sheet;
use super::table::{list, or_dash};
use super::when::When;

/// What to do with vouchers.
#[derive(Clone, Debug, Subcommand)]
pub enum VoucherCommand {
    /// Issue vouchers and print their codes, which are shown this once
    #[command(after_help = ISSUE)]
    Issue(IssueArgs),
    /// List all vouchers, without their codes
    List,
    /// Redeem a code for a member
    Redeem {
        /// As it was printed; case, spaces and hyphens do not matter
        code: String,
        /// The member's name or id
        #[arg(long)]
        member: String,
    },
    /// Take back a voucher that was not redeemed
    Void {
        /// Its number, as `usher voucher list` shows it
        id: u32,
    },
}

/// What is issued.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("worth").required(true).args(["amount", "item", "tier"]))]
pub struct IssueArgs {
    /// Of an amount for the balance, such as 10.00
    #[arg(long, requires = "currency")]
    amount: Option<String>,
    /// The amount's three letters, such as usd
    #[arg(long, requires = "amount")]
    currency: Option<String>,
    /// Of a right to an item, for ever: its name, id or info hash
    #[arg(long)]
    item: Option<String>,
    /// Of a tier of the configuration
    #[arg(long, requires = "days")]
    tier: Option<String>,
    /// For how many days the tier is
    #[arg(long, value_name = "N", requires = "tier")]
    days: Option<u16>,
    /// How many, at most 1000
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// When they can be redeemed no more [default: never]
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
    /// What people should read in the books
    #[arg(long, value_name = "TEXT", default_value = "")]
    memo: String,
    /// Print a sheet to cut up: plain text, or a page for a browser with --print=html
    #[arg(long, value_name = "AS", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    print: Option<Print>,
    /// A name for this request: the same again with the same key is refused
    #[arg(long)]
    key: Option<String>,
}

/// How a sheet is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Print {
    Html,
    Text,
}

impl IssueArgs {
    fn worth(&self) -> WorthRequest {
        if let Some(item) = &self.item {
            return WorthRequest::Item(item.clone());
        }
        if let (Some(tier), Some(days)) = (&self.tier, self.days) {
            return WorthRequest::Tier { tier: tier.clone(), days };
        }
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        WorthRequest::Money { amount: typed(&self.amount), currency: typed(&self.currency) }
    }
}

impl CommandContext {
    pub(crate) async fn voucher(&self, command: &VoucherCommand) -> Result<String, CommandError> {
        match command {
            VoucherCommand::Issue(issue) => self.issue(issue).await,
            VoucherCommand::List => {
                let found = self.list(&["vouchers"], |voucher: &VoucherView| voucher.id).await?;
                self.print(&found, |found| vouchers(found))
            }
            VoucherCommand::Redeem { code, member } => {
                let redeem = RedeemVoucher { code: code.clone(), member: member.clone() };
                let path = path(&["vouchers", "redeem"]);
                self.print(&self.client.tell(Method::POST, &path, &redeem).await?, redeemed)
            }
            VoucherCommand::Void { id } => {
                let path = path(&["vouchers", &id.to_string()]);
                self.print(&self.client.ask(Method::DELETE, &path).await?, voided)
            }
        }
    }

    async fn issue(&self, issue: &IssueArgs) -> Result<String, CommandError> {
        let new = IssueVouchers {
            key: key::given_or_fresh(issue.key.as_deref())?,
            count: issue.count,
            worth: issue.worth(),
            until: self.moment(issue.until)?,
            memo: issue.memo.clone(),
        };
        let path = path(&["vouchers"]);
        let issued: Vec<VoucherCodeView> = self.client.tell(Method::POST, &path, &new).await?;
        self.print(&issued, |issued| match issue.print {
            Some(Print::Html) => sheet::html(issued),
            Some(Print::Text) => sheet::text(issued),
            None => codes(issued),
        })
    }
}

/// What a voucher gives, for people.
pub(crate) fn worth(worth: &WorthView) -> String {
    match worth {
        WorthView { money: Some(money), .. } => said(money),
        WorthView { item: Some(item), .. } => item.name.clone(),
        WorthView { tier: Some(tier), days, .. } => {
            format!("{} days of {tier}", days.unwrap_or_default())
        }
        _ => "nothing".to_owned(),
    }
}

fn codes(issued: &[VoucherCodeView]) -> String {
    let rows = issued.iter().map(|issued| {
        [issued.voucher.id.to_string(), issued.code.clone(), worth(&issued.voucher.worth)]
    });
    list(["ID", "CODE", "WORTH"], rows) + "The codes can't be shown again.\n"
}

fn vouchers(vouchers: &[VoucherView]) -> String {
    let rows = vouchers.iter().map(|voucher| {
        [
            voucher.id.to_string(),
            worth(&voucher.worth),
            voucher.state.clone(),
            or_dash(voucher.until),
            or_dash(voucher.member.as_ref().map(|member| &member.name)),
        ]
    });
    list(["ID", "WORTH", "STATE", "UNTIL", "REDEEMED BY"], rows)
}

fn redeemed(voucher: &VoucherView) -> String {
    let member = or_dash(voucher.member.as_ref().map(|member| &member.name));
    format!("{member} has redeemed voucher {}: {}.\n", voucher.id, worth(&voucher.worth))
}

fn voided(voucher: &VoucherView) -> String {
    format!("Voucher {} ({}) can't be redeemed any more.\n", voucher.id, worth(&voucher.worth))
}

pub(crate) const VOUCHER: &str = "\
Examples:
  usher voucher issue --amount 10.00 --currency usd --count 20 --print
  usher voucher redeem 0A1B2-C3D4E-F5G6H-7J8K9-MNPQR-ST --member ada
  usher voucher void 12";
const ISSUE: &str = "\
Examples:
  usher voucher issue --amount 10.00 --currency usd
  usher voucher issue --item reel --count 100 --until 2027-12-31 --json
  usher voucher issue --tier patron --days 30 --count 20 --print=html > sheet.html";
