//! Buying from an item's page with one button, where a member's balance covers the price.
//!
//! The form is the buy page's own, filled in. The sentence about delivery stands above the button, and pressing it
//! is the agreement. Where the publisher wrote a sentence of their own, it must be ticked: whoever writes one does so
//! because their law asks for a statement, and courts do not take a button that orders for one.

use club::{DeliveryMethod, Item};

use super::fields::{RequestKey, consent_text};
use crate::site::pages::failure::Failure;
use crate::site::pages::price::money;
use crate::site::pages::visitor::Visitor;

/// The form, as the item's page shows it.
pub(in crate::site::pages) struct OneClick {
    pub(in crate::site::pages) token: String,
    pub(in crate::site::pages) key: String,
    pub(in crate::site::pages) method: &'static str,
    /// The price that the button names. Another price at the time of the click is refused.
    pub(in crate::site::pages) seen: String,
    pub(in crate::site::pages) button: String,
    pub(in crate::site::pages) consent: String,
    /// Whether the sentence must be ticked.
    pub(in crate::site::pages) is_ticked: bool,
}

impl OneClick {
    /// The form for whoever asks; `None` where their balance does not cover the item.
    pub(in crate::site::pages) async fn of(
        visitor: &mut Visitor,
        item: &Item,
    ) -> Result<Option<Self>, Failure> {
        let Some(signed_in) = &visitor.signed_in else { return Ok(None) };
        let offered = [DeliveryMethod::Torrent, DeliveryMethod::Direct];
        let offered = offered.into_iter().find_map(|it| Some((it, item.prices.of(it)?)));
        let Some((method, price)) = offered else { return Ok(None) };
        let balances = visitor.site.club.balance(&signed_in.member.id.to_string()).await?;
        let is_covered = balances.iter().any(|balance| {
            let holds = balance.prepaid.minor.saturating_add(balance.credit.minor);
            balance.prepaid.currency == price.currency && holds >= price.minor && holds > 0
        });
        if !is_covered {
            return Ok(None);
        }
        let what = match method {
            DeliveryMethod::Direct => "the download",
            DeliveryMethod::Torrent => "the torrent",
        };
        Ok(Some(Self {
            token: visitor.form_token(),
            key: RequestKey::random()?.text().to_owned(),
            method: method.text(),
            seen: price.to_string(),
            button: format!("Buy {what} for {} from your balance", money(price)),
            consent: consent_text(visitor),
            is_ticked: !visitor.look.appearance.texts.consent.is_empty(),
        }))
    }
}
