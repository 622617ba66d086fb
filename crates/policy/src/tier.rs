//! Tiers: classes of member, and how each is treated when it announces.
//!
//! Each tier here is complete; what a configuration leaves out it has filled in before. Deliberately
//! absent: prices and what a download may take, which are the business of others.

use thiserror::Error;

use crate::Side;
use crate::numbers::{self, Numbers};

/// A class of member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tier {
    /// Its name, as people type it.
    pub id: String,
    /// Where its members sit.
    pub side: Side,
    /// How often they announce.
    pub intervals: Intervals,
    /// How many peers a reply of theirs holds.
    pub peers: PeerLimit,
    /// Whether the tier is a right to every item.
    pub entitles_all: bool,
}

/// How long a peer waits before it announces again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Intervals {
    regular_secs: u32,
    min_secs: u32,
}

impl Intervals {
    /// The shortest interval: a second, which only a test or a swarm of a few wants.
    pub const SHORTEST_SECS: u32 = 1;
    /// The longest interval: a day.
    pub const LONGEST_SECS: u32 = 86_400;

    /// Checks an interval and the least one.
    ///
    /// # Errors
    ///
    /// Fails unless `regular_secs` is within a second and a day and `min_secs` at most that.
    pub const fn new(regular_secs: u32, min_secs: u32) -> Result<Self, TierError> {
        if regular_secs < Self::SHORTEST_SECS || regular_secs > Self::LONGEST_SECS {
            return Err(TierError::Interval(regular_secs));
        }
        if min_secs > regular_secs {
            return Err(TierError::MinInterval { min_secs, regular_secs });
        }
        Ok(Self { regular_secs, min_secs })
    }

    /// How often a peer should announce, before each peer's own spread.
    pub const fn regular_secs(self) -> u32 {
        self.regular_secs
    }

    /// How soon a peer may announce again.
    pub const fn min_secs(self) -> u32 {
        self.min_secs
    }
}

/// How many peers a reply may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PeerLimit {
    numwant: u32,
    cap: u32,
}

impl PeerLimit {
    /// The most that any reply holds: more would not fit one datagram, and serves nobody.
    pub const MAX: u32 = 200;

    /// Checks how many peers are given unasked, and at most.
    ///
    /// # Errors
    ///
    /// Fails where `cap` is more than [`MAX`](Self::MAX) or `numwant` more than `cap`.
    pub const fn new(numwant: u32, cap: u32) -> Result<Self, TierError> {
        if cap > Self::MAX {
            return Err(TierError::NumwantCap(cap));
        }
        if numwant > cap {
            return Err(TierError::Numwant { numwant, cap });
        }
        Ok(Self { numwant, cap })
    }

    /// How many peers a request is given: what it wants, or else the default, up to the cap.
    pub fn limit(self, numwant: Option<u32>) -> u32 {
        numwant.unwrap_or(self.numwant).min(self.cap)
    }

    /// How many are given unasked.
    pub const fn numwant(self) -> u32 {
        self.numwant
    }

    /// How many are given at most.
    pub const fn cap(self) -> u32 {
        self.cap
    }
}

/// A tier by its number in [`Tiers`], which says nothing of how good it is: see [`Tiers::place`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TierId(u8);

impl TierId {
    /// The tier of strangers, and of members who paid for nothing.
    pub const OUTSIDER: Self = Self(0);

    /// Checks a number; `None` from [`Tiers::MAX`] on.
    pub const fn new(number: u8) -> Option<Self> {
        if number < Tiers::MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// All tiers, the best last; the first is the outsiders'.
///
/// Each has a number, its place until [`keeping_numbers`](Self::keeping_numbers) says otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tiers {
    outsider: Tier,
    better: Vec<Tier>,
    numbers: Numbers,
}

impl Tiers {
    /// The most tiers there can be.
    pub const MAX: u8 = numbers::MAX;

    /// Checks a list of tiers.
    ///
    /// # Errors
    ///
    /// Fails unless the first tier is named `outsider`, sits outside and entitles to nothing, the
    /// names are neither empty nor twice there, and there are at most [`MAX`](Self::MAX).
    pub fn new(tiers: Vec<Tier>) -> Result<Self, TierError> {
        if tiers.len() > usize::from(Self::MAX) {
            return Err(TierError::TooMany(tiers.len()));
        }
        let mut better = tiers.into_iter();
        let outsider = better.next().filter(|tier| tier.id == "outsider");
        let outsider = outsider.ok_or(TierError::FirstTier)?;
        if outsider.side == Side::Inside || outsider.entitles_all {
            return Err(TierError::OutsiderInside);
        }
        let better: Vec<_> = better.collect();
        let numbers = Numbers::counted(1 + better.len());
        let tiers = Self { outsider, better, numbers };
        for (place, tier) in tiers.iter().enumerate() {
            if tier.id.is_empty() || tiers.iter().take(place).any(|other| other.id == tier.id) {
                return Err(TierError::Name(tier.id.clone()));
            }
        }
        Ok(tiers)
    }

