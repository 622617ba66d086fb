//! `tax`: what of every price is tax, for receipts and the accountant.

use std::fmt;
use std::str::FromStr;

use club::Tax;
use serde::{Deserialize, Serialize};

use super::check::Invalid;
use super::units::{Unit, UnitError};

/// `tax`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawTax {
    pub label: String,
    pub rate: Percent,
}

/// A percentage with up to three decimals, in thousandths of a percent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Percent(u32);

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let number = text.strip_suffix('%').map(str::trim_end);
        let read = |number: &str| {
            let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 3 {
                return None;
            }
            format!("{whole}{decimals:0<3}").parse().ok().filter(|rate| *rate <= 100_000)
        };
        number.and_then(read).map(Self).ok_or_else(|| UnitError::new::<Self>(text))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Unit for Percent {
    const EXPECTED: &'static str =
        "a percentage up to 100 with three decimals at most, such as 19% or 8.875%";
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
    Ok(Some(Tax { label: raw.label, rate: raw.rate.0 }))
}

const MAX_LABEL: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_read_and_printed_without_loss() {
        for (text, rate) in [("19%", 19_000), ("8.875%", 8_875), ("7.7%", 7_700), ("0%", 0)] {
            let percent: Percent = text.parse().unwrap();
            assert_eq!((percent.0, percent.to_string().as_str()), (rate, text));
        }
        for text in ["19", "19 percent", "100.001%", "1.2345%", "-1%", "%", ".5%", "1e1%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_tax_has_a_name() {
        let raw = |label: &str| RawTax { label: label.to_owned(), rate: Percent(19_000) };
        assert_eq!(resolve(Some(raw("VAT"))).unwrap().unwrap().rate, 19_000);
        assert!(resolve(Some(raw(""))).is_err() && resolve(Some(raw("a\nb"))).is_err());
    }
}
