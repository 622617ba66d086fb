//! Orders at providers, over the admin API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{
    Amount, Checkout, CheckoutId, Currency, MoneyError, NewRepayment, Product, Repayment,
    UnknownDeliveryMethod,
};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Paging, Params};
use super::pay_view as view;
use crate::pay::{Bought, Order, TillError};

pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<view::NewOrder>,
) -> Result<(StatusCode, Json<view::Order>), ApiError> {
    let bought = bought(new.buys)?;
    let order = Order { provider: new.provider, member: new.member, bought };
    let made = admin.till()?.order("admin", &new.key, order).await?;
    Ok((StatusCode::CREATED, Json(describe(&admin, made).await?)))
}

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(paging): Params<Paging>,
) -> Result<Json<Vec<view::Order>>, ApiError> {
    let mut orders = Vec::new();
    for order in admin.club.checkouts(paging.into()).await? {
        orders.push(describe(&admin, order).await?);
    }
    Ok(Json(orders))
}

pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
) -> Result<Json<view::Order>, ApiError> {
    let order = admin.club.checkout(CheckoutId(order)).await?;
    Ok(Json(describe(&admin, order).await?))
}

pub(super) async fn refund(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
    Body(refund): Body<view::OrderRefund>,
) -> Result<Json<view::Refunded>, ApiError> {
    let currency = admin.club.checkout(CheckoutId(order)).await?.amount.currency;
    let amount = refund.amount.map(|text| Amount::parse(&text, currency)).transpose();
    let amount = amount.map_err(unprocessable)?;
    let new = NewRepayment { checkout: CheckoutId(order), key: refund.key, bought: None, amount };
    let (order, repayment) = admin.till()?.refund("admin", new).await?;
    let link = repayment.and_then(|repayment| repayment.link);
    Ok(Json(view::Refunded { order: describe(&admin, order).await?, link }))
}

pub(super) async fn answer(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
    Body(said): Body<view::Answer>,
) -> Result<Json<view::Refunded>, ApiError> {
    let (till, link) = (admin.till()?, said.link.as_deref());
    let (order, repayment) = till.answer("admin", CheckoutId(order), said.made, link).await?;
    let link = repayment.and_then(|repayment| repayment.link);
    Ok(Json(view::Refunded { order: describe(&admin, order).await?, link }))
}

fn bought(buys: view::Buys) -> Result<Bought, ApiError> {
    match buys {
        view::Buys::Item { item, way } => {
            let method = way.parse().map_err(|error: UnknownDeliveryMethod| {
                ApiError::unprocessable(error.to_string())
            })?;
            Ok(Bought::Item { item, method })
        }
        view::Buys::Tier { tier, subscribe, .. } => Ok(Bought::Tier { tier, subscribe }),
        view::Buys::Topup { amount, currency } => {
            let amount = Currency::parse(&currency)
                .and_then(|currency| Amount::parse(&amount, currency))
                .map_err(unprocessable)?;
            Ok(Bought::Topup(amount))
        }
    }
}

fn unprocessable(error: MoneyError) -> ApiError {
    ApiError::unprocessable(error.to_string())
}

/// An order with the names of who and what: up to three reads of the store.
async fn describe(admin: &Admin, order: Checkout) -> Result<view::Order, ApiError> {
    let (state, amount) = (order.state(), order.amount);
    let decimal = |minor| amount.currency.minor(minor).decimal();
    let buys = match order.product {
        Product::Item { item, method } => {
            let item = admin.name_item(item).await?.name;
            view::Buys::Item { item, way: method.to_string() }
        }
        Product::Subscription { tier } => view::Buys::Tier { tier, subscribe: true, days: None },
        Product::Tier { tier, days } => {
            view::Buys::Tier { tier, subscribe: false, days: Some(days) }
        }
        Product::Topup => view::Buys::Topup {
            amount: amount.decimal(),
            currency: amount.currency.code().to_owned(),
        },
    };
    let payments = order.payments.iter().map(|payment| view::Payment {
        name: payment.name.clone(),
        state: payment.phase(amount).to_string(),
        refunded: decimal(payment.facts.refunded),
        kept: decimal(payment.kept),
        topup: payment.topup.map(|entry| entry.0),
        bought: payment.bought.map(|entry| entry.0),
    });
    Ok(view::Order {
        id: order.id.0,
        provider: order.provider,
        member: admin.name_member(order.member).await?,
        buys,
        amount: amount.decimal(),
        currency: amount.currency.code().to_owned(),
        state,
        url: order.url,
        session: order.session,
        until: order.until.map(moment),
        created: moment(order.created),
        payments: payments.collect(),
        refunds: admin.club.repayments(order.id).await?.into_iter().map(refund_view).collect(),
    })
}

fn refund_view(repayment: Repayment) -> view::Refund {
    view::Refund {
        key: repayment.key,
        payment: repayment.payment,
        amount: repayment.amount.decimal(),
        asked: moment(repayment.asked),
        made: repayment.made,
        link: repayment.link,
        entry: repayment.entry.map(|entry| entry.0),
    }
}

impl From<TillError> for ApiError {
    fn from(error: TillError) -> Self {
        let status = match error {
            TillError::Club(error) => return error.into(),
            TillError::Provider(_) | TillError::Unanswered(_) => StatusCode::BAD_GATEWAY,
            TillError::Answered(_)
            | TillError::NotPaid(_)
            | TillError::TooMuch { .. }
            | TillError::NotReplayed { .. } => StatusCode::CONFLICT,
            TillError::Stopped => StatusCode::INTERNAL_SERVER_ERROR,
            TillError::Erased(_)
            | TillError::NoApi(_)
            | TillError::NoBody(_)
            | TillError::NoPrice(_)
            | TillError::NoSubscriptions(_)
            | TillError::NotConfigured(_)
            | TillError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}
