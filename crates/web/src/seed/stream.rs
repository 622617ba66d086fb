//! One response in progress, and when its next piece may be sent.

use std::sync::Arc;
use std::time::Duration;

use super::pace::{MIN_PIECE_BYTES, Pacer, PacerState, Payer, PayerAccount, TierPacing};
use super::shared_bandwidth::BandwidthRequest;

/// One response in progress.
#[derive(Debug)]
pub struct PacedStream {
    pacer: Arc<Pacer>,
    payer: Payer,
    place: u8,
    terms: TierPacing,
    /// Whether it is one of the payer's streams that are served at once.
    in_turn: bool,
    /// Bytes granted by the payer's bucket, and when they may be sent.
    given: Option<(u64, Duration)>,
    /// Bytes it waits for under the limit for all streams.
    waiting: u64,
    /// When its last piece was sent, or when it began.
    fed: Duration,
}

/// What a stream may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextPiece {
    /// Send this many bytes, at least 1.
    Send(u64),
    /// Ask again after this time.
    Wait(Duration),
}

impl PacedStream {
    /// Begins a response to a payer whose tier has this place.
    pub fn new(
        pacer: &Arc<Pacer>,
        payer: Payer,
        place: u8,
        terms: TierPacing,
        now: Duration,
    ) -> Self {
        let payer = payer.network();
        pacer.state().enter(payer, now);
        let pacer = Arc::clone(pacer);
        Self { pacer, payer, place, terms, in_turn: false, given: None, waiting: 0, fed: now }
    }

    /// The next step, with `left` bytes to send, at least 1.
    ///
    /// O(tiers), under a lock that all streams share.
    pub fn ask(&mut self, left: u64, now: Duration) -> NextPiece {
        let pacer = Arc::clone(&self.pacer);
        let bound = pacer.rate();
        let mut state = pacer.state();
        let bytes = match self.turn(&mut state, left, bound, now) {
            NextPiece::Send(bytes) => bytes,
            NextPiece::Wait(wait) => {
                let hungry = (self.fed + MIN_PIECE_INTERVAL).saturating_sub(now);
                if !hungry.is_zero() {
                    return NextPiece::Wait(wait.min(hungry).clamp(SHORTEST_WAIT, LONGEST_WAIT));
                }
                self.charge(&mut state, bound, now)
            }
        };
        self.fed = now;
        NextPiece::Send(bytes.min(left).max(1))
    }

    /// Continues under another tier.
    pub fn set_terms(&mut self, place: u8, terms: TierPacing) {
        if (self.place, self.terms) != (place, terms) {
            self.pacer.state().all.leave(self.place, self.payer, &mut self.waiting);
            (self.place, self.terms) = (place, terms);
        }
    }

    /// What the payer's bucket and the limit for all streams allow.
    fn turn(
        &mut self,
        state: &mut PacerState,
        left: u64,
        bound: Option<u64>,
        now: Duration,
    ) -> NextPiece {
        let Some(account) = state.accounts.get_mut(&self.payer) else {
            return NextPiece::Wait(LONGEST_WAIT);
        };
        if !self.comes_to_its_turn(account) {
            return NextPiece::Wait(LONGEST_WAIT);
        }
        let rate = self.terms.rate;
        let (bytes, at) = *self.given.get_or_insert_with(|| {
            let share = rate / PIECES_A_SECOND / u64::from(account.in_turn.max(1));
            let bytes = share.clamp(MIN_PIECE_BYTES, MAX_PIECE_BYTES).min(left);
            let wait = account.bucket.wait(now);
            account.bucket.take(bytes, rate, SAVED, now);
            (bytes, now + wait)
        });
        if at > now {
            return NextPiece::Wait(at.saturating_sub(now));
        }
        if let Some(rate) = bound {
            let Self { payer, place, .. } = *self;
            let request = BandwidthRequest { payer, place, bytes, clock: account.clock };
            match state.all.take(&mut self.waiting, request, rate, now) {
                Ok(clock) => account.clock = clock,
                Err(wait) => return NextPiece::Wait(wait),
            }
        }
        self.given = None;
        NextPiece::Send(bytes)
    }

    fn comes_to_its_turn(&mut self, account: &mut PayerAccount) -> bool {
        if !self.in_turn && account.in_turn < u32::from(self.terms.concurrency) {
            account.in_turn += 1;
            self.in_turn = true;
        }
        self.in_turn
    }

    /// Sends the minimum even over budget, and charges it.
    fn charge(&self, state: &mut PacerState, bound: Option<u64>, now: Duration) -> u64 {
        let Some(account) = state.accounts.get_mut(&self.payer) else { return MIN_PIECE_BYTES };
        let bytes = account.min_piece();
        account.bucket.take(bytes, self.terms.rate, SAVED, now);
        if let Some(rate) = bound {
            state.all.bucket.take(bytes, rate, SAVED, now);
            account.clock = state.all.charge(self.place, self.payer, account.clock, bytes);
        }
        bytes
    }
}

impl Drop for PacedStream {
    fn drop(&mut self) {
        let mut state = self.pacer.state();
        state.all.leave(self.place, self.payer, &mut self.waiting);
        state.leave(self.payer, self.in_turn);
    }
}

/// One second less than promised.
const MIN_PIECE_INTERVAL: Duration = Duration::from_secs(4);
/// Enough for the fastest network that a piece is worth its system call.
const MAX_PIECE_BYTES: u64 = 1 << 20;
/// Pieces a second of all a member's streams together.
const PIECES_A_SECOND: u64 = 8;
/// How much of the time lost by waking late a stream may make up for.
const SAVED: Duration = Duration::from_millis(50);
/// Timers are no finer.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// Maximum delay until a stream notices that its turn has come.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
