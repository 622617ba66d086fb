//! Payments are paid back by the provider that was paid, one after the other.

use std::sync::Arc;

use club::provider::RefundState;
use club::{Begun, Checkout, CheckoutId, NewRefund, Refund, RefundAnswer, Stamp};

use super::client::ProviderError;
use super::error::{PaymentError, Unanswered};
use super::payments::{BTCPAY, Payments, STRIPE};
use super::providers::{BtcpayApi, Providers, StripeApi};
use super::{btcpay, stripe};

/// Whom to ask.
enum Api<'p> {
    Btcpay(&'p BtcpayApi),
    Stripe(&'p StripeApi),
}

impl Payments {
    /// Has the provider pay a checkout or an order back, and enters that; the same key again pays
    /// nothing more. Returns the refund where it is known. It goes on where the caller stops waiting.
    ///
    /// # Errors
    ///
    /// See [`PaymentError`]; nothing is paid of it, or less is left, or nobody knows whether an
    /// earlier one was made.
    pub async fn refund(
        self: &Arc<Self>,
        who: &str,
        new: NewRefund,
    ) -> Result<Option<Refund>, PaymentError> {
        let (payments, stamp) = (Arc::clone(self), self.stamp(who));
        let refund = tokio::spawn(async move { payments.refund_in_turn(&stamp, new).await });
        refund.await.map_err(|_| PaymentError::Stopped)?
    }

    async fn refund_in_turn(
        &self,
        stamp: &Stamp,
        new: NewRefund,
    ) -> Result<Option<Refund>, PaymentError> {
        // No longer than a provider may take to answer.
        let _turn = self.refunds.lock().await;
        let providers = self.providers.load_full();
        let (of, key) = (new.of, new.key.clone());
        let provider = self.club.refund_provider(of, &key).await?;
        let provider = provider.ok_or(PaymentError::NotPaid(of))?;
        let api = api(&providers, &provider)?;
        let refund = match self.club.begin_refund(stamp, new).await? {
            Begun::Less(left) => return Err(PaymentError::TooMuch { of, left }),
            Begun::Made(Some(known)) if !known.state.stands() => {
                return Err(PaymentError::RefundOver { state: known.state.text() });
            }
            Begun::Made(known) => return Ok(known.map(|known| *known)),
            Begun::New(refund) => refund,
            Begun::NothingLeft => return Err(PaymentError::NotPaid(of)),
            Begun::Unanswered(known) => {
                let again = is_safe_again(&api, &known, stamp.now_unix);
                if !again || known.key.as_deref() != Some(key.as_str()) {
                    let why = format!("the answer of {provider} was lost");
                    return Err(Unanswered { why, refund: known, again }.into());
                }
                known
            }
        };
        let answer = match self.pay_back(&api, &refund, &key).await {
            Ok(answer) => answer,
            Err(error) if error.did_nothing() => {
                self.club.forget_refund(stamp, &refund, false).await?;
                return Err(error.into());
            }
            Err(error) => {
                let again = is_safe_again(&api, &refund, stamp.now_unix);
                return Err(Unanswered { why: error.to_string(), refund, again }.into());
            }
        };
        let state = answer.state;
        self.enter(stamp, &provider, &refund, answer).await?;
        if !state.stands() {
            let why = format!("the refund is {}", state.text());
            let provider = if provider == BTCPAY { BTCPAY } else { STRIPE };
            return Err(ProviderError::Refused { provider, status: 200, why }.into());
        }
        self.found(&refund).await
    }

    /// Takes a person's word for what became of the refund of a checkout that was not answered.
    ///
    /// # Errors
    ///
    /// See [`PaymentError`]; all were answered.
    pub async fn answer(
        &self,
        who: &str,
        id: CheckoutId,
        is_made: bool,
        link: Option<&str>,
    ) -> Result<(Checkout, Option<Refund>), PaymentError> {
        let _turn = self.refunds.lock().await;
        let asked = self.club.refunds(id).await?;
        let open = asked.into_iter().find(|refund| refund.answered.is_none());
        let open = open.ok_or(PaymentError::Answered(id))?;
        let stamp = self.stamp(who);
        if is_made {
            let answer = RefundAnswer {
                name: None,
                state: RefundState::Succeeded,
                link: link.map(str::to_owned),
            };
            self.enter(&stamp, &open.provider, &open, answer).await?;
        } else {
            self.club.forget_refund(&stamp, &open, true).await?;
        }
        Ok((self.club.checkout(id).await?, self.found(&open).await?))
    }

    /// Asks the provider for a refund.
    async fn pay_back(
        &self,
        api: &Api<'_>,
        refund: &Refund,
        key: &str,
    ) -> Result<RefundAnswer, ProviderError> {
        let (payment, amount) = (refund.payment.as_str(), refund.amount);
        match api {
            Api::Btcpay(api) => {
                let offered = btcpay::refund(&self.client, api, payment, amount).await?;
                let link = offered.view_link.filter(|link| !link.is_empty());
                Ok(RefundAnswer { name: offered.id, state: RefundState::Requested, link })
            }
            Api::Stripe(api) => {
                let made = stripe::refund(&self.client, api, payment, amount, key).await?;
                let state = made.state();
                Ok(RefundAnswer { name: Some(made.id), state, link: None })
            }
        }
    }

    async fn enter(
        &self,
        stamp: &Stamp,
        provider: &str,
        refund: &Refund,
        answer: RefundAnswer,
    ) -> Result<(), PaymentError> {
        let handled = self.club.answer_refund(stamp, refund, answer).await?;
        self.note(provider, "refund", handled.verdict, &handled.effect);
        Ok(())
    }

    /// A refund as it is now.
    async fn found(&self, refund: &Refund) -> Result<Option<Refund>, PaymentError> {
        let Some(checkout) = refund.checkout else { return Ok(None) };
        let made = self.club.refunds(checkout).await?;
        Ok(made.into_iter().find(|made| made.id == refund.id))
    }
}

fn api<'p>(providers: &'p Providers, provider: &str) -> Result<Api<'p>, PaymentError> {
    match (&providers.stripe_api, &providers.btcpay) {
        (Some(api), _) if provider == STRIPE => Ok(Api::Stripe(api)),
        (_, Some((_, api))) if provider == BTCPAY => Ok(Api::Btcpay(api)),
        _ => Err(PaymentError::NoApi(provider.to_owned())),
    }
}

/// Whether asking again pays nothing more: Stripe knows the key of a request for a day.
fn is_safe_again(api: &Api<'_>, refund: &Refund, now_unix: u32) -> bool {
    matches!(api, Api::Stripe(_)) && now_unix.saturating_sub(refund.asked) < STRIPE_KNOWS_SECS
}

/// An hour less than Stripe says, for what clocks differ.
const STRIPE_KNOWS_SECS: u32 = 23 * 3600;
