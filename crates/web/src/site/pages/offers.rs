//! What an item costs, as its page says it.

use club::{Amount, DeliveryMethod, Item};

use super::price::money;

/// A way to buy an item.
pub(super) struct BuyingOption {
    pub(super) name: &'static str,
    pub(super) price: String,
    pub(super) text: String,
    pub(super) is_best: bool,
}

/// The ways to buy an item, the one to be preferred last.
pub(super) fn offers(item: &Item) -> Vec<BuyingOption> {
    let (direct, torrent) = (item.prices.direct, item.prices.torrent);
    let offer = |method, price: Option<Amount>| {
        let price = price?;
        let least = item.least(method);
        let mut text = match method {
            DeliveryMethod::Direct => "Straight from our server, in your browser.".to_owned(),
            DeliveryMethod::Torrent => torrent_text(direct, price),
        };
        if let Some(least) = least {
            text.push_str(&format!(
                " Pay what you want, from {}; we suggest {}.",
                money(least),
                money(price)
            ));
        }
        Some(BuyingOption {
            name: match method {
                DeliveryMethod::Direct => "Direct download",
                DeliveryMethod::Torrent => "Torrent",
            },
            price: money(least.unwrap_or(price)),
            text,
            is_best: method == DeliveryMethod::Torrent || torrent.is_none(),
        })
    };
    let ways = [(DeliveryMethod::Direct, direct), (DeliveryMethod::Torrent, torrent)];
    ways.into_iter().filter_map(|(method, price)| offer(method, price)).collect()
}

/// What a buyer of the torrent saves and needs.
pub(super) fn torrent_text(direct: Option<Amount>, price: Amount) -> String {
    let saved = direct.map_or(0, |direct| direct.minor.saturating_sub(price.minor));
    let needs = "Needs a torrent client; our own copy is among its sources.";
    if saved > 0 {
        format!("You save {} by sharing. {needs}", money(price.currency.minor(saved)))
    } else {
        needs.to_owned()
    }
}
