//! Policies as the file names them, and as they are once each has taken what it does not name from
//! the built-in one of its name.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use policy::{GuardRule, ItemPolicy, Permille, Policies, SeatRule, Seating};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::days;
use super::invalid::{Invalid, whole_seconds};
use super::units::Share;

/// One entry of `policies`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPolicy {
    /// Who may announce.
    pub who: Option<Who>,
    /// Whether the torrent is private: no DHT, no peer exchange.
    pub private: Option<bool>,
    /// How peers are chosen.
    pub seats: Option<Seats>,
    /// When to choose evenly all the same.
    pub guard: Option<Guard>,
    /// Clients of one member in the swarm at once; 0 is no bound.
    pub max_clients_per_member: Option<u8>,
}

/// Who may announce in a swarm.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// Everybody.
    Anyone,
    /// Whoever has a right to the item or to all.
    Entitled,
}

/// How the peers in a reply are chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Seats {
    /// Evenly from all.
    Uniform,
    /// By side and kind, so that the inside meets the inside first.
    #[serde(untagged)]
    Shares(SeatShares),
}

/// What part of a reply each kind of peer gets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeatShares {
    /// The inside's part, by who asks.
    pub inside_share: InsideShare,
    /// The outside's part at least, where it has so many.
    pub min_outside: Share,
    /// The inside's part at least, where it has so many.
    pub min_inside: Share,
    /// The seeders' part of either side at most, while there are leechers.
    pub seed_share: Share,
}

/// The inside's part of a reply, by who asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct InsideShare {
    /// Told to somebody inside.
    pub inside: Share,
    /// Told to somebody outside.
    pub outside: Share,
}

/// The starvation guard: a swarm in which outsiders fall behind is shared evenly for a while.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guard {
    /// Outsiders' median progress as a part of the inside's, under which they fall behind.
    pub progress_below: Share,
    /// For how many intervals in a row.
    #[serde(rename = "for")]
    pub intervals: NonZeroU8,
    /// With how many outsiders in the swarm at least.
    pub min_outsiders: u32,
    /// For how long the swarm is then shared evenly.
    #[serde(with = "days::required")]
    pub hold: Duration,
}

impl Default for SeatShares {
    fn default() -> Self {
        Self {
            inside_share: InsideShare::default(),
            min_outside: Share::from_permille(200),
            min_inside: Share::from_permille(100),
            seed_share: Share::from_permille(500),
        }
    }
}

impl Default for InsideShare {
    fn default() -> Self {
        Self { inside: Share::from_permille(700), outside: Share::from_permille(300) }
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            progress_below: Share::from_permille(500),
            intervals: NonZeroU8::MIN.saturating_add(2),
            min_outsiders: 5,
            hold: Duration::from_secs(30 * 60),
        }
    }
}

impl<'de> Deserialize<'de> for Seats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeatsVisitor)
    }
}

/// Reads the word or the map, so that an error in the map names its own key.
struct SeatsVisitor;

