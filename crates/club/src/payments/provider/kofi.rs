//! Ko-fi: no signature, but a token inside the payload, which is a form with JSON in one field.
//!
//! A donation or a membership payment gives a tier. Nobody says when a membership ends: each
//! payment is for a number of days. Ko-fi does not ask payers who they are here, so a payer writes a
//! member's name or a checkout's reference into the message, or is known by the name that Ko-fi
//! shows. Shop orders and commissions are for other goods: they give nothing without a reference.

use std::collections::BTreeMap;

use super::document::Document;
use super::event::{
    Claim, Event, Grant, Held, MAX_NAME, MemberHint, Notice, REFERENCE_PREFIX, Report,
};
use super::refused::Refused;
use super::signature::Secret;
use crate::values::money::{Amount, Currency};

/// How Ko-fi's webhooks are verified, and what a payment there is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kofi {
    /// Verification tokens; several while one is replaced.
    pub tokens: Vec<Secret>,
    /// What a donation gives, and a payment of a membership that is not named below.
    pub gives: Grant,
    /// What the payments of a membership tier give, by the tier's name at Ko-fi.
    pub memberships: BTreeMap<String, Grant>,
}

impl Kofi {
    /// Verifies and parses one delivery.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, body: &[u8]) -> Result<Event, Refused> {
        let payment = Document::parse(&payload(body)?)?;
        // The payload is parsed before it is trusted: its secret is inside.
        let token = payment.text("/verification_token").unwrap_or_default();
        if !self.tokens.iter().any(|known| known.is(token)) {
            return Err(Refused::Forged(
                "verification_token is not one of payments.kofi.token_files",
            ));
        }
        self.event(&payment)
    }

    /// The part of a verified body that may be stored: the JSON without the token.
    ///
    /// # Errors
    ///
    /// The body is not Ko-fi's form.
    pub fn without_token(body: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut payload: serde_json::Value = serde_json::from_slice(&payload(body)?)?;
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("verification_token");
        }
        Ok(serde_json::to_vec(&payload)?)
    }

    /// Parses what [`without_token`](Self::without_token) kept.
    ///
    /// # Errors
    ///
    /// It is not JSON, or has no id.
    pub fn parse(&self, kept: &[u8]) -> Result<Event, Refused> {
        self.event(&Document::parse(kept)?)
    }

    fn event(&self, payment: &Document) -> Result<Event, Refused> {
        let id = payment.name("/kofi_transaction_id").or_else(|| payment.name("/message_id"));
        let id = id.ok_or_else(|| Refused::missing("/message_id"))?;
        let kind = payment.name("/type").unwrap_or_else(|| UNKNOWN.to_owned());
        let notice = self
            .notice(&id, &kind, payment)
            .unwrap_or_else(|why| Notice::Held(Box::new(Held { about: None, why, closed: false })));
        Ok(Event { key: id, kind, notice })
    }

    fn notice(&self, id: &str, kind: &str, payment: &Document) -> Result<Notice, String> {
        let message = payment.text("/message").unwrap_or_default();
        let reference = message.split_whitespace().map(bare).find(|word| is_reference(word));
        let grant = match kind {
            _ if reference.is_some() => None,
            "Donation" => Some(&self.gives),
            "Subscription" => {
                let tier = payment.text("/tier_name").unwrap_or_default();
                Some(self.memberships.get(tier).unwrap_or(&self.gives))
            }
            "Shop Order" => return Ok(Notice::Nothing("an order in Ko-fi's shop gives no tier")),
            "Commission" => return Ok(Notice::Nothing("a commission at Ko-fi gives no tier")),
            _ => return Err(format!("Ko-fi sent a payment of the unknown type {kind:?}")),
        };
        let code = payment.text("/currency").ok_or("no currency at /currency")?;
        let currency = Currency::parse(code).map_err(|error| error.to_string())?;
        let amount = payment.text_or_number("/amount").ok_or("no amount at /amount")?;
        let paid = Amount::parse(&amount, currency).map_err(|error| error.to_string())?;
        let from = payment.text("/from_name").unwrap_or_default();
        let claim = |grant: &Grant| Claim { member: hint(message, from), grant: grant.clone() };
        Ok(Notice::payment(Report {
            payment: id.to_owned(),
            by_link: reference.is_some(),
            reference,
            paid: Some(paid),
            claim: grant.map(claim),
            ..Report::default()
        }))
    }
}

