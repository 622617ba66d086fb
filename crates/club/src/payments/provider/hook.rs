//! Webhooks that the configuration describes: of any sender that signs the raw body with an HMAC in a
//! header, and whose body is JSON. Patreon is one, and shops such as Lemon Squeezy.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};

use super::document::Document;
use super::event::{Claim, Event, Grant, Held, MAX_NAME, MemberHint, Notice, Report, joined};
use super::refused::Refused;
use super::signature::{Algorithm, Secret};
use crate::values::money::{Amount, Currency};

/// How a sender's webhooks are verified and parsed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hook {
    /// Shared secrets; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The encoding of the signature.
    pub format: Format,
    /// What comes before the signature in the header, such as `sha256=`.
    pub prefix: String,
    /// Where the values are in the body.
    pub fields: HookFields,
    /// Kinds of event that report a payment.
    pub paid: Vec<String>,
    /// Kinds of event that report a refund.
    pub refunded: Vec<String>,
    /// Values of the status with which a payment counts. Not used if no status is configured.
    pub paid_status: Vec<String>,
    /// Values of the status with which a refund counts. If there are none, each refund counts.
    pub refunded_status: Vec<String>,
    /// What a payment gives that names none of our checkouts.
    pub gives: Option<Grant>,
}

/// JSON pointers (RFC 6901) into the body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HookFields {
    /// The kind of event, if no header holds it.
    pub event: Option<String>,
    /// The values that identify the payment at the sender, joined: a subscriber's id and the date of
    /// a charge, say. At least one.
    pub id: Vec<String>,
    /// The amount paid, tax included.
    pub amount: String,
    /// The tax that was added to the price.
    pub tax: Option<String>,
    /// The sum of all refunds so far, tax included. If it is not configured, a refund is of the whole
    /// payment.
    pub refunded_amount: Option<String>,
    /// Whether amounts are decimals such as `"3.00"`, rather than numbers of the smallest unit.
    pub decimal: bool,
    /// The currency's code. If it is missing, the currency of `gives` is meant.
    pub currency: Option<String>,
    /// The reference of our checkout.
    pub reference: Option<String>,
    /// A member's name or id.
    pub member: Option<String>,
    /// The status of the payment.
    pub status: Option<String>,
}

/// The encoding of a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// With padding.
    Base64,
    /// In either case.
    Hex,
}

impl Hook {
    /// Verifies and parses one delivery; `kind` is the kind of event, if a header holds it.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn read(&self, signature: &str, kind: Option<&str>, body: &[u8]) -> Result<Event, Refused> {
        let tag = self.tag(signature);
        if !tag.is_some_and(|tag| self.algorithm.verifies(&self.secrets, &[body], &tag)) {
            return Err(Refused::Forged("the signature was not made with our secrets"));
        }
        self.parse(kind, body)
    }

    /// Judges a delivery by the value of its signature's header alone, before its body is read.
    ///
    /// # Errors
    ///
    /// The header is not a signature in the configured form.
    pub fn screen(&self, signature: &str) -> Result<(), Refused> {
        let malformed = Refused::Forged("the signature is missing, or not in the configured form");
        self.algorithm.check_length(&self.tag(signature).ok_or(malformed)?)
    }

    fn tag(&self, signature: &str) -> Option<Vec<u8>> {
        let text = signature.strip_prefix(&self.prefix)?.as_bytes();
        match self.format {
            Format::Base64 => BASE64.decode(text).ok(),
            Format::Hex => HEXLOWER_PERMISSIVE.decode(text).ok(),
        }
    }

    /// Parses a body that was verified before.
    ///
    /// # Errors
    ///
    /// The body is not JSON.
    pub fn parse(&self, kind: Option<&str>, body: &[u8]) -> Result<Event, Refused> {
        let document = Document::parse(body)?;
        let in_body = || document.text(self.fields.event.as_deref()?);
        let cut = |text: &str, limit| text.chars().take(limit).collect::<String>();
        let kind = cut(kind.or_else(in_body).unwrap_or_default(), MAX_NAME);
        // Patreon, for one, gives events no id. The same bytes are the same event.
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

    /// Fills in the payment and its amounts; fails if the body lacks one of them.
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
    /// The amount paid, without the tax that was added to the price.
    fn price(&self) -> Result<Amount, String> {
        let (total, tax) = (self.total()?, self.tax()?);
        let price = total.minor.checked_sub(tax.minor).filter(|price| *price >= 0);
        let price = price.ok_or_else(|| format!("a tax of {tax} in {total}"))?;
        Ok(self.currency.minor(price))
    }

    /// The part of the price that was paid back. The tax is paid back in proportion.
    fn refunded(&self) -> Result<Amount, String> {
        let Some(pointer) = &self.hook.fields.refunded_amount else {
            // By now the amount may be what is left, as at Patreon.
            return Ok(self.currency.minor(Amount::MAX_MINOR));
        };
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

    /// Zero if there is no such field.
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
mod tests;
