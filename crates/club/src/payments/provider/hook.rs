//! A webhook that the configuration describes: any sender that signs the raw body with an HMAC in a
//! header and says in JSON what was paid. Covers Patreon and shops such as Lemon Squeezy.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::event::{Claim, Event, Notice, Report};
use super::refused::Refused;
use super::signature::{Algorithm, Secret};
use crate::values::money::{Amount, Currency};

/// How a sender's webhooks are verified, and where in them is what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hook {
    /// Shared secrets; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// By what the tag is made.
    pub algorithm: Algorithm,
    /// How the tag is written.
    pub format: Format,
    /// What stands before the tag, such as `sha256=`.
    pub prefix: String,
    /// Where in the body is what.
    pub fields: HookFields,
    /// Kinds of event that say something was paid.
    pub paid: Vec<String>,
    /// Kinds of event that say all of it was paid back.
    pub refunded: Vec<String>,
    /// What the status must be for a payment to count; nothing where there is no such field.
    pub paid_status: Vec<String>,
    /// What a payment gives that names no order of ours: tier, days, and what that costs at least.
    pub gives: Option<(String, u16, Amount)>,
}

/// JSON pointers (RFC 6901) into the body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HookFields {
    /// The kind of event, where no header says it.
    pub event: Option<String>,
    /// The sender's name for the payment.
    pub id: String,
    /// What was paid.
    pub amount: Option<String>,
    /// Whether that is a decimal such as `"3.00"`, not a number of the smallest unit.
    pub decimal: bool,
    /// The currency's code; where there is none, that of what it gives.
    pub currency: Option<String>,
    /// The reference of our checkout.
    pub reference: Option<String>,
    /// A member's name or id.
    pub member: Option<String>,
    /// A word that says whether it counts.
    pub status: Option<String>,
}

/// How bytes are written in a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// With padding.
    Base64,
    /// In either case.
    Hex,
}

impl Hook {
    /// Verifies and reads one delivery; `kind` is the kind of event where a header says it.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, signature: &str, kind: Option<&str>, body: &[u8]) -> Result<Event, Refused> {
        let text = signature.strip_prefix(&self.prefix);
        let tag = text.and_then(|text| match self.format {
            Format::Base64 => BASE64.decode(text.as_bytes()).ok(),
            Format::Hex => HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok(),
        });
        if !tag.is_some_and(|tag| self.algorithm.verifies(&self.secrets, &[body], &tag)) {
            return Err(Refused::Forged("the signature is not by our secrets"));
        }
        self.parse(kind, body)
    }

    /// Reads a body that is known to be the sender's.
    ///
    /// # Errors
    ///
    /// It lacks what the configuration says is in it.
    pub fn parse(&self, kind: Option<&str>, body: &[u8]) -> Result<Event, Refused> {
        let value: Value = serde_json::from_slice(body)?;
        let in_body = || self.fields.event.as_deref().and_then(|path| text(&value, path));
        let kind = kind.map(str::to_owned).or_else(in_body).unwrap_or_default();
        let id = text(&value, &self.fields.id)
            .ok_or_else(|| Refused::Malformed(format!("nothing at {}", self.fields.id)))?;
        // Senders such as Patreon give an event no id: the same bytes are the same event.
        let digest = HEXLOWER_PERMISSIVE.encode(&Sha256::digest(body));
        let kind_of_key: String = kind.chars().take(MAX_KIND_IN_KEY).collect();
        let key = format!("{kind_of_key}:{digest}");
        let notice = self.notice(&kind, super::btcpay::name(&id)?, &value)?;
        Ok(Event { key, kind, notice })
    }

    fn notice(&self, kind: &str, payment: String, value: &Value) -> Result<Notice, Refused> {
        let is_paid = self.paid.iter().any(|paid| paid == kind);
        let is_refunded = self.refunded.iter().any(|refunded| refunded == kind);
        if !is_paid && !is_refunded {
            return Ok(Notice::Nothing("not an event that changes anything here"));
        }
        let at = |path: &Option<String>| path.as_deref().and_then(|path| text(value, path));
        let status = at(&self.fields.status).unwrap_or_default();
        if is_paid && self.fields.status.is_some() && !self.paid_status.contains(&status) {
            return Ok(Notice::Nothing("its status does not count as paid"));
        }
        let amount = self.amount(value)?;
        let claim = at(&self.fields.member)
            .zip(self.gives.clone())
            .map(|(member, (tier, days, price))| Claim { member, tier, days, price });
        Ok(Notice::Payment(Box::new(Report {
            payment,
            reference: at(&self.fields.reference),
            by_link: true,
            paid: is_paid.then_some(amount),
            refunded: is_refunded.then_some(amount),
            claim,
            ..Report::default()
        })))
    }

    fn amount(&self, value: &Value) -> Result<Amount, Refused> {
        let at = |path: &Option<String>| path.as_deref().and_then(|path| text(value, path));
        let fails = |why: String| Refused::Malformed(why);
        let currency = match (at(&self.fields.currency), &self.gives) {
            (Some(code), _) => Currency::parse(&code).map_err(|error| fails(error.to_string()))?,
            (None, Some((_, _, price))) => price.currency,
            (None, None) => return Err(fails("no currency".to_owned())),
        };
        let said = at(&self.fields.amount).ok_or_else(|| fails("no amount".to_owned()))?;
        if self.fields.decimal {
            return Amount::parse(&said, currency).map_err(|error| fails(error.to_string()));
        }
        let minor = said.parse().map_err(|_| fails("the amount is no whole number".to_owned()))?;
        Ok(currency.minor(minor))
    }
}

