//! Moments, sizes and amounts as the dashboard writes them. Times are in UTC.

use api::product::ProductView;
use api::voucher::WorthView;
use jiff::Timestamp;

/// A moment, to the minute.
pub(super) fn moment(unix: u32) -> String {
    Timestamp::from_second(unix.into()).map(at).unwrap_or_default()
}

/// A moment, to the minute.
pub(super) fn at(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A moment that there may not be.
pub(super) fn maybe(moment: Option<Timestamp>) -> String {
    moment.map(at).unwrap_or_default()
}

/// A number in groups of three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes with three digits and a binary unit, as tables of the command line have them.
pub(super) fn size(bytes: u64) -> String {
    let mut unit = 0_u32;
    while unit < 6 && bytes >> (10 * (unit + 1)) > 0 {
        unit += 1;
    }
    let name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        .get(usize::try_from(unit).unwrap_or(0))
        .copied()
        .unwrap_or_default();
    if unit == 0 {
        return format!("{bytes} B");
    }
    let hundredths = (u128::from(bytes) * 100) >> (10 * unit);
    match hundredths {
        0..1000 => format!("{}.{:02} {name}", hundredths / 100, hundredths % 100),
        1000..10_000 => format!("{}.{} {name}", hundredths / 100, hundredths / 10 % 10),
        _ => format!("{} {name}", hundredths / 100),
    }
}

/// An amount of money with its currency.
pub(super) fn money(money: &api::money::Money) -> String {
    format!("{} {}", money.amount, money.currency.to_uppercase())
}

/// What was bought.
pub(super) fn product(product: &ProductView) -> String {
    match (&product.item, &product.tier, product.method) {
        (Some(item), _, Some(method)) => format!("{}, {}", item.name, method.word()),
        (Some(item), _, None) => item.name.clone(),
        (None, Some(tier), _) => tier.clone(),
        (None, None, _) => "top-up".to_owned(),
    }
}

/// What a voucher is worth.
pub(super) fn worth(worth: &WorthView) -> String {
    match (&worth.money, &worth.item, &worth.tier) {
        (Some(sum), ..) => money(sum),
        (None, Some(item), _) => item.name.clone(),
        (None, None, Some(tier)) => format!("{tier} for {} days", worth.days.unwrap_or(0)),
        (None, None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_groups_and_sizes_have_three_digits() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (18_204_123, "18,204,123")]
        {
            assert_eq!(count(number), expected);
        }
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.50 KiB"),
            (10 << 20, "10.0 MiB"),
            (2_540_000_000_000, "2.31 TiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
