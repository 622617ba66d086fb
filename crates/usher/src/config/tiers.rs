//! Tiers as the file names them, and as they are once each has taken what it does not name from
//! the one before it.

use std::time::Duration;

use policy::{Intervals, PeerLimit, TierError, Tiers};
use serde::{Deserialize, Serialize};

use super::days;
use super::invalid::{Invalid, whole_seconds};
use super::units::{AmountText, Rate, Size};

/// One entry of `tiers`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawTier {
    /// What members are given by: `--tier fan`.
    pub id: String,
    /// Where its members sit.
    #[serde(default)]
    pub side: Option<RawSide>,
    /// How their announces are answered.
    #[serde(default)]
    pub announce: RawAnnounce,
    /// Which items they have a right to by the tier alone.
    #[serde(default)]
    pub entitles: Option<Entitles>,
    /// How the publisher's own copy serves them.
    #[serde(default)]
    pub webseed: RawWebseed,
    /// What the tier costs; never taken from the tier before.
    #[serde(default)]
    pub price: Option<TierPrice>,
    /// What earns the tier; never taken from the tier before.
    #[serde(default)]
    pub earn: Option<Earn>,
}

/// A tier's `announce`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAnnounce {
    /// When a client should announce again.
    #[serde(with = "days::optional")]
    pub interval: Option<Duration>,
    /// When it may, at the earliest.
    #[serde(with = "days::optional")]
    pub min_interval: Option<Duration>,
    /// Peers in a reply where the client names no number.
    pub numwant: Option<u32>,
    /// Peers in a reply at most.
    pub numwant_cap: Option<u32>,
}

/// A tier's `webseed`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawWebseed {
    /// Whether the tier has a web seed at all.
    pub enabled: Option<bool>,
    /// Bytes a second to one member.
    pub rate: Option<Rate>,
    /// Requests of one member that are served at once; more wait.
    pub concurrency: Option<u16>,
}

/// What belongs to a tier beside how its announces are treated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The tier's name.
    pub id: String,
    /// How the publisher's own copy serves its members.
    pub webseed: Webseed,
    /// What the tier costs; `None` where it is not for sale.
    pub price: Option<TierPrice>,
    /// What earns the tier; `None` where nothing does.
    pub earn: Option<Earn>,
}

/// How the publisher's own copy serves a tier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Webseed {
    /// Whether it does.
    pub enabled: bool,
    /// Bytes a second to one member.
    pub rate: Rate,
    /// Requests of one member that are served at once; more wait.
    pub concurrency: u16,
}

/// What a tier costs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TierPrice {
    /// For one period.
    pub amount: AmountText,
    /// The three letters of ISO 4217, in lower case.
    pub currency: String,
    /// The period.
    pub per: Period,
}

/// For how long one payment holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A calendar month.
    Month,
    /// Seven days.
    Week,
    /// A calendar year.
    Year,
}

impl Period {
    /// The period in one word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::Year => "year",
        }
    }
}

/// What earns a tier.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Earn {
    /// Upload that held up against what paying peers took, in the last thirty days.
    pub verified_upload_30d: Size,
}

/// Which items a tier is a right to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Entitles {
    /// Every item.
    All,
    /// None beyond those that a member has a right to singly.
    Nothing,
}

/// Where a member sits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RawSide {
    /// In the club.
    Inside,
    /// With everybody else.
    Outside,
}

/// Resolves the file's list, worst tier first: what announces go by, and the rest.
///
/// # Errors
///
/// Names the first tier that cannot stand as it is.
pub(super) fn resolve(raw: Vec<RawTier>) -> Result<(Tiers, Vec<Terms>), Invalid> {
    let mut before = Complete::default();
    let mut tiers = Vec::with_capacity(raw.len());
    let mut all_terms = Vec::with_capacity(raw.len());
    for (index, tier) in raw.into_iter().enumerate() {
        before = tier.over(before);
        let (tier, terms) = before.clone().checked(&format!("tiers[{index}]"))?;
        tiers.push(tier);
        all_terms.push(terms);
    }
    let tiers = Tiers::new(tiers).map_err(|error| Invalid::new("tiers", error.to_string()))?;
    Ok((tiers, all_terms))
}

/// A tier that leaves nothing open.
#[derive(Clone)]
struct Complete {
    id: String,
    side: RawSide,
    interval: Duration,
    min_interval: Duration,
    numwant: u32,
    numwant_cap: u32,
    entitles: Entitles,
    webseed: Webseed,
    price: Option<TierPrice>,
    earn: Option<Earn>,
}

