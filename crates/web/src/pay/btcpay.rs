//! What is asked of BTCPay Server's Greenfield API: invoices, their state, and refunds.

use axum::http::Method;
use club::provider::{Invoice, RefundState};
use club::{Amount, Checkout};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Call, ProviderClient, ProviderError};
use super::providers::BtcpayApi;

/// A pull payment, from which the payer takes the money back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullPayment {
    pub(super) id: Option<String>,
    pub(super) view_link: Option<String>,
    archived: Option<bool>,
    expires_at: Option<u32>,
}

/// What the payer asked of a pull payment.
#[derive(Deserialize)]
struct Payout {
    state: Option<String>,
}

/// Creates the invoice of a checkout; returns the server's name for it and where it is paid.
pub(super) async fn create_invoice(
    client: &ProviderClient,
    api: &BtcpayApi,
    checkout: &Checkout,
    title: &str,
) -> Result<(String, String), ProviderError> {
    let amount = checkout.order.amount;
    let body = json!({
        "amount": amount.decimal(),
        "currency": amount.currency.code().to_uppercase(),
        "metadata": {"orderId": checkout.reference, "itemDesc": title},
        "checkout": {"redirectURL": api.success_url},
    });
    let made: Invoice = call(client, api, Method::POST, "invoices", Some(body)).await?;
    let id = made.id().ok_or(ProviderError::Garbled { provider: "btcpay" })?;
    Ok((id, made.checkout_link().to_owned()))
}

/// What the server says of an invoice now.
pub(super) async fn invoice(
    client: &ProviderClient,
    api: &BtcpayApi,
    id: &str,
) -> Result<Invoice, ProviderError> {
    call(client, api, Method::GET, &format!("invoices/{}", encode(id)), None).await
}

/// Offers an amount of an invoice back, at its worth in the checkout's currency.
pub(super) async fn refund(
    client: &ProviderClient,
    api: &BtcpayApi,
    invoice: &str,
    amount: Amount,
) -> Result<PullPayment, ProviderError> {
    let body = json!({
        "payoutMethodId": api.refund_method,
        "refundVariant": "Custom",
        "customAmount": amount.decimal(),
        "customCurrency": amount.currency.code().to_uppercase(),
    });
    let path = format!("invoices/{}/refund", encode(invoice));
    call(client, api, Method::POST, &path, Some(body)).await
}

/// How far a pull payment got. One that ended without anybody having taken from it was called off.
pub(super) async fn pull_payment(
    client: &ProviderClient,
    api: &BtcpayApi,
    id: &str,
    now_unix: u32,
) -> Result<RefundState, ProviderError> {
    let path = format!("/api/v1/pull-payments/{}", encode(id));
    let found: PullPayment = ask(client, api, Method::GET, &path, None).await?;
    let has_expired = found.expires_at.is_some_and(|at| at <= now_unix);
    if found.archived != Some(true) && !has_expired {
        return Ok(RefundState::Requested);
    }
    let payouts: Vec<Payout> =
        ask(client, api, Method::GET, &format!("{path}/payouts"), None).await?;
    let mut states = payouts.iter().map(|payout| payout.state.as_deref().unwrap_or_default());
    // What was asked for in time is still paid out.
    Ok(if states.clone().all(|state| state == "Cancelled") {
        RefundState::Cancelled
    } else if states.all(|state| ["Cancelled", "Completed"].contains(&state)) {
        RefundState::Succeeded
    } else {
        RefundState::Requested
    })
}

async fn call<T: serde::de::DeserializeOwned>(
    client: &ProviderClient,
    api: &BtcpayApi,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<T, ProviderError> {
    let path = format!("/api/v1/stores/{}/{path}", encode(&api.store));
    ask(client, api, method, &path, body).await
}

async fn ask<T: serde::de::DeserializeOwned>(
    client: &ProviderClient,
    api: &BtcpayApi,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<T, ProviderError> {
    let call = Call {
        provider: "btcpay",
        method,
        base: &api.base_url,
        path,
        scheme: "token",
        key: &api.key,
        headers: &[],
        content_type: "application/json",
        body: body.map_or_else(String::new, |body| body.to_string()),
    };
    client.call(call).await
}

/// A name in a path, which may come from outside.
fn encode(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}
