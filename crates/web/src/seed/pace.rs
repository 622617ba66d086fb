//! How fast each stream may go: a bucket for each member, a number of streams at once, and one
//! bound for all, under which the lowest tier gives way first.
//!
//! Nobody is ever refused for pace: a client that is once told 503 does not come back. Whoever must
//! wait is sent a little now and then all the same, because one that hears nothing for twenty seconds
//! gives up as well. Streams ask before each piece (`stream.rs`).
//!
//! Deliberately absent: clock and sleep, which whoever moves the bytes brings. Times count from any
//! moment, the same for all.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use policy::{MemberId, TierId};

use super::bucket::Bucket;
use super::shared_bandwidth::Bound;

/// Every stream's pace.
pub struct Pace {
    terms: ArcSwap<PaceTerms>,
    state: Mutex<State>,
}

/// The settings of [`Pace`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PaceTerms {
    /// How each tier is served, lowest first.
    pub tiers: Vec<(TierId, TierTerms)>,
    /// Bytes a second to everybody together; `None` for no bound.
    pub rate: Option<u64>,
}

/// How a tier is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TierTerms {
    /// Whether the web seed is part of the tier.
    pub enabled: bool,
    /// Bytes a second to one member.
    pub rate: u64,
    /// Streams of one member at once; more wait.
    pub concurrency: u16,
}

/// Who is counted for what is sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Payer {
    /// A member, from wherever.
    Member(MemberId),
    /// Whoever is at this address, or in this IPv6 /64.
    Stranger(IpAddr),
}

impl Pace {
    /// Begins with these settings.
    pub fn new(terms: PaceTerms) -> Self {
        Self { terms: ArcSwap::from_pointee(terms), state: Mutex::default() }
    }

    /// Puts other settings in force, for streams that run as well.
    pub fn set(&self, terms: PaceTerms) {
        self.terms.store(Arc::new(terms));
    }

    /// How a tier is served, and its place among them: the higher goes first.
    pub fn tier(&self, tier: TierId) -> (u8, TierTerms) {
        let terms = self.terms.load();
        let mut placed = (0..).zip(&terms.tiers);
        let found = placed.find(|(_, (id, _))| *id == tier);
        found.map_or((0, TierTerms::LEAST), |(place, (_, terms))| (place, *terms))
    }

    /// The rate of the slowest tier that has a web seed, in bytes a second.
    pub fn lowest_rate(&self) -> u64 {
        let terms = self.terms.load();
        let tiers = terms.tiers.iter().map(|(_, terms)| terms);
        let rates = tiers.filter(|tier| tier.enabled).map(|tier| tier.rate);
        rates.min().unwrap_or(TierTerms::LEAST.rate)
    }

    /// Bytes a second to everybody together.
    pub(super) fn rate(&self) -> Option<u64> {
        self.terms.load().rate
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").finish_non_exhaustive()
    }
}

impl TierTerms {
    const LEAST: Self = Self { enabled: false, rate: 4096, concurrency: 1 };
}

impl Payer {
    /// An address as the one of its household.
    pub(super) fn network(self) -> Self {
        match self {
            Self::Stranger(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self::Stranger(IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into()))
            }
            other => other,
        }
    }
}

/// What all streams share.
#[derive(Default)]
pub(super) struct State {
    accounts: HashMap<Payer, Account>,
    /// As many accounts as there may be until those that are settled are taken out.
    most: usize,
    pub(super) all: Bound,
}

/// What one payer has open and owes.
#[derive(Default)]
pub(super) struct Account {
    streams: u32,
    pub(super) in_turn: u32,
    pub(super) bucket: Bucket,
}

impl State {
    /// The account of a payer who begins a stream. O(accounts) when they have doubled.
    pub(super) fn enter(&mut self, payer: Payer, now: Duration) {
        if self.accounts.len() >= self.most.max(FEW) {
            // Whoever left owing comes back to the same account: leaving is not worth it.
            self.accounts
                .retain(|_, account| account.streams > 0 || !account.bucket.wait(now).is_zero());
            self.most = self.accounts.len().saturating_mul(2);
        }
        let account = self.accounts.entry(payer).or_default();
        account.streams = account.streams.saturating_add(1);
    }

    /// A stream of the payer ends.
    pub(super) fn leave(&mut self, payer: Payer, was_in_turn: bool) {
        if let Some(account) = self.account(payer) {
            account.streams = account.streams.saturating_sub(1);
            account.in_turn = account.in_turn.saturating_sub(u32::from(was_in_turn));
        }
    }

    pub(super) fn account(&mut self, payer: Payer) -> Option<&mut Account> {
        self.accounts.get_mut(&payer)
    }
}

const FEW: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_without_streams_and_debts_are_forgotten() {
        let mut state = State::default();
        for second in 0..10_000 {
            let now = Duration::from_secs(second);
            let payer = Payer::Member(MemberId::new(u32::try_from(second).unwrap() + 1).unwrap());
            state.enter(payer, now);
            state.account(payer).unwrap().bucket.take(1000, 1000, Duration::ZERO, now);
            state.leave(payer, false);
        }
        assert!(state.accounts.len() <= FEW, "{}", state.accounts.len());
    }

    #[test]
    fn a_household_is_one_stranger() {
        let stranger = |text: &str| Payer::Stranger(text.parse().unwrap()).network();
        assert_eq!(stranger("2001:db8::1"), stranger("2001:db8:0:0:9::2"));
        assert_ne!(stranger("2001:db8::1"), stranger("2001:db8:0:1::1"));
        assert_ne!(stranger("192.0.2.1"), stranger("192.0.2.2"));
    }
}
