//! `payments`: the providers that members pay at, once checked.
//!
//! Secrets are not here, only where they lie: a file, or a variable of the environment.

mod raw;

use std::collections::BTreeMap;
use std::iter;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use club::Currency;
use club::provider::{Algorithm, Format, Grant, Hook, HookFields};
use http::{HeaderName, Uri};
pub use raw::{
    AmountUnit, Gives, RawAlgorithm, RawBtcpay, RawFormat, RawHook, RawKofi, RawPayments,
    RawStripe, SecretSource,
};

use super::invalid::Invalid;
use super::tiers::{Period, Terms};
use super::units::AmountText;

/// The providers, checked; none by default.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PaymentSettings {
    /// How long a visitor's order waits for a checkout; `None` is for ever. An hour at least.
    pub unpaid_orders: Option<Duration>,
    /// Stripe.
    pub stripe: Option<StripeSettings>,
    /// BTCPay Server.
    pub btcpay: Option<BtcpaySettings>,
    /// Ko-fi.
    pub kofi: Option<KofiSettings>,
    /// Webhooks of others, by the last part of their URL.
    pub hooks: BTreeMap<String, CustomHookSettings>,
    /// What tiers cost that are for sale.
    pub plans: BTreeMap<String, (club::Amount, Period)>,
}

impl PaymentSettings {
    /// The origins to which a form that begins a payment may lead: each provider's, and where it sends payers.
    pub(super) fn form_targets(&self) -> Vec<String> {
        let mut targets = Vec::new();
        if let Some(stripe) = &self.stripe {
            // Its API answers with the address of a page on another host.
            targets.push(STRIPE_CHECKOUT.to_owned());
            targets.extend(origin(&stripe.base_url).filter(|origin| origin != STRIPE_API));
        }
        targets.extend(self.btcpay.as_ref().and_then(|btcpay| origin(&btcpay.base_url)));
        targets
    }

    /// The files that secrets lie in, whole.
    pub fn secret_files(&self) -> Vec<PathBuf> {
        let (stripe, btcpay, kofi) = (&self.stripe, &self.btcpay, &self.kofi);
        let stripe = stripe.iter().flat_map(|it| it.key.iter().chain(&it.webhook_secrets));
        let btcpay = btcpay.iter().flat_map(|it| iter::once(&it.key).chain(&it.webhook_secrets));
        let kofi = kofi.iter().flat_map(|it| &it.tokens);
        let hooks = self.hooks.values().flat_map(|it| &it.secrets);
        let sources = stripe.chain(btcpay).chain(kofi).chain(hooks);
        let file = |source: &SecretSource| match source {
            SecretSource::Environment(_) => None,
            SecretSource::File(path) => Some(path.clone()),
        };
        sources.filter_map(file).collect()
    }
}

/// Stripe.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StripeSettings {
    /// Where its API is.
    pub base_url: Uri,
    /// The API's key; where there is none, no orders are made there.
    pub key: Option<SecretSource>,
    /// The webhook's secrets, at least one.
    pub webhook_secrets: Vec<SecretSource>,
    /// Where payers are sent when they have paid.
    pub success_url: String,
    /// Where they are sent otherwise.
    pub cancel_url: String,
    /// Whether events must be of live payments, or of test ones.
    pub live: Option<bool>,
}

/// BTCPay Server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BtcpaySettings {
    /// Where the server is.
    pub base_url: Uri,
    /// The store's id.
    pub store: String,
    /// The API's key.
    pub key: SecretSource,
    /// The webhook's secrets, at least one.
    pub webhook_secrets: Vec<SecretSource>,
    /// Where payers are sent when they have paid.
    pub success_url: String,
    /// How refunds are paid out.
    pub refund_method: String,
    /// How often open orders are asked about.
    pub poll: Duration,
}

