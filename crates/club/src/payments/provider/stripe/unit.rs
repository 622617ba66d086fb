//! Amounts as Stripe counts them: in the smallest unit of ISO 4217, but for three currencies
//! (docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases").

use crate::values::money::{Amount, Currency};

/// An amount in the unit of Stripe's API; `None` where it has decimals that Stripe does not take.
pub fn to_stripe(amount: Amount) -> Option<i64> {
    convert(amount.minor, amount.currency.exponent(), exponent(amount.currency))
}

/// An amount of Stripe's API; `None` where it has decimals that the currency does not.
pub(super) fn of_stripe(units: i64, currency: Currency) -> Option<Amount> {
    convert(units, exponent(currency), currency.exponent()).map(|minor| currency.minor(minor))
}

/// How many decimals Stripe counts.
fn exponent(currency: Currency) -> u8 {
    match currency.code() {
        "mga" => 0,
        "isk" | "ugx" => 2,
        _ => currency.exponent(),
    }
}

fn convert(units: i64, from: u8, to: u8) -> Option<i64> {
    let factor = 10_i64.checked_pow(u32::from(from.abs_diff(to)))?;
    if from <= to {
        return units.checked_mul(factor);
    }
    (units % factor == 0).then_some(units / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_currencies_are_counted_otherwise() {
        let check = |currency: &str, minor, units| {
            let currency = Currency::parse(currency).unwrap();
            assert_eq!(to_stripe(currency.minor(minor)), Some(units), "{currency}");
            assert_eq!(of_stripe(units, currency), Some(currency.minor(minor)), "{currency}");
        };
        check("usd", 1050, 1050);
        check("jpy", 700, 700);
        check("kwd", 5120, 5120);
        check("mga", 100_000, 1000);
        check("isk", 700, 70_000);
        check("ugx", 3500, 350_000);
    }

    #[test]
    fn what_cannot_be_said_exactly_is_not_said() {
        let [mga, isk] = ["mga", "isk"].map(|code| Currency::parse(code).unwrap());
        assert_eq!(to_stripe(mga.minor(1050)), None);
        assert_eq!(of_stripe(70_050, isk), None);
        assert_eq!(to_stripe(isk.minor(i64::MAX)), None);
    }
}
