//! Amounts and sizes as people read them on pages.

use club::{DeliveryMethod, Item};

pub(super) use crate::catalog::money;

/// What an item costs, in a few words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PriceLabel {
    pub(super) text: String,
    pub(super) is_free: bool,
}

/// The last line of an item's card.
pub(super) fn label(item: &Item, is_free: bool) -> PriceLabel {
    if is_free {
        return PriceLabel { text: "Free".to_owned(), is_free };
    }
    let least = |method| item.least(method).or_else(|| item.prices.of(method));
    let prices = [DeliveryMethod::Torrent, DeliveryMethod::Direct].map(least);
    let text = match prices {
        [Some(price), _] | [None, Some(price)] if item.minimum.is_some() => {
            if price.minor == 0 {
                "Pay what you want".to_owned()
            } else {
                format!("{} or more", money(price))
            }
        }
        [Some(torrent), Some(direct)] if torrent != direct => format!("from {}", money(torrent)),
        [Some(price), _] | [None, Some(price)] if price.minor == 0 => "Free".to_owned(),
        [Some(price), _] | [None, Some(price)] => money(price),
        [None, None] => "Members".to_owned(),
    };
    PriceLabel { text, is_free }
}

/// Bytes in decimal units, as shops and disks count them: `410 kB`, `1.4 GB`.
pub(super) fn size(bytes: u64) -> String {
    let mut unit = 1;
    let mut names = ["kB", "MB", "GB", "TB"].into_iter().peekable();
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    unit *= 1000;
    let mut name = names.next().unwrap_or_default();
    // Rounded as it is shown: 999,950 bytes are 1.0 MB.
    while let Some(larger) = names.peek()
        && tenths(bytes, unit) >= 9995
    {
        (unit, name) = (unit * 1000, larger);
        names.next();
    }
    let tenths = tenths(bytes, unit);
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", (tenths + 5) / 10)
    }
}

/// So many tenths of a unit, rounded.
fn tenths(bytes: u64, unit: u64) -> u64 {
    let tenths = u128::from(bytes) * 10 + u128::from(unit / 2);
    u64::try_from(tenths / u128::from(unit)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits_and_a_unit() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (409_600, "410 kB"),
            (999_949, "1.0 MB"),
            (1_400_000_000, "1.4 GB"),
            (9_949_999_999, "9.9 GB"),
            (9_950_000_000, "10 GB"),
            (999_400_000_000, "999 GB"),
            (999_500_000_000, "1.0 TB"),
            (12_345_678_901_234, "12 TB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }
}
