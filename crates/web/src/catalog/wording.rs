//! Amounts, days and items as pages and mail write them.

use club::{Amount, Item};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An amount with its sign where the currency has one that everybody knows: `$3.00`, `3.00 CHF`.
pub(crate) fn money(amount: Amount) -> String {
    let decimal = amount.decimal();
    let code = amount.currency.code();
    match SIGNS.iter().find(|(known, _)| *known == code) {
        Some((_, sign)) => match decimal.strip_prefix('-') {
            Some(decimal) => format!("-{sign}{decimal}"),
            None => format!("{sign}{decimal}"),
        },
        None => format!("{decimal} {}", code.to_uppercase()),
    }
}

/// A day in UTC, such as `14 November 2026`.
pub(crate) fn day(unix: u32) -> String {
    let moment = Timestamp::from_second(unix.into()).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string()
}

/// What an item is called; its name where it has no title.
pub(crate) fn title(item: &Item) -> String {
    if item.title.trim().is_empty() { item.name.clone() } else { item.title.clone() }
}

const SIGNS: [(&str, &str); 8] = [
    ("usd", "$"),
    ("eur", "€"),
    ("gbp", "£"),
    ("jpy", "¥"),
    ("inr", "₹"),
    ("krw", "₩"),
    ("ils", "₪"),
    ("uah", "₴"),
];

#[cfg(test)]
mod tests {
    use club::Currency;

    use super::*;

    #[test]
    fn money_is_written_as_people_write_it() {
        for (minor, currency, expected) in [
            (225, "usd", "$2.25"),
            (-75, "eur", "-€0.75"),
            (700, "jpy", "¥700"),
            (300, "chf", "3.00 CHF"),
        ] {
            let amount = Currency::parse(currency).unwrap().minor(minor);
            assert_eq!(money(amount), expected);
        }
        assert_eq!(day(1_800_000_000), "15 January 2027");
    }
}
