//! `/top-up`: money into a balance, to be spent in small amounts afterwards.

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use club::{Amount, Currency, NewOrder, ProductRequest};
use serde::Deserialize;

use super::at_provider::at_provider;
use super::fields::{MAX_SHOWN, RequestKey, address, buyer, path_of, stamp};
use super::not_ordered::NotOrdered;
use super::problem::{Field, Problem};
use super::way::{Way, WayChoice, choices, no_way};
use crate::http::Action;
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::money;
use crate::site::pages::topup_amounts::TopupAmounts;
use crate::site::pages::visitor::Visitor;

/// What a link to the form chooses.
#[derive(Deserialize)]
pub(in crate::site::pages) struct TopupLink {
    #[serde(default)]
    currency: String,
}

/// The form as it was filled in. A field that is missing is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site::pages) struct TopupFields {
    currency: String,
    /// One of the suggestions, as a decimal.
    amount: String,
    /// Another amount, which counts before the suggestion.
    own: String,
    email: String,
    way: String,
    key: String,
}

#[derive(Template)]
#[template(path = "top-up.html")]
struct TopupPage {
    layout: Layout,
    token: String,
    key: String,
    currency: &'static str,
    /// Other currencies to choose.
    others: Vec<&'static str>,
    amounts: Vec<AmountChoice>,
    /// What may stand in the field for another amount.
    bounds: String,
    /// Empty where no provider is set up.
    ways: Vec<WayChoice>,
    is_signed_in: bool,
    /// What the member has now.
    balance: Option<String>,
    fields: TopupFields,
    problem: Option<Problem>,
}

/// An amount to choose.
struct AmountChoice {
    value: String,
    text: String,
    is_chosen: bool,
}

impl TopupPage {
    /// What is the matter at a field.
    fn wrong(&self, field: Field) -> Option<&str> {
        Problem::at(self.problem.as_ref(), field)
    }
}

pub(in crate::site::pages) async fn show(
    visitor: Visitor,
    Query(link): Query<TopupLink>,
) -> Result<Response, Failure> {
    let fields = TopupFields { currency: link.currency, ..TopupFields::default() };
    form(visitor, fields, None, RequestKey::random()?).await
}

pub(in crate::site::pages) async fn send(
    CheckedForm { visitor, fields }: CheckedForm<TopupFields>,
) -> Result<Response, Failure> {
    let key = RequestKey::parse(&fields.key)?;
    match order(&visitor, &fields, &key).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(refusal) => {
            let key = if refusal.needs_key() { RequestKey::random()? } else { key };
            form(visitor, fields, Some(refusal.problem()?), key).await
        }
    }
}

/// Places the order and begins to pay it; returns where the buyer goes next.
async fn order(
    visitor: &Visitor,
    fields: &TopupFields,
    key: &RequestKey,
) -> Result<String, NotOrdered> {
    let offered = offered(visitor).await?;
    let amounts = offered.into_iter().find(|it| it.currency().code() == fields.currency);
    let amounts = amounts.ok_or_else(|| Problem::new(Field::Amount, CHOOSE))?;
    let amount = amount(fields, amounts)?;
    let buyer = buyer(visitor, &fields.email)?;
    let ways = Way::at_providers(&visitor.site);
    let way = ways.into_iter().find(|way| way.text() == fields.way).ok_or_else(no_way)?;
    visitor.limit(Action::Order)?;
    let product = ProductRequest::Topup(amount);
    let new = NewOrder {
        buyer,
        product,
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    };
    let key = key.for_club();
    let order = visitor.site.club.place_order(&stamp(visitor), &key, new).await?;
    if order.paid.is_some() {
        return Ok(path_of(visitor, &order));
    }
    Ok(at_provider(visitor, &order, way, &key).await?)
}

