//! `tax`: what of every price is tax, for receipts and the accountant.

use club::Tax;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::units::Percent;

/// `tax`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawTax {
    pub label: String,
    pub rate: Percent,
}

/// The tax in force.
///
/// # Errors
///
/// Names the key that can't stand.
pub(super) fn resolve(raw: Option<RawTax>) -> Result<Option<Tax>, Invalid> {
    let Some(raw) = raw else { return Ok(None) };
    if raw.label.is_empty()
        || raw.label.len() > MAX_LABEL
        || raw.label.chars().any(char::is_control)
    {
        let why = format!("expected 1 to {MAX_LABEL} characters, such as VAT");
        return Err(Invalid::new("tax.label", why));
    }
    Ok(Some(Tax { label: raw.label, rate: raw.rate.thousandths() }))
}

const MAX_LABEL: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_has_a_name() {
        let raw = |label: &str| RawTax { label: label.to_owned(), rate: "19%".parse().unwrap() };
        assert_eq!(resolve(Some(raw("VAT"))).unwrap().unwrap().rate, 19_000);
        assert!(resolve(Some(raw(""))).is_err() && resolve(Some(raw("a\nb"))).is_err());
    }
}
