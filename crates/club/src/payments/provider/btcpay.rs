//! BTCPay Server: webhooks signed by `BTCPay-Sig`, and invoices as its Greenfield API shows them.
//!
//! A webhook names an invoice and no amount. It is only a reason to ask the API for the invoice, and
//! the answer is what counts. So a forged, repeated or lost webhook does no harm.

use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::document::Document;
use super::event::{Event, Held, MAX_KEY, Notice, Report, joined};
use super::refused::Refused;
use super::signature::{Algorithm, Secret};
use crate::values::money::{Amount, Currency};

/// How BTCPay's webhooks are verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Btcpay {
    /// The webhook's secrets; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// The id of the store. Webhooks of other stores are ignored.
    pub store: String,
}

impl Btcpay {
    /// Verifies and reads one delivery; `signature` is the value of its `BTCPay-Sig`.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, signature: &str, body: &[u8]) -> Result<Event, Refused> {
        let is_genuine =
            |tag: Vec<u8>| Algorithm::HmacSha256.verifies(&self.secrets, &[body], &tag);
        if !tag(signature).is_some_and(is_genuine) {
            return Err(Refused::Forged("BTCPay-Sig was not made with our secrets"));
        }
        self.parse(body)
    }

    /// Judges a delivery by the value of its `BTCPay-Sig` alone, before its body is read.
    ///
    /// # Errors
    ///
    /// The header is not a signature.
    pub fn screen(&self, signature: &str) -> Result<(), Refused> {
        let tag =
            tag(signature).ok_or(Refused::Forged("BTCPay-Sig is not sha256= and a digest"))?;
        Algorithm::HmacSha256.check_length(&tag)
    }

    /// Parses a body that was verified before.
    ///
    /// # Errors
    ///
    /// The body is not JSON, or has no type, or neither an invoice nor an id.
    pub fn parse(&self, body: &[u8]) -> Result<Event, Refused> {
        let event = Document::parse(body)?;
        let kind = event.name("/type").ok_or_else(|| Refused::missing("/type"))?;
        let Some(invoice) = event.name("/invoiceId") else {
            let key = event.name("/deliveryId").ok_or_else(|| Refused::missing("/deliveryId"))?;
            return Ok(Event { key, kind, notice: Notice::Nothing("not about an invoice") });
        };
        let key = joined(&[&invoice, &kind], MAX_KEY);
        let is_after_expiry = event.flag("/afterExpiration") == Some(true);
        let notice = if event.text("/storeId") != Some(self.store.as_str()) {
            Notice::Nothing("of another store")
        } else if kind == RECEIVED && !is_after_expiry {
            Notice::Nothing("paid in part or not confirmed yet: InvoiceSettled says when it is")
        } else if Self::EVENTS.contains(&kind.as_str()) {
            Notice::Wake { session: invoice }
        } else {
            Notice::Nothing("not an event that changes anything here")
        };
        Ok(Event { key, kind, notice })
    }

    /// The kinds of event to subscribe to.
    pub const EVENTS: [&str; 5] =
        [RECEIVED, "InvoicePaymentSettled", "InvoiceSettled", "InvoiceExpired", "InvoiceInvalid"];
}

/// The message authentication code in a `BTCPay-Sig`.
fn tag(signature: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(signature.strip_prefix("sha256=")?.as_bytes()).ok()
}

/// An invoice, as the Greenfield API shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Invoice(Document);

impl Invoice {
    /// The server's name for it; `None` where it is not an invoice.
    pub fn id(&self) -> Option<String> {
        self.0.name("/id")
    }

    /// Where it is paid; empty where the server does not say.
    pub fn checkout_link(&self) -> &str {
        self.0.text("/checkoutLink").unwrap_or_default()
    }

    /// The event that the state of the invoice `id` comes to. It is the same event whether a
    /// webhook or a poll found the invoice so; `kind` is the webhook's.
    pub fn event(&self, id: &str, kind: &str) -> Event {
        let text = |pointer| self.0.text(pointer).unwrap_or_default();
        let (status, more) = (text("/status"), text("/additionalStatus"));
        let notice = self.notice(id, status, more);
        let parts = match &notice {
            Notice::Payment(_) => vec![id, "InvoiceSettled"],
            // More may come in later, and is an event of its own then.
            Notice::Held(_) => vec![id, status, more, text("/paidAmount")],
            _ => vec![id, status],
        };
        Event { key: joined(&parts, MAX_KEY), kind: kind.to_owned(), notice }
    }

