//! What is known of a payment: facts that only rise.
//!
//! Providers promise neither order nor once. So a report is joined to what is known, which is the
//! same whatever came first and however often; and what of a payment is ours to keep follows from
//! what is known alone. The books are moved by the difference. A refund that fails rises too: its
//! state does, and the sum that was paid back follows.

use std::fmt;

use crate::payments::provider::{Dispute, RefundState};

/// What is known of a payment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// Whether it was paid, at its order's price.
    pub paid: bool,
    /// The provider's highest figure of what was paid back in all, in minor units. Refunds that
    /// failed later are in it.
    pub refunded: i64,
    /// How far a dispute got.
    pub dispute: Dispute,
}

/// What that comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// The payer wants the money back, and the provider holds it.
    Disputed,
    /// The payer got it back by a dispute.
    Lost,
    /// It is ours, or what was not paid back is.
    Paid,
    /// It was not paid, as far as we know.
    Pending,
    /// All of it was paid back.
    Refunded,
}

impl Facts {
    /// Both together: commutative, associative and idempotent.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            paid: self.paid || other.paid,
            refunded: self.refunded.max(other.refunded),
            dispute: self.dispute.max(other.dispute),
        }
    }

    /// What was paid back, in minor units: the refunds that stand, and what the provider's figure
    /// says beyond all refunds that are known.
    pub fn paid_back(self, refunds: impl IntoIterator<Item = (i64, RefundState)>) -> i64 {
        let (mut standing, mut all) = (0_i64, 0_i64);
        for (amount, state) in refunds {
            all = all.saturating_add(amount);
            standing = standing.saturating_add(if state.stands() { amount } else { 0 });
        }
        standing.saturating_add(self.refunded.saturating_sub(all).max(0))
    }

    /// What of a payment of `amount` is ours to keep when so much was paid back, from 0 to `amount`.
    pub fn kept(self, amount: i64, paid_back: i64) -> i64 {
        match self.phase(amount, paid_back) {
            Phase::Paid => amount.saturating_sub(paid_back),
            Phase::Disputed | Phase::Lost | Phase::Pending | Phase::Refunded => 0,
        }
    }

    /// What the facts come to for a payment of `amount` when so much of it was paid back.
    pub fn phase(self, amount: i64, paid_back: i64) -> Phase {
        match self.dispute {
            _ if !self.paid => Phase::Pending,
            Dispute::Open => Phase::Disputed,
            Dispute::Lost => Phase::Lost,
            Dispute::None | Dispute::Won if paid_back >= amount => Phase::Refunded,
            Dispute::None | Dispute::Won => Phase::Paid,
        }
    }

    /// Whether the member is suspended for it.
    pub(crate) fn suspends(self) -> bool {
        self.paid && matches!(self.dispute, Dispute::Open | Dispute::Lost)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disputed => "disputed",
            Self::Lost => "lost",
            Self::Paid => "paid",
            Self::Pending => "pending",
            Self::Refunded => "refunded",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let dispute =
            prop::sample::select(&[Dispute::None, Dispute::Open, Dispute::Won, Dispute::Lost][..]);
        (any::<bool>(), 0i64..400, dispute).prop_map(|(paid, refunded, dispute)| Facts {
            paid,
            refunded,
            dispute,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        #[test]
        fn any_order_and_number_of_reports_comes_to_the_same(
            reports in prop::collection::vec(facts(), 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let once = reports.iter().fold(Facts::default(), |known, new| known.join(*new));
            // Each once, in another order, after any that came early or came again.
            let early = order.iter().map(|index| *index.get(&reports));
            let shuffled = early.chain(reports.iter().rev().copied());
            let other = shuffled.fold(Facts::default(), |known, new| known.join(new));
            prop_assert_eq!(once, other);
            let kept = once.kept(225, once.paid_back([]));
            prop_assert!((0..=225).contains(&kept));
            prop_assert!(once.paid || kept == 0);
        }
    }

    #[test]
    fn what_is_ours_follows_from_what_is_known() {
        #[track_caller]
        fn check(paid: bool, refunded: i64, dispute: Dispute, phase: &str, kept: i64) {
            let facts = Facts { paid, refunded, dispute };
            let back = facts.paid_back([]);
            let found = (facts.phase(225, back).to_string(), facts.kept(225, back));
            assert_eq!(found, (phase.to_owned(), kept));
        }
        check(false, 0, Dispute::None, "pending", 0);
        check(false, 100, Dispute::Open, "pending", 0);
        check(true, 0, Dispute::None, "paid", 225);
        check(true, 100, Dispute::None, "paid", 125);
        check(true, 225, Dispute::None, "refunded", 0);
        check(true, 900, Dispute::Won, "refunded", 0);
        check(true, 0, Dispute::Open, "disputed", 0);
        check(true, 100, Dispute::Won, "paid", 125);
        check(true, 100, Dispute::Lost, "lost", 0);
    }

    #[test]
    fn a_refund_that_does_not_stand_is_in_the_figure_and_not_paid_back() {
        use RefundState::{Cancelled, Failed, Requested, Succeeded};
        #[track_caller]
        fn check(refunded: i64, refunds: &[(i64, RefundState)], expected: i64) {
            let facts = Facts { refunded, ..Facts::default() };
            assert_eq!(facts.paid_back(refunds.iter().copied()), expected);
        }
        check(0, &[], 0);
        check(300, &[], 300);
        check(0, &[(100, Requested), (50, Succeeded)], 150);
        check(150, &[(100, Requested), (50, Succeeded)], 150);
        // One of the two that the figure has is not known.
        check(300, &[(100, Succeeded)], 300);
        check(300, &[(100, Failed)], 200);
        check(300, &[(300, Failed)], 0);
        check(300, &[(300, Cancelled), (300, Succeeded)], 300);
    }
}