/// The amount that was typed, or else the suggestion that was chosen.
fn amount(fields: &TopupFields, amounts: TopupAmounts) -> Result<Amount, Problem> {
    let own = fields.own.trim();
    if own.is_empty() {
        let chosen = amounts.all().into_iter().find(|amount| amount.decimal() == fields.amount);
        return chosen.ok_or_else(|| Problem::new(Field::Amount, CHOOSE));
    }
    let amount = Amount::parse(&own.replace(',', "."), amounts.currency()).map_err(|_| {
        let text = "Write an amount in digits, with a point before the cents: 2.50.";
        Problem::new(Field::Amount, text)
    })?;
    let (least, most) = (amounts.least(), amounts.most());
    if !(least.minor..=most.minor).contains(&amount.minor) {
        let text = format!(
            "{} can't be added at once. Write {} to {}.",
            money(amount),
            money(least),
            money(most)
        );
        return Err(Problem::new(Field::Amount, text));
    }
    Ok(amount)
}

/// What can be added, by currency: as the publisher says, or the usual amounts of the currencies in which something
/// is sold or held. The first is the one to be shown.
async fn offered(visitor: &Visitor) -> Result<Vec<TopupAmounts>, Failure> {
    let appearance = &visitor.look.appearance;
    let currencies = currencies(visitor).await?;
    if appearance.topups.is_empty() {
        return Ok(currencies.into_iter().map(TopupAmounts::usual).collect());
    }
    let mut offered = appearance.topups.clone();
    let place = |code| currencies.iter().position(|it| *it == code).unwrap_or(usize::MAX);
    offered.sort_by_key(|amounts| place(amounts.currency()));
    Ok(offered)
}

/// The currencies of the member's balance, of memberships, and of the newest items, each once.
async fn currencies(visitor: &Visitor) -> Result<Vec<Currency>, Failure> {
    let club = &visitor.site.club;
    let mut found: Vec<Currency> = Vec::new();
    if let Some(signed_in) = &visitor.signed_in {
        let balances = club.balance(&signed_in.member.id.to_string()).await?;
        found.extend(balances.into_iter().map(|balance| balance.prepaid.currency));
    }
    let tiers = visitor.look.appearance.tiers.iter();
    found.extend(tiers.filter_map(|tier| tier.price.map(|(amount, _)| amount.currency)));
    let items = club.newest(LOOKED_AT).await?;
    found.extend(items.iter().filter_map(|item| item.prices.currency()));
    let mut once = Vec::new();
    for currency in found {
        if !once.contains(&currency) {
            once.push(currency);
        }
    }
    if once.is_empty() {
        once.extend(Currency::parse("usd"));
    }
    Ok(once)
}

async fn form(
    mut visitor: Visitor,
    mut fields: TopupFields,
    problem: Option<Problem>,
    key: RequestKey,
) -> Result<Response, Failure> {
    let offered = offered(&visitor).await?;
    let wanted = offered.iter().find(|amounts| amounts.currency().code() == fields.currency);
    let shown = *wanted.or_else(|| offered.first()).ok_or_else(Failure::not_found)?;
    let currency = shown.currency();
    let others = offered.iter().map(|amounts| amounts.currency()).filter(|it| *it != currency);
    let [_, middle, _] = shown.all().map(Amount::decimal);
    let is_known = shown.all().iter().any(|amount| amount.decimal() == fields.amount);
    let chosen = if is_known { fields.amount.clone() } else { middle };
    let amounts = shown.all().into_iter().map(|amount| AmountChoice {
        value: amount.decimal(),
        text: money(amount),
        is_chosen: amount.decimal() == chosen,
    });
    let ways = Way::at_providers(&visitor.site);
    let ways = ways.into_iter().map(|way| (way, way.label().to_owned())).collect();
    if address(&fields.email).is_err() && fields.email.len() > MAX_SHOWN {
        fields.email.clear();
    }
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = TopupPage {
        token: visitor.form_token(),
        key: key.text().to_owned(),
        layout: visitor.layout(Section::Me, "Top up a balance"),
        currency: currency.code(),
        others: others.map(Currency::code).collect(),
        amounts: amounts.collect(),
        bounds: format!("{} to {}", money(shown.least()), money(shown.most())),
        ways: choices(ways, &fields.way, None),
        is_signed_in: visitor.signed_in.is_some(),
        balance: visitor.signed_in.as_ref().and_then(|signed_in| signed_in.balance.clone()),
        fields,
        problem,
    };
    Ok(visitor.page_with(status, &page))
}

const CHOOSE: &str = "Choose an amount, or write another one.";
/// Items whose currencies are looked at.
const LOOKED_AT: u32 = 50;
