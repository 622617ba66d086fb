//! Purchases from a balance, and what is paid back, over the admin API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::OrderId;

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Paging, Params};
use super::ledger::amount;
use super::view::money;

pub(super) async fn buy(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Body(new): Body<money::NewPurchase>,
) -> Result<(StatusCode, Json<money::Order>), ApiError> {
    let stamp = admin.stamp();
    let order = admin.club.buy(&stamp, &new.key, &member, &new.item, new.way.into()).await?;
    Ok((StatusCode::CREATED, Json(admin.describe_order(order).await?)))
}

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<Vec<money::Order>>, ApiError> {
    let mut orders = Vec::new();
    for order in admin.club.orders(&member, paging.into()).await? {
        orders.push(admin.describe_order(order).await?);
    }
    Ok(Json(orders))
}

pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
) -> Result<Json<money::Order>, ApiError> {
    let order = admin.club.order(OrderId(order)).await?;
    Ok(Json(admin.describe_order(order).await?))
}

pub(super) async fn refund(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
    Body(new): Body<money::NewRefund>,
) -> Result<(StatusCode, Json<money::Entry>), ApiError> {
    let order = OrderId(order);
    let part = match &new.amount {
        None => None,
        Some(text) => {
            let currency = admin.club.order(order).await?.amount.currency;
            Some(amount(text, currency.code())?)
        }
    };
    // What was paid at a provider is paid back there.
    if let Some(checkout) = admin.club.checkout_of(order).await? {
        admin.till()?.refund("admin", &new.key, checkout, part).await?;
        let entry = admin.club.order(order).await?.entry;
        let entry = admin.club.last_reversal(entry).await?;
        return Ok((StatusCode::CREATED, Json(entry.into())));
    }
    let entry = admin.club.refund(&admin.stamp(), &new.key, order, part).await?;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

impl Admin {
    /// An order with the names of who bought what: two reads of the store.
    async fn describe_order(&self, order: club::Order) -> Result<money::Order, ApiError> {
        Ok(money::Order {
            id: order.id.0,
            member: self.name_member(order.member).await?,
            item: self.name_item(order.item).await?,
            way: order.way.into(),
            amount: order.amount.into(),
            entry: order.entry.0,
            created: moment(order.created),
            refunded: order.refunded.map(moment),
        })
    }
}

impl From<club::Way> for money::Way {
    fn from(way: club::Way) -> Self {
        match way {
            club::Way::Direct => Self::Direct,
            club::Way::Torrent => Self::Torrent,
        }
    }
}

impl From<money::Way> for club::Way {
    fn from(way: money::Way) -> Self {
        match way {
            money::Way::Direct => Self::Direct,
            money::Way::Torrent => Self::Torrent,
        }
    }
}