    fn notice(&self, id: &str, status: &str, more: &str) -> Notice {
        let report = Report {
            payment: id.to_owned(),
            reference: self.0.name("/metadata/orderId"),
            session: Some(id.to_owned()),
            ..Report::default()
        };
        let paid = self.paid();
        let is_partial = |amount: Amount| paid.is_none_or(|paid| paid.minor < amount.minor);
        match status {
            "Settled" => match self.amount("/amount") {
                Err(why) => Notice::held(report, why),
                // By hand, of an invoice that did not get all of its money.
                Ok(amount) if more == "Marked" && is_partial(amount) => {
                    let came = self.came_in();
                    let why = format!("{came} when the invoice was marked as settled by hand");
                    Notice::held(report, why)
                }
                Ok(amount) => {
                    let surplus = paid.map(|paid| paid.minor.saturating_sub(amount.minor));
                    let surplus = surplus.filter(|surplus| *surplus > 0);
                    let surplus = surplus.map(|surplus| amount.currency.minor(surplus));
                    Notice::payment(Report { paid: Some(amount), surplus, ..report })
                }
            },
            "Expired" | "Invalid" if self.holds_money(status, more, paid) => {
                let why = format!(
                    "{}, and the invoice is {status} ({more}): give it back at BTCPay, or give the \
                     member what it is for by hand",
                    self.came_in()
                );
                Notice::Held(Box::new(Held { about: Some(report), why, closed: true }))
            }
            "Expired" | "Invalid" => Notice::Closed { session: id.to_owned() },
            _ => Notice::Nothing("not settled yet"),
        }
    }

    /// Whether money came in for an invoice that did not settle.
    fn holds_money(&self, status: &str, more: &str, paid: Option<Amount>) -> bool {
        match (more, paid) {
            ("PaidLate" | "PaidOver" | "PaidPartial", _) => true,
            (_, Some(paid)) => paid.minor > 0,
            // Older servers don't say how much. An invoice that nobody paid expires as None, and becomes
            // invalid by hand only.
            (_, None) => status == "Invalid" || !["", "None"].contains(&more),
        }
    }

    /// How much came in, in words.
    fn came_in(&self) -> String {
        match (self.paid(), self.amount("/amount")) {
            (Some(paid), Ok(amount)) => format!("{} of {amount} came in", paid.decimal()),
            (Some(paid), Err(_)) => format!("{paid} came in"),
            (None, Ok(amount)) => format!("an unknown part of {amount} came in"),
            (None, Err(_)) => "an unknown amount came in".to_owned(),
        }
    }

    /// An amount in the invoice's currency, or why there is none.
    fn amount(&self, pointer: &str) -> Result<Amount, String> {
        let text =
            self.0.text_or_number(pointer).ok_or_else(|| format!("no amount at {pointer}"))?;
        Amount::parse(&text, self.currency()?).map_err(|error| error.to_string())
    }

    /// What was paid. It comes of an exchange rate: decimals that the currency does not have are
    /// cut off.
    fn paid(&self) -> Option<Amount> {
        let currency = self.currency().ok()?;
        let text = self.0.text_or_number("/paidAmount")?;
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let decimals: String = decimals.chars().take(currency.exponent().into()).collect();
        Amount::parse(&format!("{whole}.{decimals:0<1}"), currency).ok()
    }

    fn currency(&self) -> Result<Currency, String> {
        let code = self.0.text("/currency").ok_or("no currency")?;
        Currency::parse(code).map_err(|error| error.to_string())
    }
}

