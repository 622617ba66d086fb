//! Requests that wait for their answer, by transaction id.

use std::time::{Duration, Instant};

/// One request under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PendingRequest {
    /// When it was meant to be sent: what latency is counted from.
    pub(super) intended: Instant,
    /// When it was sent: what patience is counted from.
    pub(super) sent: Instant,
    /// The socket.
    pub(super) line: usize,
    /// The peer, where it announces.
    pub(super) peer: Option<u32>,
}

/// A bounded table of them.
#[derive(Debug)]
pub(super) struct Pending {
    slots: Vec<PendingSlot>,
    free: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct PendingSlot {
    /// Told apart from the slot's last user by its upper bits.
    transaction: u32,
    waiting: Option<PendingRequest>,
}

impl Pending {
    /// Room for so many, at most [`MOST`].
    pub(super) fn new(room: usize) -> Self {
        let room = u32::try_from(room).unwrap_or(MOST).clamp(1, MOST);
        Self {
            slots: (0..room)
                .map(|transaction| PendingSlot { transaction, waiting: None })
                .collect(),
            free: (0..room).rev().collect(),
        }
    }

    /// How many wait.
    pub(super) const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether no more can wait.
    pub(super) const fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// Takes one in; returns its transaction id, none where there is no room.
    pub(super) fn insert(&mut self, waiting: PendingRequest) -> Option<u32> {
        let place = self.free.pop()?;
        let slot = self.slots.get_mut(usize::try_from(place).ok()?)?;
        slot.transaction = slot.transaction.wrapping_add(MOST);
        slot.waiting = Some(waiting);
        Some(slot.transaction)
    }

    /// Gives out the one that a reply is for; none where nobody waits for it (any more).
    pub(super) fn remove(&mut self, transaction: u32) -> Option<PendingRequest> {
        let place = transaction % MOST;
        let slot = self.slots.get_mut(usize::try_from(place).ok()?)?;
        if slot.transaction != transaction {
            return None;
        }
        let waiting = slot.waiting.take()?;
        self.free.push(place);
        Some(waiting)
    }

    /// Gives out those that have waited for longer than `patience`. O(n) in room.
    pub(super) fn expired(&mut self, now: Instant, patience: Duration) -> Vec<PendingRequest> {
        let overdue =
            |waiting: &PendingRequest| now.saturating_duration_since(waiting.sent) > patience;
        let transactions: Vec<_> = self
            .slots
            .iter()
            .filter(|slot| slot.waiting.as_ref().is_some_and(overdue))
            .map(|slot| slot.transaction)
            .collect();
        transactions.into_iter().filter_map(|transaction| self.remove(transaction)).collect()
    }
}

/// The lower bits of a transaction id are the slot's number.
const MOST: u32 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn waiting(sent: Instant) -> PendingRequest {
        PendingRequest { intended: sent, sent, line: 0, peer: Some(1) }
    }

    #[test]
    fn an_answer_is_taken_once() {
        let (mut pending, now) = (Pending::new(2), clock::now());
        let id = pending.insert(waiting(now)).unwrap();
        assert_eq!(pending.remove(id), Some(waiting(now)));
        assert_eq!(pending.remove(id), None);
        assert_eq!(pending.remove(u32::MAX), None);
    }

    #[test]
    fn a_late_answer_does_not_meet_the_slots_next_user() {
        let (mut pending, now) = (Pending::new(1), clock::now());
        let id = pending.insert(waiting(now)).unwrap();
        assert_eq!(pending.expired(now + Duration::from_secs(2), Duration::from_secs(1)).len(), 1);
        let next = pending.insert(waiting(now)).unwrap();
        assert_eq!(pending.remove(id), None);
        assert_eq!(pending.remove(next), Some(waiting(now)));
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let (mut pending, now) = (Pending::new(2), clock::now());
        assert!(pending.insert(waiting(now)).is_some());
        assert!(!pending.is_full());
        assert!(pending.insert(waiting(now)).is_some());
        assert!(pending.is_full());
        assert_eq!(pending.insert(waiting(now)), None);
        assert_eq!(pending.len(), 2);
    }

    #[test]
    fn patience_is_kept_to_its_end() {
        let (mut pending, now) = (Pending::new(2), clock::now());
        pending.insert(waiting(now));
        let patience = Duration::from_secs(1);
        assert!(pending.expired(now + patience, patience).is_empty());
        assert_eq!(pending.expired(now + patience + Duration::from_nanos(1), patience).len(), 1);
        assert_eq!(pending.len(), 0);
    }
}
