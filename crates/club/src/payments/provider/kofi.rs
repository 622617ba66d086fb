//! Ko-fi: no signature, but a token inside the payload, which is a form with JSON in one field.
//!
//! Ko-fi knows no orders of ours. A supporter says who they are in the message's first word, or by
//! their name there. Nobody says when a membership ends: each payment is for so many days.

use serde::Deserialize;

use super::event::{Claim, Event, Notice, Report};
use super::refused::Refused;
use super::signature::Secret;
use crate::values::money::{Amount, Currency};

/// How Ko-fi's webhooks are verified, and what a payment there is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kofi {
    /// Verification tokens; several while one is replaced.
    pub tokens: Vec<Secret>,
    /// The tier that a payment gives.
    pub tier: String,
    /// For how long.
    pub days: u16,
    /// What must be paid for that at least.
    pub price: Amount,
}

impl Kofi {
    /// Verifies and reads one delivery.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, body: &[u8]) -> Result<Event, Refused> {
        let payment: Payment = serde_json::from_slice(&payload(body)?)?;
        // No way around parsing first: the secret is inside.
        if !self.tokens.iter().any(|token| token.is(&payment.verification_token)) {
            return Err(Refused::Forged("verification_token is not one of ours"));
        }
        self.event(payment)
    }

    /// What may be kept of a body that was verified: the JSON without the token.
    ///
    /// # Errors
    ///
    /// It is not Ko-fi's form.
    pub fn without_token(body: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut payload: serde_json::Value = serde_json::from_slice(&payload(body)?)?;
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("verification_token");
        }
        Ok(serde_json::to_vec(&payload)?)
    }

    /// Reads what [`without_token`](Self::without_token) kept.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn parse(&self, kept: &[u8]) -> Result<Event, Refused> {
        self.event(serde_json::from_slice(kept)?)
    }

    fn event(&self, payment: Payment) -> Result<Event, Refused> {
        let id =
            payment.kofi_transaction_id.filter(|id| !id.is_empty()).unwrap_or(payment.message_id);
        let paid = Currency::parse(&payment.currency)
            .and_then(|currency| Amount::parse(&payment.amount, currency))
            .map_err(|error| Refused::Malformed(error.to_string()))?;
        let message = payment.message.unwrap_or_default();
        let named = message.split_whitespace().next().unwrap_or(&payment.from_name);
        let claim = Claim {
            member: named.trim_matches([':', ',', '.', '!', '@']).to_owned(),
            tier: self.tier.clone(),
            days: self.days,
            price: self.price,
        };
        let report = Report {
            payment: super::btcpay::name(&id)?,
            paid: Some(paid),
            claim: Some(claim),
            ..Report::default()
        };
        Ok(Event {
            key: report.payment.clone(),
            kind: payment.kind,
            notice: Notice::Payment(Box::new(report)),
        })
    }
}

/// The JSON in the form's one field.
fn payload(body: &[u8]) -> Result<Vec<u8>, Refused> {
    form_urlencoded::parse(body)
        .find(|(name, _)| name == FIELD)
        .map(|(_, json)| json.into_owned().into_bytes())
        .ok_or_else(|| Refused::Malformed("no field `data` in the form".to_owned()))
}

#[derive(Deserialize)]
struct Payment {
    #[serde(default)]
    verification_token: String,
    message_id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    from_name: String,
    message: Option<String>,
    amount: String,
    currency: String,
    kofi_transaction_id: Option<String>,
}

const FIELD: &str = "data";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_inside_is_the_proof() {
        let event = kofi().read(&form("secret-token", "ada: thanks & love", "3.00")).unwrap();
        let Notice::Payment(report) = event.notice else { panic!() };
        assert_eq!((event.key.as_str(), event.kind.as_str()), ("txn-1", "Subscription"));
        assert_eq!(report.paid.unwrap().minor, 300);
        assert_eq!(report.claim.unwrap().member, "ada");
        for token in ["", "secret-toke", "secret-token2", "SECRET-TOKEN"] {
            let refused = kofi().read(&form(token, "ada", "3.00"));
            assert!(matches!(refused, Err(Refused::Forged(_))), "{token}");
        }
    }

    #[test]
    fn who_writes_nothing_is_known_by_name() {
        let event = kofi().read(&form("secret-token", "", "3.00")).unwrap();
        let Notice::Payment(report) = event.notice else { panic!() };
        assert_eq!(report.claim.unwrap().member, "bob");
    }

    #[test]
    fn amounts_are_decimals_in_text_and_never_floats() {
        for amount in ["3", "3.0", "0.10"] {
            assert!(kofi().read(&form("secret-token", "", amount)).is_ok());
        }
        for amount in ["3.001", "3e2", "-3.00", "", "NaN"] {
            let refused = kofi().read(&form("secret-token", "", amount));
            assert!(matches!(refused, Err(Refused::Malformed(_))), "{amount}");
        }
    }

    #[test]
    fn what_is_kept_is_without_the_token_and_reads_as_before() {
        let body = form("secret-token", "ada", "3.00");
        let kept = Kofi::without_token(&body).unwrap();
        assert!(!String::from_utf8_lossy(&kept).contains("secret-token"));
        assert_eq!(kofi().parse(&kept), kofi().read(&body));
    }

    #[test]
    fn what_is_no_form_is_malformed() {
        for body in [&b""[..], b"data", b"data=%7B", b"{\"amount\":\"3.00\"}", b"\xff\xfe"] {
            assert!(matches!(kofi().read(body), Err(Refused::Malformed(_))));
        }
    }

    fn kofi() -> Kofi {
        Kofi {
            tokens: ["old-token", "secret-token"].map(|text| Secret::new(text).unwrap()).to_vec(),
            tier: "fan".to_owned(),
            days: 35,
            price: Currency::parse("usd").unwrap().minor(300),
        }
    }

    /// The shape of Ko-fi's public documentation.
    fn form(token: &str, message: &str, amount: &str) -> Vec<u8> {
        let json = serde_json::json!({
            "verification_token": token, "message_id": "msg-1", "timestamp": "2026-11-20T10:00:00Z",
            "type": "Subscription", "is_public": true, "from_name": "bob", "message": message,
            "amount": amount, "url": "https://ko-fi.example", "email": "bob@example.org",
            "currency": "USD", "is_subscription_payment": true,
            "is_first_subscription_payment": true, "kofi_transaction_id": "txn-1",
            "shop_items": null, "tier_name": "Fans", "shipping": null,
        });
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("data", &json.to_string()).finish().into_bytes()
    }
}
