//! What happened, counted by each worker for itself and added up when somebody asks.
//!
//! A worker is the only one to write its counters, so counting is a plain load and store on a line
//! that no other core writes.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use policy::Refusal;

use crate::Via;
use crate::latency::{LatencyCounts, LatencyHistogram};

/// One worker's counters.
#[derive(Debug)]
pub struct WorkerCounters {
    counts: [AtomicU64; Count::ALL],
    /// By [`Route::index`].
    routes: [RouteCounters; Route::ALL.len()],
    /// By transport.
    latency: [LatencyHistogram; 2],
}

/// The transport and the address family of an announce.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Route {
    /// The transport.
    pub via: Via,
    /// Whether the client's address is an IPv6 one.
    pub is_ipv6: bool,
}

impl Route {
    /// Every route.
    pub const ALL: [Self; 4] = [
        Self { via: Via::Http, is_ipv6: false },
        Self { via: Via::Http, is_ipv6: true },
        Self { via: Via::Udp, is_ipv6: false },
        Self { via: Via::Udp, is_ipv6: true },
    ];

    /// The route of an announce from an address.
    pub(crate) const fn of(via: Via, from: IpAddr) -> Self {
        Self { via, is_ipv6: from.is_ipv6() }
    }

    const fn index(self) -> usize {
        match (self.via, self.is_ipv6) {
            (Via::Http, false) => 0,
            (Via::Http, true) => 1,
            (Via::Udp, false) => 2,
            (Via::Udp, true) => 3,
        }
    }
}

/// The announces of one route.
#[derive(Debug)]
struct RouteCounters {
    seated: AtomicU64,
    refusals: [AtomicU64; Refusal::ALL.len()],
}

impl RouteCounters {
    fn new() -> Self {
        Self { seated: AtomicU64::new(0), refusals: std::array::from_fn(|_| AtomicU64::new(0)) }
    }
}

/// What is counted beside announces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Count {
    Connect,
    HidSeeders,
    KernelDrops,
    Limited,
    MalformedHttp,
    MalformedUdp,
    Peers,
    Replies,
    RingOverruns,
    ScrapeHttp,
    ScrapeUdp,
    Unlisted,
    Unsent,
    Unverified,
}

impl Count {
    const ALL: usize = 14;

    const fn index(self) -> usize {
        match self {
            Self::Connect => 0,
            Self::HidSeeders => 1,
            Self::KernelDrops => 2,
            Self::Limited => 3,
            Self::MalformedHttp => 4,
            Self::MalformedUdp => 5,
            Self::Peers => 6,
            Self::Replies => 7,
            Self::RingOverruns => 8,
            Self::ScrapeHttp => 9,
            Self::ScrapeUdp => 10,
            Self::Unlisted => 11,
            Self::Unsent => 12,
            Self::Unverified => 13,
        }
    }
}

impl WorkerCounters {
    fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            routes: std::array::from_fn(|_| RouteCounters::new()),
            latency: [LatencyHistogram::new(), LatencyHistogram::new()],
        }
    }

    pub(crate) fn announced(&self, route: Route, peers: usize) {
        raise(self.routes.get(route.index()).map(|counters| &counters.seated), 1);
        self.add(Count::Peers, peers);
    }

    pub(crate) fn refused(&self, route: Route, refusal: Refusal) {
        let counters = self.routes.get(route.index());
        raise(counters.zip(place(refusal)).and_then(|(of, place)| of.refusals.get(place)), 1);
    }

    /// The tracker's own work on an announce took so long.
    pub fn took(&self, via: Via, nanos: u64) {
        let [http, udp] = &self.latency;
        if via == Via::Http { http } else { udp }.record(nanos);
    }

    /// A connection id was given out.
    pub fn connected(&self) {
        self.add(Count::Connect, 1);
    }

    pub(crate) fn hid_seeders(&self) {
        self.add(Count::HidSeeders, 1);
    }

    /// The kernel dropped so many datagrams of the worker's socket since it was bound.
    pub fn kernel_dropped(&self, datagrams: u32) {
        if let Some(counter) = self.counts.get(Count::KernelDrops.index()) {
            counter.store(datagrams.into(), Ordering::Relaxed);
        }
    }

    /// A request was turned away for its network's sake.
    pub fn limited(&self) {
        self.add(Count::Limited, 1);
    }

    /// A request made no sense.
    pub fn malformed(&self, via: Via) {
        self.add(if via == Via::Http { Count::MalformedHttp } else { Count::MalformedUdp }, 1);
    }

    /// A reply over UDP was written.
    pub fn replied(&self) {
        self.add(Count::Replies, 1);
    }

    /// The ring ran out of buffers for datagrams, which wait in the kernel's queue meanwhile.
    pub fn ring_overrun(&self) {
        self.add(Count::RingOverruns, 1);
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
        let routes = Route::ALL.map(|route| {
            let seated = |worker: &WorkerCounters| {
                Some(worker.routes.get(route.index())?.seated.load(Ordering::Relaxed))
            };
            let refusals = Refusal::ALL.iter().enumerate().map(|(place, refusal)| {
                let of = |worker: &WorkerCounters| {
                    let counters = worker.routes.get(route.index())?;
                    Some(counters.refusals.get(place)?.load(Ordering::Relaxed))
                };
                (*refusal, sum(&of))
            });
            RouteTotals { route, seated: sum(&seated), refusals: refusals.collect() }
        });
        CounterTotals {
            routes,
            connects: count(Count::Connect),
            hid_seeders: count(Count::HidSeeders),
            kernel_drops: count(Count::KernelDrops),
            limited: count(Count::Limited),
            malformed_http: count(Count::MalformedHttp),
            malformed_udp: count(Count::MalformedUdp),
            peers_given: count(Count::Peers),
            // What the kernel refuses is known only after it was written.
            replies_udp: count(Count::Replies).saturating_sub(count(Count::Unsent)),
            ring_overruns: count(Count::RingOverruns),
            scrapes_http: count(Count::ScrapeHttp),
            scrapes_udp: count(Count::ScrapeUdp),
            unlisted: count(Count::Unlisted),
            unsent: count(Count::Unsent),
            unverified: count(Count::Unverified),
        }
    }

    /// The samples of the work on announces over one transport.
    pub(crate) fn latency(&self, via: Via) -> LatencyCounts {
        let mut counts = LatencyCounts::default();
        for worker in self.workers.lock().iter() {
            let [http, udp] = &worker.latency;
            if via == Via::Http { http } else { udp }.add_to(&mut counts);
        }
        counts
    }
}