impl RawTier {
    /// The tier, with what it does not name taken from `before`.
    fn over(self, before: Complete) -> Complete {
        let Self { announce, webseed, .. } = self;
        Complete {
            id: self.id,
            side: self.side.unwrap_or(before.side),
            interval: announce.interval.unwrap_or(before.interval),
            min_interval: announce.min_interval.unwrap_or(before.min_interval),
            numwant: announce.numwant.unwrap_or(before.numwant),
            numwant_cap: announce.numwant_cap.unwrap_or(before.numwant_cap),
            entitles: self.entitles.unwrap_or(before.entitles),
            webseed: Webseed {
                enabled: webseed.enabled.unwrap_or(before.webseed.enabled),
                rate: webseed.rate.unwrap_or(before.webseed.rate),
                concurrency: webseed.concurrency.unwrap_or(before.webseed.concurrency),
            },
            price: self.price,
            earn: self.earn,
        }
    }
}

impl Complete {
    fn checked(self, key: &str) -> Result<(policy::Tier, Terms), Invalid> {
        let at = |name: &str| format!("{key}.{name}");
        let announce = |error: TierError| Invalid::new(at("announce"), error.to_string());
        super::invalid::name(at("id"), &self.id)?;
        let range = Duration::ZERO..=MAX_INTERVAL;
        let interval_secs = whole_seconds(at("announce.interval"), self.interval, &range)?;
        let min_secs = whole_seconds(at("announce.min_interval"), self.min_interval, &range)?;
        let tier = policy::Tier {
            id: self.id.clone(),
            side: match self.side {
                RawSide::Inside => policy::Side::Inside,
                RawSide::Outside => policy::Side::Outside,
            },
            intervals: Intervals::new(interval_secs, min_secs).map_err(announce)?,
            peers: PeerLimit::new(self.numwant, self.numwant_cap).map_err(announce)?,
            entitles_all: self.entitles == Entitles::All,
        };
        if self.webseed.enabled && (self.webseed.concurrency == 0 || self.webseed.rate < MIN_RATE) {
            let why = format!("needs a rate of {MIN_RATE} and a concurrency of 1, or more");
            return Err(Invalid::new(at("webseed"), why));
        }
        let currency = self.price.as_ref().map_or("usd", |price| price.currency.as_str());
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(Invalid::new(at("price.currency"), "three lower-case letters, as `usd`"));
        }
        if self.earn.is_some_and(|earn| earn.verified_upload_30d.0 == 0) {
            let why = "more than 0, such as 50GiB: else nobody has to upload anything for it";
            return Err(Invalid::new(at("earn.verified_upload_30d"), why));
        }
        let Self { id, webseed, price, earn, .. } = self;
        Ok((tier, Terms { id, webseed, price, earn }))
    }
}

/// What the first tier takes where it is silent.
impl Default for Complete {
    fn default() -> Self {
        Self {
            id: String::new(),
            side: RawSide::Outside,
            interval: Duration::from_secs(30 * 60),
            min_interval: Duration::from_secs(15 * 60),
            numwant: 30,
            numwant_cap: 50,
            entitles: Entitles::Nothing,
            webseed: Webseed { enabled: false, rate: Rate(1 << 20), concurrency: 6 },
            price: None,
            earn: None,
        }
    }
}

/// The tiers of a file that names none.
pub(super) fn defaults() -> Vec<RawTier> {
    let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    vec![
        RawTier { id: "outsider".to_owned(), ..RawTier::default() },
        RawTier {
            id: "fan".to_owned(),
            side: Some(RawSide::Inside),
            announce: RawAnnounce {
                interval: minutes(30),
                min_interval: minutes(10),
                numwant: Some(50),
                numwant_cap: Some(80),
            },
            webseed: RawWebseed {
                enabled: Some(true),
                rate: Some(Rate(1 << 20)),
                concurrency: Some(6),
            },
            ..RawTier::default()
        },
        RawTier {
            id: "seeder".to_owned(),
            side: Some(RawSide::Inside),
            earn: Some(Earn { verified_upload_30d: Size(50 << 30) }),
            ..RawTier::default()
        },
        RawTier {
            id: "patron".to_owned(),
            side: Some(RawSide::Inside),
            entitles: Some(Entitles::All),
            webseed: RawWebseed {
                enabled: Some(true),
                rate: Some(Rate(4 << 20)),
                concurrency: Some(8),
            },
            price: Some(TierPrice {
                amount: AmountText("5.00".to_owned()),
                currency: "usd".to_owned(),
                per: Period::Month,
            }),
            ..RawTier::default()
        },
    ]
}

