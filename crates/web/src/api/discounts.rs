//! Discount codes, over the admin API.

use std::sync::Arc;

use api::discount::{AddDiscount, DiscountView};
use api::page::DiscountPage;
use api::query::DiscountQuery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::Off;

use super::admin::{Admin, moment, unix};
use super::error::ApiError;
use super::extract::{Body, Params, page};
use super::ledger::{amount, money};

/// Adds a discount code.
#[utoipa::path(
    post,
    path = "/discounts",
    operation_id = "add_discount",
    tag = "discounts",
    request_body = AddDiscount,
    responses((status = 201, body = DiscountView), (status = 404, description = "No such item.")),
    security(("token" = ["money"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<AddDiscount>,
) -> Result<(StatusCode, Json<DiscountView>), ApiError> {
    let off = match (new.percent, &new.amount, &new.currency) {
        (Some(percent), None, None) => Off::Percent(percent),
        (None, Some(text), Some(currency)) => Off::Amount(amount(text, currency)?),
        _ => return Err(ApiError::unprocessable("name a percentage, or an amount and a currency")),
    };
    let until = unix(new.until)?;
    let new = club::NewDiscount { code: new.code, off, item: new.item, until, most: new.uses };
    let made = admin.club.add_discount(&admin.stamp(), new).await?;
    Ok((StatusCode::CREATED, Json(admin.describe_discount(made).await?)))
}

/// Lists the discount codes.
#[utoipa::path(
    get,
    path = "/discounts",
    operation_id = "list_discounts",
    tag = "discounts",
    params(DiscountQuery),
    responses((status = 200, body = DiscountPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<DiscountQuery>,
) -> Result<Json<DiscountPage>, ApiError> {
    let DiscountQuery { item, newest, after, limit } = query;
    let item = admin.wanted_item(item.as_deref()).await?;
    let found = admin.club.list_discounts(item, &page(after, limit, newest)?).await?;
    let mut discounts = Vec::with_capacity(found.rows.len());
    for discount in found.rows {
        discounts.push(admin.describe_discount(discount).await?);
    }
    Ok(Json(DiscountPage { discounts, next: found.next }))
}

/// Removes a discount code.
#[utoipa::path(
    delete,
    path = "/discounts/{code}",
    operation_id = "remove_discount",
    tag = "discounts",
    params(("code" = String, Path)),
    responses((status = 200, body = DiscountView)),
    security(("token" = ["money"]))
)]
pub(super) async fn remove(
    State(admin): State<Arc<Admin>>,
    Path(code): Path<String>,
) -> Result<Json<DiscountView>, ApiError> {
    let removed = admin.club.remove_discount(&admin.stamp(), &code).await?;
    Ok(Json(admin.describe_discount(removed).await?))
}

impl Admin {
    async fn describe_discount(&self, found: club::Discount) -> Result<DiscountView, ApiError> {
        let item = match found.item {
            None => None,
            Some(item) => Some(self.name_item(item).await?),
        };
        let (percent, amount) = match found.off {
            Off::Amount(amount) => (None, Some(money(amount))),
            Off::Percent(percent) => (Some(percent), None),
        };
        Ok(DiscountView {
            code: found.code,
            percent,
            amount,
            item,
            until: found.until.map(moment),
            uses: found.most,
            used: found.used,
        })
    }
}
