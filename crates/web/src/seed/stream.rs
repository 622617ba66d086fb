//! One response under way, and when its next piece may go.

use std::sync::Arc;
use std::time::Duration;

use super::pace::{Account, Pace, Payer, State, TierTerms};

/// One response under way.
#[derive(Debug)]
pub struct Stream {
    pace: Arc<Pace>,
    payer: Payer,
    place: u8,
    terms: TierTerms,
    /// Whether it is among those of its payer that are served at once.
    in_turn: bool,
    /// Bytes that the payer's bucket gave, and when they may go.
    given: Option<(u64, Duration)>,
    /// Bytes that it waits for under the bound for all.
    waiting: u64,
    /// When it was last sent something, or began.
    fed: Duration,
}

/// What a stream may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// Send so many bytes, at least 1.
    Send(u64),
    /// Ask again after that time.
    Wait(Duration),
}

impl Stream {
    /// Begins one, by whoever is of the tier at that place.
    pub fn new(pace: &Arc<Pace>, payer: Payer, place: u8, terms: TierTerms, now: Duration) -> Self {
        let payer = payer.network();
        pace.state().enter(payer, now);
        let pace = Arc::clone(pace);
        Self { pace, payer, place, terms, in_turn: false, given: None, waiting: 0, fed: now }
    }

    /// What may be done now, with so many bytes left to send, at least 1.
    ///
    /// O(tiers), under a lock that all streams share.
    pub fn ask(&mut self, left: u64, now: Duration) -> Turn {
        let pace = Arc::clone(&self.pace);
        let bound = pace.rate();
        let mut state = pace.state();
        let bytes = match self.turn(&mut state, left, bound, now) {
            Turn::Send(bytes) => bytes,
            Turn::Wait(wait) => {
                let hungry = (self.fed + LEAST_EVERY).saturating_sub(now);
                if !hungry.is_zero() {
                    return Turn::Wait(wait.min(hungry).clamp(SHORTEST_WAIT, LONGEST_WAIT));
                }
                self.charge(&mut state, bound, now)
            }
        };
        self.fed = now;
        Turn::Send(bytes.min(left).max(1))
    }

    /// Goes on under another tier.
    pub fn set_terms(&mut self, place: u8, terms: TierTerms) {
        if (self.place, self.terms) != (place, terms) {
            self.pace.state().all.leave(self.place, &mut self.waiting);
            (self.place, self.terms) = (place, terms);
        }
    }

    /// What the payer's bucket and the bound for all have to say.
    fn turn(&mut self, state: &mut State, left: u64, bound: Option<u64>, now: Duration) -> Turn {
        let Some(account) = state.account(self.payer) else { return Turn::Wait(LONGEST_WAIT) };
        if !self.comes_to_its_turn(account) {
            return Turn::Wait(LONGEST_WAIT);
        }
        let rate = self.terms.rate;
        let (bytes, at) = *self.given.get_or_insert_with(|| {
            let share = rate / PIECES_A_SECOND / u64::from(account.in_turn.max(1));
            let bytes = share.clamp(LEAST_BYTES, MOST_BYTES).min(left);
            let wait = account.bucket.wait(now);
            account.bucket.take(bytes, rate, SAVED, now);
            (bytes, now + wait)
        });
        if at > now {
            return Turn::Wait(at.saturating_sub(now));
        }
        if let Some(rate) = bound
            && let Err(wait) = state.all.take(&mut self.waiting, self.place, bytes, rate, now)
        {
            return Turn::Wait(wait);
        }
        self.given = None;
        Turn::Send(bytes)
    }

    fn comes_to_its_turn(&mut self, account: &mut Account) -> bool {
        if !self.in_turn && account.in_turn < u32::from(self.terms.concurrency) {
            account.in_turn += 1;
            self.in_turn = true;
        }
        self.in_turn
    }

    /// The least is sent, whatever the buckets say; they are told.
    fn charge(&self, state: &mut State, bound: Option<u64>, now: Duration) -> u64 {
        if let Some(account) = state.account(self.payer) {
            account.bucket.take(LEAST_BYTES, self.terms.rate, SAVED, now);
        }
        if let Some(rate) = bound {
            state.all.bucket.take(LEAST_BYTES, rate, SAVED, now);
        }
        LEAST_BYTES
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.all.leave(self.place, &mut self.waiting);
        state.leave(self.payer, self.in_turn);
    }
}

/// What every stream is sent at least, so often: clients take one for dead that is silent for 20 s.
pub const LEAST_BYTES: u64 = 16 << 10;
/// A second less than is promised.
const LEAST_EVERY: Duration = Duration::from_secs(4);
/// Enough for the fastest network that a piece is worth its system call.
const MOST_BYTES: u64 = 1 << 20;
/// Of all a member's streams together.
const PIECES_A_SECOND: u64 = 8;
/// What a stream that woke late may make up for.
const SAVED: Duration = Duration::from_millis(50);
/// Timers are no finer.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// How soon a turn that came free is seen.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