/// The text or number at a pointer.
fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

const MAX_KIND_IN_KEY: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patreon_and_lemon_squeezy_sign_so() {
        let patreon =
            br#"{"data":{"type":"member","id":"123","attributes":{"patron_status":"active_patron"}}}"#;
        check(
            "patreon_test_secret",
            Algorithm::HmacMd5,
            "b53d78f3e40767324b9c983f0ab18db4",
            patreon,
        );
        check(
            "lemon_test_secret",
            Algorithm::HmacSha256,
            "dd0d3b969ed01426c1491abc7b69ecf20573d6ed6382cf30b1374463b93442bd",
            br#"{"meta":{"event_name":"order_created"}}"#,
        );
    }

    #[track_caller]
    fn check(secret: &str, algorithm: Algorithm, tag: &str, body: &[u8]) {
        let secrets = vec![Secret::new(secret).unwrap()];
        let hook = Hook { secrets, algorithm, ..shop() };
        let forged = |signature: &str, body| {
            matches!(hook.read(signature, Some("other"), body), Err(Refused::Forged(_)))
        };
        assert!(!forged(tag, body));
        assert!(!forged(&tag.to_uppercase(), body));
        assert!(forged(&tag[2..], body) && forged("", body) && forged(tag, &body[1..]));
        let prefixed = Hook { prefix: "sha=".to_owned(), ..hook.clone() };
        assert!(matches!(prefixed.read(tag, None, body), Err(Refused::Forged(_))));
        let bytes = HEXLOWER_PERMISSIVE.decode(tag.as_bytes()).unwrap();
        let base64 = Hook { format: Format::Base64, ..hook.clone() };
        let read = base64.read(&BASE64.encode(&bytes), Some("other"), body);
        assert!(!matches!(read, Err(Refused::Forged(_))));
    }

    #[test]
    fn pointers_say_where_what_is() {
        let body =
            br#"{"data":{"id":7,"total":"2.50","currency":"EUR","note":"ada","order":"12"}}"#;
        let event = shop().parse(Some("order_created"), body).unwrap();
        let Notice::Payment(report) = event.notice else { panic!() };
        assert_eq!((report.payment.as_str(), report.reference.as_deref()), ("7", Some("12")));
        let paid = report.paid.unwrap();
        assert_eq!((paid.minor, paid.currency.code()), (250, "eur"));
        assert_eq!(report.claim.unwrap().member, "ada");
        assert_eq!(shop().parse(Some("order_created"), body).unwrap().key, event.key);

        let event = shop().parse(Some("order_refunded"), body).unwrap();
        let Notice::Payment(report) = event.notice else { panic!() };
        assert_eq!((report.paid, report.refunded.unwrap().minor), (None, 250));
        let other = shop().parse(Some("order_viewed"), body).unwrap();
        assert!(matches!(other.notice, Notice::Nothing(_)));
    }

    #[test]
    fn only_a_status_that_counts_is_paid() {
        let fields = HookFields { status: Some("/status".to_owned()), ..shop().fields };
        let hook = Hook { fields, paid_status: vec!["active_patron".to_owned()], ..shop() };
        let body =
            |status: &str| format!(r#"{{"status":"{status}","data":{{"id":7,"total":"2.50"}}}}"#);
        let read = |status| hook.parse(Some("order_created"), body(status).as_bytes()).unwrap();
        assert!(matches!(read("active_patron").notice, Notice::Payment(_)));
        assert!(matches!(read("declined_patron").notice, Notice::Nothing(_)));
    }

    #[test]
    fn what_is_not_there_is_malformed() {
        for body in ["", "{}", r#"{"data":{"id":7}}"#, r#"{"data":{"id":7,"total":"x"}}"#] {
            let refused = shop().parse(Some("order_created"), body.as_bytes());
            assert!(matches!(refused, Err(Refused::Malformed(_))), "{body}");
        }
    }

    fn shop() -> Hook {
        let at = |path: &str| Some(path.to_owned());
        Hook {
            secrets: vec![Secret::new("s").unwrap()],
            algorithm: Algorithm::HmacSha256,
            format: Format::Hex,
            prefix: String::new(),
            fields: HookFields {
                event: None,
                id: "/data/id".to_owned(),
                amount: at("/data/total"),
                decimal: true,
                currency: at("/data/currency"),
                reference: at("/data/order"),
                member: at("/data/note"),
                status: None,
            },
            paid: vec!["order_created".to_owned()],
            refunded: vec!["order_refunded".to_owned()],
            paid_status: Vec::new(),
            gives: Some(("fan".to_owned(), 31, Currency::parse("usd").unwrap().minor(250))),
        }
    }
}
