//! `/items/<name>/buy`, and what every form to buy does when it is sent.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use club::{Amount, Item, NewOrder, NewPurchase};
use serde::Deserialize;

use super::at_provider::at_provider;
use super::buy_form::{BuyFields, ShownFor, form, ways};
use super::fields::{RequestKey, buyer, check_consent, path_of, stamp};
use super::membership_step::MembershipStep;
use super::not_ordered::NotOrdered;
use super::problem::{Field, Problem};
use super::wares::Wares;
use super::way::{Way, no_way};
use crate::http::{Action, Actor};
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::shown::is_shown;
use crate::site::pages::visitor::Visitor;

/// What a link to the form chooses.
#[derive(Deserialize)]
pub(in crate::site::pages) struct Chosen {
    #[serde(default)]
    method: String,
    #[serde(default)]
    gift: String,
}

impl Chosen {
    /// The form before anything else is filled in.
    pub(super) fn fields(self) -> BuyFields {
        BuyFields { method: self.method, gift: self.gift, ..BuyFields::default() }
    }
}

pub(in crate::site::pages) async fn show(
    visitor: Visitor,
    Path(name): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Failure> {
    let item = for_sale(&visitor, &name).await?;
    if let Some(elsewhere) = free_elsewhere(&visitor, &item) {
        return Ok(elsewhere);
    }
    form(visitor, &Wares::Item(Box::new(item)), chosen.fields(), ShownFor::Fresh).await
}

pub(in crate::site::pages) async fn send(
    Path(name): Path<String>,
    CheckedForm { visitor, fields }: CheckedForm<BuyFields>,
) -> Result<Response, Failure> {
    let item = for_sale(&visitor, &name).await?;
    if let Some(elsewhere) = free_elsewhere(&visitor, &item) {
        return Ok(elsewhere);
    }
    answer(visitor, &Wares::Item(Box::new(item)), fields).await
}

/// Does what a form to buy asks for.
pub(super) async fn answer(
    visitor: Visitor,
    wares: &Wares,
    fields: BuyFields,
) -> Result<Response, Failure> {
    let key = RequestKey::parse(&fields.key)?;
    if fields.step == "price" {
        let outcome = match quote(&visitor, wares, &fields).await {
            Ok(amount) => ShownFor::Quoted(amount),
            Err(refusal) => ShownFor::Refused(refusal.problem()?, key),
        };
        return form(visitor, wares, fields, outcome).await;
    }
    match pay(&visitor, wares, &fields, &key).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(refusal) => {
            let key = if refusal.needs_key() { RequestKey::random()? } else { key };
            form(visitor, wares, fields, ShownFor::Refused(refusal.problem()?, key)).await
        }
    }
}

/// Buys, or begins to; returns where the buyer goes next.
async fn pay(
    visitor: &Visitor,
    wares: &Wares,
    fields: &BuyFields,
    key: &RequestKey,
) -> Result<String, NotOrdered> {
    let site = &visitor.site;
    let gift = fields.is_gift();
    if let Some(text) = wares.step().filter(|_| !gift).and_then(MembershipStep::refusal) {
        return Err(Problem::new(Field::Form, text).into());
    }
    let (product, amount) = (wares.request(visitor, fields)?, wares.chosen(fields)?);
    let seen = fields.seen(amount)?;
    let discount = discount(fields);
    let way = way(visitor, wares, fields).await?;
    let buyer = buyer(visitor, &fields.email)?;
    check_consent(&fields.consent)?;
    if discount.is_some() {
        guess(visitor)?;
    }
    let (stamp, key) = (stamp(visitor), key.for_club());
    let new = NewOrder { buyer, product, pay: amount, discount, consent: true, gift, seen };
    let order = match way {
        Way::Balance => {
            let Some(signed_in) = &visitor.signed_in else { return Err(no_way().into()) };
            let NewOrder { product, pay, discount, consent, gift, seen, .. } = new;
            let member = signed_in.member.id.to_string();
            let pay = pay.map(Amount::decimal);
            let new = NewPurchase { member, product, pay, discount, consent, gift, seen };
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

async fn quote(visitor: &Visitor, wares: &Wares, fields: &BuyFields) -> Result<Amount, NotOrdered> {
    let discount = discount(fields);
    if discount.is_some() {
        guess(visitor)?;
    }
    let (product, amount) = (wares.request(visitor, fields)?, wares.chosen(fields)?);
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

/// What is free is not sold: its page has it.
fn free_elsewhere(visitor: &Visitor, item: &Item) -> Option<Response> {
    let path = format!("{}/items/{}", visitor.look.home, item.name);
    let is_free = visitor.site.torrent_access().is_free(item);
    is_free.then(|| Redirect::to(&path).into_response())
}

/// An item by its own name alone, whose files are offered; no draft.
async fn for_sale(visitor: &Visitor, name: &str) -> Result<Item, Failure> {
    let item = visitor.site.club.item(name).await?;
    if item.name != name || !is_shown(&item) {
        return Err(Failure::not_found());
    }
    Ok(item)
}

fn discount(fields: &BuyFields) -> Option<String> {
    let code = fields.discount.trim();
    (!code.is_empty()).then(|| code.to_owned())
}

async fn way(visitor: &Visitor, wares: &Wares, fields: &BuyFields) -> Result<Way, NotOrdered> {
    let found = ways(visitor, wares).await?.into_iter().find(|way| way.way.text() == fields.way);
    let way = found.map(|found| found.way).ok_or_else(no_way)?;
    // Whoever typed a code and left the choice as it was would pay by card, and keep the voucher.
    if way != Way::Voucher && !fields.voucher.trim().is_empty() {
        let text = format!(
            "\"{}\" is chosen above. Choose \"Voucher\" there, or empty this field.",
            way.label()
        );
        return Err(Problem::new(Field::Voucher, text).into());
    }
    Ok(way)
}
