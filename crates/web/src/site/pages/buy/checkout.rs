//! `/items/<name>/buy`: what it costs, how it is delivered, and how it is paid.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use club::{Amount, DeliveryMethod, Item, NewOrder, NewPurchase, Order, ProductRequest};
use serde::Deserialize;

use super::fields::{RequestKey, address, buyer, check_consent, consent_text, path_of, stamp};
use super::problem::{Field, Problem};
use super::way::Way;
use crate::http::{Action, Actor};
use crate::pay::PaymentError;
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::offers::torrent_text;
use crate::site::pages::price::money;
use crate::site::pages::shown::{is_shown, title};
use crate::site::pages::visitor::Visitor;

/// What a link to the form chooses.
#[derive(Deserialize)]
pub(in crate::site::pages) struct Chosen {
    #[serde(default)]
    method: String,
}

/// The form as it was filled in. A field that is missing is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site::pages) struct BuyFields {
    method: String,
    amount: String,
    discount: String,
    email: String,
    way: String,
    voucher: String,
    consent: String,
    key: String,
    /// `price` shows the form again, with what it would cost.
    step: String,
}

#[derive(Template)]
#[template(path = "buy.html")]
struct BuyPage {
    layout: Layout,
    token: String,
    key: String,
    name: String,
    methods: Vec<MethodChoice>,
    amount: Option<AmountField>,
    ways: Vec<WayChoice>,
    is_signed_in: bool,
    fields: BuyFields,
    consent: String,
    /// What it would cost, once that was asked for.
    total: Option<String>,
    problem: Option<Problem>,
}

/// A way of delivery to choose.
struct MethodChoice {
    value: &'static str,
    name: &'static str,
    price: String,
    text: String,
    is_chosen: bool,
}

/// A price to choose.
struct AmountField {
    hint: String,
    placeholder: String,
}

/// A way to pay to choose.
struct WayChoice {
    value: &'static str,
    label: String,
    hint: &'static str,
    is_chosen: bool,
}

impl BuyPage {
    /// What is the matter at a field.
    fn wrong(&self, field: Field) -> Option<&str> {
        self.problem.as_ref().filter(|problem| problem.field == field).map(|problem| &*problem.text)
    }
}

pub(in crate::site::pages) async fn show(
    visitor: Visitor,
    Path(name): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Failure> {
    let item = for_sale(&visitor, &name).await?;
    if visitor.site.torrent_access().is_free(&item) {
        return Ok(Redirect::to(&format!("{}/items/{name}", visitor.look.home)).into_response());
    }
    let fields = BuyFields { method: chosen.method, ..BuyFields::default() };
    form(visitor, &item, fields, ShownFor::Fresh).await
}

pub(in crate::site::pages) async fn send(
    Path(name): Path<String>,
    CheckedForm { visitor, fields }: CheckedForm<BuyFields>,
) -> Result<Response, Failure> {
    let item = for_sale(&visitor, &name).await?;
    let key = RequestKey::parse(&fields.key)?;
    if fields.step == "price" {
        let quoted = quote(&visitor, &item, &fields).await;
        let outcome = match quoted {
            Ok(amount) => ShownFor::Quoted(amount),
            Err(refused) => ShownFor::Refused(refused.problem()?, key),
        };
        return form(visitor, &item, fields, outcome).await;
    }
    match pay(&visitor, &item, &fields, &key).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(NotBought::Club(error)) if Problem::needs_key(&error) => {
            let outcome = ShownFor::Refused(Problem::of(error)?, RequestKey::random()?);
            form(visitor, &item, fields, outcome).await
        }
        Err(refused) => {
            let problem = refused.problem()?;
            form(visitor, &item, fields, ShownFor::Refused(problem, key)).await
        }
    }
}

/// Why nothing was bought.
enum NotBought {
    Club(club::Error),
    Failure(Failure),
    Problem(Problem),
}

impl NotBought {
    fn problem(self) -> Result<Problem, Failure> {
        match self {
            Self::Club(error) => Problem::of(error),
            Self::Failure(failure) => Err(failure),
            Self::Problem(problem) => Ok(problem),
        }
    }
}

impl From<club::Error> for NotBought {
    fn from(error: club::Error) -> Self {
        Self::Club(error)
    }
}

