//! What happened, counted by each worker for itself and added up when somebody asks.
//!
//! A worker is the only one to write its counters, so counting is a plain load and store on a line
//! that no other core writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use policy::Refusal;

use crate::Via;

/// One worker's counters.
#[derive(Debug)]
pub struct WorkerCounters {
    counts: [AtomicU64; Count::ALL],
    refusals: [AtomicU64; Refusal::ALL.len()],
}

/// What is counted beside refusals.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Count {
    AnnounceHttp,
    AnnounceUdp,
    Connect,
    HidSeeders,
    Limited,
    MalformedHttp,
    MalformedUdp,
    Peers,
    ScrapeHttp,
    ScrapeUdp,
    Unlisted,
    Unsent,
    Unverified,
}

impl Count {
    const ALL: usize = 13;

    const fn index(self) -> usize {
        match self {
            Self::AnnounceHttp => 0,
            Self::AnnounceUdp => 1,
            Self::Connect => 2,
            Self::HidSeeders => 3,
            Self::Limited => 4,
            Self::MalformedHttp => 5,
            Self::MalformedUdp => 6,
            Self::Peers => 7,
            Self::ScrapeHttp => 8,
            Self::ScrapeUdp => 9,
            Self::Unlisted => 10,
            Self::Unsent => 11,
            Self::Unverified => 12,
        }
    }
}

impl WorkerCounters {
    fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            refusals: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    pub(crate) fn announced(&self, via: Via, peers: usize) {
        self.add(if via == Via::Http { Count::AnnounceHttp } else { Count::AnnounceUdp }, 1);
        self.add(Count::Peers, peers);
    }

    pub(crate) fn refused(&self, via: Via, refusal: Refusal) {
        self.add(if via == Via::Http { Count::AnnounceHttp } else { Count::AnnounceUdp }, 1);
        raise(place(refusal).and_then(|place| self.refusals.get(place)), 1);
    }

    /// A connection id was given out.
    pub fn connected(&self) {
        self.add(Count::Connect, 1);
    }

    pub(crate) fn hid_seeders(&self) {
        self.add(Count::HidSeeders, 1);
    }

    /// A request was turned away for its network's sake.
    pub fn limited(&self) {
        self.add(Count::Limited, 1);
    }

    /// A request made no sense.
    pub fn malformed(&self, via: Via) {
        self.add(if via == Via::Http { Count::MalformedHttp } else { Count::MalformedUdp }, 1);
    }

    /// A scrape was answered.
    pub fn scraped(&self, via: Via) {
        self.add(if via == Via::Http { Count::ScrapeHttp } else { Count::ScrapeUdp }, 1);
    }

    /// A peer was served and not listed, because its address has the maximum of peers.
    pub(crate) fn unlisted(&self) {
        self.add(Count::Unlisted, 1);
    }

    /// The kernel refused replies.
    pub fn unsent(&self, replies: usize) {
        self.add(Count::Unsent, replies);
    }

    /// A datagram showed a connection id that is forged or too old.
    pub fn unverified(&self) {
        self.add(Count::Unverified, 1);
    }

    fn add(&self, count: Count, more: usize) {
        raise(self.counts.get(count.index()), more);
    }
}

/// Refusals are few, so looking for their place costs nobody.
fn place(refusal: Refusal) -> Option<usize> {
    Refusal::ALL.iter().position(|other| *other == refusal)
}

fn raise(counter: Option<&AtomicU64>, more: usize) {
    if let Some(counter) = counter {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }
}

/// The counters of all workers there have been.
#[derive(Debug, Default)]
pub(crate) struct AllCounters {
    workers: Mutex<Vec<Arc<WorkerCounters>>>,
}

impl AllCounters {
    /// Makes counters for one more worker, and says which one it is.
    pub(crate) fn worker(&self) -> (Arc<WorkerCounters>, usize) {
        let counters = Arc::new(WorkerCounters::new());
        let mut workers = self.workers.lock();
        workers.push(counters.clone());
        (counters, workers.len())
    }

    pub(crate) fn total(&self) -> CounterTotals {
        let workers = self.workers.lock();
        let sum = |of: &dyn Fn(&WorkerCounters) -> Option<u64>| -> u64 {
            workers.iter().filter_map(|worker| of(worker)).sum()
        };
        let count = |count: Count| {
            sum(&|worker| Some(worker.counts.get(count.index())?.load(Ordering::Relaxed)))
        };
        CounterTotals {
            announces_http: count(Count::AnnounceHttp),
            announces_udp: count(Count::AnnounceUdp),
            connects: count(Count::Connect),
            hid_seeders: count(Count::HidSeeders),
            limited: count(Count::Limited),
            malformed_http: count(Count::MalformedHttp),
            malformed_udp: count(Count::MalformedUdp),
            peers_given: count(Count::Peers),
            scrapes_http: count(Count::ScrapeHttp),
            scrapes_udp: count(Count::ScrapeUdp),
            unlisted: count(Count::Unlisted),
            unsent: count(Count::Unsent),
            unverified: count(Count::Unverified),
            refusals: Refusal::ALL
                .iter()
                .enumerate()
                .map(|(place, refusal)| {
                    let of = |worker: &WorkerCounters| {
                        Some(worker.refusals.get(place)?.load(Ordering::Relaxed))
                    };
                    (*refusal, sum(&of))
                })
                .collect(),
        }
    }
}

/// What happened since the start, over all workers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CounterTotals {
    /// Announces over HTTP, refused ones with them.
    pub announces_http: u64,
    /// Announces over UDP with a good connection id, refused ones with them.
    pub announces_udp: u64,
    /// Connection ids given out.
    pub connects: u64,
    /// Replies without a seeder that has an address which the caller could not reach: map the
    /// seeder's network with `tracker.nat`.
    pub hid_seeders: u64,
    /// Requests turned away for their network's sake.
    pub limited: u64,
    /// HTTP requests to a tracker's path that made no sense.
    pub malformed_http: u64,
    /// Datagrams that made no sense.
    pub malformed_udp: u64,
    /// Peers given out.
    pub peers_given: u64,
    /// Scrapes over HTTP.
    pub scrapes_http: u64,
    /// Scrapes over UDP.
    pub scrapes_udp: u64,
    /// Announces of peers that were served and not listed: their address has the maximum of peers in
    /// the swarm.
    pub unlisted: u64,
    /// Replies that the kernel refused to send.
    pub unsent: u64,
    /// Datagrams with a connection id that is forged or too old.
    pub unverified: u64,
    /// Announces refused, by reason.
    pub refusals: Vec<(Refusal, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_add_up() {
        let all = AllCounters::default();
        let ((one, _), (two, _)) = (all.worker(), all.worker());
        one.announced(Via::Udp, 30);
        two.announced(Via::Udp, 12);
        two.announced(Via::Http, 0);
        two.refused(Via::Http, Refusal::TorrentUnknown);

        let total = all.total();
        assert_eq!((total.announces_udp, total.announces_http, total.peers_given), (2, 2, 42));
        assert!(total.refusals.contains(&(Refusal::TorrentUnknown, 1)));
        assert_eq!(total.refusals.iter().map(|(_, count)| count).sum::<u64>(), 1);
    }
}
