//! What a form to buy is about: an item or a membership, and the choices that it has.

use club::{Amount, Currency, DeliveryMethod, Item, ProductRequest};

use super::buy_form::BuyFields;
use super::membership_step::{Membership, MembershipStep};
use super::problem::{Field, Problem};
use crate::site::pages::offers::torrent_text;
use crate::site::pages::price::money;
use crate::site::pages::shown::title;
use crate::site::pages::visitor::Visitor;

/// What a form to buy is about.
pub(super) enum Wares {
    Item(Box<Item>),
    Membership(Membership),
}

/// A delivery or a term to choose.
pub(super) struct TermChoice {
    pub(super) value: &'static str,
    pub(super) name: String,
    pub(super) price: String,
    /// The price, where none is chosen and nothing taken off.
    pub(super) listed: Amount,
    pub(super) text: String,
    pub(super) is_chosen: bool,
}

/// A price to choose.
pub(super) struct AmountField {
    pub(super) hint: String,
    pub(super) placeholder: String,
}

impl Wares {
    /// The heading of the form.
    pub(super) fn heading(&self) -> String {
        match self {
            Self::Item(item) => format!("Buy {}", title(item)),
            Self::Membership(membership) => membership.heading(),
        }
    }

    /// The page before the form, below the site's home, and what the link to it says.
    pub(super) fn back(&self) -> (String, &'static str) {
        match self {
            Self::Item(item) => (format!("/items/{}", item.name), "Back to the item"),
            Self::Membership(_) => ("/club".to_owned(), "All memberships"),
        }
    }

    /// What the choices are.
    pub(super) const fn legend(&self) -> &'static str {
        match self {
            Self::Item(_) => "Delivery",
            Self::Membership(_) => "Term",
        }
    }

    pub(super) fn currency(&self) -> Option<Currency> {
        match self {
            Self::Item(item) => item.prices.currency(),
            Self::Membership(membership) => Some(membership.plan.price.currency),
        }
    }

    /// What the cheapest choice costs.
    pub(super) fn least(&self) -> Option<Amount> {
        match self {
            Self::Item(item) => {
                let least = |method| item.least(method).or_else(|| item.prices.of(method));
                let all = DeliveryMethod::ALL.into_iter().filter_map(least);
                all.min_by_key(|amount| amount.minor)
            }
            Self::Membership(membership) => Some(membership.plan.price),
        }
    }

    /// What the buyer must know before the choices.
    pub(super) fn note(&self) -> Option<String> {
        match self {
            Self::Item(_) => None,
            Self::Membership(membership) => membership.note(),
        }
    }

    pub(super) fn choices(&self, visitor: &Visitor, wanted: &str) -> Vec<TermChoice> {
        match self {
            Self::Item(item) => deliveries(item, wanted),
            Self::Membership(membership) => membership.terms(visitor, wanted),
        }
    }

    pub(super) fn amount_field(&self) -> Option<AmountField> {
        let Self::Item(item) = self else { return None };
        item.minimum?;
        let of = |method| Some((item.least(method)?, item.prices.of(method)?));
        let found = of(DeliveryMethod::Torrent).or_else(|| of(DeliveryMethod::Direct));
        let (least, price) = found?;
        let code = price.currency.code().to_uppercase();
        let hint = format!(
            "Pay what you want, from {} as the cheapest delivery; we suggest {}. Leave it empty for the suggested price.",
            money(least),
            money(price)
        );
        Some(AmountField { hint, placeholder: format!("{} {code}", price.decimal()) })
    }

    /// What the form asks for.
    pub(super) fn request(
        &self,
        visitor: &Visitor,
        fields: &BuyFields,
    ) -> Result<ProductRequest, Problem> {
        match self {
            Self::Item(item) => {
                let method = fields.method.parse::<DeliveryMethod>().ok();
                let method = method.filter(|method| item.prices.of(*method).is_some());
                let method = method.ok_or_else(|| {
                    Problem::new(Field::Method, "Choose how you want to have it delivered.")
                })?;
                Ok(ProductRequest::Item { item: item.name.clone(), method })
            }
            Self::Membership(membership) => membership.request(visitor, fields),
        }
    }

    /// The amount that the buyer chose; `None` for the price.
    pub(super) fn chosen(&self, fields: &BuyFields) -> Result<Option<Amount>, Problem> {
        let text = fields.amount.trim();
        // Where the price is fixed there is no such field.
        let Self::Item(item) = self else { return Ok(None) };
        let Some(currency) = item.prices.currency().filter(|_| !text.is_empty()) else {
            return Ok(None);
        };
        if item.minimum.is_none() {
            return Ok(None);
        }
        let amount = Amount::parse(&text.replace(',', "."), currency);
        amount.map(Some).map_err(|_| {
            let text = "Write an amount in digits, with a point before the cents: 2.50.";
            Problem::new(Field::Amount, text)
        })
    }

    /// What the member's own membership leaves to buy.
    pub(super) const fn step(&self) -> Option<&MembershipStep> {
        match self {
            Self::Item(_) => None,
            Self::Membership(membership) => Some(&membership.step),
        }
    }
}

fn deliveries(item: &Item, wanted: &str) -> Vec<TermChoice> {
    let (direct, torrent) = (item.prices.direct, item.prices.torrent);
    let best = if torrent.is_some() { DeliveryMethod::Torrent } else { DeliveryMethod::Direct };
    let wanted = wanted.parse().ok().filter(|method| item.prices.of(*method).is_some());
    let chosen = wanted.unwrap_or(best);
    let choice = |method: DeliveryMethod| {
        let price = item.prices.of(method)?;
        let shown = match item.least(method) {
            Some(least) => format!("from {}", money(least)),
            None => money(price),
        };
        let (name, text) = match method {
            DeliveryMethod::Direct => {
                ("Direct download", "Straight from our server, in your browser.".to_owned())
            }
            DeliveryMethod::Torrent => ("Torrent", torrent_text(direct, price)),
        };
        let is_chosen = method == chosen;
        Some(TermChoice {
            value: method.text(),
            name: name.to_owned(),
            price: shown,
            listed: price,
            text,
            is_chosen,
        })
    };
    DeliveryMethod::ALL.into_iter().filter_map(choice).collect()
}
