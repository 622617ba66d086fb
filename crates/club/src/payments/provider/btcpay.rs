//! BTCPay Server: webhooks signed by `BTCPay-Sig`, and invoices as its Greenfield API shows them.
//!
//! A webhook names an invoice and no amount: it is a wake-up call, and what counts is what the API
//! says of the invoice then. So a forged, doubled or lost one does no harm.

use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::event::{Event, Notice, Report};
use super::refused::Refused;
use super::signature::{Algorithm, Secret};
use crate::values::money::{Amount, Currency};

/// How BTCPay's webhooks are verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Btcpay {
    /// The webhook's secrets; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// The store's id, which each of its webhooks names.
    pub store: String,
}

impl Btcpay {
    /// Verifies and reads one delivery; `signature` is the value of its `BTCPay-Sig`.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, signature: &str, body: &[u8]) -> Result<Event, Refused> {
        let tag =
            signature.strip_prefix("sha256=").and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let by_us = |tag: Vec<u8>| Algorithm::HmacSha256.verifies(&self.secrets, &[body], &tag);
        if !tag.is_some_and(by_us) {
            return Err(Refused::Forged("BTCPay-Sig is not by our secrets"));
        }
        self.parse(body)
    }

    /// Reads a body that is known to be BTCPay's.
    ///
    /// # Errors
    ///
    /// It is no event.
    pub fn parse(&self, body: &[u8]) -> Result<Event, Refused> {
        let raw: RawEvent = serde_json::from_slice(body)?;
        let Some(invoice) = raw.invoice_id else {
            let key = name(&raw.delivery_id)?;
            return Ok(Event {
                key,
                kind: raw.kind,
                notice: Notice::Nothing("not about an invoice"),
            });
        };
        let key = name(&format!("{invoice}:{}", raw.kind))?;
        let notice = match raw.kind.as_str() {
            _ if raw.store_id != self.store => Notice::Nothing("of another store"),
            "InvoiceSettled" | "InvoicePaymentSettled" => Notice::Wake { session: invoice },
            "InvoiceExpired" | "InvoiceInvalid" => Notice::Closed { session: invoice },
            _ => Notice::Nothing("not an event that changes anything here"),
        };
        Ok(Event { key, kind: raw.kind, notice })
    }
}

/// An invoice, as the Greenfield API shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Invoice {
    /// Its name.
    pub id: String,
    /// What it is for, a decimal.
    pub amount: String,
    /// In which currency.
    pub currency: String,
    /// `New`, `Processing`, `Expired`, `Invalid` or `Settled`.
    pub status: String,
    /// Where it is paid.
    #[serde(rename = "checkoutLink", default)]
    pub checkout_link: String,
    /// What we gave along when it was made.
    #[serde(default)]
    pub metadata: InvoiceMetadata,
}

/// What an invoice carries for us.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct InvoiceMetadata {
    /// The reference of our checkout.
    #[serde(rename = "orderId")]
    pub order: Option<String>,
}

impl Invoice {
    /// What the invoice says of its payment.
    ///
    /// # Errors
    ///
    /// It is settled for what is no amount.
    pub fn notice(&self) -> Result<Notice, Refused> {
        match self.status.as_str() {
            "Settled" => {
                let amount = Currency::parse(&self.currency)
                    .and_then(|currency| Amount::parse(&self.amount, currency))
                    .map_err(|error| Refused::Malformed(error.to_string()))?;
                Ok(Notice::Payment(Box::new(Report {
                    payment: self.id.clone(),
                    reference: self.metadata.order.clone(),
                    session: Some(self.id.clone()),
                    paid: Some(amount),
                    ..Report::default()
                })))
            }
            "Expired" | "Invalid" => Ok(Notice::Closed { session: self.id.clone() }),
            _ => Ok(Notice::Nothing("not settled yet")),
        }
    }

    /// The key of the event that says an invoice is settled: a webhook's, and the poll's that
    /// found it without one.
    pub fn settled_key(id: &str) -> String {
        format!("{id}:InvoiceSettled")
    }
}

/// A provider's name for something, where it may be kept.
pub(super) fn name(text: &str) -> Result<String, Refused> {
    if text.is_empty() || text.len() > MAX_NAME {
        return Err(Refused::Malformed(format!("a name of {} bytes", text.len())));
    }
    Ok(text.to_owned())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent {
    delivery_id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    store_id: String,
    invoice_id: Option<String>,
}

/// Keys of the journal are made of them, which have 255.
const MAX_NAME: usize = 200;

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
        assert_eq!(event.key, Invoice::settled_key("inv_1"));
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
    fn an_invoice_counts_when_settled() {
        let invoice = |status: &str| Invoice {
            id: "inv_1".to_owned(),
            amount: "2.25".to_owned(),
            currency: "USD".to_owned(),
            status: status.to_owned(),
            checkout_link: String::new(),
            metadata: InvoiceMetadata::default(),
        };
        let Ok(Notice::Payment(report)) = invoice("Settled").notice() else { panic!() };
        let paid = report.paid.unwrap();
        assert_eq!((paid.minor, paid.currency.code()), (225, "usd"));
        assert!(matches!(invoice("Processing").notice(), Ok(Notice::Nothing(_))));
        assert!(matches!(invoice("Expired").notice(), Ok(Notice::Closed { .. })));
    }
}
