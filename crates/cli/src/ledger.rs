//! Balances and the books: what may be typed, what is asked, how it looks.

use api::ledger::{BalanceView, JournalEntry, StatementLine, TopUp, TrialBalance};
use api::money::Money;
use clap::{Args, Subcommand};
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::key;
use super::table::{facts, list};

/// What is paid by hand.
#[derive(Args, Clone, Debug)]
pub struct TopupArgs {
    /// The member's name or id
    member: String,
    /// How much, such as 10.00
    #[arg(long)]
    amount: String,
    /// Its three letters, such as usd
    #[arg(long)]
    currency: String,
    /// What people should read in the books
    #[arg(long, value_name = "TEXT", default_value = "")]
    memo: String,
    /// Give store credit at your expense, instead: spent before what was paid, never paid out
    #[arg(long)]
    credit: bool,
    /// A name for this request: the same again with the same key does nothing more
    #[arg(long)]
    key: Option<String>,
}

/// What to read of the books.
#[derive(Clone, Debug, Subcommand)]
pub enum LedgerCommand {
    /// What moved a member's balances, oldest first
    Statement {
        /// The member's name or id
        member: String,
    },
    /// Every entry, oldest first
    Journal,
    /// The sums of all postings, by currency: 0, or the books are wrong
    Trial,
}

impl CommandContext {
    pub(crate) async fn topup(&self, topup: &TopupArgs) -> Result<String, CommandError> {
        let new = TopUp {
            key: key::given_or_fresh(topup.key.as_deref())?,
            amount: topup.amount.clone(),
            currency: topup.currency.clone(),
            memo: topup.memo.clone(),
            credit: topup.credit,
        };
        let path = path(&["members", &topup.member, "topups"]);
        self.print(&self.client.tell(Method::POST, &path, &new).await?, entered)
    }

    pub(crate) async fn balance(&self, member: &str) -> Result<String, CommandError> {
        let balances: Vec<BalanceView> = self.get(&["members", member, "balance"]).await?;
        self.print(&balances, |balances| show_balances(balances))
    }

    pub(crate) async fn ledger(&self, command: &LedgerCommand) -> Result<String, CommandError> {
        match command {
            LedgerCommand::Statement { member } => {
                let of = ["members", member, "statement"];
                let lines = self.list(&of, |line: &StatementLine| line.number).await?;
                self.print(&lines, |lines| statement(lines))
            }
            LedgerCommand::Journal => {
                let entries =
                    self.list(&["ledger", "journal"], |entry: &JournalEntry| entry.id).await?;
                self.print(&entries, |entries| journal(entries))
            }
            LedgerCommand::Trial => {
                let trials: Vec<TrialBalance> = {
                    let path = path(&["ledger", "trial"]);
                    self.client.patient().ask(Method::GET, &path).await?
                };
                self.print(&trials, |trials| trial(trials))
            }
        }
    }
}

/// What one entry moved.
pub(crate) fn entered(entry: &JournalEntry) -> String {
    let rows =
        entry.postings.iter().map(|posting| [posting.account.clone(), said(&posting.amount)]);
    format!(
        "Entry {} of the journal, {}:\n{}",
        entry.id,
        entry.kind,
        list(["ACCOUNT", "MOVED"], rows)
    )
}

/// An amount with its currency.
pub(crate) fn said(money: &Money) -> String {
    format!("{} {}", money.amount, money.currency)
}

fn show_balances(balances: &[BalanceView]) -> String {
    if balances.is_empty() {
        return "No money ever came.\n".to_owned();
    }
    let rows =
        balances.iter().map(|balance| [&balance.prepaid, &balance.credit, &balance.owed].map(said));
    list(["BALANCE", "CREDIT", "OWED"], rows)
}

fn statement(lines: &[StatementLine]) -> String {
    let rows = lines.iter().map(|line| {
        let account = line.account.rsplit(':').next().unwrap_or_default();
        [
            line.at.to_string(),
            line.kind.clone(),
            line.memo.clone(),
            account.to_owned(),
            said(&line.amount),
            said(&line.balance),
        ]
    });
    list(["AT", "WHAT", "MEMO", "ACCOUNT", "AMOUNT", "BALANCE"], rows)
}

fn journal(entries: &[JournalEntry]) -> String {
    let rows = entries.iter().map(|entry| {
        let postings = entry.postings.iter();
        let postings: Vec<_> = postings
            .map(|posting| format!("{} {}", posting.account, said(&posting.amount)))
            .collect();
        [
            entry.id.to_string(),
            entry.at.to_string(),
            entry.kind.clone(),
            entry.memo.clone(),
            postings.join("\n"),
        ]
    });
    list(["ID", "AT", "WHAT", "MEMO", "POSTINGS"], rows)
}

fn trial(trials: &[TrialBalance]) -> String {
    if trials.is_empty() {
        return "Nothing was posted yet.\n".to_owned();
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

pub(crate) const TOPUP: &str = "\
Examples:
  usher topup ada --amount 10.00 --currency usd --memo \"cash at the fair\"
  usher topup ada --amount 10.00 --currency usd --key fair-17   safe to run twice";
pub(crate) const LEDGER: &str = "\
Examples:
  usher ledger statement ada
  usher ledger journal --json
  usher ledger trial          amounts in the smallest unit, such as cents";

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn the_journal_shows_memos_and_postings() {
        let entries = json!([{
            "id": 7, "key": "k", "kind": "topup", "member": 1, "reverses": null,
            "at": "2026-11-22T12:00:00Z", "who": "admin", "memo": "cash", "postings": [
                {"account": "psp:hand:clearing", "amount": "10.00", "currency": "usd", "minor": 1000},
                {"account": "member:1:prepaid", "amount": "-10.00", "currency": "usd", "minor": -1000},
            ],
        }]);
        let entries: Vec<JournalEntry> = from_value(entries).unwrap();
        assert_eq!(
            journal(&entries),
            " ID  AT                    WHAT   MEMO  POSTINGS
 7   2026-11-22T12:00:00Z  topup  cash  psp:hand:clearing 10.00 usd
                                        member:1:prepaid -10.00 usd
"
        );
        assert_eq!(
            entered(&entries[0]),
            "Entry 7 of the journal, topup:
 ACCOUNT            MOVED
 psp:hand:clearing  10.00 usd
 member:1:prepaid   -10.00 usd
"
        );
    }

    #[test]
    fn no_money_is_no_table() {
        assert_eq!(show_balances(&[]), "No money ever came.\n");
        assert_eq!(trial(&[]), "Nothing was posted yet.\n");
    }
}