/// Ko-fi.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KofiSettings {
    /// Verification tokens, at least one.
    pub tokens: Vec<SecretSource>,
    /// What a donation gives, and a payment of a membership that is not named below.
    pub gives: Grant,
    /// What the payments of a membership give, by its name at Ko-fi.
    pub memberships: BTreeMap<String, Grant>,
}

/// A webhook that the file describes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CustomHookSettings {
    /// The header that has the signature.
    pub header: HeaderName,
    /// The header that has the kind of event.
    pub event_header: Option<HeaderName>,
    /// Its secrets, at least one.
    pub secrets: Vec<SecretSource>,
    /// How it is verified and read; its secrets are yet to come.
    pub hook: Hook,
}

/// Checks the section. `site` is where people reach the publisher.
pub(super) fn resolve(
    raw: RawPayments,
    terms: &[Terms],
    site: &str,
    folder: &Path,
) -> Result<PaymentSettings, Invalid> {
    let checker = Checker { terms, site, folder };
    let hook = |(name, hook): (String, RawHook)| {
        Ok((checker.hook_name(&name)?, checker.hook(&name, hook)?))
    };
    if let Some(wait) = raw.unpaid_orders.filter(|wait| *wait < SHORTEST_WAIT) {
        let why = format!("{wait:?}: expected at least {SHORTEST_WAIT:?}; null cancels none");
        return Err(Invalid::new("payments.unpaid_orders", why));
    }
    Ok(PaymentSettings {
        unpaid_orders: raw.unpaid_orders,
        stripe: raw.stripe.map(|stripe| checker.stripe(stripe)).transpose()?,
        btcpay: raw.btcpay.map(|btcpay| checker.btcpay(btcpay)).transpose()?,
        kofi: raw.kofi.map(|kofi| checker.kofi(kofi)).transpose()?,
        hooks: raw.hooks.into_iter().map(hook).collect::<Result<_, _>>()?,
        plans: checker.plans()?,
    })
}

struct Checker<'a> {
    terms: &'a [Terms],
    site: &'a str,
    folder: &'a Path,
}

