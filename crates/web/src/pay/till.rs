//! The till: orders are made, asked for at their provider, and settled by what it says.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use club::provider::{Event, Kofi, Notice, Refused};
use club::{
    Amount, Checkout, Club, Delivery, DeliveryId, DeliveryMethod, NewCheckout, Product,
    ProductRequest, Stamp, Verdict,
};
use tokio::sync::Mutex;

use super::client::Client;
use super::error::TillError;
use super::heard::Heard;
use super::providers::{Plan, Providers};
use super::{btcpay, stripe};
use crate::http::Clock;

/// What webhooks, the command line and the rounds ask of payments.
pub struct Till {
    pub(super) club: Arc<Club>,
    pub(super) providers: ArcSwap<Providers>,
    pub(super) client: Client,
    /// Held while an order is paid back, so that the next sees what this one left.
    pub(super) refunds: Mutex<()>,
    clock: Clock,
    heard: Heard,
}

/// What somebody wants to pay for.
#[derive(Clone, Debug)]
pub struct Order {
    /// `stripe`, `btcpay`, or a hook's name.
    pub provider: String,
    /// Who is to pay, by name or id.
    pub member: String,
    /// For what.
    pub bought: Bought,
}

/// What is bought.
#[derive(Clone, Debug)]
pub enum Bought {
    /// An item at its price.
    Item {
        /// By name, id or info hash.
        item: String,
        /// As what.
        method: DeliveryMethod,
    },
    /// A tier at the price of the configuration.
    Tier {
        /// Its id.
        tier: String,
        /// Whether it is paid again and again.
        subscribe: bool,
    },
    /// More in the balance.
    Topup(Amount),
}

impl Till {
    /// A till with these providers.
    ///
    /// # Errors
    ///
    /// There is no TLS to be had.
    pub fn new(club: Arc<Club>, providers: Providers, clock: Clock) -> io::Result<Self> {
        let client = Client::new()?;
        let providers = ArcSwap::from_pointee(providers);
        let refunds = Mutex::default();
        Ok(Self { club, providers, client, refunds, clock, heard: Heard::default() })
    }

    /// Puts other providers in force, after a reload of the configuration.
    pub fn set_providers(&self, providers: Providers) {
        self.providers.store(Arc::new(providers));
    }

    /// What a tier costs; `None` where it is not for sale.
    pub fn plan(&self, tier: &str) -> Option<Plan> {
        self.providers.load().plans.get(tier).cloned()
    }

    /// What came so far.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// Makes an order and asks its provider where it is paid; the same `key` again makes no second
    /// one.
    ///
    /// # Errors
    ///
    /// See [`TillError`]. An order whose provider did not answer stays, unpaid.
    pub async fn order(&self, who: &str, key: &str, order: Order) -> Result<Checkout, TillError> {
        let providers = self.providers.load_full();
        check_provider(&providers, &order.provider)?;
        let (product, interval) = requested(&providers, order.bought, &order.provider)?;
        let new = NewCheckout { provider: order.provider, member: order.member, product };
        let made = self.club.make_checkout(&self.stamp(who), key, new).await?;
        // A hook's order is paid where its number is put in, which is not asked from here.
        if made.url.is_some() || providers.hooks.contains_key(&made.provider) {
            return Ok(made);
        }
        let title = self.title(&made).await?;
        let (session, url) = match (&providers.stripe_api, &providers.btcpay) {
            (Some(api), _) if made.provider == STRIPE => {
                let session =
                    stripe::create_session(&self.client, api, &made, &title, interval).await?;
                (session.id, session.url)
            }
            (_, Some((_, api))) if made.provider == BTCPAY => {
                btcpay::create_invoice(&self.client, api, &made, &title).await?
            }
            _ => return Err(TillError::NoApi(made.provider)),
        };
        Ok(self.club.set_session(made.id, &session, &url).await?)
    }

    /// What the payer reads.
    async fn title(&self, order: &Checkout) -> Result<String, TillError> {
        Ok(match &order.product {
            Product::Item { item, method } => {
                let item = self.club.item(&item.0.to_string()).await?;
                let title = if item.title.is_empty() { item.name } else { item.title };
                format!("{title} ({method})")
            }
            Product::Subscription { tier } => format!("Membership: {tier}"),
            Product::Tier { tier, days } => format!("Membership: {tier}, {days} days"),
            Product::Topup => "Balance".to_owned(),
        })
    }

