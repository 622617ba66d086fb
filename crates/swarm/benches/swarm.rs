//! What an announce costs a swarm, by its size: refresh a known peer and draw 50 or 30 others.

use std::net::Ipv4Addr;

use divan::Bencher;
use divan::counter::ItemsCount;
use fastrand::Rng;
use swarm::{
    Age, Census, Endpoint, Families, Group, PeerEvent, PeerList, PeerUpdate, SwarmLimits, Swarms,
    Tick,
};
use wire::{CompactV4, InfoHash};

fn main() {
    divan::main();
}

/// One swarm, a known peer, 50 peers drawn.
#[divan::bench(sample_count = 50, sample_size = 5_000, args = [100, 10_000, 1_000_000])]
fn announce_50(bencher: Bencher<'_, '_>, peers: u32) {
    announce(bencher, 1, peers, 50);
}

/// One swarm, a known peer, 30 peers drawn.
#[divan::bench(sample_count = 50, sample_size = 5_000, args = [100, 10_000, 1_000_000])]
fn announce_30(bencher: Bencher<'_, '_>, peers: u32) {
    announce(bencher, 1, peers, 30);
}

/// One swarm, a known peer, nobody drawn.
#[divan::bench(sample_count = 50, sample_size = 5_000, args = [100, 10_000, 1_000_000])]
fn refresh(bencher: Bencher<'_, '_>, peers: u32) {
    announce(bencher, 1, peers, 0);
}

/// Many swarms, a known peer of any, 50 drawn.
#[divan::bench(sample_count = 50, sample_size = 5_000, args = [(1_000, 1_000), (10_000, 100), (500_000, 2)])]
fn announce_50_of_many(bencher: Bencher<'_, '_>, (swarms, peers): (u32, u32)) {
    announce(bencher, swarms, peers, 50);
}

/// One swarm, a new peer, which then leaves; nobody drawn.
#[divan::bench(sample_count = 50, sample_size = 5_000, args = [100, 10_000, 1_000_000])]
fn join_and_leave(bencher: Bencher<'_, '_>, peers: u32) {
    let swarms = filled(1, peers);
    let mut rng = Rng::with_seed(2);
    let mut list = PeerList::default();
    bencher.bench_local(|| {
        for event in [PeerEvent::Present, PeerEvent::Left] {
            call(&swarms, 0, peers + 1, event, 2, 0, &mut rng, &mut list);
        }
    });
}

fn announce(bencher: Bencher<'_, '_>, count: u32, peers: u32, numwant: u32) {
    let swarms = filled(count, peers);
    let mut rng = Rng::with_seed(1);
    let mut list = PeerList::default();
    let mut n = 0_u32;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        n = n.wrapping_add(1);
        let (swarm, peer) = (rng.u32(..count), rng.u32(..peers));
        // A tick lasts for as long as some ten thousand announces.
        call(
            &swarms,
            swarm,
            peer,
            PeerEvent::Present,
            2 + n / 10_000,
            numwant,
            &mut rng,
            &mut list,
        );
        list.len()
    });
}

fn filled(count: u32, peers: u32) -> Swarms {
    let swarms = Swarms::new(SwarmLimits::default(), 1);
    let (mut rng, mut list) = (Rng::with_seed(1), PeerList::default());
    for swarm in 0..count {
        for peer in 0..peers {
            call(&swarms, swarm, peer, PeerEvent::Present, 1, 0, &mut rng, &mut list);
        }
    }
    swarms
}

#[expect(clippy::too_many_arguments, reason = "a bench's own helper")]
fn call(
    swarms: &Swarms,
    swarm: u32,
    peer: u32,
    event: PeerEvent,
    ticks: u32,
    numwant: u32,
    rng: &mut Rng,
    list: &mut PeerList,
) {
    let mut name = InfoHash([0; 20]);
    if let Some(number) = name.0.first_chunk_mut() {
        *number = swarm.to_be_bytes();
    }
    let update = PeerUpdate {
        endpoint: Endpoint::V4(CompactV4::new(address(peer), 6881)),
        // One in four seeds.
        group: if peer.is_multiple_of(4) { Group::OutsideSeeders } else { Group::OutsideLeechers },
        paused: false,
        held: false,
        second: false,
        event,
        others: &[],
        families: Families::Both,
        now: Tick::at(ticks * Tick::SECS),
        max_age: Age::from_secs(3_600),
    };
    let found = swarms.find(&name);
    let plan = |candidates: &Census| {
        let total = candidates.total().max(1);
        let outside_seeders = numwant.min(total) * candidates.outside_seeders / total;
        let outside_leechers = numwant.min(total) - outside_seeders;
        Census { outside_seeders, outside_leechers, ..Census::default() }
    };
    let reply = swarms.announce(&found, &update, plan, rng, list);
    divan::black_box(reply.is_ok());
}

/// Some global address for each number, far from that of the next.
fn address(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x4000_0000 | (n.wrapping_mul(0x9e37_79b1) >> 3))
}