    /// The same tiers, each by the number that its name has in `before`; `None` where there are too
    /// many names in both together.
    #[must_use]
    pub fn keeping_numbers(self, before: &Self) -> Option<Self> {
        let before = before.numbered().map(|(id, tier)| (tier.id.as_str(), id.0));
        let numbers = Numbers::kept(self.iter().map(|tier| tier.id.as_str()), before)?;
        Some(Self { numbers, ..self })
    }

    /// The tier of a number; the outsiders' where there is none, so that a tier which the
    /// configuration no longer holds opens nothing.
    pub fn tier(&self, id: TierId) -> &Tier {
        let place = self.place(id).map_or(0, usize::from);
        place.checked_sub(1).and_then(|place| self.better.get(place)).unwrap_or(&self.outsider)
    }

    /// The place of a tier: 0 for the outsiders', and the higher, the better. `None` for one that the
    /// configuration does not hold.
    pub fn place(&self, id: TierId) -> Option<u8> {
        self.numbers.place(id.0)
    }

    /// The tier of this name.
    pub fn find(&self, name: &str) -> Option<TierId> {
        self.numbered().find(|(_, tier)| tier.id == name).map(|(id, _)| id)
    }

    /// All tiers and their numbers, the best last.
    pub fn numbered(&self) -> impl Iterator<Item = (TierId, &Tier)> {
        self.iter()
            .enumerate()
            .filter_map(|(place, tier)| Some((TierId::new(self.numbers.number(place)?)?, tier)))
    }

