//! `usher topup`, `balance` and `ledger`: balances and the books.

use api::ledger::{BalanceView, JournalEntry, StatementLine, TopUp, TrialBalance};
use api::page::{JournalPage, StatementPage};
use api::query::{JournalQuery, PageQuery};
use clap::{Args, Subcommand};

use crate::daemon::{CommandContext, CommandError, DayArgs, RowArgs, given_or_fresh};
use crate::text::{amount, facts, list};

/// `usher topup`.
#[derive(Args, Clone, Debug)]
#[command(after_help = TOPUP)]
pub struct TopupArgs {
    /// The member's name or id
    member: String,
    /// Amount, such as 10.00
    #[arg(long)]
    amount: String,
    /// Currency of the amount, such as usd
    #[arg(long)]
    currency: String,
    /// A note for the books
    #[arg(long, value_name = "TEXT", default_value = "")]
    memo: String,
    /// Give store credit at your expense instead; it is spent first and never paid out
    #[arg(long)]
    credit: bool,
    /// A key for this request: the same request again adds nothing more [default: a new key]
    #[arg(long)]
    key: Option<String>,
}

/// `usher ledger`.
#[derive(Clone, Debug, Subcommand)]
pub enum LedgerCommand {
    /// List what changed a member's balances, oldest first
    #[command(after_help = "Example:\n  usher ledger statement ada")]
    Statement {
        /// The member's name or id
        member: String,
        /// Maximum number of lines [default: all]
        #[arg(long, value_name = "ROWS")]
        limit: Option<u32>,
    },
    /// List entries, oldest first
    #[command(after_help = JOURNAL)]
    Journal(JournalArgs),
    /// Sum all postings by currency; the sum is 0, or the books are wrong
    #[command(after_help = TRIAL)]
    Trial,
}

/// `usher ledger journal`.
#[derive(Args, Clone, Debug)]
pub struct JournalArgs {
    /// List only the entry that the request with this key made
    #[arg(long)]
    key: Option<String>,
    /// List only entries that moved money of this member: the name or id
    #[arg(long)]
    member: Option<String>,
    /// List only entries of this kind, such as topup
    #[arg(long)]
    kind: Option<String>,
    #[command(flatten)]
    days: DayArgs,
    #[command(flatten)]
    rows: RowArgs,
}

impl JournalArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = JournalQuery {
            key: self.key.clone(),
            member: self.member.clone(),
            kind: self.kind.clone(),
            from: self.days.from,
            to: self.days.to,
            newest: self.rows.newest(),
            ..JournalQuery::default()
        };
        let path = ["ledger", "journal"];
        let entries = context.list::<JournalPage>(&path, query, self.rows).await?;
        context.print(&entries, |entries| journal_text(entries))
    }
}

impl TopupArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let topup = TopUp {
            key: given_or_fresh(self.key.as_deref())?,
            amount: self.amount.clone().into(),
            currency: self.currency.clone(),
            memo: self.memo.clone(),
            credit: self.credit,
        };
        let request = context.post(&["members", &self.member, "topups"]).json(&topup);
        context.print(&request.answer().await?, entry_text)
    }
}

/// Shows a member's balance.
pub(crate) async fn balance(
    context: &CommandContext,
    member: &str,
) -> Result<String, CommandError> {
    let balances: Vec<_> = context.get(&["members", member, "balance"]).answer().await?;
    context.print(&balances, |balances| balances_text(balances))
}

impl LedgerCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Statement { member, limit } => {
                let path = ["members", member, "statement"];
                let rows = RowArgs::first(*limit);
                let lines =
                    context.list::<StatementPage>(&path, PageQuery::default(), rows).await?;
                context.print(&lines, |lines| statement_text(lines))
            }
            Self::Journal(args) => args.run(context).await,
            Self::Trial => {
                let request = context.get(&["ledger", "trial"]).patient();
                let trials: Vec<_> = request.answer().await?;
                context.print(&trials, |trials| trial_text(trials))
            }
        }
    }
}

/// An entry and its postings.
pub(super) fn entry_text(entry: &JournalEntry) -> String {
    let rows =
        entry.postings.iter().map(|posting| [posting.account.clone(), amount(&posting.amount)]);
    format!(
        "Entry {} of the journal, {}:\n{}",
        entry.id,
        entry.kind,
        list(["ACCOUNT", "MOVED"], rows)
    )
}

fn balances_text(balances: &[BalanceView]) -> String {
    if balances.is_empty() {
        return "No money has arrived yet.\n".to_owned();
    }
    let rows = balances
        .iter()
        .map(|balance| [&balance.prepaid, &balance.credit, &balance.owed].map(amount));
    list(["BALANCE", "CREDIT", "OWED"], rows)
}

fn statement_text(lines: &[StatementLine]) -> String {
    let rows = lines.iter().map(|line| {
        let account = line.account.rsplit(':').next().unwrap_or_default();
        [
            line.at.to_string(),
            line.kind.clone(),
            line.memo.clone(),
            account.to_owned(),
            amount(&line.amount),
            amount(&line.balance),
        ]
    });
    list(["AT", "KIND", "MEMO", "ACCOUNT", "AMOUNT", "BALANCE"], rows)
}

fn journal_text(entries: &[JournalEntry]) -> String {
    let rows = entries.iter().map(|entry| {
        let postings = entry.postings.iter();
        let postings: Vec<_> = postings
            .map(|posting| format!("{} {}", posting.account, amount(&posting.amount)))
            .collect();
        [
            entry.id.to_string(),
            entry.at.to_string(),
            entry.kind.clone(),
            entry.memo.clone(),
            postings.join("\n"),
        ]
    });
    list(["ID", "AT", "KIND", "MEMO", "POSTINGS"], rows)
}

fn trial_text(trials: &[TrialBalance]) -> String {
    if trials.is_empty() {
        return "Nothing has been posted yet.\n".to_owned();
    }
    let tables = trials.iter().map(|trial| {
        facts([
            ("currency", trial.currency.clone()),
            ("debits", trial.debits.to_string()),
            ("credits", trial.credits.to_string()),
            ("sum", trial.sum.to_string()),
        ])
    });
    tables.collect::<Vec<_>>().join("\n")
}

const TOPUP: &str = "\
Examples:
  usher topup ada --amount 10.00 --currency usd --memo 'cash at the fair'
  usher topup ada --amount 10.00 --currency usd --key fair-17   safe to repeat";
pub(crate) const BALANCE: &str = "\
Example:
  usher balance ada";
pub(crate) const LEDGER: &str = "\
Examples:
  usher ledger statement ada
  usher ledger journal --json
  usher ledger trial";
const JOURNAL: &str = "\
Examples:
  usher ledger journal --json
  usher ledger journal --member ada --from 2027-01-01";
const TRIAL: &str = "\
Example:
  usher ledger trial      amounts in the smallest unit, such as cents";
