//! Checkouts, which are attempts to pay at a provider, over the admin API.

use std::sync::Arc;

use api::checkout::{
    AddCheckout, AnswerRefund, CheckoutRefunded, CheckoutView, PaymentView, RefundCheckout,
    RefundView,
};
use api::page::CheckoutPage;
use api::product::ProductChoice;
use api::query::CheckoutQuery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Checkout, CheckoutFilter, CheckoutId, NewRefund, Refund, RefundOf};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params, page, period};
use super::ledger::{amount, money};
use super::products::{product_view, to_club};
use crate::pay::{CheckoutRequest, PaymentError, WantedProduct};

/// Makes a checkout at a payment provider.
#[utoipa::path(
    post,
    path = "/checkouts",
    operation_id = "add_checkout",
    tag = "checkouts",
    request_body = AddCheckout,
    responses(
        (status = 201, body = CheckoutView),
        (status = 404, description = "No such member, item or provider, or this daemon takes no payments."),
        (status = 502, description = "The payment provider did not answer or refused.")
    ),
    security(("token" = ["money"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<AddCheckout>,
) -> Result<(StatusCode, Json<CheckoutView>), ApiError> {
    let product = wanted(new.product)?;
    let request = CheckoutRequest { provider: new.provider, member: new.member, product };
    let made = admin.payments()?.make_checkout(&admin.who(), &new.key, request).await?;
    Ok((StatusCode::CREATED, Json(describe(&admin, made).await?)))
}

/// Lists the checkouts.
#[utoipa::path(
    get,
    path = "/checkouts",
    operation_id = "list_checkouts",
    tag = "checkouts",
    params(CheckoutQuery),
    responses((status = 200, body = CheckoutPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<CheckoutQuery>,
) -> Result<Json<CheckoutPage>, ApiError> {
    let CheckoutQuery { search, member, item, provider, from, to, newest, after, limit } = query;
    let (from, until) = period(from, to);
    let filter = CheckoutFilter {
        search,
        member: admin.wanted_member(member.as_deref()).await?,
        item: admin.wanted_item(item.as_deref()).await?,
        provider,
        from,
        until,
    };
    let found = admin.club.list_checkouts(&filter, &page(after, limit, newest)?).await?;
    let mut checkouts = Vec::with_capacity(found.rows.len());
    for checkout in found.rows {
        checkouts.push(describe(&admin, checkout).await?);
    }
    Ok(Json(CheckoutPage { checkouts, next: found.next }))
}

/// Returns a checkout with its payments and refunds.
#[utoipa::path(
    get,
    path = "/checkouts/{checkout}",
    operation_id = "show_checkout",
    tag = "checkouts",
    params(("checkout" = u32, Path)),
    responses((status = 200, body = CheckoutView)),
    security(("token" = ["money"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(checkout): Path<u32>,
) -> Result<Json<CheckoutView>, ApiError> {
    let checkout = admin.club.checkout(CheckoutId(checkout)).await?;
    Ok(Json(describe(&admin, checkout).await?))
}

/// Refunds a checkout at its provider.
#[utoipa::path(
    post,
    path = "/checkouts/{checkout}/refunds",
    operation_id = "refund_checkout",
    tag = "checkouts",
    params(("checkout" = u32, Path)),
    request_body = RefundCheckout,
    responses(
        (status = 200, body = CheckoutRefunded),
        (status = 502, description = "The payment provider did not answer or refused.")
    ),
    security(("token" = ["money"]))
)]
pub(super) async fn refund(
    State(admin): State<Arc<Admin>>,
    Path(checkout): Path<u32>,
    Body(refund): Body<RefundCheckout>,
) -> Result<Json<CheckoutRefunded>, ApiError> {
    let id = CheckoutId(checkout);
    let currency = admin.club.checkout(id).await?.order.amount.currency;
    let amount = refund.amount.map(|text| amount(&text, currency.code())).transpose()?;
    let new = NewRefund { of: RefundOf::Checkout(id), key: refund.key, amount };
    let made = admin.payments()?.refund(&admin.who(), new).await?;
    let (checkout, link) = (admin.club.checkout(id).await?, made.and_then(|made| made.link));
    Ok(Json(CheckoutRefunded { checkout: describe(&admin, checkout).await?, link }))
}

/// Records the outcome of a refund whose answer was lost.
#[utoipa::path(
    post,
    path = "/checkouts/{checkout}/answer",
    operation_id = "answer_refund",
    tag = "checkouts",
    params(("checkout" = u32, Path)),
    request_body = AnswerRefund,
    responses((status = 200, body = CheckoutRefunded)),
    security(("token" = ["money"]))
)]
pub(super) async fn answer(
    State(admin): State<Arc<Admin>>,
    Path(checkout): Path<u32>,
    Body(said): Body<AnswerRefund>,
) -> Result<Json<CheckoutRefunded>, ApiError> {
    let (payments, link) = (admin.payments()?, said.link.as_deref());
    let (checkout, refund) =
        payments.answer(&admin.who(), CheckoutId(checkout), said.made, link).await?;
    let link = refund.and_then(|refund| refund.link);
    Ok(Json(CheckoutRefunded { checkout: describe(&admin, checkout).await?, link }))
}

fn wanted(product: ProductChoice) -> Result<WantedProduct, ApiError> {
    Ok(match product {
        ProductChoice::Item { item, method } => {
            WantedProduct::Item { item, method: to_club(method) }
        }
        ProductChoice::Tier { tier, subscribe } => WantedProduct::Tier { tier, subscribe },
        ProductChoice::Topup { amount: text, currency } => {
            WantedProduct::Topup(amount(&text, &currency)?)
        }
    })
}

/// A checkout with the names of its member and item: up to three reads of the store.
async fn describe(admin: &Admin, checkout: Checkout) -> Result<CheckoutView, ApiError> {
    let (state, order) = (checkout.state(), checkout.order);
    let amount = order.amount;
    let in_money = |minor| money(amount.currency.minor(minor));
    let item = admin.name_product(&order.product).await?;
    let payments = checkout.payments.iter().map(|payment| PaymentView {
        name: payment.name.clone(),
        state: payment.phase(amount).to_string(),
        refunded: in_money(payment.paid_back()),
        kept: in_money(payment.kept),
        topup: payment.topup.map(|entry| entry.0),
        order: payment.order.map(|order| order.0),
    });
    Ok(CheckoutView {
        id: checkout.id.0,
        order: order.id.0,
        provider: checkout.provider,
        reference: checkout.reference,
        member: admin.name_buyer(order.member).await?,
        email: order.email.map(|email| email.to_string()),
        product: product_view(order.product, item),
        amount: money(amount),
        state,
        url: checkout.url,
        session: checkout.session,
        until: checkout.until.map(moment),
        created: moment(checkout.created),
        payments: payments.collect(),
        refunds: admin.club.refunds(checkout.id).await?.into_iter().map(refund_view).collect(),
    })
}

fn refund_view(refund: Refund) -> RefundView {
    RefundView {
        key: refund.key,
        name: refund.name,
        payment: refund.payment,
        amount: money(refund.amount),
        asked: moment(refund.asked),
        state: refund.state.text().to_owned(),
        made: refund.answered.is_some(),
        link: refund.link,
        entry: refund.entry.map(|entry| entry.0),
    }
}

impl From<PaymentError> for ApiError {
    fn from(error: PaymentError) -> Self {
        let status = match error {
            PaymentError::Club(error) => return error.into(),
            PaymentError::Provider(_) | PaymentError::Unanswered(_) => StatusCode::BAD_GATEWAY,
            PaymentError::Answered(_)
            | PaymentError::NotPaid(_)
            | PaymentError::RefundOver { .. }
            | PaymentError::TooMuch { .. }
            | PaymentError::NotReplayed { .. } => StatusCode::CONFLICT,
            PaymentError::Stopped => StatusCode::INTERNAL_SERVER_ERROR,
            PaymentError::Erased(_)
            | PaymentError::NoApi(_)
            | PaymentError::NoBody(_)
            | PaymentError::NoPrice(_)
            | PaymentError::NoSubscriptions(_)
            | PaymentError::NotConfigured(_)
            | PaymentError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string())
    }
}
