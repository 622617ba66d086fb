//! Stripe: webhooks signed by `Stripe-Signature`, version `v1`.
//!
//! The header's rules are those of Stripe's own libraries: any `v1` may match, others are passed
//! over, hexadecimal is in lower case, no blanks. Fields that we don't read may be anything.

mod unit;

use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::event::{Dispute, Ending, Event, Notice, Report};
use super::refused::Refused;
use super::signature::{Algorithm, Secret};
use crate::values::money::{Amount, Currency};

pub use unit::to_stripe;

/// How Stripe's events are verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stripe {
    /// The endpoint's secrets, `whsec_…`; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// Whether they must be of live payments, or of test ones; `None` takes both.
    pub live: Option<bool>,
}

impl Stripe {
    /// Verifies and reads one delivery; `signature` is the value of its `Stripe-Signature`.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, signature: &str, body: &[u8], now_unix: u32) -> Result<Event, Refused> {
        self.verify(signature, body, now_unix)?;
        self.parse(body)
    }

    fn verify(&self, signature: &str, body: &[u8], now_unix: u32) -> Result<(), Refused> {
        let header = Header::parse(signature)?;
        let text = header.signed_at.to_string();
        // A number that does not print as it was written was not signed so.
        let parts = [text.as_bytes(), b".", body];
        let by_us = |tag: &Vec<u8>| Algorithm::HmacSha256.verifies(&self.secrets, &parts, tag);
        if !header.tags.iter().any(by_us) {
            return Err(Refused::Forged("no signature in Stripe-Signature is by our secrets"));
        }
        match header.signed_at.abs_diff(now_unix.into()) {
            ..=TOLERANCE_SECS => Ok(()),
            off => Err(Refused::Stale(off)),
        }
    }

    /// Reads a body that is known to be Stripe's.
    ///
    /// # Errors
    ///
    /// It is no event, or lacks what such an event has.
    pub fn parse(&self, body: &[u8]) -> Result<Event, Refused> {
        let raw: RawEvent = serde_json::from_slice(body)?;
        let mut event = Event {
            key: super::btcpay::name(&raw.id)?,
            notice: Notice::Nothing("not an event that changes anything here"),
            kind: raw.kind,
        };
        if self.live.is_some_and(|live| live != raw.livemode) {
            event.notice = Notice::Nothing("of the other mode, live or test, than payments.stripe");
            return Ok(event);
        }
        let object = raw.data.object;
        event.notice = match event.kind.as_str() {
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                session(serde_json::from_value(object)?)?
            }
            "checkout.session.async_payment_failed" | "checkout.session.expired" => {
                Notice::Closed { session: serde_json::from_value::<Named>(object)?.id }
            }
            "invoice.paid" => invoice(serde_json::from_value(object)?)?,
            "invoice.payment_failed" => {
                Notice::Nothing("not paid: the tier ends with its period, then its grace")
            }
            "customer.subscription.deleted" => ended(serde_json::from_value(object)?, raw.created),
            "charge.refunded" => refunded(serde_json::from_value(object)?)?,
            "charge.dispute.created" | "charge.dispute.closed" => {
                disputed(serde_json::from_value(object)?, event.kind == "charge.dispute.closed")
            }
            _ => return Ok(event),
        };
        Ok(event)
    }
}

struct Header {
    signed_at: u64,
    tags: Vec<Vec<u8>>,
}

impl Header {
    fn parse(text: &str) -> Result<Self, Refused> {
        if text.len() > MAX_HEADER_BYTES {
            return Err(Refused::Forged("Stripe-Signature is too long"));
        }
        let (mut signed_at, mut tags) = (None, Vec::new());
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("t", time)) => {
                    let is_plain = !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit());
                    let time = time.parse().ok().filter(|_| is_plain && signed_at.is_none());
                    signed_at =
                        Some(time.ok_or(Refused::Forged("Stripe-Signature has no single time"))?);
                }
                Some(("v1", tag)) => tags.extend(HEXLOWER.decode(tag.as_bytes()).ok()),
                _ => {}
            }
        }
        let signed_at = signed_at.ok_or(Refused::Forged("Stripe-Signature has no time"))?;
        Ok(Self { signed_at, tags })
    }
}

