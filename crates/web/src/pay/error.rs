//! Why an order could not be made, paid back or settled.

use club::provider::Refused;
use club::{Amount, CheckoutId, DeliveryId, Repayment};
use thiserror::Error;

use super::client::ProviderError;

/// Why the till did not do it.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum TillError {
    #[error("each refund of order {} was answered: there is nothing to say of it", .0.0)]
    Answered(CheckoutId),
    #[error(transparent)]
    Club(#[from] club::Error),
    #[error("event {} was erased with its member, there is nothing to replay", .0.0)]
    Erased(DeliveryId),
    #[error(
        "`{0}` is not a provider that orders can be made at: set payments.stripe.key_file or payments.btcpay"
    )]
    NoApi(String),
    #[error("event {} was not a delivery, there is nothing to replay", .0.0)]
    NoBody(DeliveryId),
    #[error("tier `{0}` has no price: set it under `tiers` in tracker.yaml")]
    NoPrice(String),
    #[error("{0} has no subscriptions: leave --subscribe out")]
    NoSubscriptions(String),
    #[error("payments.{0} is not configured any more")]
    NotConfigured(String),
    #[error(
        "nothing of order {id} is left to pay back: `usher orders show {id}` says what was paid",
        id = .0.0
    )]
    NotPaid(CheckoutId),
    #[error("event {} was refused ({word}): have the provider send it again", id.0)]
    NotReplayed { id: DeliveryId, word: &'static str },
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the refund was broken off: `usher orders show` says what became of it")]
    Stopped,
    #[error(
        "{left} are left of order {} to pay back: name no more, or leave the amount out for all of it",
        order.0
    )]
    TooMuch { order: CheckoutId, left: Amount },
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// Nobody knows whether a repayment was made.
#[derive(Clone, Debug, Error)]
#[error(
    "{why}: whether {} of order {} were paid back is not known; {}",
    repayment.amount,
    repayment.checkout.0,
    self.advice()
)]
pub struct Unanswered {
    pub(super) why: String,
    pub(super) repayment: Box<Repayment>,
    pub(super) provider: String,
    /// Whether the same request again pays nothing more.
    pub(super) again: bool,
}

impl Unanswered {
    fn advice(&self) -> String {
        let (order, key, provider) =
            (self.repayment.checkout.0, &self.repayment.key, &self.provider);
        let answer = format!("`usher orders answer {order} --made`, or `--not-made`");
        if self.again {
            format!("`usher orders refund {order} --key {key}` asks again and pays it once")
        } else {
            format!("look at {provider}, then say {answer}")
        }
    }
}
