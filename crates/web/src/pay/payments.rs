//! What payment providers say, read and handed to the club.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use club::provider::{Event, Kofi, Notice, Refused};
use club::{Club, Delivery, DeliveryId, Stamp, Verdict};
use tokio::sync::Mutex;

use super::btcpay;
use super::client::{ProviderClient, ProviderError};
use super::error::PaymentError;
use super::heard::Heard;
use super::poll::gone;
use super::providers::{Providers, TierPlan};
use crate::http::TimeSource;

/// What webhooks, the command line and background tasks ask of payments.
pub struct Payments {
    pub(super) club: Arc<Club>,
    pub(super) providers: ArcSwap<Providers>,
    pub(super) client: ProviderClient,
    /// Held while a payment is paid back, so that the next refund sees what this one left.
    pub(super) refunds: Mutex<()>,
    clock: TimeSource,
    heard: Heard,
}

impl Payments {
    /// Payments at these providers.
    ///
    /// # Errors
    ///
    /// There is no TLS to be had.
    pub fn new(club: Arc<Club>, providers: Providers, clock: TimeSource) -> io::Result<Self> {
        let client = ProviderClient::new()?;
        let providers = ArcSwap::from_pointee(providers);
        let refunds = Mutex::default();
        Ok(Self { club, providers, client, refunds, clock, heard: Heard::default() })
    }

    /// Puts other providers in force, after a reload of the configuration.
    pub fn set_providers(&self, providers: Providers) {
        self.providers.store(Arc::new(providers));
    }

    /// What a tier costs; `None` where it is not for sale.
    pub fn plan(&self, tier: &str) -> Option<TierPlan> {
        self.providers.load().plans.get(tier).cloned()
    }

    /// What came so far.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// Does what a kept delivery says, as if it came now.
    ///
    /// # Errors
    ///
    /// See [`PaymentError`]; there is none such, or it was refused.
    pub async fn replay(&self, id: DeliveryId) -> Result<(Verdict, String), PaymentError> {
        let kept = self.club.delivery(id).await?;
        if let Verdict::Refused(word) = kept.verdict {
            return Err(PaymentError::NotReplayed { id, word });
        }
        if kept.erased.is_some() {
            return Err(PaymentError::Erased(id));
        }
        if kept.delivery.body.is_empty() {
            return Err(PaymentError::NoBody(id));
        }
        let providers = self.providers.load_full();
        let (provider, body) = (kept.delivery.provider.as_str(), kept.delivery.body.as_slice());
        let event = match provider {
            STRIPE => providers.stripe.as_ref().map(|stripe| stripe.parse(body)),
            BTCPAY => providers.btcpay.as_ref().map(|(btcpay, _)| btcpay.parse(body)),
            KOFI => providers.kofi.as_ref().map(|kofi| kofi.parse(body)),
            name => {
                let settings = providers.hooks.get(name);
                settings.map(|settings| settings.hook.parse(Some(&kept.kind), body))
            }
        };
        let event = event.ok_or_else(|| PaymentError::NotConfigured(provider.to_owned()))??;
        let event = self.wake(&providers, event).await?;
        self.apply(&self.stamp(provider), kept.delivery, event).await
    }

    /// Replays what was held and can be applied now. What fails stays held.
    pub(super) async fn retry(&self, held: Vec<DeliveryId>) {
        for id in held {
            if let Err(error) = Box::pin(self.replay(id)).await {
                tracing::warn!(event = id.0, %error, "a held event is not applied yet");
            }
        }
    }

    /// Whether there is such a provider.
    pub(super) fn knows(&self, provider: &str) -> bool {
        let providers = self.providers.load();
        match provider {
            STRIPE => providers.stripe.is_some(),
            BTCPAY => providers.btcpay.is_some(),
            KOFI => providers.kofi.is_some(),
            name => providers.hooks.contains_key(name),
        }
    }

