//! Stripe: webhooks signed by `Stripe-Signature`, version `v1`.
//!
//! The header's rules are those of Stripe's own libraries: any `v1` may match, others are passed
//! over, hexadecimal digits are in lower case, and there are no blanks.

mod unit;

use data_encoding::HEXLOWER;

use super::document::Document;
use super::event::{Beginning, Dispute, Ending, Event, Notice, RefundReport, RefundState, Report};
use super::refused::Refused;
use super::signature::{Algorithm, Secret};
use crate::values::money::{Amount, Currency};

pub use unit::to_stripe;

/// How Stripe's events are verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stripe {
    /// The endpoint's secrets, `whsec_…`; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// Takes events of live payments only, or of test payments only; `None` takes both.
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

    /// Judges a delivery by the value of its `Stripe-Signature` alone, before its body is read.
    ///
    /// # Errors
    ///
    /// The header is malformed, without a signature, or of another time.
    pub fn screen(&self, signature: &str, now_unix: u32) -> Result<(), Refused> {
        let header = Header::parse(signature)?;
        if header.tags.is_empty() {
            return Err(Refused::Forged("Stripe-Signature has no v1 signature"));
        }
        header.check_time(now_unix)
    }

    fn verify(&self, signature: &str, body: &[u8], now_unix: u32) -> Result<(), Refused> {
        let header = Header::parse(signature)?;
        let text = header.signed_at.to_string();
        // Stripe signed the time as it wrote it: leading zeros would not verify.
        let parts = [text.as_bytes(), b".", body];
        let is_genuine = |tag: &Vec<u8>| Algorithm::HmacSha256.verifies(&self.secrets, &parts, tag);
        if !header.tags.iter().any(is_genuine) {
            return Err(Refused::Forged(
                "no signature in Stripe-Signature was made with our secrets",
            ));
        }
        header.check_time(now_unix)
    }

    /// Parses a body that was verified before.
    ///
    /// # Errors
    ///
    /// The body is not JSON, or has no id or no type.
    pub fn parse(&self, body: &[u8]) -> Result<Event, Refused> {
        let event = Document::parse(body)?;
        let required = |pointer| event.name(pointer).ok_or_else(|| Refused::missing(pointer));
        let (key, kind) = (required("/id")?, required("/type")?);
        let notice = match self.live {
            Some(live) if event.flag("/livemode") != Some(live) => {
                Notice::Nothing("of the other mode, live or test, than payments.stripe")
            }
            _ => notice(&kind, &event),
        };
        Ok(Event { key, kind, notice })
    }

    /// The kinds of event to subscribe to.
    pub const EVENTS: [&str; 16] = [
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "invoice.paid",
        "invoice.payment_failed",
        "customer.subscription.deleted",
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ];
}

/// What an event means, by its kind.
fn notice(kind: &str, event: &Document) -> Notice {
    let object = event.part("/data/object");
    match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            session(&object)
        }
        "checkout.session.async_payment_failed" | "checkout.session.expired" => {
            match object.name("/id") {
                Some(session) => Notice::Closed { session },
                None => Notice::Nothing("a session without an id"),
            }
        }
        "invoice.paid" => invoice(&object),
        "invoice.payment_failed" => {
            Notice::Nothing("not paid: the tier ends with its period, then its grace")
        }
        "customer.subscription.deleted" => ended(&object, event.time("/created")),
        "charge.refunded" => refunded(&object),
        "charge.refund.updated" | "refund.created" | "refund.updated" | "refund.failed" => {
            refund(&object)
        }
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.closed" => disputed(&object),
        _ => Notice::Nothing("not an event that changes anything here"),
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

    fn check_time(&self, now_unix: u32) -> Result<(), Refused> {
        match self.signed_at.abs_diff(now_unix.into()) {
            ..=TOLERANCE_SECS => Ok(()),
            secs => Err(Refused::Stale(secs)),
        }
    }
}

fn session(session: &Document) -> Notice {
    let reference = session.name("/client_reference_id").or_else(|| session.name(METADATA));
    let by_link = session.name("/payment_link").is_some();
    if session.text("/mode") != Some("payment") {
        // Its invoices say what is paid, and name the subscription.
        return match (session.name("/subscription"), session.name("/id")) {
            (Some(subscription), Some(session)) => {
                Notice::Begun(Beginning { subscription, session, reference, by_link })
            }
            _ => Notice::Nothing("a session that is neither a payment nor a subscription"),
        };
    }
    if !matches!(session.text("/payment_status"), Some("paid" | "no_payment_required")) {
        return Notice::Nothing("not paid yet: async_payment_succeeded says when");
    }
    let id = session.name("/id");
    let report = Report { reference, by_link, session: id.clone(), ..Report::default() };
    let paid = amount(session, "/amount_total");
    match (session.name("/payment_intent").or(id), paid) {
        (Some(payment), Ok(paid)) => {
            Notice::payment(Report { payment, paid: Some(paid), ..report })
        }
        (None, _) => Notice::held(report, "a paid session without an id".to_owned()),
        (Some(payment), Err(why)) => Notice::held(Report { payment, ..report }, why),
    }
}