/// Whom a payment is for, by the message and by the name that Ko-fi shows of the payer.
///
/// A message is a sentence more often than a name, so a word in it decides only where it is marked
/// as a name: `member: ada`, `ada: thanks`, `@ada`, or nothing but `ada`. The first word of a sentence counts as
/// much as the payer's own name, and no more.
fn hint(message: &str, from: &str) -> MemberHint {
    let words: Vec<_> = message.split_whitespace().take(MAX_WORDS).collect();
    if let Some(name) = labelled(&words) {
        return MemberHint::Explicit(name);
    }
    let mentions = words.iter().filter(|word| word.starts_with('@'));
    let first = words.first().filter(|word| words.len() == 1 || word.ends_with(':'));
    let marked = mentions.chain(first).map(|word| bare(word)).collect();
    let likely = words.first().map(|word| bare(word)).into_iter().chain([from.trim().to_owned()]);
    MemberHint::Guesses(vec![marked, likely.collect()])
}

/// Whether a word is a checkout's reference, of any installation of usher.
fn is_reference(word: &str) -> bool {
    word.starts_with(REFERENCE_PREFIX) && (MIN_REFERENCE..=MAX_NAME).contains(&word.len())
}

/// What stands after `member:`, be it a word of its own or not.
fn labelled(words: &[&str]) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some((label, rest)) = word.split_once([':', '=']) else { continue };
        if !bare(label).eq_ignore_ascii_case("member") {
            continue;
        }
        let name = if rest.is_empty() { words.next().copied().unwrap_or_default() } else { rest };
        return Some(bare(name)).filter(|name| !name.is_empty());
    }
    None
}

/// A word without what a sentence puts around it.
fn bare(word: &str) -> String {
    let is_around = |c: char| !c.is_alphanumeric() && c != '_' && c != '-';
    word.trim_matches(is_around).to_owned()
}

/// The JSON in the form's one field.
fn payload(body: &[u8]) -> Result<Vec<u8>, Refused> {
    form_urlencoded::parse(body)
        .find(|(name, _)| name == FIELD)
        .map(|(_, json)| json.into_owned().into_bytes())
        .ok_or_else(|| Refused::Malformed("no field `data` in the form".to_owned()))
}

