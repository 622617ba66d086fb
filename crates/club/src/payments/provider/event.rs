//! What a provider says, in our words.

use crate::values::money::Amount;

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
    /// The reference of our checkout, which the provider was given along.
    pub reference: Option<String>,
    /// Whether the payer brought the reference along, by a link or form that anybody may open: there
    /// is no session of ours to compare with then.
    pub by_link: bool,
    /// The provider's name for our checkout.
    pub session: Option<String>,
    /// The provider's name for the subscription that it is a part of.
    pub subscription: Option<String>,
    /// What was paid.
    pub paid: Option<Amount>,
    /// What was paid back in all, so far.
    pub refunded: Option<Amount>,
    /// Single refunds of it, each as it is by now.
    pub refunds: Vec<RefundReport>,
    /// What became of a dispute.
    pub dispute: Dispute,
    /// For a subscription: the end of the period that was paid for, in Unix seconds.
    pub until: Option<u32>,
    /// What it buys where there was no order before.
    pub claim: Option<Claim>,
}

/// What is said of one refund.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefundReport {
    /// The provider's name for it.
    pub name: String,
    /// The key of our request, where it was ours and the provider was given it along.
    pub key: Option<String>,
    /// How much of the payment.
    pub amount: Amount,
    /// How far it got.
    pub state: RefundState,
}

/// How far a refund got. Later states win over earlier ones, since events come in any order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RefundState {
    /// It is under way: the money has left, or the payer may take it.
    Requested,
    /// The payer has the money.
    Succeeded,
    /// It was called off: the money is ours.
    Cancelled,
    /// The money came back: it is ours.
    Failed,
}

impl RefundState {
    /// Whether the money is not ours.
    pub const fn stands(self) -> bool {
        matches!(self, Self::Requested | Self::Succeeded)
    }
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
    /// The reference of our checkout, which the provider was given along.
    pub reference: Option<String>,
    /// In Unix seconds.
    pub at: u32,
}
