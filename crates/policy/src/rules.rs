//! The publisher's rules: what a configuration comes to once it is checked.
//!
//! The default is what an empty configuration means. Deliberately absent: the file it is read from,
//! and anything that changes while the tracker runs.

use thiserror::Error;

use crate::numbers::{self, Numbers, TooManyNames};
use crate::{ClientList, GuardRule, ItemRules, PortSet, SeatRule, Seating, Tiers};

/// Everything that [`Authorizer::admit`](crate::Authorizer::admit) goes by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Classes of member.
    pub tiers: Tiers,
    /// How items' swarms may be run.
    pub policies: Policies,
    /// Which clients may announce.
    pub clients: ClientList,
    /// Ports at which no client is believed to listen.
    pub forbidden_ports: PortSet,
    /// Whether an announce that comes too early gets no peers.
    pub enforce_min_interval: bool,
    /// What becomes of a torrent that is no item.
    pub unknown_torrents: UnknownTorrents,
    /// How long a member keeps a tier, with a warning, after it has run out, in seconds.
    pub grace_secs: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            tiers: Tiers::default(),
            policies: Policies::default(),
            clients: ClientList::default(),
            forbidden_ports: PortSet::default(),
            enforce_min_interval: false,
            unknown_torrents: UnknownTorrents::Deny,
            grace_secs: 7 * 86_400,
        }
    }
}

impl Rules {
    /// The same rules, whose tiers and policies have the numbers that their names have in `before`:
    /// then what is in memory by those numbers means no other ones while these come in force.
    ///
    /// # Errors
    ///
    /// There are too many names in both together.
    pub fn following(self, before: &Self) -> Result<Self, TooManyNames> {
        let tiers = self.tiers.keeping_numbers(&before.tiers);
        let policies = self.policies.keeping_numbers(&before.policies);
        Ok(Self {
            tiers: tiers.ok_or(TooManyNames { what: "tiers" })?,
            policies: policies.ok_or(TooManyNames { what: "policies" })?,
            ..self
        })
    }
}

/// What becomes of a torrent that is no item.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum UnknownTorrents {
    /// It is refused.
    Deny,
    /// It is tracked for everybody: an open tracker.
    Free,
}

/// How an item's swarm is run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemPolicy {
    /// Its name, as people type it.
    pub id: String,
    /// Who may join.
    pub who: Audience,
    /// Whether torrents of such items are private (BEP 27).
    pub private: bool,
    /// How a reply's seats are shared.
    pub seats: Seating,
    /// When to share them evenly for a while, in spite of `seats`.
    pub guard: Option<GuardRule>,
    /// How many clients of one member may be in the swarm; 0 for any number.
    pub max_clients_per_member: u8,
}

impl ItemPolicy {
    /// Whether anybody may have such items, from wherever: then they have magnets, and are in
    /// everybody's feed.
    pub fn is_free(&self) -> bool {
        self.who == Audience::Anyone && !self.private
    }
}

/// Who may join a swarm.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Audience {
    /// Everybody.
    Anyone,
    /// Members with a right to the item or to all. Other members may seed, and are given no peers.
    Entitled,
}

/// A policy by its number in [`Policies`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PolicyId(u8);

impl PolicyId {
    /// Checks a number; `None` from [`Policies::MAX`] on.
    pub const fn new(number: u8) -> Option<Self> {
        if number < Policies::MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// All policies.
///
/// Each has a number, its place until [`keeping_numbers`](Self::keeping_numbers) says otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policies {
    list: Vec<ItemPolicy>,
    numbers: Numbers,
}

impl Policies {
    /// The most policies there can be.
    pub const MAX: u8 = numbers::MAX;

    /// Checks a list of policies.
    ///
    /// # Errors
    ///
    /// Fails where a name is empty or twice there, or there are more than [`MAX`](Self::MAX).
    pub fn new(policies: Vec<ItemPolicy>) -> Result<Self, PoliciesError> {
        if policies.len() > usize::from(Self::MAX) {
            return Err(PoliciesError::TooMany(policies.len()));
        }
        for (place, ItemPolicy { id, .. }) in policies.iter().enumerate() {
            if id.is_empty() || policies.iter().take(place).any(|other| other.id == *id) {
                return Err(PoliciesError::Name(id.clone()));
            }
        }
        Ok(Self::counted(policies))
    }

    fn counted(list: Vec<ItemPolicy>) -> Self {
        let numbers = Numbers::counted(list.len());
        Self { list, numbers }
    }

    /// The same policies, each by the number that its name has in `before`; `None` where there are
    /// too many names in both together.
    #[must_use]
    pub fn keeping_numbers(self, before: &Self) -> Option<Self> {
        let before = before.numbered().map(|(id, policy)| (policy.id.as_str(), id.0));
        let numbers = Numbers::kept(self.iter().map(|policy| policy.id.as_str()), before)?;
        Some(Self { numbers, ..self })
    }