    /// Asks BTCPay for what no webhook said: orders of the last thirty days that are neither paid
    /// nor closed. Returns how many had changed.
    ///
    /// # Errors
    ///
    /// The server or the database does not answer; the rest waits for the next time.
    pub async fn poll(&self) -> Result<usize, TillError> {
        let providers = self.providers.load_full();
        let Some((_, api)) = &providers.btcpay else { return Ok(0) };
        let stamp = self.stamp(BTCPAY);
        let since = stamp.now_unix.saturating_sub(POLLED_SECS);
        let mut changed = 0;
        for order in self.club.open_checkouts(BTCPAY, since).await? {
            let Some(session) = &order.session else { continue };
            let invoice = btcpay::invoice(&self.client, api, session).await?;
            let event = invoice.event(session, "poll");
            if !matches!(event.notice, Notice::Nothing(_)) {
                self.take(&stamp, Delivery::of(BTCPAY), event).await?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Does what a kept delivery says, as if it came now.
    ///
    /// # Errors
    ///
    /// See [`TillError`]; there is none such, or it was refused.
    pub async fn replay(&self, id: DeliveryId) -> Result<(Verdict, String), TillError> {
        let kept = self.club.delivery(id).await?;
        if let Verdict::Refused(word) = kept.verdict {
            return Err(TillError::NotReplayed { id, word });
        }
        if kept.erased.is_some() {
            return Err(TillError::Erased(id));
        }
        if kept.delivery.body.is_empty() {
            return Err(TillError::NoBody(id));
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
        let event = event.ok_or_else(|| TillError::NotConfigured(provider.to_owned()))??;
        let event = self.wake(&providers, event).await?;
        self.take(&self.stamp(provider), kept.delivery, event).await
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
    pub(super) async fn ask(&self, event: Event) -> Result<Event, TillError> {
        self.wake(&self.providers.load_full(), event).await
    }

    async fn wake(&self, providers: &Providers, event: Event) -> Result<Event, TillError> {
        let (Notice::Wake { session }, Some((_, api))) = (&event.notice, &providers.btcpay) else {
            return Ok(event);
        };
        let invoice = btcpay::invoice(&self.client, api, session).await?;
        Ok(invoice.event(session, &event.kind))
    }

    /// Has the club do what an event says.
    pub(super) async fn take(
        &self,
        stamp: &Stamp,
        delivery: Delivery,
        event: Event,
    ) -> Result<(Verdict, String), TillError> {
        let provider = delivery.provider.clone();
        let kind = event.kind.clone();
        let (verdict, effect) = self.club.receive(stamp, delivery, event).await?;
        self.note(&provider, &kind, verdict, &effect);
        Ok((verdict, effect))
    }

    /// Counts what came of an event, and tells the log of one that needs a person.
    pub(super) fn note(&self, provider: &str, kind: &str, verdict: Verdict, effect: &str) {
        self.heard.count(provider, verdict);
        if verdict == Verdict::Held {
            tracing::warn!(provider, kind, effect, "an event is held: `usher events list`");
        }
    }

    /// Keeps what was refused, and counts it.
    pub(super) async fn refuse(
        &self,
        delivery: Delivery,
        refused: &Refused,
    ) -> Result<(), TillError> {
        self.heard.count(&delivery.provider, Verdict::Refused(refused.verdict()));
        let stamp = self.stamp(&delivery.provider);
        Ok(self.club.keep_refused(&stamp, delivery, refused).await?)
    }

    pub(super) fn stamp(&self, who: &str) -> Stamp {
        Stamp { who: who.to_owned(), now_unix: (self.clock)().unix }
    }
}

impl std::fmt::Debug for Till {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Till").finish_non_exhaustive()
    }
}

fn check_provider(providers: &Providers, provider: &str) -> Result<(), TillError> {
    let is_there = match provider {
        STRIPE => providers.stripe_api.is_some(),
        BTCPAY => providers.btcpay.is_some(),
        hook => providers.hooks.contains_key(hook),
    };
    if is_there { Ok(()) } else { Err(TillError::NoApi(provider.to_owned())) }
}

fn requested(
    providers: &Providers,
    bought: Bought,
    provider: &str,
) -> Result<(ProductRequest, Option<&'static str>), TillError> {
    Ok(match bought {
        Bought::Item { item, method } => (ProductRequest::Item { item, method }, None),
        Bought::Topup(amount) => (ProductRequest::Topup(amount), None),
        Bought::Tier { tier, subscribe } => {
            if subscribe && provider != STRIPE {
                return Err(TillError::NoSubscriptions(provider.to_owned()));
            }
            let Some(plan) = providers.plans.get(&tier) else {
                return Err(TillError::NoPrice(tier));
            };
            let (days, price) = (plan.days, plan.price);
            let product = if subscribe {
                ProductRequest::Subscription { tier, price }
            } else {
                ProductRequest::Tier { tier, days, price }
            };
            (product, Some(plan.interval))
        }
    })
}

pub(super) const STRIPE: &str = "stripe";
pub(super) const BTCPAY: &str = "btcpay";
pub(super) const KOFI: &str = "kofi";
const UNKNOWN: Refused = Refused::Forged("this provider is not configured any more");
const POLLED_SECS: u32 = 30 * 86_400;
const MAX_KEPT_HEADER: usize = 1024;
