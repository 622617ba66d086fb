//! Balances and the books.
//!
//! A `key` names a request and has 1 to 255 bytes. The same request again changes nothing and gets
//! the first answer; another request with the same key is refused.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::{GivenAmount, Money};

/// Adds to a member's balance what they paid by hand, or store credit.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopUp {
    /// The key of the request.
    pub key: String,
    /// The amount.
    pub amount: GivenAmount,
    /// The three letters of ISO 4217, or `btc`.
    pub currency: String,
    /// A note for people.
    #[serde(default)]
    pub memo: String,
    /// Whether it is store credit, given at the publisher's expense, instead of money that was paid.
    #[serde(default)]
    pub credit: bool,
}

/// A member's balance in one currency.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct BalanceView {
    /// The currency.
    pub currency: String,
    /// Paid and not yet spent.
    pub prepaid: Money,
    /// Store credit, which is spent first and never paid out.
    pub credit: Money,
    /// Taken back by a provider after it was spent.
    pub owed: Money,
}

/// An entry of the journal.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct JournalEntry {
    /// The number; later entries have higher ones.
    pub id: u32,
    /// The key of the request that made it.
    pub key: String,
    /// The kind of transaction, such as `topup`.
    pub kind: String,
    /// The id of the member whose money it moved.
    pub member: Option<u32>,
    /// The entry that it reverses, in whole or in part.
    pub reverses: Option<u32>,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub who: String,
    /// A note for people.
    pub memo: String,
    /// The postings, which sum to 0.
    pub postings: Vec<PostingView>,
}

/// The amount that an entry moved on one account.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PostingView {
    /// The account's name, such as `member:7:prepaid`.
    pub account: String,
    /// Debits are above 0, credits below.
    #[serde(flatten)]
    pub amount: Money,
}

/// A line of a member's statement.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct StatementLine {
    /// The number among all lines of the member, from 1.
    pub number: u32,
    /// The entry of the journal.
    pub entry: u32,
    /// When the entry was made.
    pub at: Timestamp,
    /// The kind of transaction, such as `topup`.
    pub kind: String,
    /// A note for people.
    pub memo: String,
    /// The member's account, such as `member:7:prepaid`.
    pub account: String,
    /// Above 0 in the member's favour.
    pub amount: Money,
    /// The account's balance afterwards.
    pub balance: Money,
}

/// The sums of all postings in one currency, in its smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TrialBalance {
    /// The currency.
    pub currency: String,
    /// All postings above 0.
    pub debits: i128,
    /// All postings below 0.
    pub credits: i128,
    /// 0, or the books are wrong.
    pub sum: i128,
}