    /// The policy of a number.
    pub fn policy(&self, id: PolicyId) -> Option<&ItemPolicy> {
        self.list.get(usize::from(self.numbers.place(id.0)?))
    }

    /// How an item's swarm is run; `None` where it is closed.
    pub fn of(&self, item: ItemRules) -> Option<&ItemPolicy> {
        self.policy(item.policy?)
    }

    /// The policy of this name.
    pub fn find(&self, name: &str) -> Option<PolicyId> {
        self.numbered().find(|(_, policy)| policy.id == name).map(|(id, _)| id)
    }

    /// All policies and their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (PolicyId, &ItemPolicy)> {
        self.iter().enumerate().filter_map(|(place, policy)| {
            Some((PolicyId::new(self.numbers.number(place)?)?, policy))
        })
    }

    /// All policies.
    pub fn iter(&self) -> impl Iterator<Item = &ItemPolicy> {
        self.list.iter()
    }
}

impl Default for Policies {
    /// `free`, `club` and `priority`.
    fn default() -> Self {
        let free = ItemPolicy {
            id: "free".to_owned(),
            who: Audience::Anyone,
            private: false,
            seats: Seating::Uniform,
            guard: None,
            max_clients_per_member: 0,
        };
        let club = ItemPolicy {
            id: "club".to_owned(),
            who: Audience::Entitled,
            private: true,
            ..free.clone()
        };
        let priority = ItemPolicy {
            id: "priority".to_owned(),
            who: Audience::Anyone,
            private: true,
            seats: Seating::Shares(SeatRule::default()),
            guard: Some(GuardRule::default()),
            max_clients_per_member: 3,
        };
        Self::counted(vec![free, club, priority])
    }
}

/// What is wrong with a list of policies.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PoliciesError {
    /// The name is empty or twice there.
    #[error("policy id {0:?} is empty or not the only one")]
    Name(String),
    /// There are too many.
    #[error("{0} policies are more than {max}", max = Policies::MAX)]
    TooMany(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once() {
        let [free, nameless] = ["free", ""].map(named);
        check(vec![], Ok(()));
        check(vec![free.clone(), named("club")], Ok(()));
        check(vec![free.clone(), free], Err(PoliciesError::Name("free".to_owned())));
        check(vec![nameless], Err(PoliciesError::Name(String::new())));
    }

    #[test]
    fn there_are_64_policies_and_no_more() {
        let policies = |count| (0..count).map(|place| named(&format!("policy {place}"))).collect();
        check(policies(64), Ok(()));
        check(policies(65), Err(PoliciesError::TooMany(65)));
        assert!(PolicyId::new(63).is_some() && PolicyId::new(64).is_none());
    }

    #[test]
    fn policies_are_found_by_name_and_place() {
        let policies = Policies::default();
        assert_eq!(Policies::new(policies.iter().cloned().collect()), Ok(policies.clone()));
        for name in ["free", "club", "priority"] {
            let id = policies.find(name).unwrap();
            assert_eq!(policies.policy(id).unwrap().id, name);
        }
        assert_eq!(policies.find("open"), None);
        assert_eq!(policies.policy(PolicyId::new(3).unwrap()), None);
    }

    #[test]
    fn a_policy_keeps_its_number_and_a_new_one_opens_nothing_old() {
        let before = Policies::default();
        let after = Policies::new(["open", "priority"].map(named).to_vec()).unwrap();
        let after = after.keeping_numbers(&before).unwrap();
        let [free, priority] = ["free", "priority"].map(|name| before.find(name).unwrap());
        assert_eq!(after.policy(priority).unwrap().id, "priority");
        assert_eq!((after.find("priority"), after.policy(free)), (Some(priority), None));
        assert_eq!(before.policy(after.find("open").unwrap()), None);
    }

    #[test]
    fn rules_follow_others_as_far_as_there_are_numbers() {
        let policies = |from: u8| {
            let names = (from..from + 40).map(|n| named(&format!("policy {n}"))).collect();
            Rules { policies: Policies::new(names).unwrap(), ..Rules::default() }
        };
        assert!(policies(24).following(&policies(0)).is_ok());
        assert_eq!(policies(25).following(&policies(0)), Err(TooManyNames { what: "policies" }));
    }

    #[track_caller]
    fn check(policies: Vec<ItemPolicy>, expected: Result<(), PoliciesError>) {
        assert_eq!(Policies::new(policies).map(|_| ()), expected);
    }

    fn named(id: &str) -> ItemPolicy {
        ItemPolicy { id: id.to_owned(), ..Policies::default().list[0].clone() }
    }
}