fn session(session: Session) -> Result<Notice, Refused> {
    if session.mode.as_deref() != Some("payment") {
        return Ok(Notice::Nothing("a subscription's session: its invoices say what is paid"));
    }
    if !matches!(session.payment_status.as_deref(), Some("paid" | "no_payment_required")) {
        return Ok(Notice::Nothing("not paid yet: async_payment_succeeded says when"));
    }
    let reference = session.client_reference_id.filter(|text| !text.is_empty());
    Ok(Notice::Payment(Box::new(Report {
        payment: session.payment_intent.unwrap_or_else(|| session.id.clone()),
        reference: reference.or(session.metadata.order),
        by_link: session.payment_link.is_some(),
        paid: Some(amount(session.amount_total, session.currency.as_deref())?),
        session: Some(session.id),
        ..Report::default()
    })))
}

fn invoice(invoice: Invoice) -> Result<Notice, Refused> {
    let parent = invoice.parent.and_then(|parent| parent.subscription_details);
    let details = invoice.subscription_details.or(parent).unwrap_or_default();
    let Some(subscription) = invoice.subscription.or(details.subscription) else {
        return Ok(Notice::Nothing("an invoice of no subscription"));
    };
    let in_lines = invoice.lines.data.iter().find_map(|line| line.metadata.order.clone());
    Ok(Notice::Payment(Box::new(Report {
        payment: invoice.payment_intent.unwrap_or(invoice.id),
        reference: details.metadata.order.or(in_lines),
        subscription: Some(subscription),
        paid: Some(amount(invoice.amount_paid, invoice.currency.as_deref())?),
        until: invoice.lines.data.iter().filter_map(|line| Some(line.period.as_ref()?.end)).max(),
        ..Report::default()
    })))
}

fn ended(subscription: Subscription, created: u32) -> Notice {
    Notice::Ended(Ending {
        reference: subscription.metadata.order,
        subscription: subscription.id,
        at: subscription.ended_at.unwrap_or(created),
    })
}

fn refunded(charge: Charge) -> Result<Notice, Refused> {
    Ok(Notice::Payment(Box::new(Report {
        payment: charge.payment_intent.or(charge.invoice).unwrap_or(charge.id),
        reference: charge.metadata.order,
        refunded: Some(amount(charge.amount_refunded, charge.currency.as_deref())?),
        ..Report::default()
    })))
}

fn disputed(dispute: RawDispute, is_closed: bool) -> Notice {
    let reached = match dispute.status.as_str() {
        "lost" => Dispute::Lost,
        "won" | "warning_closed" if is_closed => Dispute::Won,
        status if status.starts_with("warning_") => {
            return Notice::Nothing("an inquiry: no money was taken");
        }
        _ => Dispute::Open,
    };
    Notice::Payment(Box::new(Report {
        payment: dispute.payment_intent.unwrap_or(dispute.charge),
        dispute: reached,
        ..Report::default()
    }))
}

fn amount(units: Option<i64>, currency: Option<&str>) -> Result<Amount, Refused> {
    let (Some(units), Some(currency)) = (units, currency) else {
        return Err(Refused::Malformed("no amount, or no currency".to_owned()));
    };
    let currency =
        Currency::parse(currency).map_err(|error| Refused::Malformed(error.to_string()))?;
    let malformed = || Refused::Malformed(format!("{units} is no whole amount of {currency}"));
    unit::of_stripe(units, currency).ok_or_else(malformed)
}

#[derive(Deserialize)]
struct RawEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: u32,
    #[serde(default)]
    livemode: bool,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: serde_json::Value,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Session {
    id: String,
    mode: Option<String>,
    payment_status: Option<String>,
    client_reference_id: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    payment_intent: Option<String>,
    payment_link: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Invoice {
    id: String,
    amount_paid: Option<i64>,
    currency: Option<String>,
    payment_intent: Option<String>,
    subscription: Option<String>,
    subscription_details: Option<SubscriptionDetails>,
    /// Where API versions from 2025 on have the subscription.
    parent: Option<Parent>,
    #[serde(default)]
    lines: Lines,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Default, Deserialize)]
struct SubscriptionDetails {
    subscription: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Lines {
    data: Vec<InvoiceLine>,
}

#[derive(Deserialize)]
struct InvoiceLine {
    period: Option<Period>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Period {
    end: u32,
}

#[derive(Deserialize)]
struct Subscription {
    id: String,
    ended_at: Option<u32>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    payment_intent: Option<String>,
    invoice: Option<String>,
    amount_refunded: Option<i64>,
    currency: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct RawDispute {
    charge: String,
    payment_intent: Option<String>,
    status: String,
}

/// What we gave along when the session was made.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    order: Option<String>,
}

/// As far as a signature's time may be from ours.
const TOLERANCE_SECS: u64 = 300;
const MAX_HEADER_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
