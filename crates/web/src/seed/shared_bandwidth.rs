//! The rate limit for all streams together: higher tiers go first, and members of one tier in turn.
//!
//! Members of a tier get even parts however many streams each opens. Each payer has a clock that runs by the
//! bytes it was sent; of those who wait, the one whose clock is furthest behind goes first. A payer that had
//! nothing to ask for starts at the clock of those who are served, so absence earns no credit.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::bucket::{Bucket, time_of};
use super::pace::Payer;

/// What was taken, and who waits at each tier.
pub(super) struct SharedBandwidth {
    pub(super) bucket: Bucket,
    tiers: [Queue; TIERS],
}

/// Those who wait at one tier.
#[derive(Default)]
struct Queue {
    /// Bytes that all of them wait for.
    bytes: u64,
    /// Where a payer that did not wait begins: the clock of whoever was furthest behind when somebody was
    /// served last.
    clock: u64,
    payers: HashMap<Payer, Waiting>,
    /// The same payers, by their clocks.
    order: BTreeSet<(u64, Payer)>,
}

/// A payer that waits.
struct Waiting {
    /// Its clock, as `order` has it.
    clock: u64,
    streams: u32,
}

/// What one stream waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct BandwidthRequest {
    pub(super) payer: Payer,
    /// The place of its tier.
    pub(super) place: u8,
    pub(super) bytes: u64,
    /// The payer's clock.
    pub(super) clock: u64,
}

impl SharedBandwidth {
    /// Takes bytes if no higher tier waits, all earlier bytes are paid for, and no payer of the same tier is
    /// further behind; returns the payer's clock after them. Otherwise records the bytes in `waiting` and
    /// returns the minimum wait. O(log payers).
    pub(super) fn take(
        &mut self,
        waiting: &mut u64,
        request: BandwidthRequest,
        rate: u64,
        now: Duration,
    ) -> Result<u64, Duration> {
        let BandwidthRequest { payer, place, bytes, clock } = request;
        let above = self.above(place);
        let mut wait = self.bucket.wait(now).saturating_add(time_of(above, rate));
        let Some(queue) = self.tiers.get_mut(usize::from(place)) else { return Err(wait) };
        let clock = clock.max(queue.clock);
        if wait.is_zero() {
            let behind = queue.furthest_behind().unwrap_or(clock).min(clock);
            let lead = clock - behind;
            // Whoever is behind may sleep still: nobody waits for it longer than it sleeps.
            let most = rate / LEADS_A_SECOND;
            if lead <= most {
                queue.clock = queue.clock.max(behind);
                queue.leave(payer, waiting);
                let clock = clock.saturating_add(bytes);
                queue.advance(payer, clock);
                self.bucket.take(bytes, rate, SAVED, now);
                return Ok(clock);
            }
            wait = time_of(lead - most, rate);
        }
        if *waiting == 0 {
            *waiting = bytes;
            queue.join(payer, clock, bytes);
        }
        Err(wait)
    }

    /// Stops waiting.
    pub(super) fn leave(&mut self, place: u8, payer: Payer, waiting: &mut u64) {
        if let Some(queue) = self.tiers.get_mut(usize::from(place)) {
            queue.leave(payer, waiting);
        }
    }

    /// Advances a payer that was sent the minimum, whoever's turn it was; returns its clock.
    pub(super) fn charge(&mut self, place: u8, payer: Payer, clock: u64, bytes: u64) -> u64 {
        let Some(queue) = self.tiers.get_mut(usize::from(place)) else { return clock };
        let clock = clock.max(queue.clock).saturating_add(bytes);
        queue.advance(payer, clock);
        clock
    }

    fn above(&self, place: u8) -> u64 {
        self.tiers.iter().skip(usize::from(place) + 1).map(|queue| queue.bytes).sum()
    }
}

impl Queue {
    fn furthest_behind(&self) -> Option<u64> {
        self.order.first().map(|(clock, _)| *clock)
    }

    fn join(&mut self, payer: Payer, clock: u64, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        let waiting = self.payers.entry(payer).or_insert(Waiting { clock, streams: 0 });
        waiting.streams += 1;
        self.order.insert((waiting.clock, payer));
    }

    fn leave(&mut self, payer: Payer, bytes: &mut u64) {
        if *bytes == 0 {
            return;
        }
        self.bytes = self.bytes.saturating_sub(std::mem::take(bytes));
        let Some(waiting) = self.payers.get_mut(&payer) else { return };
        waiting.streams = waiting.streams.saturating_sub(1);
        if waiting.streams == 0 {
            self.order.remove(&(waiting.clock, payer));
            self.payers.remove(&payer);
        }
    }

    /// Moves the clock of a payer whose other streams wait.
    fn advance(&mut self, payer: Payer, clock: u64) {
        if let Some(waiting) = self.payers.get_mut(&payer) {
            self.order.remove(&(waiting.clock, payer));
            waiting.clock = clock;
            self.order.insert((clock, payer));
        }
    }
}

impl Default for SharedBandwidth {
    fn default() -> Self {
        Self { bucket: Bucket::default(), tiers: std::array::from_fn(|_| Queue::default()) }
    }
}

/// Maximum tiers.
const TIERS: usize = 64;
/// Streams wake a little late and may make up for this much.
const SAVED: Duration = Duration::from_millis(100);
/// A payer may be ahead of another that waits by what the limit lets through in a quarter of a second: the
/// longest that a stream sleeps before it asks again.
const LEADS_A_SECOND: u64 = 4;
