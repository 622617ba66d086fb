//! Resident bytes a peer, beyond an empty directory, each shape in a process of its own; and what is
//! left of them once nine in ten peers have gone and two sweeps have passed.
//!
//! `cargo bench -p swarm --bench footprint` prints a table.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it prints, and stops where it fails"
)]

use std::net::Ipv4Addr;
use std::process::Command;

use fastrand::Rng;
use swarm::{
    Age, Census, Endpoint, Families, Group, PeerEvent, PeerList, PeerUpdate, SwarmLimits, Swarms,
    Tick,
};
use wire::{CompactV4, InfoHash};

/// Swarms, and peers in each.
const SHAPES: [(u32, u32); 3] = [(10_000, 100), (500_000, 2), (1, 1_000_000)];

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    if let [swarms, peers, leave] = numbers[..] {
        println!("{}", measure(swarms, peers, leave != 0));
        return;
    }
    println!(
        "{:>9} {:>9} {:>8} {:>20} {:>12}",
        "swarms", "peers", "B/peer", "B/peer, 90 % left", "needed"
    );
    for (swarms, peers) in SHAPES {
        let full = run(swarms, peers, 0);
        let left = run(swarms, peers, 1);
        // What as many peers take that were never more; two in a swarm leave a tenth of the swarms.
        let (few_swarms, few_peers) = remaining(swarms, peers);
        let needed = run(few_swarms, few_peers, 0);
        println!("{swarms:>9} {peers:>9} {full:>8.2} {left:>20.2} {needed:>12.2}");
    }
}

fn remaining(swarms: u32, peers: u32) -> (u32, u32) {
    if peers < 10 { (swarms / 10, peers) } else { (swarms, peers / 10) }
}

fn run(swarms: u32, peers: u32, leave: u32) -> f64 {
    let args = [swarms, peers, leave].map(|number| number.to_string());
    let output = Command::new(std::env::current_exe().unwrap()).args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Bytes a peer in this process.
fn measure(count: u32, peers: u32, leave: bool) -> f64 {
    let swarms = Swarms::new(SwarmLimits::default(), 1);
    let empty = resident();
    let mut rng = Rng::with_seed(1);
    let mut list = PeerList::default();
    let mut fill = |swarms_: u32, peers_: u32, secs: u32| {
        // In the order in which a crowd would come: each swarm grows beside all the others.
        for peer in 0..peers_ {
            for swarm in 0..swarms_ {
                announce(&swarms, swarm, peer, secs, &mut rng, &mut list);
            }
        }
    };
    fill(count, peers, 0);
    let mut left = f64::from(count) * f64::from(peers);
    if leave {
        let (few_swarms, few_peers) = remaining(count, peers);
        fill(few_swarms, few_peers, 3_000);
        left = f64::from(few_swarms) * f64::from(few_peers);
        for now in [4_000, 4_300] {
            for shard in 0..Swarms::SHARDS {
                swarms.sweep(shard, Tick::at(now), Age::from_secs(3_600), || ());
            }
        }
        let totals = swarms.totals();
        assert_eq!(f64::from(totals.v4), left);
    }
    (resident() - empty) / left
}

fn announce(swarms: &Swarms, swarm: u32, peer: u32, secs: u32, rng: &mut Rng, list: &mut PeerList) {
    let mut name = InfoHash([0; 20]);
    *name.0.first_chunk_mut().unwrap() = swarm.to_be_bytes();
    // Some global address for each number, far from that of the next.
    let ip = Ipv4Addr::from(0x4000_0000 | (peer.wrapping_mul(0x9e37_79b1) >> 3));
    let update = PeerUpdate {
        endpoint: Endpoint::V4(CompactV4::new(ip, 6881)),
        // One in four seeds.
        group: if peer.is_multiple_of(4) { Group::OutsideSeeders } else { Group::OutsideLeechers },
        paused: false,
        held: false,
        second: false,
        event: PeerEvent::Present,
        others: &[],
        families: Families::V4,
        now: Tick::at(secs),
        max_age: Age::from_secs(3_600),
    };
    swarms.announce(&swarms.find(&name), &update, |_| Census::default(), rng, list).unwrap();
}

/// Resident bytes of this process.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4_096.0
}
