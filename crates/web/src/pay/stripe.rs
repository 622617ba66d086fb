//! What is asked of Stripe: a Checkout session for a checkout, refunds, and the end of a subscription.
//!
//! Both carry a reference of ours, so that every event can be told to be about it, and a key, so that a
//! request that is sent again makes no second one.

use axum::http::Method;
use club::provider::{RefundState, to_stripe};
use club::{Amount, Checkout, Product};
use form_urlencoded::Serializer;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::client::{Call, ProviderClient, ProviderError};
use super::providers::StripeApi;

/// Where a checkout is paid.
#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) url: String,
}

/// What became of a refund.
#[derive(Deserialize)]
pub(super) struct StripeRefund {
    pub(super) id: String,
    #[serde(default)]
    status: Option<String>,
}

impl StripeRefund {
    /// How far it got.
    pub(super) fn state(&self) -> RefundState {
        match self.status.as_deref() {
            Some("canceled") => RefundState::Cancelled,
            Some("failed") => RefundState::Failed,
            Some("succeeded") => RefundState::Succeeded,
            _ => RefundState::Requested,
        }
    }
}

/// Creates the session of a checkout; `title` is what the payer reads, `interval` the period of a
/// subscription.
pub(super) async fn create_session(
    client: &ProviderClient,
    api: &StripeApi,
    checkout: &Checkout,
    title: &str,
    interval: Option<&str>,
) -> Result<Session, ProviderError> {
    let units = units(checkout.order.amount)?;
    let body = session_form(api, checkout, units, title, interval);
    post(client, api, "/v1/checkout/sessions", &checkout.reference, body).await
}

/// An amount as Stripe counts it.
fn units(amount: Amount) -> Result<i64, ProviderError> {
    let why = || format!("it takes no decimals of {}, and {amount} has some", amount.currency);
    to_stripe(amount).ok_or_else(|| ProviderError::Refused {
        provider: "stripe",
        status: 400,
        why: why(),
    })
}

fn session_form(
    api: &StripeApi,
    checkout: &Checkout,
    units: i64,
    title: &str,
    interval: Option<&str>,
) -> String {
    let (reference, currency) = (&checkout.reference, checkout.order.amount.currency);
    let is_subscription = matches!(checkout.order.product, Product::Subscription { .. });
    let mut form = Serializer::new(String::new());
    form.append_pair("mode", if is_subscription { "subscription" } else { "payment" })
        .append_pair("success_url", &api.success_url)
        .append_pair("cancel_url", &api.cancel_url)
        .append_pair("client_reference_id", reference)
        .append_pair("metadata[order]", reference)
        .append_pair("line_items[0][quantity]", "1")
        .append_pair("line_items[0][price_data][currency]", currency.code())
        .append_pair("line_items[0][price_data][unit_amount]", &units.to_string())
        .append_pair("line_items[0][price_data][product_data][name]", title);
    if is_subscription {
        form.append_pair(
            "line_items[0][price_data][recurring][interval]",
            interval.unwrap_or("month"),
        )
        .append_pair("subscription_data[metadata][order]", reference);
    } else {
        form.append_pair("payment_intent_data[metadata][order]", reference);
    }
    form.finish()
}

/// Pays an amount of a payment back; `key` names the request, and comes back in events.
pub(super) async fn refund(
    client: &ProviderClient,
    api: &StripeApi,
    payment: &str,
    amount: Amount,
    key: &str,
) -> Result<StripeRefund, ProviderError> {
    // Payments are known by their intent; by the charge where there never was one.
    let named = if payment.starts_with("ch_") { "charge" } else { "payment_intent" };
    let body = Serializer::new(String::new())
        .append_pair(named, payment)
        .append_pair("amount", &units(amount)?.to_string())
        .append_pair("metadata[key]", key)
        .finish();
    post(client, api, "/v1/refunds", &format!("refund:{key}"), body).await
}

/// Has a subscription end with the period that is paid; `key` names the request.
pub(super) async fn cancel(
    client: &ProviderClient,
    api: &StripeApi,
    subscription: &str,
    key: &str,
) -> Result<(), ProviderError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !subscription.bytes().all(is_name) {
        let why = "the subscription has a name that Stripe does not give".to_owned();
        return Err(ProviderError::Refused { provider: "stripe", status: 400, why });
    }
    let path = format!("/v1/subscriptions/{subscription}");
    let body = "cancel_at_period_end=true".to_owned();
    post::<IgnoredAny>(client, api, &path, key, body).await.map(drop)
}

async fn post<T: serde::de::DeserializeOwned>(
    client: &ProviderClient,
    api: &StripeApi,
    path: &str,
    key: &str,
    body: String,
) -> Result<T, ProviderError> {
    let call = Call {
        provider: "stripe",
        method: Method::POST,
        base: &api.base_url,
        path,
        scheme: "Bearer",
        key: &api.key,
        headers: &[("idempotency-key", key), ("stripe-version", API_VERSION)],
        content_type: "application/x-www-form-urlencoded",
        body,
    };
    client.call(call).await
}

/// The version that the fields above are of, whatever the account's default is.
const API_VERSION: &str = "2024-06-20";
