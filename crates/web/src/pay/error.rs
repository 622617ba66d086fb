//! Why a checkout could not be made, or a payment not be paid back or applied.

use club::provider::Refused;
use club::{Amount, CheckoutId, DeliveryId, Refund, RefundOf};
use thiserror::Error;

use super::client::ProviderError;

/// Why a payment, a checkout or a refund was not made.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum PaymentError {
    #[error("each refund of checkout {} was answered: there is nothing to say of it", .0.0)]
    Answered(CheckoutId),
    #[error(transparent)]
    Club(#[from] club::Error),
    #[error("event {} was erased with its member, there is nothing to replay", .0.0)]
    Erased(DeliveryId),
    #[error(
        "`{0}` is not a provider that checkouts can be made at: set payments.stripe.key_file, \
         payments.btcpay, payments.kofi or payments.hooks.{0}"
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
    #[error("nothing of {} is left to pay back", named(*.0))]
    NotPaid(RefundOf),
    #[error("event {} was refused ({word}): have the provider send it again", id.0)]
    NotReplayed { id: DeliveryId, word: &'static str },
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the refund was broken off: `usher checkout show` says what became of it")]
    Stopped,
    #[error("the refund that this key asked for is {state}: use another key to ask again")]
    RefundOver { state: &'static str },
    #[error(
        "{left} are left of {} to pay back: name no more, or leave the amount out for all of it",
        named(*of)
    )]
    TooMuch { of: RefundOf, left: Amount },
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// Nobody knows whether a refund was made.
#[derive(Clone, Debug, Error)]
#[error(
    "{why}: whether {} of checkout {} were paid back is not known; {}",
    refund.amount,
    self.checkout(),
    self.advice()
)]
pub struct Unanswered {
    pub(super) why: String,
    pub(super) refund: Box<Refund>,
    /// Whether the same request again pays nothing more.
    pub(super) again: bool,
}

impl Unanswered {
    fn checkout(&self) -> u32 {
        self.refund.checkout.map_or(0, |checkout| checkout.0)
    }

    fn advice(&self) -> String {
        let (checkout, provider) = (self.checkout(), &self.refund.provider);
        let key = self.refund.key.as_deref().unwrap_or_default();
        let answer = format!("`usher checkout answer {checkout} --made`, or `--not-made`");
        if self.again {
            format!("`usher checkout refund {checkout} --key {key}` asks again and pays it once")
        } else {
            format!("look at {provider}, then say {answer}")
        }
    }
}

/// What a refund is of, for a sentence.
fn named(of: RefundOf) -> String {
    match of {
        RefundOf::Checkout(checkout) => format!("checkout {}", checkout.0),
        RefundOf::Order(order) => order.to_string(),
    }
}
