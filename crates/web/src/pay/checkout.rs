//! Checkouts are made, and their provider is asked where they are paid.

use club::{Amount, Checkout, DeliveryMethod, NewCheckout, OrderId, Product, ProductRequest};

use super::error::PaymentError;
use super::payments::{BTCPAY, KOFI, Payments, STRIPE};
use super::providers::Providers;
use super::{btcpay, stripe};

/// What somebody wants to pay for.
#[derive(Clone, Debug)]
pub struct CheckoutRequest {
    /// `stripe`, `btcpay`, `kofi`, or a hook's name.
    pub provider: String,
    /// Who is to pay, by name or id.
    pub member: String,
    /// The product.
    pub product: WantedProduct,
}

/// A product. The price of a tier is the configuration's.
#[derive(Clone, Debug)]
pub enum WantedProduct {
    /// An item at its price.
    Item {
        /// By name, id or info hash.
        item: String,
        /// How it is delivered.
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

impl Payments {
    /// Places an order of a member's, makes a checkout for it and asks its provider where it is paid;
    /// the same `key` again makes no second one.
    ///
    /// # Errors
    ///
    /// See [`PaymentError`]. A checkout whose provider did not answer stays, unpaid.
    pub async fn make_checkout(
        &self,
        who: &str,
        key: &str,
        request: CheckoutRequest,
    ) -> Result<Checkout, PaymentError> {
        let providers = self.providers.load_full();
        check_provider(&providers, &request.provider)?;
        let product = requested(&providers, request.product, &request.provider)?;
        let new = NewCheckout { provider: request.provider, member: request.member, product };
        let made = self.club.make_checkout(&self.stamp(who), key, new).await?;
        self.open(&providers, made, None).await
    }

    /// The providers at which an order can be paid from a page.
    pub fn page_providers(&self) -> Vec<&'static str> {
        let providers = self.providers.load();
        [(STRIPE, providers.stripe_api.is_some()), (BTCPAY, providers.btcpay.is_some())]
            .into_iter()
            .filter_map(|(name, is_there)| is_there.then_some(name))
            .collect()
    }

    /// Makes a checkout for an order as [`add_checkout`](Self::add_checkout) does; payers come back to `back`.
    ///
    /// # Errors
    ///
    /// See [`add_checkout`](Self::add_checkout).
    pub async fn pay_order(
        &self,
        who: &str,
        key: &str,
        order: OrderId,
        provider: &str,
        back: &str,
    ) -> Result<Checkout, PaymentError> {
        let providers = self.providers.load_full();
        if !self.page_providers().contains(&provider) {
            return Err(PaymentError::NoApi(provider.to_owned()));
        }
        let made = self.club.add_checkout(&self.stamp(who), key, order, provider).await?;
        if provider != STRIPE && matches!(made.order.product, Product::Subscription { .. }) {
            return Err(PaymentError::NoSubscriptions(provider.to_owned()));
        }
        self.open(&providers, made, Some(back)).await
    }

    /// Makes another checkout for an order and asks its provider where it is paid; the same `key`
    /// again makes no second one.
    ///
    /// # Errors
    ///
    /// See [`PaymentError`]; the order is paid. A checkout whose provider did not answer stays, unpaid.
    pub async fn add_checkout(
        &self,
        who: &str,
        key: &str,
        order: OrderId,
        provider: &str,
    ) -> Result<Checkout, PaymentError> {
        let providers = self.providers.load_full();
        check_provider(&providers, provider)?;
        let made = self.club.add_checkout(&self.stamp(who), key, order, provider).await?;
        if provider != STRIPE && matches!(made.order.product, Product::Subscription { .. }) {
            return Err(PaymentError::NoSubscriptions(provider.to_owned()));
        }
        self.open(&providers, made, None).await
    }

    /// Has the provider say where a checkout is paid. Payers come back to `back`, or to where the configuration sends
    /// them.
    async fn open(
        &self,
        providers: &Providers,
        made: Checkout,
        back: Option<&str>,
    ) -> Result<Checkout, PaymentError> {
        // At Ko-fi and at a hook's sender a checkout is paid where its reference is put in, which is not
        // asked from here.
        let is_by_hand = made.provider == KOFI || providers.hooks.contains_key(&made.provider);
        if made.url.is_some() || is_by_hand {
            return Ok(made);
        }
        let title = self.title(&made.order.product).await?;
        let (session, url) = match (&providers.stripe_api, &providers.btcpay) {
            (Some(api), _) if made.provider == STRIPE => {
                let interval = match &made.order.product {
                    Product::Subscription { tier } => {
                        providers.plans.get(tier).map(|plan| plan.interval)
                    }
                    _ => None,
                };
                let mut api = api.clone();
                if let Some(back) = back {
                    (api.success_url, api.cancel_url) =
                        (back.to_owned(), format!("{back}?left=yes"));
                }
                let session =
                    stripe::create_session(&self.client, &api, &made, &title, interval).await?;
                (session.id, session.url)
            }
            (_, Some((_, api))) if made.provider == BTCPAY => {
                let mut api = api.clone();
                if let Some(back) = back {
                    back.clone_into(&mut api.success_url);
                }
                btcpay::create_invoice(&self.client, &api, &made, &title).await?
            }
            _ => return Err(PaymentError::NoApi(made.provider)),
        };
        let (made, held) = self.club.set_session(made.id, &session, &url).await?;
        if held.is_empty() {
            return Ok(made);
        }
        self.retry(held).await;
        Ok(self.club.checkout(made.id).await?)
    }

    /// What the payer reads.
    async fn title(&self, product: &Product) -> Result<String, PaymentError> {
        Ok(match product {
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
}

fn check_provider(providers: &Providers, provider: &str) -> Result<(), PaymentError> {
    let is_there = match provider {
        STRIPE => providers.stripe_api.is_some(),
        BTCPAY => providers.btcpay.is_some(),
        KOFI => providers.kofi.is_some(),
        hook => providers.hooks.contains_key(hook),
    };
    if is_there { Ok(()) } else { Err(PaymentError::NoApi(provider.to_owned())) }
}

fn requested(
    providers: &Providers,
    wanted: WantedProduct,
    provider: &str,
) -> Result<ProductRequest, PaymentError> {
    Ok(match wanted {
        WantedProduct::Item { item, method } => ProductRequest::Item { item, method },
        WantedProduct::Topup(amount) => ProductRequest::Topup(amount),
        WantedProduct::Tier { tier, subscribe } => {
            if subscribe && provider != STRIPE {
                return Err(PaymentError::NoSubscriptions(provider.to_owned()));
            }
            let Some(plan) = providers.plans.get(&tier) else {
                return Err(PaymentError::NoPrice(tier));
            };
            let (days, price) = (plan.days, plan.price);
            if subscribe {
                ProductRequest::Subscription { tier, price }
            } else {
                ProductRequest::Tier { tier, days, price }
            }
        }
    })
}
