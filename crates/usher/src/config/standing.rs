//! `membership`, `rewards`, `leaks` and `privacy`: what follows from what members do.

use std::time::Duration;

use club::LeakLimits;
use serde::{Deserialize, Serialize};

use super::days;
use super::invalid::{Invalid, whole_seconds};
use super::units::{AmountText, Rate, Share};

/// `membership`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawMembership {
    #[serde(with = "days::required")]
    pub grace: Duration,
}

impl Default for RawMembership {
    fn default() -> Self {
        Self { grace: 7 * DAY }
    }
}

/// `rewards`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawRewards {
    #[serde(with = "days::required")]
    pub window: Duration,
    #[serde(with = "days::required")]
    pub hold: Duration,
    pub share: Share,
    pub per_gib: Option<AmountText>,
    pub line_rate: Rate,
}

impl Default for RawRewards {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(6 * 3600),
            hold: 7 * DAY,
            share: Share::ONE,
            per_gib: None,
            line_rate: Rate(120 << 20),
        }
    }
}

/// `leaks`: what one person may look like.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawLeaks {
    pub addresses: u32,
    pub at_once: u32,
    pub kinds: u32,
}

impl Default for RawLeaks {
    fn default() -> Self {
        Self { addresses: 6, at_once: 3, kinds: 3 }
    }
}

/// `privacy`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawPrivacy {
    #[serde(with = "days::required")]
    pub keep_addresses: Duration,
}

impl Default for RawPrivacy {
    fn default() -> Self {
        Self { keep_addresses: 7 * DAY }
    }
}

/// How members' traffic is judged, and what is kept of where they were.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StandingSettings {
    /// Traffic is judged once in so many seconds.
    pub window_secs: u32,
    /// How long a reward is held, in seconds.
    pub hold_secs: u32,
    /// The part of the price difference that goes to those who carry, in thousandths.
    pub pool_permille: u16,
    /// The most that a GiB earns: decimals of an item's currency.
    pub per_gib: Option<String>,
    /// Bytes a second that a line carries.
    pub line_rate: u64,
    /// What one person may look like.
    pub leaks: LeakLimits,
    /// How long addresses and clients' names are kept, in seconds.
    pub keep_addresses_secs: u32,
}

pub(super) fn grace_secs(raw: RawMembership) -> Result<u32, Invalid> {
    whole_seconds("membership.grace", raw.grace, &(Duration::ZERO..=365 * DAY))
}

pub(super) fn resolve(
    rewards: RawRewards,
    leaks: RawLeaks,
    privacy: RawPrivacy,
) -> Result<StandingSettings, Invalid> {
    let second = Duration::from_secs(1);
    if rewards.line_rate.0 == 0 {
        return Err(Invalid::new("rewards.line_rate", "more than 0, such as 120MiB/s"));
    }
    let RawLeaks { addresses, at_once, kinds } = leaks;
    for (key, most) in [("addresses", addresses), ("at_once", at_once), ("kinds", kinds)] {
        if most == 0 {
            let why =
                "at least 1: more is an alert, and every client is 1; a high number asks less";
            return Err(Invalid::new(format!("leaks.{key}"), why));
        }
    }
    Ok(StandingSettings {
        window_secs: whole_seconds("rewards.window", rewards.window, &(second..=7 * DAY))?,
        hold_secs: whole_seconds("rewards.hold", rewards.hold, &(Duration::ZERO..=365 * DAY))?,
        pool_permille: rewards.share.permille(),
        per_gib: rewards.per_gib.map(|amount| amount.to_string()),
        line_rate: rewards.line_rate.0,
        leaks: LeakLimits { addresses, at_once, kinds },
        keep_addresses_secs: whole_seconds(
            "privacy.keep_addresses",
            privacy.keep_addresses,
            &(second..=365 * DAY),
        )?,
    })
}

const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Config, parse};

    #[test]
    fn bounds_are_named() {
        refuses("membership: {grace: 366d}", "membership.grace: ");
        refuses("rewards: {window: 0s}", "rewards.window: ");
        refuses("rewards: {hold: 1ms}", "rewards.hold: ");
        refuses("rewards: {line_rate: 0B/s}", "rewards.line_rate: ");
        for key in ["addresses", "at_once", "kinds"] {
            refuses(&format!("leaks: {{{key}: 0}}"), &format!("leaks.{key}: at least 1"));
        }
        refuses("privacy: {keep_addresses: 0s}", "privacy.keep_addresses: ");
        let config = Config::new(parse("membership: {grace: 0s}").unwrap(), Path::new("")).unwrap();
        assert_eq!(config.rules.grace_secs, 0);
    }

    #[track_caller]
    fn refuses(file: &str, expected: &str) {
        let refused = Config::new(parse(file).unwrap(), Path::new("")).unwrap_err().to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
