//! Orders at providers and their events, as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::view::Named;

/// What somebody is to pay for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// `stripe`, `btcpay`, or a hook's name.
    pub provider: String,
    /// Who is to pay, by name or id.
    pub member: String,
    /// What is bought.
    pub buys: Buys,
    /// Names the request: the same again makes no second order.
    pub key: String,
}

/// What is bought.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Buys {
    /// An item, for ever.
    Item {
        /// By name, id or info hash.
        item: String,
        /// `torrent` or `direct`.
        #[serde(rename = "as")]
        way: String,
    },
    /// A tier for one period, or by subscription.
    Tier {
        /// Its id.
        tier: String,
        /// Whether it is paid again and again.
        #[serde(default)]
        subscribe: bool,
        /// For how many days one payment holds; `null` by subscription.
        #[serde(default)]
        days: Option<u16>,
    },
    /// More in the balance.
    Topup {
        /// A decimal.
        amount: String,
        /// Its currency's code.
        currency: String,
    },
}

/// An order at a provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// Its number.
    pub id: u32,
    /// Where it is paid.
    pub provider: String,
    /// Who pays.
    pub member: Named,
    /// What is bought.
    pub buys: Buys,
    /// What one payment costs, a decimal.
    pub amount: String,
    /// Its currency's code.
    pub currency: String,
    /// `pending`, `paid`, `refunded`, `disputed`, `lost` or `closed`.
    pub state: String,
    /// Where the payer pays.
    pub url: Option<String>,
    /// The provider's name for it.
    pub session: Option<String>,
    /// For a subscription: until when it is paid.
    pub until: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// What was paid, oldest first.
    pub payments: Vec<Payment>,
    /// What the provider was asked to pay back, oldest first.
    pub refunds: Vec<Refund>,
}

/// One payment of an order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Payment {
    /// The provider's name for it.
    pub name: String,
    /// As of the order.
    pub state: String,
    /// What was paid back, a decimal.
    pub refunded: String,
    /// What is ours, a decimal.
    pub kept: String,
    /// The entry of the journal that brought the money in.
    pub topup: Option<u32>,
    /// The one that spent it; `null` where it is in the balance.
    pub bought: Option<u32>,
}

/// What a provider was asked to pay back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Refund {
    /// The request's.
    pub key: String,
    /// The provider's name for the payment.
    pub payment: String,
    /// How much of it, a decimal.
    pub amount: String,
    /// When.
    pub asked: Timestamp,
    /// Whether it was paid or offered; `false` where the answer was lost.
    pub made: bool,
    /// Where the payer takes the money, where that is up to them.
    pub link: Option<String>,
    /// The entry of the journal that took the purchase back.
    pub entry: Option<u32>,
}

/// What became of a refund whose answer was lost.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether the provider made it.
    pub made: bool,
    /// Where the payer takes the money.
    #[serde(default)]
    pub link: Option<String>,
}

/// What is to be paid back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRefund {
    /// Names the request: the same again pays nothing more back.
    pub key: String,
    /// A decimal; `null` for what is left.
    #[serde(default)]
    pub amount: Option<String>,
}

/// What was paid back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Refunded {
    /// The order, as it is now.
    #[serde(flatten)]
    pub order: Order,
    /// Where the payer takes the money, where that is up to them.
    pub link: Option<String>,
}

/// An event of a provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Event {
    /// Its number.
    pub id: u32,
    /// From whom.
    pub provider: String,
    /// What makes it this event; `null` where it was refused.
    pub key: Option<String>,
    /// The provider's name for what happened.
    pub kind: String,
    /// When it came first.
    pub received: Timestamp,
    /// `applied`, `held`, `ignored`, or why it was refused: `forged`, `malformed`, `oversized`,
    /// `stale`.
    pub verdict: String,
    /// What it did, or why not.
    pub effect: String,
    /// How often it came after the first time.
    pub again: u32,
}

/// An event with what came.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EventDetail {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Lines of headers.
    pub headers: String,
    /// The body, as far as it is text.
    pub body: String,
    /// When headers and body were erased with their member.
    pub erased: Option<Timestamp>,
}

/// What an event came to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Replayed {
    /// As of an event, or `duplicate`.
    pub verdict: String,
    /// What it did, or why not.
    pub effect: String,
}
