//! What each item's bytes came to since history took them last: what members' clients say they carried,
//! and what the web seed sent.
//!
//! Clients report absolute counters, so the last ones of each are remembered: of those that came lately,
//! in two halves as large as [`MAX_CLIENTS`]. A client that is not among them begins anew, as one that is
//! new does. Nothing of this is on the announce path: the flush to the books passes it on.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use policy::ItemId;
use tracker::{SessionId, SessionTraffic, Tracker};

/// The bytes of one item.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct ItemFlow {
    /// Sent by members' clients.
    pub(crate) sent: u64,
    /// Received by members' clients.
    pub(crate) received: u64,
    /// Sent by the web seed.
    pub(crate) served: u64,
}

/// The bytes that history has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    hash: RandomState,
    state: Mutex<FlowState>,
}

#[derive(Debug, Default)]
struct FlowState {
    /// Whether somebody takes them.
    is_on: bool,
    items: HashMap<ItemId, ItemFlow>,
    newer: HashMap<u64, Carried>,
    older: HashMap<u64, Carried>,
}

/// A client's last counters.
#[derive(Clone, Copy, Debug)]
struct Carried {
    sent: u64,
    received: u64,
}

impl Flows {
    /// Counts from now on what the clients that are there carry.
    pub(crate) fn begin(&self, tracker: &Tracker) {
        let mut state = self.state();
        if state.is_on {
            return;
        }
        state.is_on = true;
        tracker.member_counters(|id, sent, received| {
            if state.newer.len() < MAX_CLIENTS {
                state.newer.insert(self.key(&id), Carried { sent, received });
            }
        });
    }

    /// Counts no more, and forgets everything.
    pub(crate) fn end(&self) {
        *self.state() = FlowState::default();
    }

    /// Adds what clients say they carried, each client's counters in their order.
    pub(crate) fn carried(&self, counts: &[SessionTraffic]) {
        if counts.is_empty() {
            return;
        }
        let mut state = self.state();
        if !state.is_on {
            return;
        }
        for count in counts.iter().filter(|count| count.id.member.is_some()) {
            let now = Carried { sent: count.uploaded, received: count.downloaded };
            let before = state.replace(self.key(&count.id), now).filter(|_| !count.opens);
            let Some(before) = before else { continue };
            let sent = now.sent.checked_sub(before.sent);
            let received = now.received.checked_sub(before.received);
            // Counters that are lower are those of another run, which begins with them.
            let (Some(sent), Some(received)) = (sent, received) else { continue };
            if sent > 0 || received > 0 {
                let flow = state.items.entry(count.id.item).or_default();
                flow.sent = flow.sent.saturating_add(sent);
                flow.received = flow.received.saturating_add(received);
            }
        }
    }

    /// Adds what the web seed sent.
    pub(crate) fn served(&self, item: ItemId, bytes: u64) {
        let mut state = self.state();
        if state.is_on && bytes > 0 {
            let flow = state.items.entry(item).or_default();
            flow.served = flow.served.saturating_add(bytes);
        }
    }

    /// Takes what was added since the last time.
    pub(crate) fn take(&self) -> HashMap<ItemId, ItemFlow> {
        std::mem::take(&mut self.state().items)
    }

    fn key(&self, id: &SessionId) -> u64 {
        self.hash.hash_one(id)
    }

    fn state(&self) -> MutexGuard<'_, FlowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FlowState {
    /// Remembers a client's counters; returns those before.
    fn replace(&mut self, client: u64, now: Carried) -> Option<Carried> {
        let before = self.newer.insert(client, now);
        let before = before.or_else(|| self.older.remove(&client));
        if self.newer.len() >= MAX_CLIENTS {
            self.older = std::mem::take(&mut self.newer);
        }
        before
    }
}

/// Clients remembered in each half, of some 32 bytes each.
const MAX_CLIENTS: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use policy::MemberId;
    use wire::PeerId;

    use super::*;

    #[test]
    fn a_client_is_credited_with_what_its_counters_rose_by() {
        let flows = Flows::default();
        flows.state().is_on = true;
        flows.carried(&[
            count(1, 100, 50, true),
            count(1, 300, 50, false),
            count(1, 310, 80, false),
            count(2, 5, 5, true),
            // It began anew, and went on.
            count(1, 7, 0, true),
            count(1, 9, 1, false),
            // A run that nobody said began.
            count(1, 3, 0, false),
            count(1, 4, 0, false),
        ]);
        flows.served(ItemId(3), 1000);
        let flow = ItemFlow { sent: 213, received: 31, served: 1000 };
        assert_eq!(flows.take(), HashMap::from([(ItemId(3), flow)]));
        assert!(flows.take().is_empty());
        flows.end();
        flows.carried(&[count(1, 4, 0, false), count(1, 40, 0, false)]);
        flows.served(ItemId(3), 1000);
        assert!(flows.take().is_empty(), "nobody takes them");
    }

    #[test]
    fn the_clients_that_came_lately_are_remembered() {
        let mut state = FlowState::default();
        let carried = Carried { sent: 1, received: 1 };
        let clients = u64::try_from(3 * MAX_CLIENTS).unwrap();
        for client in 0..clients {
            assert!(state.replace(client, carried).is_none());
        }
        assert!(state.newer.len() < MAX_CLIENTS && state.older.len() <= MAX_CLIENTS);
        assert!(state.replace(clients - 1, carried).is_some());
        assert!(state.replace(0, carried).is_none());
    }

    fn count(client: u8, uploaded: u64, downloaded: u64, opens: bool) -> SessionTraffic {
        let id = SessionId {
            item: ItemId(3),
            member: MemberId::new(7),
            peer_id: PeerId([client; 20]),
            key: 0,
        };
        SessionTraffic { id, epoch: 1, uploaded, downloaded, left: None, seen: 1, opens }
    }
}
