//! The shape of `payments`.
//!
//! What these fields mean stands in `tracker.yaml`, beside the same names.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::config::days;
use crate::config::unique;
use crate::config::units::AmountText;

/// `payments`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawPayments {
    #[serde(with = "days::optional")]
    pub unpaid_orders: Option<Duration>,
    pub stripe: Option<RawStripe>,
    pub btcpay: Option<RawBtcpay>,
    pub kofi: Option<RawKofi>,
    #[serde(deserialize_with = "unique::map")]
    pub hooks: BTreeMap<String, RawHook>,
}

impl Default for RawPayments {
    fn default() -> Self {
        let unpaid_orders = Some(Duration::from_secs(30 * 86_400));
        Self { unpaid_orders, stripe: None, btcpay: None, kofi: None, hooks: BTreeMap::new() }
    }
}

/// `payments.stripe`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawStripe {
    #[serde(default = "stripe_url")]
    pub base_url: String,
    #[serde(default)]
    pub key_file: Option<SecretSource>,
    pub webhook_secret_files: Vec<SecretSource>,
    #[serde(default)]
    pub success_url: Option<String>,
    #[serde(default)]
    pub cancel_url: Option<String>,
    #[serde(default)]
    pub live: Option<bool>,
}

/// `payments.btcpay`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawBtcpay {
    pub base_url: String,
    pub store: String,
    pub key_file: SecretSource,
    pub webhook_secret_files: Vec<SecretSource>,
    #[serde(default)]
    pub success_url: Option<String>,
    #[serde(default = "on_chain")]
    pub refund_method: String,
    #[serde(default = "minute", with = "days::required")]
    pub poll: Duration,
}

/// `payments.kofi`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawKofi {
    pub token_files: Vec<SecretSource>,
    pub tier: String,
    #[serde(default = "five_weeks")]
    pub days: u16,
    pub amount: AmountText,
    pub currency: String,
    #[serde(default, deserialize_with = "unique::map")]
    pub memberships: BTreeMap<String, Gives>,
}

/// What a payment gives that names no order.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct Gives {
    pub tier: String,
    pub days: u16,
    pub amount: AmountText,
    pub currency: String,
}

/// One of `payments.hooks`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawHook {
    pub header: String,
    pub secret_files: Vec<SecretSource>,
    #[serde(default)]
    pub algorithm: RawAlgorithm,
    #[serde(default)]
    pub format: RawFormat,
    #[serde(default)]
    pub prefix: String,
    #[serde(default)]
    pub event_header: Option<String>,
    #[serde(default)]
    pub event: Option<String>,
    #[serde(deserialize_with = "one_or_several")]
    pub id: Vec<String>,
    pub amount: String,
    #[serde(default)]
    pub tax: Option<String>,
    #[serde(default)]
    pub refunded_amount: Option<String>,
    #[serde(default)]
    pub unit: AmountUnit,
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default)]
    pub member: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub paid_status: Vec<String>,
    pub paid: Vec<String>,
    #[serde(default)]
    pub refunded: Vec<String>,
    #[serde(default)]
    pub refunded_status: Vec<String>,
    #[serde(default)]
    pub gives: Option<Gives>,
}

/// By what a sender signs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RawAlgorithm {
    Md5,
    Sha1,
    #[default]
    Sha256,
    Sha512,
}

/// How a sender writes the tag.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RawFormat {
    Base64,
    #[default]
    Hex,
}

/// How a sender writes amounts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AmountUnit {
    /// As `"3.00"`.
    Decimal,
    /// As a number of the currency's smallest unit.
    #[default]
    Minor,
}

/// Where a secret lies: a file, or `$NAME`, a variable of the environment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
pub enum SecretSource {
    /// A variable's name.
    Environment(String),
    /// A file whose one line it is.
    File(PathBuf),
}

impl From<String> for SecretSource {
    fn from(text: String) -> Self {
        match text.strip_prefix('$') {
            Some(name) => Self::Environment(name.to_owned()),
            None => Self::File(text.into()),
        }
    }
}

impl From<SecretSource> for String {
    fn from(place: SecretSource) -> Self {
        place.to_string()
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "${name}"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a JSON pointer such as /data/id, or a list of them")]
    enum Pointers {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Pointers::deserialize(deserializer)? {
        Pointers::One(pointer) => vec![pointer],
        Pointers::Several(pointers) => pointers,
    })
}

fn stripe_url() -> String {
    "https://api.stripe.com".to_owned()
}

fn on_chain() -> String {
    "BTC-CHAIN".to_owned()
}

fn five_weeks() -> u16 {
    35
}

pub(super) fn minute() -> Duration {
    Duration::from_secs(60)
}
