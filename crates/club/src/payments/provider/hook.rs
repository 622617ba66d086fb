//! A webhook that the configuration describes: any sender that signs the raw body with an HMAC in a
//! header and says in JSON what was paid. Covers Patreon and shops such as Lemon Squeezy.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};

use super::document::Document;
use super::event::{Claim, Event, Grant, Held, MAX_NAME, MemberHint, Notice, Report, joined};
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
    /// Kinds of event that say something was paid back.
    pub refunded: Vec<String>,
    /// What the status must be for a payment to count; anything where there is no such field.
    pub paid_status: Vec<String>,
    /// What the status must be for a refund to count; anything where this is empty.
    pub refunded_status: Vec<String>,
    /// What a payment gives that names no order of ours.
    pub gives: Option<Grant>,
}

/// JSON pointers (RFC 6901) into the body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HookFields {
    /// The kind of event, where no header says it.
    pub event: Option<String>,
    /// What together names the payment at the sender: the name of a subscriber and the date of a
    /// charge, say. At least one.
    pub id: Vec<String>,
    /// What was paid, with the tax.
    pub amount: String,
    /// What of the amount is tax that was added to the price.
    pub tax: Option<String>,
    /// What was paid back so far, with its share of the tax. Where there is no such field, a refund
    /// is of all that was paid.
    pub refunded_amount: Option<String>,
    /// Whether amounts are decimals such as `"3.00"`, not numbers of the smallest unit.
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
    /// It is not JSON.
    pub fn parse(&self, kind: Option<&str>, body: &[u8]) -> Result<Event, Refused> {
        let document = Document::parse(body)?;
        let in_body = || document.text(self.fields.event.as_deref()?);
        let cut = |text: &str, limit| text.chars().take(limit).collect::<String>();
        let kind = cut(kind.or_else(in_body).unwrap_or_default(), MAX_NAME);
        // Senders such as Patreon give an event no id: the same bytes are the same event.
        let digest = HEXLOWER_PERMISSIVE.encode(&Sha256::digest(body));
        let key = format!("{}:{digest}", cut(&kind, MAX_KIND_IN_KEY));
        let notice = self.notice(&kind, &document);
        Ok(Event { key, kind, notice })
    }

    fn notice(&self, kind: &str, document: &Document) -> Notice {
        let is_in = |words: &[String], word: &str| words.iter().any(|known| known == word);
        let (pays, refunds) = (is_in(&self.paid, kind), is_in(&self.refunded, kind));
        if !pays && !refunds {
            return Notice::Nothing("not an event that changes anything here");
        }
        let at = |path: &Option<String>| document.text_or_number(path.as_deref()?);
        let status = at(&self.fields.status).unwrap_or_default();
        let pays = pays && (self.fields.status.is_none() || is_in(&self.paid_status, &status));
        let refunds =
            refunds && (self.refunded_status.is_empty() || is_in(&self.refunded_status, &status));
        if !pays && !refunds {
            return Notice::Nothing("its status counts neither as paid nor as paid back");
        }
        let mut report =
            Report { reference: at(&self.fields.reference), by_link: true, ..Report::default() };
        let claim = self.claim(at(&self.fields.member));
        let names_nobody =
            pays && report.reference.is_none() && self.gives.is_some() && claim.is_none();
        let filled = self.fill(&mut report, pays, refunds, document);
        report.claim = claim;
        match filled {
            Err(why) if report.claim.is_some() || names_nobody => {
                Notice::Held(Box::new(Held { about: None, why, closed: false }))
            }
            Err(why) => Notice::held(report, why),
            Ok(()) if names_nobody => {
                let paid = report.paid.map_or_else(String::new, |paid| format!(": {paid} paid"));
                let why = format!("it names no member{paid}");
                Notice::Held(Box::new(Held { about: None, why, closed: false }))
            }
            Ok(()) => Notice::payment(report),
        }
    }

    fn claim(&self, member: Option<String>) -> Option<Claim> {
        let (member, grant) = (MemberHint::Explicit(member?), self.gives.clone()?);
        Some(Claim { member, grant })
    }

    /// Says which payment it is, what of it was paid and what was paid back; fails where the body
    /// does not.
    fn fill(
        &self,
        report: &mut Report,
        pays: bool,
        refunds: bool,
        document: &Document,
    ) -> Result<(), String> {
        let id = |pointer: &String| {
            document.text_or_number(pointer).ok_or_else(|| format!("no id at {pointer}"))
        };
        let ids: Vec<_> = self.fields.id.iter().map(id).collect::<Result<_, _>>()?;
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        report.payment = joined(&ids, MAX_NAME);
        let amounts = Amounts { hook: self, document, currency: self.currency(document)? };
        report.paid = pays.then(|| amounts.price()).transpose()?;
        report.refunded = refunds.then(|| amounts.refunded()).transpose()?;
        Ok(())
    }

    fn currency(&self, document: &Document) -> Result<Currency, String> {
        let code = self.fields.currency.as_deref().and_then(|pointer| document.text(pointer));
        match (code, &self.gives) {
            (Some(code), _) => Currency::parse(code).map_err(|error| error.to_string()),
            (None, Some(grant)) => Ok(grant.price.currency),
            (None, None) => Err("no currency".to_owned()),
        }
    }
}

