//! Which checkout a provider's report is about.

use crate::payments::checkout::{self, Checkout};
use crate::payments::claim::claimed;
use crate::payments::provider::Report;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;

/// The checkout that a payment is for. One is made where the payment claims something of itself.
pub(crate) async fn locate(
    tx: &mut Tx,
    provider: &str,
    report: &Report,
) -> Result<Option<Checkout>, Error> {
    if let Some(reference) = &report.reference {
        let Ok(number) = reference.parse() else { return Ok(None) };
        return match checkout::find(tx, CheckoutId(number)).await {
            Ok(found) => Ok(Some(found).filter(|found| found.provider == provider)),
            Err(Error::NoCheckout(_)) => Ok(None),
            Err(error) => Err(error),
        };
    }
    for name in [&report.session, &report.subscription].into_iter().flatten() {
        if let Some(found) = checkout::find_session(tx, provider, name).await? {
            return Ok(Some(found));
        }
    }
    match (&report.claim, report.paid) {
        (Some(claim), Some(paid)) => {
            claimed(tx, provider, &report.payment, claim, paid).await.map(Some)
        }
        _ => Ok(None),
    }
}
