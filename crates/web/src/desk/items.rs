//! `/items`: what is published, and its texts and prices.
//!
//! A form says which version of an item it was filled in from. Where somebody changed the item meanwhile, it is shown
//! again with both, and nothing is changed.

use api::item::{ItemDetail, ItemView, SetItem};
use api::money::Money;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::form::DeskForm;
use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::table::{Cell, DeskRow, Filter, TableColumn, TablePage, path};
use super::visitor::AdminVisitor;
use super::words::{count, money, size};

/// What narrows the table.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ItemsAsked {
    search: String,
    visibility: String,
    state: String,
    after: String,
}

#[derive(Template)]
#[template(path = "desk/item.html")]
struct DeskItemPage {
    layout: DeskLayout,
    item: ItemDetail,
    facts: Vec<(&'static str, String)>,
    /// What stands in the fields.
    texts: TextFields,
    prices: PriceFields,
    wrong: Option<String>,
    /// What stands in the store where a form was refused: label, theirs, ours.
    conflict: Vec<(&'static str, String, String)>,
    may_change: bool,
    is_saved: bool,
}

/// The texts of an item.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TextFields {
    title: String,
    subtitle: String,
    tags: String,
    visibility: String,
    description: String,
    /// What the fields held when the form was made, as a digest.
    seen: String,
}

/// The prices of an item.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PriceFields {
    torrent_price: String,
    direct_price: String,
    currency: String,
    /// What the fields held when the form was made, as a digest.
    seen: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Saved {
    saved: bool,
}

/// The table.
pub(super) async fn list(
    own: AdminVisitor,
    Query(ItemsAsked { search, visibility, state, after }): Query<ItemsAsked>,
) -> Result<Response, Stop> {
    let narrowed = [("search", search.as_str()), ("visibility", &visibility), ("state", &state)];
    let query = [&narrowed[..], &[("after", after.as_str())]].concat();
    let found = own.calls().list::<ItemView>(&["items"], &query).await?;
    let next =
        found.next.map(|next| path("/items", &[&narrowed[..], &[("after", &next)]].concat()));
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Items, "Items"),
        lead: "",
        tabs: Vec::new(),
        filters: vec![
            Filter::text("search", "Name, title, id or info hash", &search),
            Filter::choice(
                "visibility",
                "On the site",
                &visibility,
                &[
                    ("", "Any"),
                    ("published", "Published"),
                    ("unlisted", "Unlisted"),
                    ("draft", "Draft"),
                ],
            ),
            Filter::choice(
                "state",
                "State",
                &state,
                &[
                    ("", "Any"),
                    ("published", "Offered"),
                    ("unpublished", "Not offered"),
                    ("broken", "Broken"),
                    ("tracked", "Tracked alone"),
                ],
            ),
        ],
        notice: None,
        caption: "Items",
        columns: vec![
            TableColumn::text("Name"),
            TableColumn::text("Title"),
            TableColumn::text("Policy"),
            TableColumn::text("State"),
            TableColumn::text("On the site"),
            TableColumn::number("Size"),
            TableColumn::number("Price"),
        ],
        rows: found.rows.into_iter().map(row).collect(),
        empty: "No item is like that.",
        next,
        total: found.total,
        bulk: None,
        export: None,
    };
    Ok(visitor.page(&page))
}

fn row(item: ItemView) -> DeskRow {
    DeskRow::of(vec![
        Cell::link(&*item.name, format!("/items/{}", item.name)),
        Cell::text(item.title),
        Cell::text(item.policy),
        Cell::text(&*item.state).bad_if(item.state == "broken"),
        Cell::text(item.visibility),
        Cell::number(item.size_bytes.map(size).unwrap_or_default()),
        Cell::number(item.torrent_price.as_ref().map(money).unwrap_or_default()),
    ])
}

/// One item.
pub(super) async fn show(
    own: AdminVisitor,
    Path(item): Path<String>,
    Query(Saved { saved }): Query<Saved>,
) -> Result<Response, Stop> {
    let item: ItemDetail = own.calls().get(&["items", &item], &[]).await?;
    Ok(page(own, item, None, None, (None, Vec::new()), saved))
}

/// Changes the texts.
pub(super) async fn set_texts(
    Path(name): Path<String>,
    DeskForm { visitor, fields }: DeskForm<TextFields>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let item: ItemDetail = own.calls().get(&["items", &name], &[]).await?;
    let theirs = text_fields(&item);
    if theirs.seen != fields.seen {
        let conflict = differences(&[
            ("Title", &theirs.title, &fields.title),
            ("Subtitle", &theirs.subtitle, &fields.subtitle),
            ("Tags", &theirs.tags, &fields.tags),
            ("On the site", &theirs.visibility, &fields.visibility),
            ("Description", &theirs.description, &plain(&fields.description)),
        ]);
        let fields = TextFields { seen: theirs.seen, ..fields };
        return Ok(page(own, item, Some(fields), None, (None, conflict), false));
    }
    let change = SetItem {
        title: Some(fields.title.clone()),
        subtitle: Some(fields.subtitle.clone()),
        description: Some(plain(&fields.description)),
        tags: Some(fields.tags.split_whitespace().map(str::to_owned).collect()),
        visibility: Some(fields.visibility.clone()),
        ..SetItem::default()
    };
    let body = serde_json::to_value(change).ok();
    let answer = own.calls().send(Method::PATCH, &["items", &name, "details"], body).await?;
    if answer.status.is_success() {
        return Ok(saved(&name));
    }
    let wrong = (Some(answer.detail()), Vec::new());
    Ok(page(own, item, Some(fields), None, wrong, false))
}