    /// All tiers, the best last.
    pub fn iter(&self) -> impl Iterator<Item = &Tier> {
        std::iter::once(&self.outsider).chain(&self.better)
    }
}

impl Default for Tiers {
    /// `outsider`, `fan`, `seeder` and `patron`; a fan gets more peers, a patron every item.
    fn default() -> Self {
        let outsider = Tier {
            id: "outsider".to_owned(),
            side: Side::Outside,
            intervals: Intervals { regular_secs: 1800, min_secs: 900 },
            peers: PeerLimit { numwant: 30, cap: 50 },
            entitles_all: false,
        };
        let fan = Tier {
            id: "fan".to_owned(),
            side: Side::Inside,
            intervals: Intervals { regular_secs: 1800, min_secs: 600 },
            peers: PeerLimit { numwant: 50, cap: 80 },
            entitles_all: false,
        };
        let seeder = Tier { id: "seeder".to_owned(), ..fan.clone() };
        let patron = Tier { id: "patron".to_owned(), entitles_all: true, ..fan.clone() };
        Self { outsider, better: vec![fan, seeder, patron], numbers: Numbers::counted(4) }
    }
}

/// What is wrong with a tier, or with the list of them.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum TierError {
    /// The list is empty, or starts with another tier.
    #[error("the first tier must be named outsider")]
    FirstTier,
    /// The interval, in seconds, is out of bounds.
    #[error(
        "interval is {0} s, must be from {shortest} s to {longest} s",
        shortest = Intervals::SHORTEST_SECS,
        longest = Intervals::LONGEST_SECS
    )]
    Interval(u32),
    /// The least interval is longer than the interval.
    #[error("min_interval is {min_secs} s, more than the interval of {regular_secs} s")]
    MinInterval {
        /// The least interval, in seconds.
        min_secs: u32,
        /// The interval, in seconds.
        regular_secs: u32,
    },
    /// The name is empty or twice there.
    #[error("tier id {0:?} is empty or not the only one")]
    Name(String),
    /// More peers are given unasked than at most.
    #[error("numwant is {numwant}, more than the numwant_cap of {cap}")]
    Numwant {
        /// Peers given unasked.
        numwant: u32,
        /// Peers given at most.
        cap: u32,
    },
    /// More peers may be asked for than a reply holds.
    #[error("numwant_cap is {0}, must be at most {max}", max = PeerLimit::MAX)]
    NumwantCap(u32),
    /// Outsiders would be insiders.
    #[error("the tier outsider must be outside and entitle to nothing")]
    OutsiderInside,
    /// There are too many.
    #[error("{0} tiers are more than {max}", max = Tiers::MAX)]
    TooMany(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_within_a_second_and_a_day() {
        for regular in [1, 1800, 86_400] {
            assert!(Intervals::new(regular, regular).is_ok());
            let longer = Intervals::new(regular, regular + 1);
            assert!(matches!(longer, Err(TierError::MinInterval { .. })));
        }
        for regular in [0, 86_401] {
            assert_eq!(Intervals::new(regular, 0), Err(TierError::Interval(regular)));
        }
    }

    #[test]
    fn numwant_is_capped_and_has_a_default() {
        let limit = PeerLimit::new(30, 50).unwrap();
        let limits = [None, Some(0), Some(49), Some(50), Some(51), Some(u32::MAX)];
        assert_eq!(limits.map(|numwant| limit.limit(numwant)), [30, 0, 49, 50, 50, 50]);
        assert!(PeerLimit::new(200, 200).is_ok());
        assert_eq!(PeerLimit::new(0, 201), Err(TierError::NumwantCap(201)));
        assert_eq!(PeerLimit::new(51, 50), Err(TierError::Numwant { numwant: 51, cap: 50 }));
    }

    #[test]
    fn the_first_tier_is_the_outsiders() {
        let [outsider, fan] = ["outsider", "fan"].map(named);
        check(vec![outsider.clone(), fan.clone()], Ok(()));
        check(vec![], Err(TierError::FirstTier));
        check(vec![fan.clone(), outsider.clone()], Err(TierError::FirstTier));
        let inside = Tier { side: Side::Inside, ..outsider.clone() };
        check(vec![inside], Err(TierError::OutsiderInside));
        let entitled = Tier { entitles_all: true, ..outsider };
        check(vec![entitled], Err(TierError::OutsiderInside));
    }

    #[test]
    fn names_are_given_once() {
        let [outsider, fan, nameless] = ["outsider", "fan", ""].map(named);
        let twice = vec![outsider.clone(), fan.clone(), fan];
        check(twice, Err(TierError::Name("fan".to_owned())));
        check(vec![outsider, nameless], Err(TierError::Name(String::new())));
    }

    #[test]
    fn there_are_64_tiers_and_no_more() {
        let tiers = |count| {
            let others = (1..count).map(|place| named(&format!("tier {place}")));
            std::iter::once(named("outsider")).chain(others).collect()
        };
        check(tiers(64), Ok(()));
        check(tiers(65), Err(TierError::TooMany(65)));
        assert!(TierId::new(63).is_some() && TierId::new(64).is_none());
    }

    #[test]
    fn tiers_are_found_by_name_and_place() {
        let tiers = Tiers::default();
        let fan = tiers.find("fan").unwrap();
        assert_eq!((fan.value(), tiers.tier(fan).id.as_str()), (1, "fan"));
        assert_eq!(tiers.find("outsider"), Some(TierId::OUTSIDER));
        assert_eq!(tiers.find("king"), None);
        assert_eq!(tiers.tier(TierId::new(63).unwrap()).id, "outsider");
    }

    #[test]
    fn a_tier_keeps_its_number_where_others_come_and_go() {
        let before = Tiers::default();
        let names = ["outsider", "friend", "seeder", "patron"];
        let after = Tiers::new(names.map(named).to_vec()).unwrap();
        let after = after.keeping_numbers(&before).unwrap();
        for (name, place) in [("outsider", 0), ("seeder", 2), ("patron", 3)] {
            let id = before.find(name).unwrap();
            assert_eq!((after.find(name), after.place(id)), (Some(id), Some(place)), "{name}");
            assert_eq!(after.tier(id).id, name);
        }
        let friend = after.find("friend").unwrap();
        assert_eq!((friend.value(), after.place(friend)), (4, Some(1)));
        // Neither list knows what is only in the other.
        assert_eq!((before.tier(friend).id.as_str(), before.place(friend)), ("outsider", None));
        let fan = before.find("fan").unwrap();
        assert_eq!((after.tier(fan).id.as_str(), after.place(fan)), ("outsider", None));
    }

    #[test]
    fn the_default_tiers_are_valid() {
        let tiers = Tiers::default();
        assert_eq!(Tiers::new(tiers.iter().cloned().collect()), Ok(tiers.clone()));
        for tier in tiers.iter() {
            let Intervals { regular_secs, min_secs } = tier.intervals;
            assert_eq!(Intervals::new(regular_secs, min_secs), Ok(tier.intervals));
            let PeerLimit { numwant, cap } = tier.peers;
            assert_eq!(PeerLimit::new(numwant, cap), Ok(tier.peers));
        }
    }

    #[track_caller]
    fn check(tiers: Vec<Tier>, expected: Result<(), TierError>) {
        assert_eq!(Tiers::new(tiers).map(|_| ()), expected);
    }

    fn named(id: &str) -> Tier {
        Tier { id: id.to_owned(), ..Tiers::default().outsider }
    }
}
