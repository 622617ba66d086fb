//! Checkouts, which are attempts to pay at a provider, over the admin API.

use std::sync::Arc;

use api::checkout::{
    AddCheckout, AnswerRefund, CheckoutRefunded, CheckoutView, PaymentView, RefundCheckout,
    RefundView,
};
use api::product::ProductChoice;
use api::query::PageQuery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Checkout, CheckoutId, NewRepayment, Repayment};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params, page};
use super::ledger::{amount, money};
use super::products::to_club;
use crate::pay::{Bought, Order, TillError};

pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<AddCheckout>,
) -> Result<(StatusCode, Json<CheckoutView>), ApiError> {
    let bought = bought(new.product)?;
    let wanted = Order { provider: new.provider, member: new.member, bought };
    let made = admin.till()?.order("admin", &new.key, wanted).await?;
    Ok((StatusCode::CREATED, Json(describe(&admin, made).await?)))
}

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Vec<CheckoutView>>, ApiError> {
    let mut checkouts = Vec::new();
    for checkout in admin.club.checkouts(page(query)).await? {
        checkouts.push(describe(&admin, checkout).await?);
    }
    Ok(Json(checkouts))
}

pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(checkout): Path<u32>,
) -> Result<Json<CheckoutView>, ApiError> {
    let checkout = admin.club.checkout(CheckoutId(checkout)).await?;
    Ok(Json(describe(&admin, checkout).await?))
}

pub(super) async fn refund(
    State(admin): State<Arc<Admin>>,
    Path(checkout): Path<u32>,
    Body(refund): Body<RefundCheckout>,
) -> Result<Json<CheckoutRefunded>, ApiError> {
    let currency = admin.club.checkout(CheckoutId(checkout)).await?.amount.currency;
    let amount = refund.amount.map(|text| amount(&text, currency.code())).transpose()?;
    let new =
        NewRepayment { checkout: CheckoutId(checkout), key: refund.key, bought: None, amount };
    let (checkout, repayment) = admin.till()?.refund("admin", new).await?;
    let link = repayment.and_then(|repayment| repayment.link);
    Ok(Json(CheckoutRefunded { checkout: describe(&admin, checkout).await?, link }))
}

pub(super) async fn answer(
    State(admin): State<Arc<Admin>>,
    Path(checkout): Path<u32>,
    Body(said): Body<AnswerRefund>,
) -> Result<Json<CheckoutRefunded>, ApiError> {
    let (till, link) = (admin.till()?, said.link.as_deref());
    let (checkout, repayment) = till.answer("admin", CheckoutId(checkout), said.made, link).await?;
    let link = repayment.and_then(|repayment| repayment.link);
    Ok(Json(CheckoutRefunded { checkout: describe(&admin, checkout).await?, link }))
}

fn bought(product: ProductChoice) -> Result<Bought, ApiError> {
    Ok(match product {
        ProductChoice::Item { item, method } => Bought::Item { item, method: to_club(method) },
        ProductChoice::Tier { tier, subscribe } => Bought::Tier { tier, subscribe },
        ProductChoice::Topup { amount: text, currency } => Bought::Topup(amount(&text, &currency)?),
    })
}

/// A checkout with the names of its member and item: up to three reads of the store.
async fn describe(admin: &Admin, checkout: Checkout) -> Result<CheckoutView, ApiError> {
    let (state, amount) = (checkout.state(), checkout.amount);
    let decimal = |minor| amount.currency.minor(minor).decimal();
    let product = admin.product(checkout.product).await?;
    let payments = checkout.payments.iter().map(|payment| PaymentView {
        name: payment.name.clone(),
        state: payment.phase(amount).to_string(),
        refunded: decimal(payment.facts.refunded),
        kept: decimal(payment.kept),
        topup: payment.topup.map(|entry| entry.0),
        bought: payment.bought.map(|entry| entry.0),
    });
    Ok(CheckoutView {
        id: checkout.id.0,
        provider: checkout.provider,
        member: admin.name_member(checkout.member).await?,
        product,
        amount: money(amount),
        state,
        url: checkout.url,
        session: checkout.session,
        until: checkout.until.map(moment),
        created: moment(checkout.created),
        payments: payments.collect(),
        refunds: admin.club.repayments(checkout.id).await?.into_iter().map(refund_view).collect(),
    })
}

fn refund_view(repayment: Repayment) -> RefundView {
    RefundView {
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
