//! What is asked of BTCPay Server's Greenfield API: invoices, their state, and refunds.

use axum::http::Method;
use club::provider::Invoice;
use club::{Amount, Checkout};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Call, Client, ProviderError};
use super::providers::BtcpayApi;

/// A pull payment, from which the payer takes the money back.
#[derive(Deserialize)]
pub(super) struct Refund {
    #[serde(rename = "viewLink", default)]
    pub(super) link: String,
}

/// Creates the invoice of an order; returns the server's name for it and where it is paid.
pub(super) async fn create_invoice(
    client: &Client,
    api: &BtcpayApi,
    order: &Checkout,
    title: &str,
) -> Result<(String, String), ProviderError> {
    let body = json!({
        "amount": order.amount.decimal(),
        "currency": order.amount.currency.code().to_uppercase(),
        "metadata": {"orderId": order.id.0.to_string(), "itemDesc": title},
        "checkout": {"redirectURL": api.success_url},
    });
    let made: Invoice = call(client, api, Method::POST, "invoices", Some(body)).await?;
    let id = made.id().ok_or(ProviderError::Garbled { provider: "btcpay" })?;
    Ok((id, made.checkout_link().to_owned()))
}

/// What the server says of an invoice now.
pub(super) async fn invoice(
    client: &Client,
    api: &BtcpayApi,
    id: &str,
) -> Result<Invoice, ProviderError> {
    call(client, api, Method::GET, &format!("invoices/{}", encode(id)), None).await
}

/// Offers an amount of an invoice back, at its worth in the order's currency.
pub(super) async fn refund(
    client: &Client,
    api: &BtcpayApi,
    invoice: &str,
    amount: Amount,
) -> Result<Refund, ProviderError> {
    let body = json!({
        "payoutMethodId": api.refund_method,
        "refundVariant": "Custom",
        "customAmount": amount.decimal(),
        "customCurrency": amount.currency.code().to_uppercase(),
    });
    let path = format!("invoices/{}/refund", encode(invoice));
    call(client, api, Method::POST, &path, Some(body)).await
}

async fn call<T: serde::de::DeserializeOwned>(
    client: &Client,
    api: &BtcpayApi,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<T, ProviderError> {
    let path = format!("/api/v1/stores/{}/{path}", encode(&api.store));
    let call = Call {
        provider: "btcpay",
        method,
        base: &api.base_url,
        path: &path,
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
