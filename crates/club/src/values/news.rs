//! What happened, for whoever listens while it does. Nobody keeps it.

use policy::{ItemId, MemberId};

use crate::values::ids::{AlertId, OrderId};
use crate::values::money::Amount;

/// Something that was committed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClubNews {
    /// An alert was opened.
    Alert {
        /// Its number.
        id: AlertId,
        /// Its kind, as lists name it.
        kind: &'static str,
        /// Whom it concerns.
        member: Option<MemberId>,
        /// Which item it concerns.
        item: Option<ItemId>,
        /// What was seen.
        evidence: String,
    },
    /// Something became of an order.
    Order {
        /// Its number.
        id: OrderId,
        /// What became of it.
        what: OrderNews,
        /// The buyer.
        member: Option<MemberId>,
        /// The item that it is for.
        item: Option<ItemId>,
        /// What it costs.
        amount: Amount,
    },
}

/// What became of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderNews {
    /// Its payer disputes a payment.
    Disputed,
    /// It was paid for the first time.
    Paid,
    /// Some of it, or all, was paid back.
    Refunded,
}

impl OrderNews {
    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Disputed => "disputed",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
        }
    }
}