impl Checker<'_> {
    fn stripe(&self, raw: RawStripe) -> Result<StripeSettings, Invalid> {
        let at = |name| format!("payments.stripe.{name}");
        Ok(StripeSettings {
            base_url: base_url(at("base_url"), &raw.base_url)?,
            key: raw.key_file.map(|source| self.source(source)),
            webhook_secrets: self.sources(at("webhook_secret_files"), raw.webhook_secret_files)?,
            success_url: raw.success_url.unwrap_or_else(|| self.site.to_owned()),
            cancel_url: raw.cancel_url.unwrap_or_else(|| self.site.to_owned()),
            live: raw.live,
        })
    }

    fn btcpay(&self, raw: RawBtcpay) -> Result<BtcpaySettings, Invalid> {
        let at = |name| format!("payments.btcpay.{name}");
        if raw.store.is_empty() {
            return Err(Invalid::new(
                at("store"),
                "empty: BTCPay shows it in the store's settings",
            ));
        }
        if !(SHORTEST_POLL..=LONGEST_POLL).contains(&raw.poll) {
            let why = format!("{:?}: expected {SHORTEST_POLL:?} to {LONGEST_POLL:?}", raw.poll);
            return Err(Invalid::new(at("poll"), why));
        }
        Ok(BtcpaySettings {
            base_url: base_url(at("base_url"), &raw.base_url)?,
            store: raw.store,
            key: self.source(raw.key_file),
            webhook_secrets: self.sources(at("webhook_secret_files"), raw.webhook_secret_files)?,
            success_url: raw.success_url.unwrap_or_else(|| self.site.to_owned()),
            refund_method: raw.refund_method,
            poll: raw.poll,
        })
    }

    fn kofi(&self, raw: RawKofi) -> Result<KofiSettings, Invalid> {
        let tokens = self.sources("payments.kofi.token_files".to_owned(), raw.token_files)?;
        let RawKofi { tier, days, amount, currency, memberships, .. } = raw;
        let gives = self.gives("payments.kofi", Gives { tier, days, amount, currency })?;
        let membership = |(name, gives): (String, Gives)| {
            let key = format!("payments.kofi.memberships.{name}");
            Ok((name, self.gives(&key, gives)?))
        };
        let memberships = memberships.into_iter().map(membership).collect::<Result<_, _>>()?;
        Ok(KofiSettings { tokens, gives, memberships })
    }

    fn hook(&self, name: &str, raw: RawHook) -> Result<CustomHookSettings, Invalid> {
        let at = |key: &str| format!("payments.hooks.{name}.{key}");
        if raw.id.is_empty() {
            return Err(Invalid::new(at("id"), "empty: name where the id of the payment is"));
        }
        let pointers = [
            ("event", raw.event.as_ref()),
            ("amount", Some(&raw.amount)),
            ("tax", raw.tax.as_ref()),
            ("refunded_amount", raw.refunded_amount.as_ref()),
            ("currency", raw.currency.as_ref()),
            ("reference", raw.reference.as_ref()),
            ("member", raw.member.as_ref()),
            ("status", raw.status.as_ref()),
        ];
        let ids = raw.id.iter().map(|pointer| ("id", Some(pointer)));
        for (key, pointer) in ids.chain(pointers) {
            if let Some(pointer) = pointer.filter(|pointer| !pointer.starts_with('/')) {
                let why = format!("`{pointer}` is not a JSON pointer such as /data/id");
                return Err(Invalid::new(at(key), why));
            }
        }
        let statuses =
            [("paid_status", &raw.paid_status), ("refunded_status", &raw.refunded_status)];
        for (key, words) in statuses {
            if raw.status.is_none() && !words.is_empty() {
                return Err(Invalid::new(
                    at(key),
                    "set `status` too: where in the body the word is",
                ));
            }
        }
        if raw.status.is_some() && raw.paid_status.is_empty() {
            let why = "missing: name the words at `status` that say it was paid";
            return Err(Invalid::new(at("paid_status"), why));
        }
        if raw.reference.is_none() && (raw.member.is_none() || raw.gives.is_none()) {
            let why = "missing: say where the order's reference is, or set `member` and `gives`";
            return Err(Invalid::new(at("reference"), why));
        }
        let header = |key: &str, text: &str| {
            HeaderName::from_str(text)
                .map_err(|_| Invalid::new(at(key), format!("`{text}` is not the name of a header")))
        };
        let gives = raw.gives.map(|gives| self.gives(&at("gives"), gives)).transpose()?;
        Ok(CustomHookSettings {
            header: header("header", &raw.header)?,
            event_header: raw.event_header.map(|text| header("event_header", &text)).transpose()?,
            secrets: self.sources(at("secret_files"), raw.secret_files)?,
            hook: Hook {
                secrets: Vec::new(),
                algorithm: match raw.algorithm {
                    RawAlgorithm::Md5 => Algorithm::HmacMd5,
                    RawAlgorithm::Sha1 => Algorithm::HmacSha1,
                    RawAlgorithm::Sha256 => Algorithm::HmacSha256,
                    RawAlgorithm::Sha512 => Algorithm::HmacSha512,
                },
                format: match raw.format {
                    RawFormat::Base64 => Format::Base64,
                    RawFormat::Hex => Format::Hex,
                },
                prefix: raw.prefix,
                fields: HookFields {
                    event: raw.event,
                    id: raw.id,
                    amount: raw.amount,
                    tax: raw.tax,
                    refunded_amount: raw.refunded_amount,
                    decimal: raw.unit == AmountUnit::Decimal,
                    currency: raw.currency,
                    reference: raw.reference,
                    member: raw.member,
                    status: raw.status,
                },
                paid: raw.paid,
                refunded: raw.refunded,
                paid_status: raw.paid_status,
                refunded_status: raw.refunded_status,
                gives,
            },
        })
    }

    fn hook_name(&self, name: &str) -> Result<String, Invalid> {
        let is_fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_taken = ["stripe", "btcpay", "kofi", "hand"].contains(&name);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_fine) || is_taken {
            let why = "not a name for a hook: expected 1 to 30 of a-z, 0-9 and -, and none of stripe, \
                       btcpay, kofi and hand";
            return Err(Invalid::new(format!("payments.hooks.{name}"), why));
        }
        Ok(name.to_owned())
    }

    fn gives(&self, key: &str, raw: Gives) -> Result<Grant, Invalid> {
        if !self.terms.iter().skip(1).any(|terms| terms.id == raw.tier) {
            let known: Vec<_> = self.terms.iter().skip(1).map(|terms| terms.id.as_str()).collect();
            let why = format!("no tier `{}`: expected one of {}", raw.tier, known.join(", "));
            return Err(Invalid::new(format!("{key}.tier"), why));
        }
        if raw.days == 0 {
            return Err(Invalid::new(format!("{key}.days"), "0: expected at least 1"));
        }
        let price = price(key, &raw.amount, &raw.currency)?;
        Ok(Grant { tier: raw.tier, days: raw.days, price })
    }

    fn plans(&self) -> Result<BTreeMap<String, (club::Amount, Period)>, Invalid> {
        let mut plans = BTreeMap::new();
        for (index, terms) in self.terms.iter().enumerate() {
            if let Some(raw) = &terms.price {
                let key = format!("tiers[{index}].price");
                let price = price(&key, &raw.amount, &raw.currency)?;
                if price.minor == 0 {
                    let why = "0: leave `price` out of a tier that is not for sale, and give it by \
                               `usher member set --tier`";
                    return Err(Invalid::new(format!("{key}.amount"), why));
                }
                plans.insert(terms.id.clone(), (price, raw.per));
            }
        }
        Ok(plans)
    }

    fn sources(
        &self,
        key: String,
        sources: Vec<SecretSource>,
    ) -> Result<Vec<SecretSource>, Invalid> {
        if sources.is_empty() {
            return Err(Invalid::new(
                key,
                "empty: name at least one secret, or anybody could send events",
            ));
        }
        Ok(sources.into_iter().map(|source| self.source(source)).collect())
    }

    fn source(&self, source: SecretSource) -> SecretSource {
        match source {
            SecretSource::File(path) => SecretSource::File(self.folder.join(path)),
            other => other,
        }
    }
}

