//! What the club says of items, passed on to the tracker as it is said.

use std::sync::Arc;

use arrayvec::ArrayVec;
use club::Item;
use policy::{Policies, PolicyId, TierId};
use tracker::{Registration, Tracker};

use crate::clock::Clock;

/// The tracker, as the club sees it.
pub(crate) struct Registry {
    tracker: Arc<Tracker>,
    clock: Clock,
}

impl Registry {
    /// Passes items on to this tracker.
    pub(crate) fn new(tracker: Arc<Tracker>, clock: Clock) -> Self {
        Self { tracker, clock }
    }
}

impl club::Items for Registry {
    fn put(&self, item: &Item, policy: Option<PolicyId>, tier: Option<TierId>) {
        let hashes = item.info_hashes.iter().copied().take(2).collect::<ArrayVec<_, 2>>();
        // A policy that the configuration does not have closes the item; so does its last place.
        let Some(policy) = policy.or(PolicyId::new(Policies::MAX - 1)) else { return };
        let size = item.size_bytes.unwrap_or(0);
        if !self.tracker.register(&Registration { id: item.id, hashes, policy, tier, size }) {
            tracing::error!(item = item.id.0, "there are more items than the tracker can hold");
        }
    }

    fn remove(&self, item: &Item) {
        self.tracker.remove(item.id, self.clock.now());
    }
}