fn invoice(invoice: &Document) -> Notice {
    // API versions from 2025 on have the subscription in the parent.
    let details = ["/subscription_details", "/parent/subscription_details"];
    let in_details =
        |name: &str| details.iter().find_map(|details| invoice.name(&format!("{details}/{name}")));
    let Some(subscription) = invoice.name("/subscription").or_else(|| in_details("subscription"))
    else {
        return Notice::Nothing("an invoice of no subscription");
    };
    let lines = || invoice.list("/lines/data");
    let in_lines = || lines().find_map(|line| line.name(METADATA));
    let report = Report {
        reference: in_details("metadata/order").or_else(in_lines),
        subscription: Some(subscription),
        until: lines().filter_map(|line| line.time("/period/end")).max(),
        ..Report::default()
    };
    let payment = invoice.name("/payment_intent").or_else(|| invoice.name("/id"));
    match (payment, amount(invoice, "/amount_paid")) {
        (None, _) => Notice::held(report, "a paid invoice without an id".to_owned()),
        (Some(payment), Err(why)) => Notice::held(Report { payment, ..report }, why),
        (Some(payment), Ok(_)) if report.until.is_none() => {
            let why = "a subscription's invoice that does not say until when it is paid";
            Notice::held(Report { payment, ..report }, why.to_owned())
        }
        (Some(payment), Ok(paid)) => {
            Notice::payment(Report { payment, paid: Some(paid), ..report })
        }
    }
}

fn ended(subscription: &Document, created: Option<u32>) -> Notice {
    let Some(id) = subscription.name("/id") else {
        return Notice::Nothing("a subscription without an id");
    };
    let reference = subscription.name(METADATA);
    let Some(at) = subscription.time("/ended_at").or(created) else {
        let report = Report { reference, subscription: Some(id), ..Report::default() };
        return Notice::held(report, "a subscription that does not say when it ended".to_owned());
    };
    Notice::Ended(Ending { subscription: id, reference, at })
}

fn refunded(charge: &Document) -> Notice {
    let named = ["/payment_intent", "/invoice", "/id"];
    let Some(payment) = named.iter().find_map(|pointer| charge.name(pointer)) else {
        return Notice::Nothing("a charge without an id");
    };
    let refunds: Vec<_> =
        charge.list("/refunds/data").filter_map(|it| refund_report(&it).ok()).collect();
    let report = Report { payment, reference: charge.name(METADATA), refunds, ..Report::default() };
    match amount(charge, "/amount_refunded") {
        Ok(refunded) => Notice::payment(Report { refunded: Some(refunded), ..report }),
        Err(why) => Notice::held(report, why),
    }
}

/// One refund, as `refund.*` and `charge.refund.updated` have it.
fn refund(refund: &Document) -> Notice {
    let payment = refund.name("/payment_intent").or_else(|| refund.name("/charge"));
    let Some(payment) = payment else { return Notice::Nothing("a refund of no charge") };
    let report = Report { payment, ..Report::default() };
    match refund_report(refund) {
        Ok(refund) => Notice::payment(Report { refunds: vec![refund], ..report }),
        Err(why) => Notice::held(report, why),
    }
}

fn refund_report(refund: &Document) -> Result<RefundReport, String> {
    Ok(RefundReport {
        name: refund.name("/id").ok_or("a refund without an id")?,
        key: refund.name("/metadata/key"),
        amount: amount(refund, "/amount")?,
        state: match refund.text("/status") {
            Some("succeeded") => RefundState::Succeeded,
            Some("failed") => RefundState::Failed,
            Some("canceled") => RefundState::Cancelled,
            // Pending, or it requires an action of the payer's.
            _ => RefundState::Requested,
        },
    })
}

fn disputed(dispute: &Document) -> Notice {
    let payment = dispute.name("/payment_intent").or_else(|| dispute.name("/charge"));
    let Some(payment) = payment else { return Notice::Nothing("a dispute of no charge") };
    let reached = match dispute.text("/status") {
        Some("lost") => Dispute::Lost,
        Some("won" | "warning_closed") => Dispute::Won,
        Some(status) if status.starts_with("warning_") => {
            return Notice::Nothing("an inquiry: no money was taken");
        }
        _ => Dispute::Open,
    };
    Notice::payment(Report { payment, dispute: reached, ..Report::default() })
}

/// An amount, or why there is none.
fn amount(object: &Document, pointer: &str) -> Result<Amount, String> {
    let units = object.integer(pointer).ok_or_else(|| format!("no whole number at {pointer}"))?;
    let currency = object.text("/currency").ok_or("no currency")?;
    let currency = Currency::parse(currency).map_err(|error| error.to_string())?;
    let odd = || format!("{units} is not a whole amount of {currency}");
    unit::of_stripe(units, currency).ok_or_else(odd)
}

/// Where objects have the reference that we gave along.
const METADATA: &str = "/metadata/order";
/// The most that a signature's time may differ from ours.
const TOLERANCE_SECS: u64 = 300;
const MAX_HEADER_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