const RECEIVED: &str = "InvoiceReceivedPayment";

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = include_bytes!("../../../tests/data/btcpay-body.json");

    fn btcpay() -> Btcpay {
        let secrets = ["older", "HelloWorld"].map(|text| Secret::new(text).unwrap()).to_vec();
        Btcpay { secrets, store: "store_1".to_owned() }
    }

    fn signature() -> String {
        let vectors = include_str!("../../../tests/data/webhooks.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        vectors["btcpay"]["header"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_raw_body_is_what_was_signed() {
        let event = btcpay().read(&signature(), BODY).unwrap();
        assert_eq!(event.key, "inv_1:InvoiceSettled");
        assert_eq!(event.key, invoice("Settled", "None", "10.00").event("inv_1", "poll").key);
        assert_eq!(event.notice, Notice::Wake { session: "inv_1".to_owned() });

        let parsed: serde_json::Value = serde_json::from_slice(BODY).unwrap();
        let minified = serde_json::to_vec(&parsed).unwrap();
        for body in [minified.as_slice(), &BODY[..BODY.len() - 1], b""] {
            assert!(matches!(btcpay().read(&signature(), body), Err(Refused::Forged(_))));
        }
        for header in ["", "sha256=", &signature()[7..], &signature().to_uppercase()] {
            assert!(matches!(btcpay().read(header, BODY), Err(Refused::Forged(_))), "{header}");
        }
    }

    #[test]
    fn a_redelivery_has_the_same_key() {
        let text = String::from_utf8(BODY.to_vec()).unwrap();
        let again =
            text.replace("dlv_1", "dlv_2").replace("Redelivery\": false", "Redelivery\": true");
        assert_ne!(text, again);
        let events = [text, again].map(|body| btcpay().parse(body.as_bytes()).unwrap());
        assert_eq!(events[0], events[1]);
    }

    #[test]
    fn another_stores_invoice_is_none_of_ours() {
        let other = Btcpay { store: "store_2".to_owned(), ..btcpay() };
        assert_eq!(other.parse(BODY).unwrap().notice, Notice::Nothing("of another store"));
    }

    #[test]
    fn an_invoice_that_settled_is_paid() {
        for (more, paid) in [
            ("None", "10.00"),
            ("PaidOver", "12.00"),
            // A store may let it settle with less.
            ("None", "9.99"),
            ("Marked", "10.00"),
            ("PaidLate", "10.004"),
        ] {
            let event = invoice("Settled", more, paid).event("inv_1", "InvoiceSettled");
            let Notice::Payment(report) = event.notice else { panic!("{more} {paid}") };
            assert_eq!(report.paid.unwrap().to_string(), "10.00 eur");
            let surplus = report.surplus.map(|surplus| surplus.to_string());
            assert_eq!(surplus.as_deref(), (more == "PaidOver").then_some("2.00 eur"));
            assert_eq!(report.session.as_deref(), Some("inv_1"));
            assert_eq!(event.key, "inv_1:InvoiceSettled");
        }
        for status in ["New", "Processing", "Unheard"] {
            let event = invoice(status, "PaidPartial", "5.00").event("inv_1", "poll");
            assert!(matches!(event.notice, Notice::Nothing(_)), "{status}");
        }
    }

    #[test]
    fn money_for_an_invoice_that_did_not_settle_is_held() {
        #[track_caller]
        fn check(status: &str, more: &str, paid: &str, why: Option<&str>) {
            match (invoice(status, more, paid).event("inv_1", "poll").notice, why) {
                (Notice::Held(held), Some(why)) => {
                    assert!(held.why.starts_with(why), "{} is not {why}", held.why);
                    assert_eq!(held.closed, status != "Settled");
                    assert_eq!(held.about.unwrap().session.as_deref(), Some("inv_1"));
                }
                (Notice::Closed { session }, None) => assert_eq!(session, "inv_1"),
                (other, _) => panic!("{status} {more} {paid}: {other:?}"),
            }
        }
        let part = Some("5.00 of 10.00 eur came in");
        check("Expired", "PaidPartial", "5.00", part);
        check("Expired", "PaidPartial", "0.004", Some("0.00 of 10.00 eur came in"));
        check("Expired", "PaidLate", "10.00", Some("10.00 of 10.00 eur came in"));
        check("Expired", "PaidOver", "12.5", Some("12.50 of 10.00 eur came in"));
        check("Expired", "None", "5.00", part);
        check("Expired", "None", "0", None);
        check("Expired", "None", "", None);
        check("Expired", "", "", None);
        check("Expired", "Unheard", "", Some("an unknown part of 10.00 eur came in"));
        check("Invalid", "None", "10.00", Some("10.00 of 10.00 eur came in"));
        check("Invalid", "None", "", Some("an unknown part of 10.00 eur came in"));
        check("Invalid", "Marked", "5.00", part);
        check("Invalid", "Marked", "0.00", None);
        check("Invalid", "PaidLate", "", Some("an unknown part of 10.00 eur came in"));
        check("Settled", "Marked", "5.00", Some("5.00 of 10.00 eur came in when"));
        check("Settled", "Marked", "0", Some("0.00 of 10.00 eur came in when"));
        check("Settled", "Marked", "", Some("an unknown part of 10.00 eur came in when"));
    }

    #[test]
    fn more_money_is_another_event() {
        let key = |more, paid| invoice("Expired", more, paid).event("inv_1", "poll").key;
        assert_ne!(key("None", "0"), key("PaidPartial", "5.00"));
        assert_ne!(key("PaidPartial", "5.00"), key("PaidPartial", "6.00"));
        assert_eq!(key("PaidPartial", "5.00"), key("PaidPartial", "5.00"));
    }

    #[test]
    fn a_payment_after_expiry_wakes() {
        let read = |late: &str| {
            let body = format!(
                r#"{{"deliveryId": "d", "type": "InvoiceReceivedPayment", "storeId": "store_1",
                    "invoiceId": "inv_1", "afterExpiration": {late}}}"#
            );
            btcpay().parse(body.as_bytes()).unwrap().notice
        };
        assert_eq!(read("true"), Notice::Wake { session: "inv_1".to_owned() });
        assert!(matches!(read("false"), Notice::Nothing(_)));
        assert!(matches!(read("null"), Notice::Nothing(_)));
    }

    /// An invoice of 10.00 eur; an empty word is not there.
    fn invoice(status: &str, more: &str, paid: &str) -> Invoice {
        let mut invoice = serde_json::json!({"id": "inv_1", "amount": "10.00", "currency": "EUR", "status": status});
        for (name, text) in [("additionalStatus", more), ("paidAmount", paid)] {
            if !text.is_empty() {
                invoice[name] = text.into();
            }
        }
        serde_json::from_value(invoice).unwrap()
    }
}