const FIELD: &str = "data";
const UNKNOWN: &str = "unknown";
/// No word that somebody writes by chance is so long, in bytes.
const MIN_REFERENCE: usize = 20;
/// How far into a message names are looked for, in words.
const MAX_WORDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_inside_is_the_proof() {
        let event = kofi().read(&form("secret-token", "ada: thanks & love", "3.00")).unwrap();
        assert_eq!((event.key.as_str(), event.kind.as_str()), ("txn-1", "Subscription"));
        let Notice::Payment(report) = event.notice else { panic!() };
        assert_eq!((report.payment.as_str(), report.paid.unwrap().minor), ("txn-1", 300));
        for token in ["", "secret-toke", "secret-token2", "SECRET-TOKEN"] {
            let refused = kofi().read(&form(token, "ada", "3.00"));
            assert!(matches!(refused, Err(Refused::Forged(_))), "{token}");
        }
    }

    #[test]
    fn a_name_is_found_where_it_is_marked_as_one() {
        #[track_caller]
        fn check(message: &str, from: &str, marked: &[&str], likely: &[&str]) {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let expected = MemberHint::Guesses(vec![texts(marked), texts(likely)]);
            assert_eq!(hint(message, from), expected, "{message}");
        }
        check("Good luck with it!", "Ko-fi Team", &[], &["Good", "Ko-fi Team"]);
        check("ada", "bob", &["ada"], &["ada", "bob"]);
        check("ada: thanks", "bob", &["ada"], &["ada", "bob"]);
        check("Thanks, from @ada!", " bob ", &["ada"], &["Thanks", "bob"]);
        check("\"ada.b-c_2\"", "", &["ada.b-c_2"], &["ada.b-c_2", ""]);
        check("", "bob", &[], &["bob"]);
        for message in
            ["member: ada", "Member:ada.", "I am member=ada, thanks", "thanks! (member: ada)"]
        {
            assert_eq!(hint(message, "bob"), MemberHint::Explicit("ada".to_owned()), "{message}");
        }
        check("I am a member: ", "bob", &[], &["I", "bob"]);
    }

    #[test]
    fn only_donations_and_memberships_give_a_tier() {
        let read = |kind: &str, tier: &str| {
            let body = serde_json::json!({"message_id": "m", "type": kind, "tier_name": tier,
                "amount": "10.00", "currency": "USD", "from_name": "ada"});
            kofi().parse(body.to_string().as_bytes()).unwrap().notice
        };
        for (kind, at_kofi, tier) in [
            ("Donation", "", "fan"),
            ("Donation", "Gold", "fan"),
            ("Subscription", "", "fan"),
            ("Subscription", "Silver", "fan"),
            ("Subscription", "Gold", "patron"),
        ] {
            let Notice::Payment(report) = read(kind, at_kofi) else { panic!("{kind}") };
            assert_eq!(report.claim.unwrap().grant.tier, tier, "{kind} {at_kofi}");
        }
        for kind in ["Shop Order", "Commission"] {
            assert!(matches!(read(kind, "Gold"), Notice::Nothing(_)), "{kind}");
        }
        for kind in ["donation", "Raffle"] {
            let Notice::Held(held) = read(kind, "") else { panic!("{kind}") };
            assert!(held.about.is_none() && held.why.contains(kind), "{}", held.why);
        }
    }

    #[test]
    fn a_reference_in_the_message_names_a_checkout() {
        let read = |kind: &str, message: &str| {
            let body = serde_json::json!({"message_id": "m", "type": kind, "message": message,
                "amount": "10.00", "currency": "USD", "from_name": "ada"});
            kofi().parse(body.to_string().as_bytes()).unwrap().notice
        };
        let reference = "usher-k3x9-0123456789abcdef";
        for kind in ["Donation", "Subscription", "Shop Order", "Commission"] {
            let message = format!("Thanks! My order is ({reference}).");
            let Notice::Payment(report) = read(kind, &message) else { panic!("{kind}") };
            assert_eq!(report.reference.as_deref(), Some(reference), "{kind}");
            assert!(report.by_link && report.claim.is_none() && report.paid.is_some());
        }
        let Notice::Payment(report) = read("Donation", "usher-fans are great") else { panic!() };
        assert!(report.reference.is_none() && report.claim.is_some());
    }

    #[test]
    fn amounts_are_decimals_in_text_and_never_floats() {
        for amount in ["3", "3.0", "0.10"] {
            let notice = kofi().read(&form("secret-token", "", amount)).unwrap().notice;
            assert!(matches!(notice, Notice::Payment(_)), "{amount}");
        }
        for amount in ["3.001", "3e2", "-3.00", "", "NaN"] {
            let event = kofi().read(&form("secret-token", "", amount)).unwrap();
            assert!(matches!(event.notice, Notice::Held(_)), "{amount}");
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
    fn what_is_not_a_form_is_malformed() {
        for body in [&b""[..], b"data", b"data=%7B", b"{\"amount\":\"3.00\"}", b"\xff\xfe"] {
            assert!(matches!(kofi().read(body), Err(Refused::Malformed(_))));
        }
    }

    fn kofi() -> Kofi {
        let usd = Currency::parse("usd").unwrap();
        let grant =
            |tier: &str, minor| Grant { tier: tier.to_owned(), days: 35, price: usd.minor(minor) };
        Kofi {
            tokens: ["old-token", "secret-token"].map(|text| Secret::new(text).unwrap()).to_vec(),
            gives: grant("fan", 300),
            memberships: [("Gold".to_owned(), grant("patron", 1000))].into(),
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
