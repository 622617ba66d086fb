//! Orders are paid back by the provider that was paid.

use club::provider::{Event, Notice, Report};
use club::{Amount, Checkout, CheckoutId, Delivery, Payment};

use super::error::TillError;
use super::till::{BTCPAY, STRIPE, Till};
use super::{btcpay, stripe};

impl Till {
    /// Has the provider pay an order back, `amount` of it or what is left of it, and enters that;
    /// the same `key` again pays nothing more. Returns the order, and where the payer has
    /// something to do, the link for it.
    ///
    /// # Errors
    ///
    /// See [`TillError`]; nothing is paid of it, or less is left.
    pub async fn refund(
        &self,
        who: &str,
        key: &str,
        id: CheckoutId,
        amount: Option<Amount>,
    ) -> Result<(Checkout, Option<String>), TillError> {
        let providers = self.providers.load_full();
        let order = self.club.checkout(id).await?;
        let key = format!("refund:{key}");
        if self.club.has_received(&order.provider, &key).await? {
            return Ok((order, None));
        }
        let (payment, amount) = refundable(&order, amount)?;
        let link = match (&providers.stripe_api, &providers.btcpay) {
            (Some(api), _) if order.provider == STRIPE => {
                stripe::refund(&self.client, api, payment, amount, &key).await?;
                None
            }
            (_, Some((_, api))) if order.provider == BTCPAY => {
                let refund = btcpay::refund(&self.client, api, &payment.name, amount).await?;
                Some(refund.link).filter(|link| !link.is_empty())
            }
            _ => return Err(TillError::NoApi(order.provider)),
        };
        // Cumulative, as Stripe's own event will be: that one will find it known.
        let refunded = amount.minor.saturating_add(payment.facts.refunded);
        let report = Report {
            payment: payment.name.clone(),
            refunded: Some(amount.currency.minor(refunded)),
            ..Report::default()
        };
        let event =
            Event { key, kind: "refund".to_owned(), notice: Notice::Payment(Box::new(report)) };
        self.take(&self.stamp(who), Delivery::of(&order.provider), event).await?;
        Ok((self.club.checkout(id).await?, link))
    }
}

/// The payment of an order that can be paid back, and how much of it.
fn refundable(order: &Checkout, amount: Option<Amount>) -> Result<(&Payment, Amount), TillError> {
    let payment = order.payments.iter().rev().find(|payment| payment.kept > 0);
    let payment = payment.ok_or(TillError::NotPaid(order.id))?;
    let left = order.amount.currency.minor(payment.kept);
    let amount = amount.unwrap_or(left);
    if amount.currency != left.currency || amount.minor > left.minor || amount.minor <= 0 {
        return Err(TillError::TooMuch { order: order.id, left });
    }
    Ok((payment, amount))
}
