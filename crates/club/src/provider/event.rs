//! What a provider says, in our words.

use crate::money::Amount;

/// One event, verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// What makes it this event and no other: its business key where it has one, since a delivery
    /// that comes again may have another id. At most 255 bytes.
    pub key: String,
    /// The provider's name for what happened.
    pub kind: String,
    /// What it means to us.
    pub notice: Notice,
}

/// What an event means to us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// An order came to nothing: its session ran out, or the bank said no.
    Closed {
        /// The provider's name for the order.
        session: String,
    },
    /// A subscription is over.
    Ended(Ending),
    /// Nothing; says why.
    Nothing(&'static str),
    /// A payment, or what became of one.
    Payment(Box<Report>),
    /// Something happened to an order: ask the provider what.
    Wake {
        /// The provider's name for it.
        session: String,
    },
}

/// What is said of one payment; `None` where it is not spoken of.
///
/// Reports of a payment may come in any order and any number: each part only rises, see
/// [`Facts`](crate::Facts).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// The provider's name for the payment.
    pub payment: String,
    /// The number of our order.
    pub order: Option<u32>,
    /// The provider's name for our order.
    pub session: Option<String>,
    /// The provider's name for the subscription that it is a part of.
    pub subscription: Option<String>,
    /// What was paid.
    pub paid: Option<Amount>,
    /// What was paid back in all, so far.
    pub refunded: Option<Amount>,
    /// What became of a dispute.
    pub dispute: Dispute,
    /// For a subscription: the end of the period that was paid for, in Unix seconds.
    pub until: Option<u32>,
    /// What it buys where there was no order before.
    pub claim: Option<Claim>,
}

/// A payment that came without an order of ours: who wants what for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// A member's name or id, as the payer wrote it.
    pub member: String,
    /// A tier of the configuration.
    pub tier: String,
    /// For so many days.
    pub days: u16,
    /// What that costs at least.
    pub price: Amount,
}

/// How far a dispute of a payment got. Later ones win over earlier ones.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Dispute {
    /// There is none.
    #[default]
    None,
    /// The payer wants the money back.
    Open,
    /// We keep it.
    Won,
    /// The payer has it back.
    Lost,
}

/// The end of a subscription.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// The provider's name for it.
    pub subscription: String,
    /// The number of our order.
    pub order: Option<u32>,
    /// In Unix seconds.
    pub at: u32,
}
