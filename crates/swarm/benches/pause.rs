//! The longest that one call keeps others waiting while a swarm grows to a million peers, is swept,
//! and shrinks again.
//!
//! Each step is made the same way in several runs, of which the quickest counts: what the machine
//! does besides shows in all but one of them. `cargo bench -p swarm --bench pause` prints a table.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it measures, prints, and stops where it fails"
)]

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use swarm::{
    Age, Census, Endpoint, Families, Group, PeerEvent, PeerList, PeerUpdate, SwarmLimits, Swarms,
    Tick,
};
use wire::{CompactV4, InfoHash};

const PEERS: u32 = 1_000_000;
const RUNS: usize = 7;
/// As long as the daemon lets others at a swarm between two steps of a sweep.
const BREATH: Duration = Duration::from_micros(250);

fn main() {
    let peers = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(PEERS);
    let [mut grow, mut shrink] = [(); 2].map(|()| vec![u64::MAX; usize::try_from(peers).unwrap()]);
    let mut swept = u64::MAX;
    for _ in 0..RUNS {
        let swarms = Swarms::new(SwarmLimits::default(), 1);
        step(&swarms, PeerEvent::Present, 0, &mut grow);
        swept = swept.min(longest_wait_in_a_sweep(&swarms, peers));
        step(&swarms, PeerEvent::Left, 4_000, &mut shrink);
    }
    println!("{:<40} {:>10} {:>10} {:>10}", "", "median", "99.99 %", "longest");
    print("a peer comes, until there are all", &mut grow);
    print("a peer leaves, until there is none", &mut shrink);
    println!(
        "{:<62} {:>10?}",
        "a peer's announce while a sweep removes half",
        Duration::from_nanos(swept)
    );
}

fn print(what: &str, nanos: &mut [u64]) {
    nanos.sort_unstable();
    let at = |part: usize| {
        let place = (nanos.len() * part / 10_000).min(nanos.len() - 1);
        Duration::from_nanos(nanos.get(place).copied().unwrap())
    };
    println!("{what:<40} {:>10?} {:>10?} {:>10?}", at(5_000), at(9_999), at(10_000));
}

/// Times one announce of each peer; keeps the quickest of all runs.
fn step(swarms: &Swarms, event: PeerEvent, secs: u32, nanos: &mut [u64]) {
    let (mut rng, mut list) = (Rng::with_seed(1), PeerList::default());
    for (peer, nanos) in (0..).zip(nanos) {
        let start = Instant::now();
        announce(swarms, peer, event, secs, &mut rng, &mut list);
        *nanos = (*nanos).min(u64::try_from(start.elapsed().as_nanos()).unwrap());
    }
}

/// The longest that an announce took while every other peer was swept out, in nanoseconds.
///
/// A single run on a machine that does other things says little: the least of several counts.
fn longest_wait_in_a_sweep(swarms: &Swarms, peers: u32) -> u64 {
    let (mut rng, mut list) = (Rng::with_seed(2), PeerList::default());
    for peer in (0..peers).step_by(2) {
        announce(swarms, peer, PeerEvent::Present, 4_000, &mut rng, &mut list);
    }
    let is_done = AtomicBool::new(false);
    let longest = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let peer = rng.u32(..peers / 2) * 2;
                let start = Instant::now();
                announce(swarms, peer, PeerEvent::Present, 4_000, &mut rng, &mut list);
                let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap();
                longest.fetch_max(nanos, Ordering::Relaxed);
            }
        });
        for shard in 0..Swarms::SHARDS {
            swarms.sweep(shard, Tick::at(4_000), Age::from_secs(3_600), || thread::sleep(BREATH));
        }
        is_done.store(true, Ordering::Relaxed);
    });
    longest.into_inner()
}

fn announce(
    swarms: &Swarms,
    peer: u32,
    event: PeerEvent,
    secs: u32,
    rng: &mut Rng,
    list: &mut PeerList,
) {
    // Some global address for each number, far from that of the next.
    let ip = Ipv4Addr::from(0x4000_0000 | (peer.wrapping_mul(0x9e37_79b1) >> 3));
    let update = PeerUpdate {
        endpoint: Endpoint::V4(CompactV4::new(ip, 6881)),
        group: Group::OutsideLeechers,
        paused: false,
        held: false,
        second: false,
        event,
        others: &[],
        families: Families::V4,
        now: Tick::at(secs),
        max_age: Age::from_secs(3_600),
    };
    let found = swarms.find(&InfoHash([7; 20]));
    swarms.announce(&found, &update, |_| Census::default(), rng, list).unwrap();
}
