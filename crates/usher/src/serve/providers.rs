//! The providers of the configuration and the mail server, with their secrets from files and the
//! environment.

use std::fs::File;
use std::io::{self, Read};
use std::{env, fmt};

use club::provider::{Btcpay, Hook, Kofi, Secret, Stripe};
use thiserror::Error;
use web::mail::{MailConnector, MailServer, MailServerError};
use web::pay::{BtcpayApi, HookSettings, Providers, StripeApi, TierPlan};

use crate::config::{Config, PaymentSettings, Period, SecretSource};

/// A secret that cannot be had.
#[derive(Debug, Error)]
#[error("{section}: the secret {place} {why}")]
pub struct NoSecret {
    section: &'static str,
    place: String,
    why: Why,
}

/// A mail server that cannot be used.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each is what its own error says")]
pub enum MailError {
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    #[error(transparent)]
    Server(#[from] MailServerError),
}

#[derive(Debug)]
enum Why {
    Empty,
    Io(io::Error),
    Missing,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty: put what the provider shows you there"),
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Missing => f.write_str("is not in the environment of this process"),
        }
    }
}

/// Reads the secrets of all providers.
///
/// # Errors
///
/// One cannot be read, or is empty.
pub(crate) fn load(payments: &PaymentSettings) -> Result<Providers, NoSecret> {
    let mut providers = Providers::default();
    if let Some(stripe) = &payments.stripe {
        let secrets = secrets(&stripe.webhook_secrets)?;
        providers.stripe = Some(Stripe { secrets, live: stripe.live });
        let api = |key| StripeApi {
            base_url: stripe.base_url.clone(),
            key,
            success_url: stripe.success_url.clone(),
            cancel_url: stripe.cancel_url.clone(),
        };
        providers.stripe_api = stripe.key.as_ref().map(secret).transpose()?.map(api);
    }
    if let Some(btcpay) = &payments.btcpay {
        let secrets = secrets(&btcpay.webhook_secrets)?;
        let api = BtcpayApi {
            base_url: btcpay.base_url.clone(),
            store: btcpay.store.clone(),
            key: secret(&btcpay.key)?,
            success_url: btcpay.success_url.clone(),
            refund_method: btcpay.refund_method.clone(),
        };
        providers.btcpay = Some((Btcpay { secrets, store: btcpay.store.clone() }, api));
    }
    if let Some(kofi) = &payments.kofi {
        let tokens = secrets(&kofi.tokens)?;
        let (gives, memberships) = (kofi.gives.clone(), kofi.memberships.clone());
        providers.kofi = Some(Kofi { tokens, gives, memberships });
    }
    for (name, settings) in &payments.hooks {
        let hook = Hook { secrets: secrets(&settings.secrets)?, ..settings.hook.clone() };
        let (header, event_header) = (settings.header.clone(), settings.event_header.clone());
        providers.hooks.insert(name.clone(), HookSettings { header, event_header, hook });
    }
    providers.plans =
        payments.plans.iter().map(|(tier, plan)| (tier.clone(), sold(*plan))).collect();
    Ok(providers)
}

/// Whole periods, so that nobody who pays by hand is out before the month is.
fn sold((price, period): (club::Amount, Period)) -> TierPlan {
    let (interval, days) = match period {
        Period::Week => ("week", 7),
        Period::Month => ("month", 31),
        Period::Year => ("year", 366),
    };
    TierPlan { price, interval, days }
}

fn secrets(places: &[SecretSource]) -> Result<Vec<Secret>, NoSecret> {
    places.iter().map(secret).collect()
}

/// The mail server with its password, in the publisher's name.
///
/// # Errors
///
/// The password cannot be read, or is empty; the settings can't be used.
pub(crate) fn mail_connector(config: &Config) -> Result<Option<MailConnector>, MailError> {
    let Some(mail) = &config.mail else { return Ok(None) };
    let login = match &mail.login {
        None => None,
        Some((user, place)) => Some((user.clone(), secret_of("mail", place)?)),
    };
    let server = MailServer {
        host: mail.host.clone(),
        port: mail.port,
        security: mail.security,
        login,
        name: config.masthead.title.clone(),
        from: mail.from.clone(),
        contact: mail.contact.clone(),
    };
    Ok(Some(MailConnector::new(server)?))
}

fn secret(place: &SecretSource) -> Result<Secret, NoSecret> {
    secret_of("payments", place)
}

fn secret_of(section: &'static str, place: &SecretSource) -> Result<Secret, NoSecret> {
    let fails = |why| NoSecret { section, place: place.to_string(), why };
    let text = match place {
        SecretSource::Environment(name) => env::var(name).map_err(|_| fails(Why::Missing))?,
        SecretSource::File(path) => {
            let mut text = String::new();
            File::open(path)
                .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
                .map_err(|error| fails(Why::Io(error)))?;
            text
        }
    };
    Secret::new(&text).ok_or_else(|| fails(Why::Empty))
}

const MAX_BYTES: u64 = 4096;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    #[test]
    fn secrets_come_from_files_and_from_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("new"), "whsec_new\n").unwrap();
        let providers = load_from(folder.path(), "[new, $PATH]").unwrap();
        let stripe = providers.stripe.unwrap();
        assert_eq!(stripe.secrets[0].expose(), b"whsec_new");
        assert_eq!(stripe.secrets.len(), 2);
        assert!(providers.stripe_api.is_none());
        assert!(!format!("{stripe:?}").contains("whsec"));
    }

    #[test]
    fn one_that_cannot_be_had_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        for (places, expected) in [
            ("[gone]", "gone cannot be read"),
            ("[empty]", "empty is empty"),
            ("[$USHER_NO_SUCH_VARIABLE]", "$USHER_NO_SUCH_VARIABLE is not in the environment"),
        ] {
            let error = load_from(folder.path(), places).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    fn load_from(folder: &Path, places: &str) -> Result<Providers, NoSecret> {
        let file = format!("payments: {{stripe: {{webhook_secret_files: {places}}}}}");
        load(&Config::new(parse(&file).unwrap(), folder).unwrap().payments)
    }
}