impl<'de> Visitor<'de> for SeatsVisitor {
    type Value = Seats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`uniform` or a map with `inside_share`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Seats, E> {
        match text {
            "uniform" => Ok(Seats::Uniform),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Seats, A::Error> {
        SeatShares::deserialize(MapAccessDeserializer::new(map)).map(Seats::Shares)
    }
}

/// Resolves the file's policies over the built-in ones, in the order of their names.
///
/// # Errors
///
/// Names the first policy that cannot stand as it is.
pub(super) fn resolve(raw: BTreeMap<String, RawPolicy>) -> Result<Policies, Invalid> {
    let mut all = defaults();
    for (id, policy) in raw {
        let entry = all.entry(id).or_default();
        *entry = policy.over(entry);
    }
    let policies: Result<_, _> = all.into_iter().map(|(id, policy)| policy.checked(id)).collect();
    Policies::new(policies?).map_err(|error| Invalid::new("policies", error.to_string()))
}

impl RawPolicy {
    fn over(self, before: &Self) -> Self {
        Self {
            who: self.who.or(before.who),
            private: self.private.or(before.private),
            seats: self.seats.or(before.seats),
            guard: self.guard.or(before.guard),
            max_clients_per_member: self.max_clients_per_member.or(before.max_clients_per_member),
        }
    }

    fn checked(self, id: String) -> Result<ItemPolicy, Invalid> {
        let at = |name: &str| format!("policies.{id}.{name}");
        super::invalid::name(format!("policies.{id}"), &id)?;
        let who = self.who.ok_or_else(|| {
            Invalid::new(at("who"), "a policy of your own says `anyone` or `entitled`")
        })?;
        let guard = match self.guard {
            Some(guard) => Some(guard.checked(at("guard"))?),
            None => None,
        };
        Ok(ItemPolicy {
            who: match who {
                Who::Anyone => policy::Audience::Anyone,
                Who::Entitled => policy::Audience::Entitled,
            },
            private: self.private.unwrap_or(true),
            seats: match self.seats {
                Some(Seats::Shares(shares)) => Seating::Shares(shares.checked(at("seats"))?),
                Some(Seats::Uniform) | None => Seating::Uniform,
            },
            guard,
            max_clients_per_member: self.max_clients_per_member.unwrap_or(0),
            id,
        })
    }
}

impl SeatShares {
    fn checked(self, key: String) -> Result<SeatRule, Invalid> {
        if self.min_inside.permille() + self.min_outside.permille() > Permille::WHOLE.value() {
            return Err(Invalid::new(
                key,
                "min_inside and min_outside are more than a whole reply",
            ));
        }
        Ok(SeatRule {
            inside_for_insiders: self.inside_share.inside.into(),
            inside_for_outsiders: self.inside_share.outside.into(),
            min_outside: self.min_outside.into(),
            min_inside: self.min_inside.into(),
            seed_share: self.seed_share.into(),
        })
    }
}

impl Guard {
    fn checked(self, key: String) -> Result<GuardRule, Invalid> {
        let range = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
        Ok(GuardRule {
            progress_below: self.progress_below.into(),
            intervals: self.intervals,
            min_outsiders: self.min_outsiders,
            hold_secs: whole_seconds(format!("{key}.hold"), self.hold, &range)?,
        })
    }
}

/// The built-in policies.
pub(super) fn defaults() -> BTreeMap<String, RawPolicy> {
    let uniform = |who, private| RawPolicy {
        who: Some(who),
        private: Some(private),
        seats: Some(Seats::Uniform),
        ..RawPolicy::default()
    };
    let priority = RawPolicy {
        who: Some(Who::Anyone),
        private: Some(true),
        seats: Some(Seats::Shares(SeatShares::default())),
        guard: Some(Guard::default()),
        max_clients_per_member: Some(3),
    };
    BTreeMap::from([
        ("club".to_owned(), uniform(Who::Entitled, true)),
        ("free".to_owned(), uniform(Who::Anyone, false)),
        ("priority".to_owned(), priority),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_ones_swarms_run_by_without_a_file() {
        let policies = resolve(BTreeMap::new()).unwrap();
        for policy in Policies::default().iter() {
            let id = policies.find(&policy.id).unwrap();
            assert_eq!(policies.policy(id), Some(policy));
        }
    }

    #[test]
    fn a_file_changes_what_it_names_and_no_more() {
        let policies = policies(
            "priority: {max_clients_per_member: 5, seats: {min_outside: \"0.30\"}}\n\
             press: {who: entitled}\n",
        )
        .unwrap();
        let ids: Vec<_> = policies.iter().map(|policy| policy.id.as_str()).collect();
        assert_eq!(ids, ["club", "free", "press", "priority"]);

        let of = |name| policies.policy(policies.find(name).unwrap()).unwrap();
        let press = of("press");
        assert_eq!((press.who, press.private), (policy::Audience::Entitled, true));
        assert_eq!(press.seats, Seating::Uniform);

        let priority = of("priority");
        assert_eq!((priority.who, priority.max_clients_per_member), (policy::Audience::Anyone, 5));
        assert_eq!(priority.guard, Some(GuardRule::default()));
        let shares = SeatRule { min_outside: Permille::new(300).unwrap(), ..SeatRule::default() };
        assert_eq!(priority.seats, Seating::Shares(shares));
    }

    #[test]
    fn a_policy_that_cannot_stand_is_named() {
        refuses("mine: {private: true}", "policies.mine.who: ");
        refuses("My Own: {who: anyone}", "policies.My Own: ");
        refuses("free: {guard: {hold: 25h}}", "policies.free.guard.hold: ");
        refuses("priority: {seats: {min_outside: \"0.95\"}}", "policies.priority.seats: ");
    }

    #[track_caller]
    fn refuses(yaml: &str, expected: &str) {
        let message = policies(yaml).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    fn policies(yaml: &str) -> Result<Policies, Invalid> {
        resolve(serde_yaml::from_str(yaml).unwrap())
    }
}
