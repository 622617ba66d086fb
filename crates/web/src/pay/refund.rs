//! Orders are paid back by the provider that was paid, one after the other.

use std::sync::Arc;

use club::{Begun, Checkout, CheckoutId, NewRepayment, Repayment, Stamp, Verdict};

use super::client::ProviderError;
use super::error::{TillError, Unanswered};
use super::providers::{BtcpayApi, StripeApi};
use super::till::{BTCPAY, STRIPE, Till};
use super::{btcpay, stripe};

/// Whom to ask.
enum Api<'p> {
    Btcpay(&'p BtcpayApi),
    Stripe(&'p StripeApi),
}

impl Till {
    /// Has the provider pay an order back, and enters that; the same key again pays nothing more.
    /// Returns the order, and what was paid back where that is known. It goes on where the caller
    /// stops waiting.
    ///
    /// # Errors
    ///
    /// See [`TillError`]; nothing is paid of it, or less is left, or nobody knows whether an
    /// earlier one was made.
    pub async fn refund(
        self: &Arc<Self>,
        who: &str,
        new: NewRepayment,
    ) -> Result<(Checkout, Option<Repayment>), TillError> {
        let (till, stamp) = (Arc::clone(self), self.stamp(who));
        let refund = tokio::spawn(async move { till.refund_in_turn(&stamp, new).await });
        refund.await.map_err(|_| TillError::Stopped)?
    }

    async fn refund_in_turn(
        &self,
        stamp: &Stamp,
        new: NewRepayment,
    ) -> Result<(Checkout, Option<Repayment>), TillError> {
        // No longer than a provider may take to answer.
        let _turn = self.refunds.lock().await;
        let providers = self.providers.load_full();
        let (id, key) = (new.checkout, new.key.clone());
        let provider = self.club.checkout(id).await?.provider;
        let api = match (&providers.stripe_api, &providers.btcpay) {
            (Some(api), _) if provider == STRIPE => Api::Stripe(api),
            (_, Some((_, api))) if provider == BTCPAY => Api::Btcpay(api),
            _ => return Err(TillError::NoApi(provider)),
        };
        let repayment = match self.club.begin_repayment(stamp, new).await? {
            Begun::Less(left) => return Err(TillError::TooMuch { order: id, left }),
            Begun::Made(known) => {
                return Ok((self.club.checkout(id).await?, known.map(|known| *known)));
            }
            Begun::New(repayment) => repayment,
            Begun::NothingLeft => return Err(TillError::NotPaid(id)),
            Begun::Unanswered(known) => {
                let again = is_safe_again(&api, &known, stamp.now_unix);
                if !again || known.key != key {
                    let why = format!("the answer of {provider} was lost");
                    return Err(Unanswered { why, repayment: known, provider, again }.into());
                }
                known
            }
        };
        let link = match self.pay_back(&api, &repayment).await {
            Ok(link) => link,
            Err(error) if error.did_nothing() => {
                self.club.forget_repayment(stamp, &repayment, false).await?;
                return Err(error.into());
            }
            Err(error) => {
                let again = is_safe_again(&api, &repayment, stamp.now_unix);
                let why = error.to_string();
                return Err(Unanswered { why, repayment, provider, again }.into());
            }
        };
        self.enter(stamp, &provider, &repayment, link.as_deref()).await?;
        self.found(id, &repayment).await
    }

    /// Takes a person's word for what became of the repayment of an order that was not answered.
    ///
    /// # Errors
    ///
    /// See [`TillError`]; all were answered.
    pub async fn answer(
        &self,
        who: &str,
        id: CheckoutId,
        is_made: bool,
        link: Option<&str>,
    ) -> Result<(Checkout, Option<Repayment>), TillError> {
        let _turn = self.refunds.lock().await;
        let provider = self.club.checkout(id).await?.provider;
        let asked = self.club.repayments(id).await?;
        let open = asked.into_iter().find(|repayment| !repayment.made);
        let open = open.ok_or(TillError::Answered(id))?;
        let stamp = self.stamp(who);
        if is_made {
            self.enter(&stamp, &provider, &open, link).await?;
        } else {
            self.club.forget_repayment(&stamp, &open, true).await?;
        }
        self.found(id, &open).await
    }

    /// Asks the provider; the link for the payer, where they have something to do.
    async fn pay_back(
        &self,
        api: &Api<'_>,
        repayment: &Repayment,
    ) -> Result<Option<String>, ProviderError> {
        let (payment, amount) = (repayment.payment.as_str(), repayment.amount);
        match api {
            Api::Btcpay(api) => {
                let refund = btcpay::refund(&self.client, api, payment, amount).await?;
                Ok(Some(refund.link).filter(|link| !link.is_empty()))
            }
            Api::Stripe(api) => {
                let key = format!("refund:{}", repayment.key);
                stripe::refund(&self.client, api, payment, amount, &key).await?;
                Ok(None)
            }
        }
    }

    async fn enter(
        &self,
        stamp: &Stamp,
        provider: &str,
        repayment: &Repayment,
        link: Option<&str>,
    ) -> Result<(Verdict, String), TillError> {
        let (verdict, effect) = self.club.enter_repayment(stamp, repayment, link).await?;
        self.note(provider, "refund", verdict, &effect);
        Ok((verdict, effect))
    }

    /// An order with one of its repayments, as they are now.
    async fn found(
        &self,
        id: CheckoutId,
        repayment: &Repayment,
    ) -> Result<(Checkout, Option<Repayment>), TillError> {
        let made = self.club.repayments(id).await?;
        let found = made.into_iter().find(|made| made.id == repayment.id);
        Ok((self.club.checkout(id).await?, found))
    }
}

/// Whether asking again pays nothing more: Stripe knows the key of a request for a day.
fn is_safe_again(api: &Api<'_>, repayment: &Repayment, now_unix: u32) -> bool {
    matches!(api, Api::Stripe(_)) && now_unix.saturating_sub(repayment.asked) < STRIPE_KNOWS_SECS
}

/// An hour less than Stripe says, for what clocks differ.
const STRIPE_KNOWS_SECS: u32 = 23 * 3600;
