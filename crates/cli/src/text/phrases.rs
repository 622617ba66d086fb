//! Amounts, products, rights and the like in a few words.

use api::member::NamedId;
use api::money::Money;
use api::product::{DeliveryMethod, ProductKind, ProductView};
use api::right::RightView;
use bytesize::ByteSize;
use jiff::SignedDuration;

use super::table::{list, or_dash};

/// An amount with its currency.
pub(crate) fn amount(money: &Money) -> String {
    format!("{} {}", money.amount, money.currency)
}

/// A product, as in "ada bought …".
pub(crate) fn product(product: &ProductView) -> String {
    let tier = or_dash(product.tier.as_ref());
    match (product.product, product.days) {
        (ProductKind::Item, _) => {
            let item = named(product.item.as_ref());
            let is_direct = product.method == Some(DeliveryMethod::Direct);
            format!("{item} as {}", if is_direct { "direct download" } else { "torrent" })
        }
        (ProductKind::Subscription, _) => format!("tier {tier} by subscription"),
        (ProductKind::Tier, Some(days)) => format!("{days} days of {tier}"),
        (ProductKind::Tier, None) => format!("tier {tier}"),
        (ProductKind::Topup, _) => "balance".to_owned(),
    }
}

/// A buyer: a member, or the e-mail address of a visitor.
pub(crate) fn buyer(member: Option<&NamedId>, email: Option<&str>) -> String {
    member.map(|member| member.name.as_str()).or(email).unwrap_or("-").to_owned()
}

/// The name of a member or an item, or a dash.
pub(crate) fn named(named: Option<&NamedId>) -> String {
    or_dash(named.map(|named| &named.name))
}

/// A table of rights.
pub(crate) fn rights(rights: &[RightView]) -> String {
    let rows = rights.iter().map(|right| {
        let state = match (right.revoked, right.until) {
            (Some(revoked), _) => format!("revoked {revoked}"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => "for ever".to_owned(),
        };
        [right.member.name.clone(), right.item.name.clone(), state]
    });
    list(["MEMBER", "ITEM", "RIGHT"], rows)
}

/// A span of time, such as `2m 5s`.
pub(crate) fn ago(seconds: u32) -> String {
    let span = SignedDuration::from_secs(seconds.into());
    format!("{span:#}")
}

/// A number of bytes, such as `1.5 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

/// `yes` or `no`.
pub(crate) fn yes_or_no(yes: bool) -> String {
    if yes { "yes".to_owned() } else { "no".to_owned() }
}

/// Escapes control characters except tabs and line ends, because a text may hold what strangers wrote,
/// such as a payer's name, and must not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_strangers_are_escaped() {
        assert_eq!(printable("a\tb\n\u{1b}[2Jc\u{7f}"), "a\tb\n\\u{1b}[2Jc\\u{7f}");
    }
}
