//! What one worker keeps from announce to announce.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use swarm::PeerList;

use crate::counters::WorkerCounters;
use crate::settings::Settings;

/// Room for one reply, a random number generator and counters: each worker has its own, so that
/// announces share nothing but the tables.
pub struct Scratch {
    /// The settings as last seen: whether they are still in force is one look.
    pub(crate) settings: Cache<Arc<ArcSwap<Settings>>, Arc<Settings>>,
    pub(crate) buffers: ReplyBuffers,
}

/// What is written anew for each announce, or counted.
pub(crate) struct ReplyBuffers {
    pub(crate) counters: Arc<WorkerCounters>,
    /// Which worker's it is.
    pub(crate) worker: usize,
    pub(crate) peers: PeerList,
    pub(crate) rng: fastrand::Rng,
    pub(crate) text: String,
}

impl Scratch {
    pub(crate) fn new(
        settings: &Arc<ArcSwap<Settings>>,
        counters: Arc<WorkerCounters>,
        worker: usize,
        seed: u64,
    ) -> Self {
        let number = u64::try_from(worker).unwrap_or_default();
        let buffers = ReplyBuffers {
            counters,
            worker,
            peers: PeerList::default(),
            rng: fastrand::Rng::with_seed(seed.wrapping_add(number)),
            text: String::with_capacity(TEXT_BYTES),
        };
        Self { settings: Cache::new(Arc::clone(settings)), buffers }
    }

    /// The worker's counters.
    pub fn counters(&self) -> &WorkerCounters {
        &self.buffers.counters
    }
}

/// More than any text told to a client takes, with a long site address in it.
const TEXT_BYTES: usize = 512;
