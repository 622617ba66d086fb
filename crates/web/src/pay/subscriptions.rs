//! Subscriptions are cancelled by the provider, so that it charges nothing more.

use club::{CheckoutId, Member, Subscription};

use super::client::ProviderError;
use super::error::PaymentError;
use super::payments::{Payments, STRIPE};
use super::stripe;

impl Payments {
    /// Whether a provider can be told to cancel a subscription.
    pub fn can_cancel(&self, provider: &str) -> bool {
        provider == STRIPE && self.providers.load().stripe_api.is_some()
    }

    /// Has the provider end a member's subscription with the period that is paid, and notes that.
    /// Returns the subscription; `None` where the member has none such that goes on.
    ///
    /// # Errors
    ///
    /// See [`PaymentError`]; the provider can't be told so, or refuses.
    pub async fn cancel_subscription(
        &self,
        member: &Member,
        checkout: CheckoutId,
    ) -> Result<Option<Subscription>, PaymentError> {
        let now = self.now_unix();
        let found = self.club.subscriptions(member.id).await?;
        let found = found.into_iter().find(|one| one.checkout == checkout && one.renews(now));
        let Some(subscription) = found else { return Ok(None) };
        let providers = self.providers.load_full();
        let api = providers.stripe_api.as_ref().filter(|_| subscription.provider == STRIPE);
        let api = api.ok_or_else(|| PaymentError::NoApi(subscription.provider.clone()))?;
        // A key of the time: who cancels again after the publisher undid it means it.
        let key = format!("cancel:{}:{now}", subscription.name);
        stripe::cancel(&self.client, api, &subscription.name, &key).await?;
        self.club.note_cancelled(&self.stamp(&member.name), member.id, checkout).await?;
        Ok(Some(subscription))
    }

    /// Has Stripe end the subscriptions of members who were removed: one may have begun by a checkout that was open
    /// then. At most 50; those that fail are tried again by the next call. Returns how many failed.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn cancel_subscriptions_of_nobody(&self) -> Result<usize, PaymentError> {
        let providers = self.providers.load_full();
        let Some(api) = &providers.stripe_api else { return Ok(0) };
        let now = self.now_unix();
        let mut failed = 0;
        for (member, subscription) in self.club.subscriptions_of_nobody(STRIPE, now).await? {
            let Subscription { checkout, name, .. } = subscription;
            let key = format!("cancel:{name}:removed");
            match stripe::cancel(&self.client, api, &name, &key).await {
                // It ended there already.
                Ok(()) | Err(ProviderError::Refused { status: 404, .. }) => {
                    self.club.note_cancelled(&self.stamp(STRIPE), member, checkout).await?;
                }
                Err(error) => {
                    failed += 1;
                    tracing::warn!(%error, checkout = checkout.0, "the subscription of a removed member goes on");
                }
            }
        }
        Ok(failed)
    }
}
