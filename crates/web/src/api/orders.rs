//! Purchases from a balance, and what is paid back, over the admin API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Currency, NewPurchase, NewRepayment, OrderId, Product, ProductRequest};

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
    let (product, currency) = admin.choice(&new).await?;
    let pay = match (&new.pay, currency) {
        (None, _) => None,
        (Some(text), Some(currency)) => Some(amount(text, currency.code())?),
        (Some(_), None) => return Err(ApiError::unprocessable(NOTHING_TO_CHOOSE)),
    };
    let purchase = NewPurchase { member, product, pay, discount: new.discount };
    let order = admin.club.purchase(&admin.stamp(), &new.key, purchase).await?;
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

/// Everybody's orders.
pub(super) async fn all(
    State(admin): State<Arc<Admin>>,
    Params(paging): Params<Paging>,
) -> Result<Json<Vec<money::Order>>, ApiError> {
    let mut orders = Vec::new();
    for order in admin.club.orders_between(0, u32::MAX, paging.into()).await? {
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
) -> Result<(StatusCode, Json<money::Refunded>), ApiError> {
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
        let bought = admin.club.order(order).await?.entry;
        let new = NewRepayment { checkout, key: new.key, bought: Some(bought), amount: part };
        let (_, repayment) = admin.till()?.refund("admin", new).await?;
        let (entry, link) = repayment.map_or((None, None), |made| (made.entry, made.link));
        let entry = match entry {
            Some(entry) => admin.club.entry(entry).await?,
            None => admin.club.last_reversal(bought).await?,
        };
        return Ok((StatusCode::CREATED, Json(money::Refunded { entry: entry.into(), link })));
    }
    let entry = admin.club.refund(&admin.stamp(), &new.key, order, part).await?;
    Ok((StatusCode::CREATED, Json(money::Refunded { entry: entry.into(), link: None })))
}

impl Admin {
    /// What is to be bought, and the currency that an item is sold in.
    async fn choice(
        &self,
        new: &money::NewPurchase,
    ) -> Result<(ProductRequest, Option<Currency>), ApiError> {
        match (&new.item, new.way, &new.tier) {
            (Some(item), Some(method), None) => {
                let currency = self.club.item(item).await?.prices.currency();
                Ok((ProductRequest::Item { item: item.clone(), method }, currency))
            }
            (None, None, Some(tier)) => {
                let plan = self.till()?.plan(tier).ok_or_else(|| {
                    let why = format!("tier `{tier}` is not for sale: give it a price in tiers");
                    ApiError::new(StatusCode::CONFLICT, why)
                })?;
                let (tier, days, price) = (tier.clone(), plan.days, plan.price);
                Ok((ProductRequest::Tier { tier, days, price }, None))
            }
            _ => Err(ApiError::unprocessable("name an item with `as`, or a tier")),
        }
    }

    /// An order with the names of who bought what: three reads of the store.
    pub(super) async fn describe_order(
        &self,
        order: club::Order,
    ) -> Result<money::Order, ApiError> {
        let paid_back = self.club.paid_back(&order).await?.into();
        let (item, way, tier, days) = match order.product {
            Product::Item { item, method } => {
                (Some(self.name_item(item).await?), Some(method), None, None)
            }
            Product::Subscription { tier } => (None, None, Some(tier), Some(0)),
            Product::Tier { tier, days } => (None, None, Some(tier), Some(days)),
            Product::Topup => (None, None, None, None),
        };
        let taxed = |(tax, amount): (club::Tax, club::Amount)| money::Taxed {
            label: tax.label,
            rate: tax.rate,
            amount: amount.into(),
        };
        Ok(money::Order {
            id: order.id.0,
            member: self.name_member(order.member).await?,
            item,
            way,
            tier,
            days,
            price: order.price.into(),
            discount: order
                .discount
                .map(|(code, amount)| money::Discounted { code, amount: amount.into() }),
            amount: order.amount.into(),
            tax: order.tax.map(taxed),
            credit: order.credit.into(),
            entry: order.entry.0,
            created: moment(order.created),
            paid_back,
            refunded: order.refunded.map(moment),
        })
    }
}

const NOTHING_TO_CHOOSE: &str = "there is no price to choose: leave `pay` out";