impl From<Failure> for NotBought {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Problem> for NotBought {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// What the form is shown for.
enum ShownFor {
    Fresh,
    Quoted(Amount),
    Refused(Problem, RequestKey),
}

/// Buys, or begins to; returns where the buyer goes next.
async fn pay(
    visitor: &Visitor,
    item: &Item,
    fields: &BuyFields,
    key: &RequestKey,
) -> Result<String, NotBought> {
    let site = &visitor.site;
    let (product, amount) = (product(item, fields)?, chosen(item, fields)?);
    let discount = discount(fields);
    let way = way(visitor, item, fields).await?;
    let buyer = buyer(visitor, &fields.email)?;
    check_consent(&fields.consent)?;
    if discount.is_some() {
        guess(visitor)?;
    }
    let (stamp, key) = (stamp(visitor), key.for_club());
    let new = NewOrder { buyer, product, pay: amount, discount, consent: true };
    let order = match way {
        Way::Balance => {
            let Some(signed_in) = &visitor.signed_in else { return Err(no_way().into()) };
            let NewOrder { product, pay, discount, consent, .. } = new;
            let member = signed_in.member.id.to_string();
            let pay = pay.map(Amount::decimal);
            let new = NewPurchase { member, product, pay, discount, consent };
            site.club.purchase(&stamp, &key, new).await?.order
        }
        Way::Voucher => {
            guess(visitor)?;
            site.club.buy_with_voucher(&stamp, &key, new, &fields.voucher).await?
        }
        Way::Btcpay | Way::Stripe => {
            visitor.limit(Action::Order)?;
            let order = site.club.place_order(&stamp, &key, new).await?;
            if order.paid.is_none() {
                return Ok(at_provider(visitor, &order, way, &key).await?);
            }
            order
        }
    };
    Ok(path_of(visitor, &order))
}

/// Begins to pay an order at a provider; returns where.
pub(super) async fn at_provider(
    visitor: &Visitor,
    order: &Order,
    way: Way,
    key: &str,
) -> Result<String, Problem> {
    let Some(payments) = visitor.site.payments() else { return Err(no_way()) };
    let who = stamp(visitor).who;
    let back = format!("{}/orders/{}", visitor.look.site, order.token);
    let made = payments.pay_order(&who, key, order.id, way.text(), &back).await;
    match made {
        Ok(checkout) => Ok(checkout.url.unwrap_or_else(|| path_of(visitor, order))),
        // It was paid meanwhile.
        Err(PaymentError::Club(club::Error::OrderPaid(_))) => Ok(path_of(visitor, order)),
        Err(PaymentError::Club(club::Error::CheckoutKey { .. })) => Err(Problem::new(
            Field::Way,
            "This form was sent before. Reload the page and try again.",
        )),
        Err(error) => {
            tracing::warn!(provider = way.text(), %error, "a checkout could not be made");
            let text = format!(
                "{}: nobody answers there now, and nothing was charged. Try again in a minute, or pay otherwise.",
                way.label()
            );
            Err(Problem::new(Field::Way, text))
        }
    }
}

async fn quote(visitor: &Visitor, item: &Item, fields: &BuyFields) -> Result<Amount, NotBought> {
    let discount = discount(fields);
    if discount.is_some() {
        guess(visitor)?;
    }
    let (product, amount) = (product(item, fields)?, chosen(item, fields)?);
    Ok(visitor.site.club.quote(&stamp(visitor), product, amount, discount).await?)
}

/// Counts what tries a code: by network, and by member.
pub(super) fn guess(visitor: &Visitor) -> Result<(), Failure> {
    visitor.limit(Action::Guess)?;
    match &visitor.signed_in {
        Some(signed_in) => {
            let account = Actor::Account(&signed_in.member.name);
            Ok(visitor.site.limits.check(Action::Guess, account)?)
        }
        None => Ok(()),
    }
}

/// An item by its own name alone, whose files are offered; no draft.
async fn for_sale(visitor: &Visitor, name: &str) -> Result<Item, Failure> {
    let item = visitor.site.club.item(name).await?;
    if item.name != name || !is_shown(&item) {
        return Err(Failure::not_found());
    }
    Ok(item)
}

fn product(item: &Item, fields: &BuyFields) -> Result<ProductRequest, Problem> {
    let method = fields.method.parse::<DeliveryMethod>().ok();
    let method = method.filter(|method| item.prices.of(*method).is_some());
    let method = method
        .ok_or_else(|| Problem::new(Field::Method, "Choose how you want to have it delivered."))?;
    Ok(ProductRequest::Item { item: item.name.clone(), method })
}

/// The amount that the buyer chose; `None` for the price.
fn chosen(item: &Item, fields: &BuyFields) -> Result<Option<Amount>, Problem> {
    let text = fields.amount.trim();
    let Some(currency) = item.prices.currency().filter(|_| !text.is_empty()) else {
        return Ok(None);
    };
    // Where the price is fixed there is no such field.
    if item.minimum.is_none() {
        return Ok(None);
    }
    let amount = Amount::parse(&text.replace(',', "."), currency);
    amount.map(Some).map_err(|_| {
        let text = "Write an amount in digits, with a point before the cents: 2.50.";
        Problem::new(Field::Amount, text)
    })
}

fn discount(fields: &BuyFields) -> Option<String> {
    let code = fields.discount.trim();
    (!code.is_empty()).then(|| code.to_owned())
}

async fn way(visitor: &Visitor, item: &Item, fields: &BuyFields) -> Result<Way, NotBought> {
    let ways = ways(visitor, item).await?;
    let found = ways.into_iter().find(|(way, _)| way.text() == fields.way);
    found.map(|(way, _)| way).ok_or_else(|| no_way().into())
}

fn no_way() -> Problem {
    Problem::new(Field::Way, "Choose how you want to pay.")
}

/// The ways to pay for an item, with what is shown for each.
async fn ways(visitor: &Visitor, item: &Item) -> Result<Vec<(Way, String)>, Failure> {
    let mut ways = Vec::new();
    if let Some(signed_in) = &visitor.signed_in {
        let balances = visitor.site.club.balance(&signed_in.member.id.to_string()).await?;
        let fits = |currency| item.prices.currency() == Some(currency);
        if let Some(balance) = balances.iter().find(|balance| fits(balance.prepaid.currency)) {
            let minor = balance.prepaid.minor.saturating_add(balance.credit.minor);
            let held = money(balance.prepaid.currency.minor(minor));
            ways.push((Way::Balance, format!("{}: {held}", Way::Balance.label())));
        }
    }
    let at_providers = Way::at_providers(&visitor.site);
    ways.extend(at_providers.into_iter().map(|way| (way, way.label().to_owned())));
    ways.push((Way::Voucher, Way::Voucher.label().to_owned()));
    Ok(ways)
}

/// Shows the form.
async fn form(
    mut visitor: Visitor,
    item: &Item,
    mut fields: BuyFields,
    outcome: ShownFor,
) -> Result<Response, Failure> {
    let methods = methods(item, &fields.method);
    if methods.is_empty() {
        return Err(Failure::not_found());
    }
    let ways = ways(&visitor, item).await?;
    let first = ways.first().map_or(Way::Voucher, |(way, _)| *way);
    let wanted = ways.iter().map(|(way, _)| *way).find(|way| way.text() == fields.way);
    let wanted = wanted.unwrap_or(first);
    let ways = ways.into_iter().map(|(way, label)| WayChoice {
        value: way.text(),
        label,
        hint: way.hint(),
        is_chosen: way == wanted,
    });
    let (status, problem, total, key) = match outcome {
        ShownFor::Fresh => (StatusCode::OK, None, None, RequestKey::random()?),
        ShownFor::Quoted(amount) => {
            (StatusCode::OK, None, Some(money(amount)), RequestKey::parse(&fields.key)?)
        }
        ShownFor::Refused(problem, key) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some(problem), None, key)
        }
    };
    if address(&fields.email).is_err() && fields.email.len() > MAX_SHOWN {
        fields.email.clear();
    }
    let heading = format!("Buy {}", title(item));
    let page = BuyPage {
        token: visitor.form_token(),
        key: key.text().to_owned(),
        layout: visitor.layout(Section::Catalogue, heading),
        name: item.name.clone(),
        amount: amount_field(item),
        ways: ways.collect(),
        is_signed_in: visitor.signed_in.is_some(),
        consent: consent_text(&visitor),
        methods,
        fields,
        total,
        problem,
    };
    Ok(visitor.page_with(status, &page))
}

fn methods(item: &Item, wanted: &str) -> Vec<MethodChoice> {
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
        Some(MethodChoice { value: method.text(), name, price: shown, text, is_chosen })
    };
    DeliveryMethod::ALL.into_iter().filter_map(choice).collect()
}

fn amount_field(item: &Item) -> Option<AmountField> {
    item.minimum?;
    let of = |method| Some((item.least(method)?, item.prices.of(method)?));
    let (least, price) = of(DeliveryMethod::Torrent).or_else(|| of(DeliveryMethod::Direct))?;
    let code = price.currency.code().to_uppercase();
    let hint = format!(
        "Pay what you want, from {} as the cheapest delivery; we suggest {}. Leave it empty for the suggested price.",
        money(least),
        money(price)
    );
    Some(AmountField { hint, placeholder: format!("{} {code}", price.decimal()) })
}

/// Bytes of something that is no address and is still shown again.
const MAX_SHOWN: usize = 300;
