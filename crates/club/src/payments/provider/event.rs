//! What a provider says, in our words.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

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
    /// A checkout began a subscription.
    Begun(Beginning),
    /// A checkout came to nothing: its session ran out, or the bank said no.
    Closed {
        /// The provider's name for the checkout.
        session: String,
    },
    /// A subscription is over.
    Ended(Ending),
    /// Something that a person must look at. Nothing is given.
    Held(Box<Held>),
    /// Nothing; says why.
    Nothing(&'static str),
    /// A payment, or what became of one.
    Payment(Box<Report>),
    /// Something happened to a checkout: ask the provider what.
    Wake {
        /// The provider's name for it.
        session: String,
    },
}

impl Notice {
    /// A payment, or what became of one.
    pub fn payment(report: Report) -> Self {
        Self::Payment(Box::new(report))
    }

    /// A report of one of our orders that can't be applied as it is. It means nothing where the
    /// order that it is about is somebody else's.
    pub(super) fn held(about: Report, why: String) -> Self {
        Self::Held(Box::new(Held { about: Some(about), why, closed: false }))
    }
}

/// An event that a person must look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// What is known of the payment, by which its order is found; the event means nothing where
    /// there is no such order. `None` where it concerns us whatever its order is.
    pub about: Option<Report>,
    /// What is the matter with it, for a person.
    pub why: String,
    /// Whether the order came to nothing at the provider, so that it is not asked about any more.
    pub closed: bool,
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
    /// What was paid beyond the price. It is not ours.
    pub surplus: Option<Amount>,
    /// What was paid back in all, so far; more than was paid means all of it.
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
    /// One word.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Requested => "requested",
            Self::Succeeded => "succeeded",
        }
    }

    /// Whether the money is not ours.
    pub const fn stands(self) -> bool {
        matches!(self, Self::Requested | Self::Succeeded)
    }
}

impl Report {
    /// All amounts that are named.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = Amount> + '_ {
        let refunds = self.refunds.iter().map(|refund| refund.amount);
        self.paid.into_iter().chain(self.refunded).chain(refunds)
    }
}

/// A payment that came without an order of ours: who wants what for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Whom it is for.
    pub member: MemberHint,
    /// What it gives.
    pub grant: Grant,
}

/// How a payment says which member it is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MemberHint {
    /// A name or an id, written where one is asked for. It is that member's or nobody's.
    Explicit(String),
    /// Words that may be names, in groups, the likeliest first. The first group with a member's
    /// name in it decides; where it has the names of two, nobody knows which is meant.
    Guesses(Vec<Vec<String>>),
}

/// What a payment gives that names no order of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// A tier of the configuration.
    pub tier: String,
    /// For how many days.
    pub days: u16,
    /// The least that must be paid for it.
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

/// The beginning of a subscription.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Beginning {
    /// The provider's name for it.
    pub subscription: String,
    /// The provider's name for our checkout.
    pub session: String,
    /// The reference of our checkout, which the provider was given along.
    pub reference: Option<String>,
    /// As in a [`Report`].
    pub by_link: bool,
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

/// One name made of several parts, of at most `limit` bytes: their digest where they are longer.
pub(super) fn joined(parts: &[&str], limit: usize) -> String {
    let name = parts.join(":");
    if name.len() <= limit { name } else { HEXLOWER.encode(&Sha256::digest(name)) }
}

/// What each reference of a checkout begins with.
pub(crate) const REFERENCE_PREFIX: &str = "usher-";
/// The longest key of an event, in bytes.
pub(super) const MAX_KEY: usize = 255;
/// The longest name that a provider gives anything, in bytes: keys of the journal, of at most 255,
/// are made of names.
pub(super) const MAX_NAME: usize = 200;