/// The amounts in a body.
struct Amounts<'a> {
    hook: &'a Hook,
    document: &'a Document,
    currency: Currency,
}

impl Amounts<'_> {
    /// What was paid, without the tax that was added to the price.
    fn price(&self) -> Result<Amount, String> {
        let (total, tax) = (self.total()?, self.tax()?);
        let price = total.minor.checked_sub(tax.minor).filter(|price| *price >= 0);
        let price = price.ok_or_else(|| format!("a tax of {tax} in {total}"))?;
        Ok(self.currency.minor(price))
    }

    /// What of the price was paid back. A part of what was paid holds tax as the whole does.
    fn refunded(&self) -> Result<Amount, String> {
        let Some(pointer) = &self.hook.fields.refunded_amount else { return self.price() };
        let refunded = self.at(pointer)?;
        if self.tax()?.minor == 0 {
            return Ok(refunded);
        }
        let (total, price) = (self.total()?, self.price()?);
        if refunded.minor >= total.minor {
            return Ok(price);
        }
        let share = i128::from(refunded.minor) * i128::from(price.minor);
        let total = i128::from(total.minor);
        let rounded = (share + total / 2) / total;
        Ok(self.currency.minor(i64::try_from(rounded).unwrap_or(price.minor)))
    }

    fn total(&self) -> Result<Amount, String> {
        self.at(&self.hook.fields.amount)
    }

    /// Nothing where there is no such field.
    fn tax(&self) -> Result<Amount, String> {
        let pointer = self.hook.fields.tax.as_deref();
        match pointer.filter(|pointer| self.document.text_or_number(pointer).is_some()) {
            Some(pointer) => self.at(pointer),
            None => Ok(self.currency.minor(0)),
        }
    }

    fn at(&self, pointer: &str) -> Result<Amount, String> {
        let text = self.document.text_or_number(pointer);
        let text = text.ok_or_else(|| format!("no amount at {pointer}"))?;
        if self.hook.fields.decimal {
            return Amount::parse(&text, self.currency).map_err(|error| error.to_string());
        }
        let minor = text.parse().ok().filter(|minor| (0..=Amount::MAX_MINOR).contains(minor));
        let odd = || format!("`{text}` at {pointer} is not a whole number of the smallest unit");
        Ok(self.currency.minor(minor.ok_or_else(odd)?))
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
            br#"{"data":{"id":7,"total":"2.50","currency":"EUR","note":"ada","order":"r-12"}}"#;
        let event = shop().parse(Some("order_created"), body).unwrap();
        let report = payment(event.notice);
        assert_eq!((report.payment.as_str(), report.reference.as_deref()), ("7", Some("r-12")));
        assert_eq!(report.paid, Some(eur(250)));
        assert_eq!(report.claim.unwrap().member, MemberHint::Explicit("ada".to_owned()));
        assert_eq!(shop().parse(Some("order_created"), body).unwrap().key, event.key);

        let report = payment(shop().parse(Some("order_refunded"), body).unwrap().notice);
        assert_eq!((report.paid, report.refunded), (None, Some(eur(250))));
        let other = shop().parse(Some("order_viewed"), body).unwrap();
        assert!(matches!(other.notice, Notice::Nothing(_)));
    }

    #[test]
    fn a_payment_may_be_named_by_several_fields() {
        let id = ["/id", "/date"].map(str::to_owned).to_vec();
        let hook = Hook { fields: HookFields { id, ..shop().fields }, ..shop() };
        let read = |id: &str, date: &str| {
            let body = format!(
                r#"{{"id": {id}, "date": {date}, "data": {{"total": "2.50", "note": "ada"}}}}"#
            );
            hook.parse(Some("order_created"), body.as_bytes()).unwrap().notice
        };
        assert_eq!(payment(read("7", "\"2026-01-01\"")).payment, "7:2026-01-01");
        let long = payment(read("7", &format!("\"{}\"", "1".repeat(199)))).payment;
        assert!(long.len() == 64 && !long.contains(':'), "{long}");
        assert_eq!(payment(read("7", &format!("\"{}\"", "1".repeat(198)))).payment.len(), 200);
        for (id, date) in [("null", "\"2026\""), ("7", "null"), ("7", "true"), ("\"\"", "1")] {
            let Notice::Held(held) = read(id, date) else { panic!("{id} {date}") };
            assert!(held.about.is_none() && held.why.starts_with("no id at /"), "{}", held.why);
        }
    }

    #[test]
    fn only_a_status_that_counts_is_paid() {
        let fields = HookFields { status: Some("/status".to_owned()), ..shop().fields };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let hook = Hook {
            fields,
            paid: words(&["update"]),
            refunded: words(&["update", "refund"]),
            paid_status: words(&["Paid"]),
            refunded_status: words(&["Refunded", "Fraud"]),
            ..shop()
        };
        let read = |kind, status: &str| {
            let body =
                format!(r#"{{"status":{status},"data":{{"id":7,"total":"2.50","note":"ada"}}}}"#);
            hook.parse(Some(kind), body.as_bytes()).unwrap().notice
        };
        let paid = payment(read("update", "\"Paid\""));
        assert_eq!((paid.paid.is_some(), paid.refunded), (true, None));
        let refunded = payment(read("update", "\"Refunded\""));
        assert_eq!((refunded.paid, refunded.refunded.is_some()), (None, true));
        for (kind, status) in [
            ("update", "\"Declined\""),
            ("update", "\"paid\""),
            ("update", "null"),
            ("update", "7"),
            ("refund", "\"Paid\""),
        ] {
            assert!(matches!(read(kind, status), Notice::Nothing(_)), "{kind} {status}");
        }
    }

    #[test]
    fn tax_on_top_is_not_the_price_and_is_paid_back_with_its_share() {
        let at = |path: &str| Some(path.to_owned());
        let fields = HookFields {
            id: vec!["/id".to_owned()],
            amount: "/total".to_owned(),
            tax: at("/tax"),
            refunded_amount: at("/refunded"),
            decimal: false,
            reference: at("/order"),
            ..HookFields::default()
        };
        let hook = Hook { fields, ..shop() };
        #[track_caller]
        fn check(hook: &Hook, body: &str, paid: i64, refunded: i64) {
            let body = format!(r#"{{"id": 7, "order": "r-12", {body}}}"#);
            let read = |kind| payment(hook.parse(Some(kind), body.as_bytes()).unwrap().notice);
            assert_eq!(read("order_created").paid.unwrap().minor, paid, "{body}");
            assert_eq!(read("order_refunded").refunded.unwrap().minor, refunded, "{body}");
        }
        check(&hook, r#""total": 500, "tax": 0, "refunded": 100"#, 500, 100);
        check(&hook, r#""total": 600, "tax": 100, "refunded": 120"#, 500, 100);
        check(&hook, r#""total": 600, "tax": 100, "refunded": 1"#, 500, 1);
        check(&hook, r#""total": 600, "tax": 100, "refunded": 0"#, 500, 0);
        check(&hook, r#""total": 600, "tax": 100, "refunded": 600"#, 500, 500);
        check(&hook, r#""total": 600, "tax": 100, "refunded": 601"#, 500, 500);
        check(&hook, r#""total": 600, "tax": null, "refunded": 600"#, 600, 600);
        check(
            &hook,
            r#""total": 1000000000000000, "tax": 1, "refunded": 999999999999998"#,
            999_999_999_999_999,
            999_999_999_999_997,
        );
        let body = br#"{"id": 7, "order": "r-12", "total": 5, "tax": 6}"#;
        let held = hook.parse(Some("order_created"), body).unwrap().notice;
        let Notice::Held(held) = held else { panic!("{held:?}") };
        assert_eq!(held.why, "a tax of 0.06 usd in 0.05 usd");
    }

    #[test]
    fn what_says_too_little_is_held_where_it_may_be_ours() {
        let read = |hook: &Hook, body: &str| hook.parse(Some("order_created"), body.as_bytes());
        for body in ["", "{", "\u{fffd}"] {
            assert!(matches!(read(&shop(), body), Err(Refused::Malformed(_))), "{body}");
        }
        let held = |hook: &Hook, body: &str| match read(hook, body).unwrap().notice {
            Notice::Held(held) => (held.why, held.about.map(|report| report.reference)),
            other => panic!("{other:?}"),
        };
        let (why, about) = held(&shop(), r#"{"data": {"id": 7, "total": "2.50"}}"#);
        assert_eq!((why.as_str(), about), ("it names no member: 2.50 usd paid", None));
        let (why, about) = held(&shop(), r#"{"data": {"id": 7, "note": "ada"}}"#);
        assert_eq!((why.as_str(), about), ("no amount at /data/total", None));
        // By the reference alone it may be somebody else's.
        let shop = Hook { gives: None, ..shop() };
        let body = r#"{"data": {"id": 7, "order": "r-12", "currency": "usd", "total": "x"}}"#;
        let (why, about) = held(&shop, body);
        assert!(why.starts_with("`x` is no"), "{why}");
        assert_eq!(about, Some(Some("r-12".to_owned())));
    }

    #[track_caller]
    fn payment(notice: Notice) -> Report {
        match notice {
            Notice::Payment(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn eur(minor: i64) -> Amount {
        Currency::parse("eur").unwrap().minor(minor)
    }

    fn shop() -> Hook {
        let at = |path: &str| Some(path.to_owned());
        Hook {
            secrets: vec![Secret::new("s").unwrap()],
            algorithm: Algorithm::HmacSha256,
            format: Format::Hex,
            prefix: String::new(),
            fields: HookFields {
                id: vec!["/data/id".to_owned()],
                amount: "/data/total".to_owned(),
                decimal: true,
                currency: at("/data/currency"),
                reference: at("/data/order"),
                member: at("/data/note"),
                ..HookFields::default()
            },
            paid: vec!["order_created".to_owned()],
            refunded: vec!["order_refunded".to_owned()],
            paid_status: Vec::new(),
            refunded_status: Vec::new(),
            gives: Some(Grant {
                tier: "fan".to_owned(),
                days: 31,
                price: Currency::parse("usd").unwrap().minor(250),
            }),
        }
    }
}