    /// Verifies and reads what came, and what of it is kept.
    pub(super) fn read(
        &self,
        delivery: &mut Delivery,
        headers: &HeaderMap,
    ) -> Result<Event, Refused> {
        let providers = self.providers.load();
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mut keep = |name: &str| {
            let value = said(name).unwrap_or_default();
            let kept: String = value.chars().take(MAX_KEPT_HEADER).collect();
            delivery.headers.push_str(&format!("{name}: {kept}\n"));
            value
        };
        keep("user-agent");
        match delivery.provider.as_str() {
            STRIPE => {
                let signature = keep("stripe-signature");
                let stripe = providers.stripe.as_ref().ok_or(UNKNOWN)?;
                stripe.read(signature, &delivery.body, (self.clock)().unix)
            }
            BTCPAY => {
                let signature = keep("btcpay-sig");
                let (btcpay, _) = providers.btcpay.as_ref().ok_or(UNKNOWN)?;
                btcpay.read(signature, &delivery.body)
            }
            KOFI => {
                let read = providers.kofi.as_ref().ok_or(UNKNOWN)?.read(&delivery.body);
                delivery.body = Kofi::without_token(&delivery.body).unwrap_or_default();
                read
            }
            name => {
                let settings = providers.hooks.get(name).ok_or(UNKNOWN)?;
                let signature = keep(settings.header.as_str());
                let kind = settings.event_header.as_ref().map(|name| keep(name.as_str()));
                settings.hook.read(signature, kind, &delivery.body)
            }
        }
    }

    /// Asks the provider what happened where an event only says that something did.
    pub(super) async fn ask(&self, event: Event) -> Result<Event, PaymentError> {
        self.wake(&self.providers.load_full(), event).await
    }

    async fn wake(&self, providers: &Providers, event: Event) -> Result<Event, PaymentError> {
        let (Notice::Wake { session }, Some((_, api))) = (&event.notice, &providers.btcpay) else {
            return Ok(event);
        };
        match btcpay::invoice(&self.client, api, session).await {
            Ok(invoice) => Ok(invoice.event(session, &event.kind)),
            Err(ProviderError::Refused { status: 404 | 410, .. }) => Ok(gone(session, &event.kind)),
            Err(error) => Err(error.into()),
        }
    }

    /// Has the club do what an event says, and what was held until it was known.
    pub(super) async fn apply(
        &self,
        stamp: &Stamp,
        delivery: Delivery,
        event: Event,
    ) -> Result<(Verdict, String), PaymentError> {
        let provider = delivery.provider.clone();
        let kind = event.kind.clone();
        let handled = self.club.receive(stamp, delivery, event).await?;
        self.note(&provider, &kind, handled.verdict, &handled.effect);
        self.retry(handled.retry).await;
        Ok((handled.verdict, handled.effect))
    }

    /// Counts what came of an event, and tells the log of one that needs a person.
    pub(super) fn note(&self, provider: &str, kind: &str, verdict: Verdict, effect: &str) {
        self.heard.count(provider, verdict);
        if verdict == Verdict::Held {
            tracing::warn!(provider, kind, effect, "an event is held: `usher event list`");
        }
    }

    /// Keeps what was refused, and counts it.
    pub(super) async fn refuse(
        &self,
        delivery: Delivery,
        refused: &Refused,
    ) -> Result<(), PaymentError> {
        self.heard.count(&delivery.provider, Verdict::Refused(refused.verdict()));
        let stamp = self.stamp(&delivery.provider);
        Ok(self.club.keep_refused(&stamp, delivery, refused).await?)
    }

    pub(super) fn now_unix(&self) -> u32 {
        (self.clock)().unix
    }

    pub(super) fn stamp(&self, who: &str) -> Stamp {
        Stamp { who: who.to_owned(), now_unix: (self.clock)().unix }
    }
}

impl std::fmt::Debug for Payments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payments").finish_non_exhaustive()
    }
}

pub(super) const STRIPE: &str = "stripe";
pub(super) const BTCPAY: &str = "btcpay";
pub(super) const KOFI: &str = "kofi";
const UNKNOWN: Refused = Refused::Forged("this provider is not configured any more");
const MAX_KEPT_HEADER: usize = 1024;