fn price(key: &str, amount: &AmountText, currency: &str) -> Result<club::Amount, Invalid> {
    let fails = |name: &str, error: club::MoneyError| {
        Invalid::new(format!("{key}.{name}"), error.to_string())
    };
    let currency = Currency::parse(currency).map_err(|error| fails("currency", error))?;
    club::Amount::parse(&amount.0, currency).map_err(|error| fails("amount", error))
}

/// Scheme, host and port of a URL.
fn origin(url: &Uri) -> Option<String> {
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

/// Keys travel there, so it is HTTPS unless it is this machine.
fn base_url(key: String, text: &str) -> Result<Uri, Invalid> {
    let uri: Uri =
        text.parse().map_err(|_| Invalid::new(&key, format!("`{text}` is not a URL")))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost"
        || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    match uri.scheme_str() {
        _ if host.is_empty() || uri.query().is_some() => {
            Err(Invalid::new(key, format!("`{text}` is not https:// and a host")))
        }
        Some("https") => Ok(uri),
        Some("http") if is_here => Ok(uri),
        _ => Err(Invalid::new(key, format!("`{text}` is not https://, and keys travel there"))),
    }
}

const MAX_NAME: usize = 30;
const STRIPE_API: &str = "https://api.stripe.com";
const STRIPE_CHECKOUT: &str = "https://checkout.stripe.com";
/// Somebody may be at the provider's page meanwhile.
const SHORTEST_WAIT: Duration = Duration::from_secs(3600);
const SHORTEST_POLL: Duration = Duration::from_secs(1);
const LONGEST_POLL: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests;
