//! What the forms here have in common: the key of a request, who makes it, and where it leads.

use club::{Buyer, Email, Order, Stamp};
use data_encoding::HEXLOWER;

use super::problem::{Field, Problem};
use crate::site::pages::failure::Failure;
use crate::site::pages::visitor::Visitor;

/// Names a request, so that a form that is sent twice is done once. It stands in the form.
#[derive(Clone, Debug)]
pub(super) struct RequestKey(String);

impl RequestKey {
    pub(super) fn random() -> Result<Self, Failure> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system gives no random numbers");
            Failure::unavailable()
        })?;
        Ok(Self(HEXLOWER.encode(&bytes)))
    }

    /// Reads what came with a form.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == BYTES);
        bytes.map(|_| Self(text.to_owned())).ok_or_else(Failure::stale_form)
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// As the club knows it, apart from the keys of the admin API.
    pub(super) fn for_club(&self) -> String {
        format!("page:{}", self.0)
    }
}

/// Who buys: the member who is signed in, or whoever has the address.
pub(super) fn buyer(visitor: &Visitor, email: &str) -> Result<Buyer, Problem> {
    match &visitor.signed_in {
        Some(signed_in) => Ok(Buyer::Member(signed_in.member.id.to_string())),
        None => Ok(Buyer::Visitor(address(email)?)),
    }
}

/// Reads an e-mail address.
pub(super) fn address(text: &str) -> Result<Email, Problem> {
    Email::parse(text).map_err(|_| {
        let text = "Write an e-mail address such as ada@example.org. Your receipt and your library go by it.";
        Problem::new(Field::Email, text)
    })
}

/// Where an order's page is, below the site's host.
pub(super) fn path_of(visitor: &Visitor, order: &Order) -> String {
    format!("{}/orders/{}", visitor.look.home, order.token)
}

/// For the record of what a visitor does.
pub(super) fn stamp(visitor: &Visitor) -> Stamp {
    match &visitor.signed_in {
        Some(signed_in) => visitor.site.stamp_of(&signed_in.member),
        None => visitor.site.stamp("visitor"),
    }
}

/// What a buyer agrees to where the publisher says nothing.
pub(super) fn consent_text(visitor: &Visitor) -> String {
    let text = &visitor.look.appearance.texts.consent;
    if text.is_empty() { CONSENT.to_owned() } else { text.clone() }
}

/// Refuses a form whose box for that was left empty.
pub(super) fn check_consent(consent: &str) -> Result<(), Problem> {
    if consent == "yes" {
        return Ok(());
    }
    Err(Problem::new(Field::Consent, "Tick this box: without it nothing can be delivered at once."))
}

/// Bytes of something that is no address and is still shown again.
pub(super) const MAX_SHOWN: usize = 300;
const BYTES: usize = 16;
const CONSENT: &str = "Deliver it to me at once. I know that I can't withdraw from the purchase once delivery begins.";
