//! How fast each stream may go: a bucket for each member, a maximum of streams at once, and one limit for all,
//! under which the lowest tier gives way first.
//!
//! Pace never refuses a request: a client that gets one 503 does not come back. A stream that must wait is still
//! sent a little, because clients give up after twenty seconds of silence. Streams ask before each piece
//! (`stream.rs`).
//!
//! Deliberately absent: clock and sleep, which the sender of the bytes brings. Times count from any moment, the
//! same for all.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use policy::{MemberId, TierId};

use super::bucket::Bucket;
use super::shared_bandwidth::SharedBandwidth;

/// Paces all streams.
pub struct Pacer {
    terms: ArcSwap<PacingSettings>,
    state: Mutex<PacerState>,
}

/// The settings of [`Pacer`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PacingSettings {
    /// How each tier is served, lowest first.
    pub tiers: Vec<(TierId, TierPacing)>,
    /// Bytes a second for all streams together; `None` means no limit.
    pub rate: Option<u64>,
}

/// How a tier is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TierPacing {
    /// Whether the web seed is part of the tier.
    pub enabled: bool,
    /// Bytes a second for one member.
    pub rate: u64,
    /// Maximum streams of one member at once; more wait.
    pub concurrency: u16,
}

/// Whose budget a stream is charged to.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Payer {
    /// A member, from wherever.
    Member(MemberId),
    /// Everybody at this address, or in this IPv6 /64.
    Stranger(IpAddr),
}

impl Pacer {
    /// Begins with these settings.
    pub fn new(terms: PacingSettings) -> Self {
        Self { terms: ArcSwap::from_pointee(terms), state: Mutex::default() }
    }

    /// Replaces the settings, for running streams too.
    pub fn set(&self, terms: PacingSettings) {
        self.terms.store(Arc::new(terms));
    }

    /// How a tier is served, and its place among them: the higher goes first.
    pub fn tier(&self, tier: TierId) -> (u8, TierPacing) {
        let terms = self.terms.load();
        let mut placed = (0..).zip(&terms.tiers);
        let found = placed.find(|(_, (id, _))| *id == tier);
        found.map_or((0, TierPacing::MINIMUM), |(place, (_, terms))| (place, *terms))
    }

    /// The rate of the slowest tier that has a web seed, in bytes a second.
    pub fn lowest_rate(&self) -> u64 {
        let terms = self.terms.load();
        let tiers = terms.tiers.iter().map(|(_, terms)| terms);
        let rates = tiers.filter(|tier| tier.enabled).map(|tier| tier.rate);
        rates.min().unwrap_or(TierPacing::MINIMUM.rate)
    }

    /// Bytes a second for all streams together.
    pub(super) fn rate(&self) -> Option<u64> {
        self.terms.load().rate
    }

    pub(super) fn state(&self) -> MutexGuard<'_, PacerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer").finish_non_exhaustive()
    }
}

impl TierPacing {
    const MINIMUM: Self = Self { enabled: false, rate: 4096, concurrency: 1 };

    /// What serves a stream at all: a tier without a web seed may say 0.
    pub(super) fn at_least_minimum(self) -> Self {
        let Self { rate, concurrency, .. } = Self::MINIMUM;
        Self { rate: self.rate.max(rate), concurrency: self.concurrency.max(concurrency), ..self }
    }
}

impl Payer {
    /// The payer, with an IPv6 address reduced to its /64.
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

/// The state that all streams share.
#[derive(Default)]
pub(super) struct PacerState {
    pub(super) accounts: HashMap<Payer, PayerAccount>,
    /// Number of accounts at which settled ones are removed.
    most: usize,
    pub(super) all: SharedBandwidth,
}

/// The open streams and the debt of one payer.
#[derive(Default)]
pub(super) struct PayerAccount {
    streams: u32,
    pub(super) in_turn: u32,
    pub(super) bucket: Bucket,
    /// By how many bytes it is ahead under the limit for all streams; see [`SharedBandwidth`].
    pub(super) clock: u64,
}

impl PayerAccount {
    /// The minimum that one stream is sent: less where a payer has so many that the minimum of all would be
    /// a rate of its own.
    pub(super) fn min_piece(&self) -> u64 {
        let piece = MIN_PIECE_BYTES * FULL_MINIMUMS / u64::from(self.streams).max(FULL_MINIMUMS);
        piece.max(LEAST_PIECE_BYTES)
    }
}

impl PacerState {
    /// Begins a stream of a payer. O(accounts) when their number has doubled.
    pub(super) fn enter(&mut self, payer: Payer, now: Duration) {
        if self.accounts.len() >= self.most.max(FEW) {
            // A payer that leaves with a debt returns to it.
            self.accounts
                .retain(|_, account| account.streams > 0 || !account.bucket.wait(now).is_zero());
            self.most = self.accounts.len().saturating_mul(2);
        }
        let account = self.accounts.entry(payer).or_default();
        account.streams = account.streams.saturating_add(1);
    }

    /// Ends a stream of a payer.
    pub(super) fn leave(&mut self, payer: Payer, was_in_turn: bool) {
        if let Some(account) = self.accounts.get_mut(&payer) {
            account.streams = account.streams.saturating_sub(1);
            account.in_turn = account.in_turn.saturating_sub(u32::from(was_in_turn));
        }
    }
}

const FEW: usize = 64;
/// Minimum bytes sent per interval: clients give up on a stream that is silent for 20 s.
pub const MIN_PIECE_BYTES: u64 = 16 << 10;
/// Streams of one payer that are each sent the whole minimum; more share what these would get.
const FULL_MINIMUMS: u64 = 16;
const LEAST_PIECE_BYTES: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_without_streams_and_debts_are_forgotten() {
        let mut state = PacerState::default();
        for second in 0..10_000 {
            let now = Duration::from_secs(second);
            let payer = Payer::Member(MemberId::new(u32::try_from(second).unwrap() + 1).unwrap());
            state.enter(payer, now);
            state.accounts.get_mut(&payer).unwrap().bucket.take(1000, 1000, Duration::ZERO, now);
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
