//! Which providers there are, with their secrets; checked elsewhere.

use std::collections::BTreeMap;

use axum::http::{HeaderName, Uri};
use club::Amount;
use club::provider::{Btcpay, Hook, Kofi, Secret, Stripe};

/// The providers in force. None by default.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    /// Stripe's webhooks.
    pub stripe: Option<Stripe>,
    /// Stripe's API.
    pub stripe_api: Option<StripeApi>,
    /// BTCPay Server's webhooks and API.
    pub btcpay: Option<(Btcpay, BtcpayApi)>,
    /// Ko-fi's webhooks.
    pub kofi: Option<Kofi>,
    /// Webhooks that the configuration describes, by the last part of their URL.
    pub hooks: BTreeMap<String, HookSettings>,
    /// Tiers that are for sale.
    pub plans: BTreeMap<String, TierPlan>,
}

/// How Stripe's API is called.
#[derive(Clone, Debug)]
pub struct StripeApi {
    /// `https://api.stripe.com`, or what stands in for it.
    pub base_url: Uri,
    /// The secret key, `sk_…` or a restricted `rk_…`.
    pub key: Secret,
    /// Where payers are sent when they have paid.
    pub success_url: String,
    /// Where they are sent when they would rather not.
    pub cancel_url: String,
}

/// How BTCPay Server's Greenfield API is called.
#[derive(Clone, Debug)]
pub struct BtcpayApi {
    /// Where the server is.
    pub base_url: Uri,
    /// The store's id.
    pub store: String,
    /// An API key that may create and see invoices, and create pull payments.
    pub key: Secret,
    /// Where payers are sent when they have paid.
    pub success_url: String,
    /// How refunds are paid out, as `BTC-CHAIN`.
    pub refund_method: String,
}

/// A webhook that the configuration describes.
#[derive(Clone, Debug)]
pub struct HookSettings {
    /// The header that has the signature.
    pub header: HeaderName,
    /// The header that has the kind of event, where one does.
    pub event_header: Option<HeaderName>,
    /// How it is verified and read.
    pub hook: Hook,
}

/// A tier that is for sale.
#[derive(Clone, Debug)]
pub struct TierPlan {
    /// For one period.
    pub price: Amount,
    /// The period as Stripe calls it: `week`, `month` or `year`.
    pub interval: &'static str,
    /// For how long one payment without a subscription holds.
    pub days: u16,
}
