//! What BTCPay Server is asked about without a webhook: open checkouts and open refunds.
//!
//! Each row stands alone: what the server does not know, or answers oddly, is told to the operator
//! or tried again, and the next one is asked about.

use club::provider::{Event, Held, Notice, RefundReport, RefundState, Report};
use club::{Delivery, Page, Refund, Stamp};

use super::btcpay;
use super::client::ProviderError;
use super::error::PaymentError;
use super::payments::{BTCPAY, Payments};
use super::providers::BtcpayApi;

/// What came of a round of questions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Polled {
    /// How many checkouts and refunds had changed.
    pub changed: usize,
    /// How many are asked about again, because the server did not say.
    pub failed: usize,
}

impl Payments {
    /// Asks BTCPay for what no webhook said: checkouts of the last thirty days that are neither paid
    /// nor closed, and refunds of the last year that may still be taken.
    ///
    /// # Errors
    ///
    /// The database is unavailable, or the server is not reached several times on end; the rest waits
    /// for the next time.
    pub async fn poll(&self) -> Result<Polled, PaymentError> {
        let providers = self.providers.load_full();
        let Some((_, api)) = &providers.btcpay else { return Ok(Polled::default()) };
        let mut round = Round::new(self, api);
        round.checkouts().await?;
        round.refunds().await?;
        Ok(round.polled)
    }
}

/// One round of questions.
struct Round<'a> {
    payments: &'a Payments,
    api: &'a BtcpayApi,
    stamp: Stamp,
    polled: Polled,
    /// How often on end the server was not reached.
    silences: u32,
}

impl<'a> Round<'a> {
    fn new(payments: &'a Payments, api: &'a BtcpayApi) -> Self {
        let (stamp, polled) = (payments.stamp(BTCPAY), Polled::default());
        Self { payments, api, stamp, polled, silences: 0 }
    }

    async fn checkouts(&mut self) -> Result<(), PaymentError> {
        let since = self.stamp.now_unix.saturating_sub(POLLED_SECS);
        let mut page = Page { after: 0, limit: Page::MAX };
        loop {
            let open = self.payments.club.open_checkouts(BTCPAY, since, page).await?;
            let Some((last, _)) = open.last() else { return Ok(()) };
            page.after = last.0;
            for (_, session) in &open {
                let invoice = btcpay::invoice(&self.payments.client, self.api, session).await;
                let event = match self.answered(invoice)? {
                    Some(Some(invoice)) => invoice.event(session, KIND),
                    Some(None) => gone(session, KIND),
                    None => continue,
                };
                self.apply(event).await?;
            }
        }
    }

    async fn refunds(&mut self) -> Result<(), PaymentError> {
        let mut page = Page { after: 0, limit: Page::MAX };
        let since = self.stamp.now_unix.saturating_sub(TAKEN_SECS);
        loop {
            let open = self.payments.club.open_refunds(BTCPAY, page).await?;
            let Some(last) = open.last() else { return Ok(()) };
            page.after = last.id.0;
            for refund in open.iter().filter(|refund| refund.asked >= since) {
                let Some(name) = &refund.name else { continue };
                let now = self.stamp.now_unix;
                let found = btcpay::pull_payment(&self.payments.client, self.api, name, now).await;
                // What the server does not know can't be told apart from what it does not say.
                let Some(Some(state)) = self.answered(found)? else { continue };
                if state != refund.state {
                    self.apply(changed(refund, name, state)).await?;
                }
            }
        }
    }

    /// What the server said of one row; `Some(None)` where there is no such thing there, and `None`
    /// where the row is asked about again.
    fn answered<T>(
        &mut self,
        answer: Result<T, ProviderError>,
    ) -> Result<Option<Option<T>>, PaymentError> {
        let error = match answer {
            Ok(found) => {
                self.silences = 0;
                return Ok(Some(Some(found)));
            }
            Err(ProviderError::Refused { status: 404 | 410, .. }) => {
                self.silences = 0;
                return Ok(Some(None));
            }
            Err(error) => error,
        };
        self.polled.failed += 1;
        match error {
            ProviderError::Refused { .. } | ProviderError::Garbled { .. } => self.silences = 0,
            // The server may be down: nobody waits for a thousand of its silences.
            ProviderError::NoAnswer { .. } | ProviderError::Unreachable { .. } => {
                self.silences += 1;
                if self.silences >= MAX_SILENCES {
                    return Err(error.into());
                }
            }
        }
        tracing::debug!(%error, "a row is asked about again");
        Ok(None)
    }

    async fn apply(&mut self, event: Event) -> Result<(), PaymentError> {
        if !matches!(event.notice, Notice::Nothing(_)) {
            self.payments.apply(&self.stamp, Delivery::of(BTCPAY), event).await?;
            self.polled.changed += 1;
        }
        Ok(())
    }
}

/// The event of an invoice that the server does not know: its checkout is closed, and a person told.
pub(super) fn gone(invoice: &str, kind: &str) -> Event {
    let about = Report {
        payment: invoice.to_owned(),
        session: Some(invoice.to_owned()),
        ..Report::default()
    };
    let why = format!("BTCPay knows no invoice {invoice} any more: was it deleted there?");
    let notice = Notice::Held(Box::new(Held { about: Some(about), why, closed: true }));
    Event { key: format!("{invoice}:unknown"), kind: kind.to_owned(), notice }
}

/// The event of a refund that got further.
fn changed(refund: &Refund, name: &str, state: RefundState) -> Event {
    let report = RefundReport {
        name: name.to_owned(),
        key: refund.key.clone(),
        amount: refund.amount,
        state,
    };
    let report =
        Report { payment: refund.payment.clone(), refunds: vec![report], ..Report::default() };
    let key = format!("{name}:{}", state.text());
    Event { key, kind: KIND.to_owned(), notice: Notice::payment(report) }
}

const KIND: &str = "poll";
const POLLED_SECS: u32 = 30 * 86_400;
const TAKEN_SECS: u32 = 365 * 86_400;
const MAX_SILENCES: u32 = 3;