/// What happened since the start, over all workers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CounterTotals {
    /// Announces by transport and address family; those over UDP had a good connection id.
    pub routes: [RouteTotals; Route::ALL.len()],
    /// Connection ids given out.
    pub connects: u64,
    /// Replies without a seeder that has an address which the caller could not reach: map the
    /// seeder's network with `tracker.nat`.
    pub hid_seeders: u64,
    /// Datagrams that the kernel dropped because a socket's queue was full.
    pub kernel_drops: u64,
    /// Requests turned away for their network's sake.
    pub limited: u64,
    /// HTTP requests to a tracker's path that made no sense.
    pub malformed_http: u64,
    /// Datagrams that made no sense.
    pub malformed_udp: u64,
    /// Peers given out.
    pub peers_given: u64,
    /// Replies over UDP that the kernel took.
    pub replies_udp: u64,
    /// How often `io_uring` ran out of buffers for datagrams.
    pub ring_overruns: u64,
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
}

/// The announces of one route since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RouteTotals {
    /// The route.
    pub route: Route,
    /// Announces that were admitted.
    pub seated: u64,
    /// Announces that were refused, by reason; every reason in the order of [`Refusal::ALL`].
    pub refusals: Vec<(Refusal, u64)>,
}

impl RouteTotals {
    /// Announces that were refused.
    pub fn refused(&self) -> u64 {
        self.refusals.iter().map(|(_, count)| count).sum()
    }
}

impl CounterTotals {
    /// Announces over one transport, refused ones included.
    pub fn announces(&self, via: Via) -> u64 {
        let own = self.routes.iter().filter(|of| of.route.via == via);
        own.map(|of| of.seated + of.refused()).sum()
    }

    /// Announces that were refused.
    pub fn refused(&self) -> u64 {
        self.routes.iter().map(RouteTotals::refused).sum()
    }

    /// Announces that were refused for one reason.
    pub fn refused_for(&self, refusal: Refusal) -> u64 {
        let all = self.routes.iter().flat_map(|of| &of.refusals);
        all.filter(|(other, _)| *other == refusal).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_add_up() {
        let all = AllCounters::default();
        let ((one, _), (two, _)) = (all.worker(), all.worker());
        let [http, http6, udp, udp6] = Route::ALL;
        one.announced(udp, 30);
        two.announced(udp6, 12);
        two.announced(http, 0);
        two.refused(http6, Refusal::TorrentUnknown);
        one.took(Via::Udp, 700);
        two.took(Via::Udp, 800);

        let total = all.total();
        assert_eq!((total.announces(Via::Udp), total.announces(Via::Http)), (2, 2));
        assert_eq!((total.peers_given, total.refused()), (42, 1));
        assert_eq!(total.refused_for(Refusal::TorrentUnknown), 1);
        let by_route = total.routes.each_ref().map(|of| (of.route, of.seated, of.refused()));
        assert_eq!(by_route, [(http, 1, 0), (http6, 0, 1), (udp, 1, 0), (udp6, 1, 0)]);
        assert_eq!((all.latency(Via::Udp).samples(), all.latency(Via::Http).samples()), (2, 0));
    }

    #[test]
    fn a_reply_that_the_kernel_refused_was_not_sent() {
        let all = AllCounters::default();
        let (worker, _) = all.worker();
        (0..3).for_each(|_| worker.replied());
        worker.unsent(1);
        worker.kernel_dropped(7);
        worker.kernel_dropped(9);
        let total = all.total();
        assert_eq!((total.replies_udp, total.unsent, total.kernel_drops), (2, 1, 9));
    }
}
