//! What one worker keeps from announce to announce.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use swarm::PeerList;

use crate::Now;
use crate::counters::WorkerCounters;
use crate::settings::Settings;

/// Room for one reply, a random number generator and counters: each worker has its own, so that
/// announces share nothing but the tables.
pub struct Scratch {
    /// The settings as last seen: whether they are still in force is one look.
    pub(crate) settings: Cache<Arc<ArcSwap<Settings>>, Arc<Settings>>,
    pub(crate) buffers: ReplyBuffers,
    sampling: Sampling,
}

/// Which announces are timed.
#[derive(Default)]
struct Sampling {
    /// Announces until the next sample.
    left: u32,
    /// The second of the last sample.
    secs: u32,
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
        let sampling = Sampling::default();
        Self { settings: Cache::new(Arc::clone(settings)), buffers, sampling }
    }

    /// Whether to time the next announce: the first one of each second, and one in 1024 besides. So a quiet
    /// tracker has samples, and a busy one pays two comparisons an announce.
    pub const fn is_sample(&mut self, now: Now) -> bool {
        let is_due = self.sampling.left == 0 || self.sampling.secs != now.secs;
        if is_due {
            self.sampling = Sampling { left: SAMPLE_EVERY, secs: now.secs };
        }
        self.sampling.left -= 1;
        is_due
    }

    /// The worker's counters.
    pub fn counters(&self) -> &WorkerCounters {
        &self.buffers.counters
    }
}

/// Announces from one sample to the next.
const SAMPLE_EVERY: u32 = 1024;
/// More than any text told to a client takes, with a long site address in it.
const TEXT_BYTES: usize = 512;