/// Under a third of what the peer tables can tell apart.
const MAX_INTERVAL: Duration = Duration::from_secs(3 * 3600);
/// A slower web seed is dropped by clients as dead.
const MIN_RATE: Rate = Rate(4 << 10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_ones_announces_go_by_without_a_file() {
        assert_eq!(resolve(defaults()).unwrap().0, Tiers::default());
    }

    #[test]
    fn a_tier_takes_what_it_does_not_name_from_the_one_before() {
        let (tiers, terms) = tiers(
            "- {id: outsider, announce: {numwant: 20}}\n\
             - {id: fan, side: inside, announce: {interval: 20m}, webseed: {enabled: true}}\n\
             - {id: patron, entitles: all, webseed: {rate: 4MiB/s}}\n\
             - {id: press}\n",
        )
        .unwrap();
        let rules: Vec<_> = tiers.iter().collect();
        let [outsider, fan, patron, press] = rules.try_into().unwrap();

        assert_eq!((outsider.side, outsider.peers.numwant()), (policy::Side::Outside, 20));
        assert_eq!((fan.side, fan.peers.numwant()), (policy::Side::Inside, 20));
        assert_eq!(patron.intervals.regular_secs(), 1200);
        assert_eq!((fan.entitles_all, patron.entitles_all), (false, true));
        assert_eq!(*press, policy::Tier { id: "press".to_owned(), ..patron.clone() });

        let webseed = Webseed { enabled: true, rate: Rate(4 << 20), concurrency: 6 };
        assert_eq!((terms[2].webseed, terms[3].webseed), (webseed, webseed));
    }

    #[test]
    fn how_a_tier_is_come_by_is_its_own() {
        let (_, terms) = resolve(defaults()).unwrap();
        let own: Vec<_> =
            terms.iter().map(|tier| (tier.price.is_some(), tier.earn.is_some())).collect();
        assert_eq!(own, [(false, false), (false, false), (false, true), (true, false)]);
    }

    #[test]
    fn the_first_tier_is_outsider_outside_and_entitled_to_nothing() {
        for first in
            ["", "{id: fan}", "{id: outsider, side: inside}", "{id: outsider, entitles: all}"]
        {
            refuses(&format!("[{first}]"), "tiers: ");
        }
    }

    #[test]
    fn a_tier_that_cannot_stand_is_named() {
        let second = |tier: &str| format!("[{{id: outsider}}, {{id: fan, {tier}}}]");
        refuses("[{id: outsider}, {id: outsider}]", "tiers: tier id \"outsider\"");
        refuses("[{id: outsider}, {id: A Fan}]", "tiers[1].id: `A Fan` is not");
        refuses(&second("announce: {interval: 5m}"), "tiers[1].announce: min_interval is 900 s");
        refuses(&second("announce: {interval: 90m500ms}"), "tiers[1].announce.interval: ");
        refuses(&second("announce: {interval: 0s}"), "tiers[1].announce: interval is 0 s");
        refuses(&second("announce: {interval: 4h}"), "tiers[1].announce.interval: ");
        refuses(&second("announce: {numwant: 51}"), "tiers[1].announce: numwant is 51");
        refuses(&second("announce: {numwant_cap: 201}"), "tiers[1].announce: numwant_cap is 201");
        refuses(&second("webseed: {enabled: true, concurrency: 0}"), "tiers[1].webseed: ");
        let earned = "earn: {verified_upload_30d: 0B}";
        refuses(&second(earned), "tiers[1].earn.verified_upload_30d: more than 0");
        refuses(
            &second("price: {amount: \"5.00\", currency: $, per: month}"),
            "tiers[1].price.currency: ",
        );
    }

    #[test]
    fn a_reply_of_200_peers_is_the_most() {
        let tier = "[{id: outsider, announce: {numwant: 200, numwant_cap: 200}}]";
        assert!(tiers(tier).is_ok());
    }

    #[track_caller]
    fn refuses(yaml: &str, expected: &str) {
        let message = tiers(yaml).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    fn tiers(yaml: &str) -> Result<(Tiers, Vec<Terms>), Invalid> {
        resolve(serde_yaml::from_str(yaml).unwrap())
    }
}
