//! What a webhook's head says before anybody reads its body.
//!
//! A body costs memory, and anybody can send one. So a request without a signature that could be genuine is
//! refused by its head alone; whether it is genuine is decided by the body (`payments.rs`).

use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Method};
use club::provider::Refused;

use super::payments::{BTCPAY, KOFI, Payments, STRIPE};

/// What a request is, by its head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Screening {
    /// Not a webhook of a provider that is configured.
    NotOne,
    /// A webhook that may be genuine.
    Plausible,
    /// A webhook that cannot be genuine: its body need not be read.
    Refused,
}

impl Payments {
    /// Judges a request by its head.
    pub fn screen(&self, method: &Method, path: &str, headers: &HeaderMap) -> Screening {
        let provider = path.strip_prefix(WEBHOOKS).filter(|name| self.knows(name));
        match provider {
            Some(provider) if method == Method::POST => match self.screen_head(provider, headers) {
                Ok(()) => Screening::Plausible,
                Err(_) => Screening::Refused,
            },
            _ => Screening::NotOne,
        }
    }

    /// Judges a webhook of a provider that is configured by its head.
    ///
    /// # Errors
    ///
    /// The signature is missing, malformed or stale, or the body is too long.
    pub(super) fn screen_head(&self, provider: &str, headers: &HeaderMap) -> Result<(), Refused> {
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
            return Err(Refused::Oversized(MAX_BODY_BYTES));
        }
        let providers = self.providers.load();
        let value = |name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        match provider {
            STRIPE => providers
                .stripe
                .as_ref()
                .map_or(Ok(()), |stripe| stripe.screen(value("stripe-signature"), self.now_unix())),
            BTCPAY => {
                let btcpay = providers.btcpay.as_ref();
                btcpay.map_or(Ok(()), |(btcpay, _)| btcpay.screen(value("btcpay-sig")))
            }
            // Its token is in the body.
            KOFI => Ok(()),
            name => providers
                .hooks
                .get(name)
                .map_or(Ok(()), |settings| settings.hook.screen(value(settings.header.as_str()))),
        }
    }
}

/// The longest body that is read, in bytes: several times what providers send.
pub const MAX_BODY_BYTES: usize = 64 << 10;
/// What the paths of webhooks begin with.
const WEBHOOKS: &str = "/webhooks/";