/// Changes the prices.
pub(super) async fn set_prices(
    Path(name): Path<String>,
    DeskForm { visitor, fields }: DeskForm<PriceFields>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let item: ItemDetail = own.calls().get(&["items", &name], &[]).await?;
    let theirs = price_fields(&item);
    if theirs.seen != fields.seen {
        let conflict = differences(&[
            ("Torrent", &theirs.torrent_price, &fields.torrent_price),
            ("Direct download", &theirs.direct_price, &fields.direct_price),
            ("Currency", &theirs.currency, &fields.currency),
        ]);
        let fields = PriceFields { seen: theirs.seen, ..fields };
        return Ok(page(own, item, None, Some(fields), (None, conflict), false));
    }
    // What is left empty stays as it is.
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let change = json!({
        "torrent_price": filled(&fields.torrent_price),
        "direct_price": filled(&fields.direct_price),
        "currency": filled(&fields.currency),
    });
    let path = ["items", &name, "prices"];
    let answer = own.calls().send(Method::PUT, &path, Some(change)).await?;
    if answer.status.is_success() {
        return Ok(saved(&name));
    }
    let wrong = (Some(answer.detail()), Vec::new());
    Ok(page(own, item, None, Some(fields), wrong, false))
}

fn saved(name: &str) -> Response {
    Redirect::to(&path(&format!("/items/{name}"), &[("saved", "true")])).into_response()
}

/// Lines as they are stored: browsers end them by two characters.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What tells some fields from others.
fn digest(fields: &[&str]) -> String {
    HEXLOWER.encode(&Sha256::digest(fields.join("\0")))
}

fn differences(fields: &[(&'static str, &String, &String)]) -> Vec<(&'static str, String, String)> {
    let other = fields.iter().filter(|(_, theirs, ours)| theirs != ours);
    other.map(|(label, theirs, ours)| (*label, (*theirs).clone(), (*ours).clone())).collect()
}

fn page(
    own: AdminVisitor,
    item: ItemDetail,
    texts: Option<TextFields>,
    prices: Option<PriceFields>,
    (wrong, conflict): (Option<String>, Vec<(&'static str, String, String)>),
    is_saved: bool,
) -> Response {
    let may_change = own.admin.role != club::AdminRole::ReadOnly;
    let mut visitor = own.visitor;
    let status = if !conflict.is_empty() {
        StatusCode::CONFLICT
    } else if wrong.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = DeskItemPage {
        layout: visitor.layout(DeskPlace::Items, item.item.name.clone()),
        facts: facts(&item),
        texts: texts.unwrap_or_else(|| text_fields(&item)),
        prices: prices.unwrap_or_else(|| price_fields(&item)),
        item,
        wrong,
        conflict,
        may_change,
        is_saved,
    };
    visitor.page_with(status, &page)
}

fn text_fields(item: &ItemDetail) -> TextFields {
    let ItemView { title, subtitle, tags, visibility, .. } = &item.item;
    let (tags, description) = (tags.join(" "), &item.description);
    TextFields {
        seen: digest(&[title, subtitle, &tags, visibility, description]),
        title: title.clone(),
        subtitle: subtitle.clone(),
        tags,
        visibility: visibility.clone(),
        description: description.clone(),
    }
}

fn price_fields(item: &ItemDetail) -> PriceFields {
    let amount = |money: &Option<Money>| {
        money.as_ref().map(|money| money.amount.clone()).unwrap_or_default()
    };
    let ItemView { torrent_price, direct_price, .. } = &item.item;
    let currency = torrent_price.as_ref().or(direct_price.as_ref());
    let currency = currency.map(|money| money.currency.clone()).unwrap_or_default();
    let (torrent_price, direct_price) = (amount(torrent_price), amount(direct_price));
    PriceFields {
        seen: digest(&[&torrent_price, &direct_price, &currency]),
        torrent_price,
        direct_price,
        currency,
    }
}

fn facts(item: &ItemDetail) -> Vec<(&'static str, String)> {
    let view = &item.item;
    vec![
        ("State", view.state.clone()),
        ("Policy", view.policy.clone()),
        ("Size", view.size_bytes.map(size).unwrap_or_default()),
        ("Completed", count(item.completed.into())),
        ("Between peers, verified", size(item.traffic.verified_bytes)),
        ("From our copy", size(item.served_bytes)),
        ("Info hash", view.info_hash.clone().unwrap_or_default()),
    ]
}
