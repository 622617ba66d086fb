//! Money in what the admin API says and is told: decimals as text beside whole minor units.
//!
//! `key` names a request: the same again changes nothing and is answered as the first time,
//! another with the same key is refused. It has 1 to 255 bytes.

pub use club::DeliveryMethod as Way;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Named;

/// An amount.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Money {
    /// As people read it, all decimals shown: `2.25`, `700` of `jpy`.
    pub amount: String,
    /// The three letters of ISO 4217, or `btc`, in lower case.
    pub currency: String,
    /// The same in the currency's smallest unit.
    pub minor: i64,
}

impl From<club::Amount> for Money {
    fn from(amount: club::Amount) -> Self {
        Self {
            amount: amount.decimal(),
            currency: amount.currency.code().to_owned(),
            minor: amount.minor,
        }
    }
}

/// Adds to a member's balance what they paid by hand.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewTopup {
    /// Names the request.
    pub key: String,
    /// Digits, with a point before the decimals.
    pub amount: String,
    /// The three letters of ISO 4217, or `btc`.
    pub currency: String,
    /// For people.
    #[serde(default)]
    pub memo: String,
    /// Whether it is store credit, given at the publisher's expense, and not money that was paid.
    #[serde(default)]
    pub credit: bool,
}

/// What a member has in one currency.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Balance {
    /// Which.
    pub currency: String,
    /// Paid and not spent.
    pub prepaid: Money,
    /// Store credit: spent before what was paid, and never paid out.
    pub credit: Money,
    /// Taken back by a provider after it was spent.
    pub owed: Money,
}

/// An entry of the journal.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Entry {
    /// Its number; later ones are higher.
    pub id: u32,
    /// The key of the request that made it.
    pub key: String,
    /// What was done, as `topup`.
    pub kind: String,
    /// The id of the member whose money it moved.
    pub member: Option<u32>,
    /// The entry that this one takes back, in whole or in part.
    pub reverses: Option<u32>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// For people.
    pub memo: String,
    /// What it moved; they sum to 0.
    pub postings: Vec<Posting>,
}

/// What an entry moved on one account.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Posting {
    /// Its name, as `member:7:prepaid`.
    pub account: String,
    /// Debits above 0, credits below.
    #[serde(flatten)]
    pub amount: Money,
}

/// A line of a member's statement.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Line {
    /// Its number among all lines of the member, from 1.
    pub number: u32,
    /// The entry of the journal.
    pub entry: u32,
    /// When.
    pub at: Timestamp,
    /// What was done, as `topup`.
    pub kind: String,
    /// For people.
    pub memo: String,
    /// The member's, as `member:7:prepaid`.
    pub account: String,
    /// Above 0 is the member's.
    pub amount: Money,
    /// Of the account after it.
    pub balance: Money,
}

/// The sums of all postings in one currency, in its smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Trial {
    /// Which.
    pub currency: String,
    /// All above 0.
    pub debits: i128,
    /// All below 0.
    pub credits: i128,
    /// 0, or the books are wrong.
    pub sum: i128,
}

/// Changes what an item costs; what is not named stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SetPrices {
    /// Of the torrent.
    pub torrent_price: Option<String>,
    /// Of the direct download; it includes the torrent, and does not cost less.
    pub direct_price: Option<String>,
    /// Of both; where it is not named, the one they are in.
    pub currency: Option<String>,
    /// Both cost nothing, whatever is named above.
    pub free: bool,
    /// What buyers must pay at least for the cheaper way, who choose then what they pay.
    pub minimum: Option<String>,
    /// Buyers have no choice any more.
    pub fixed: bool,
    /// The ways in which it is sold no more.
    pub withdraw: Vec<Way>,
}

/// Buys an item or a period of a tier from a member's balance.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewPurchase {
    /// Names the request.
    pub key: String,
    /// By name, id or info hash.
    #[serde(default)]
    pub item: Option<String>,
    /// As what, of an item.
    #[serde(default, rename = "as")]
    pub way: Option<Way>,
    /// The tier's name, instead of an item.
    #[serde(default)]
    pub tier: Option<String>,
    /// What the buyer chose to pay, where the item has a minimum.
    #[serde(default)]
    pub pay: Option<String>,
    /// A discount's code.
    #[serde(default)]
    pub discount: Option<String>,
}

/// What a member bought.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// Its number; later ones are higher.
    pub id: u32,
    /// Who bought.
    pub member: Named,
    /// What; `null` for a tier.
    pub item: Option<Named>,
    /// As what; `null` for a tier.
    #[serde(rename = "as")]
    pub way: Option<Way>,
    /// The tier's name; `null` for an item.
    pub tier: Option<String>,
    /// Of the tier; 0 for a subscription.
    pub days: Option<u16>,
    /// Before the discount.
    pub price: Money,
    /// What was taken off.
    pub discount: Option<Discounted>,
    /// What was paid, by store credit too.
    #[serde(flatten)]
    pub amount: Money,
    /// What of it is tax.
    pub tax: Option<Taxed>,
    /// What of it was paid by store credit.
    pub credit: Money,
    /// The entry of the journal that paid it.
    pub entry: u32,
    /// When.
    pub created: Timestamp,
    /// What of it was paid back.
    pub paid_back: Money,
    /// When the last of it was paid back; `null` where some is still paid.
    pub refunded: Option<Timestamp>,
}

/// What was taken off a price.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Discounted {
    /// By which code.
    pub code: String,
    /// How much.
    #[serde(flatten)]
    pub amount: Money,
}

/// What of an amount is tax.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Taxed {
    /// What it is called.
    pub label: String,
    /// In thousandths of a percent.
    pub rate: u32,
    /// How much.
    #[serde(flatten)]
    pub amount: Money,
}

/// Pays an order back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// Names the request.
    pub key: String,
    /// How much, in the order's currency; without it, what is left.
    #[serde(default)]
    pub amount: Option<String>,
}

/// What was paid back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Refunded {
    /// The entry of the journal that took the order back.
    #[serde(flatten)]
    pub entry: Entry,
    /// Where the payer takes the money, where that is up to them.
    #[serde(default)]
    pub link: Option<String>,
}
