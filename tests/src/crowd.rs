//! Peers of torrents that nobody offers, as an attack invents them.

use std::time::Duration;

use load::{LoadPace, LoadPlan, LoadTarget, Mix, Population, Sources, Spread};

use crate::Daemon;

/// Announces `peers` peers over UDP, each in a torrent of its own, from so many addresses of this machine;
/// returns how many were answered, refusals included. Another `seed` invents others.
#[track_caller]
pub fn invent_peers(daemon: &Daemon, peers: u32, addresses: u32, seed: u64) -> u64 {
    let target: LoadTarget = daemon.udp_url().parse().expect("a URL of a tracker");
    let sources = Sources::new(None, addresses, target.address.ip());
    // A peer is an address and a port, and an address has no more ports than that.
    let most = Population::most_peers(sources.count());
    let steps = (0..peers).step_by(usize::try_from(most).expect("64 bits"));
    let announce = |(step, first): (u64, u32)| {
        let peers = most.min(peers - first);
        let plan = LoadPlan {
            target,
            population: Population {
                peers,
                torrents: peers,
                spread: Spread::Zipf(0.0),
                seeders: 0.5,
                members: 0.0,
                passkeys: Vec::new(),
                sources: sources.count(),
                seed: seed << 32 | step,
            },
            sources,
            mix: Mix { started: 1.0, ..Mix::default() },
            pace: LoadPace::Closed(256),
            connections: 0,
            close: false,
            fill: true,
            skip: 0,
            threads: 1,
            warm_up: Duration::ZERO,
            duration: Duration::ZERO,
            patience: Duration::from_secs(5),
            pid: None,
        };
        let report = plan.run(|_, _| ()).expect("the daemon answers");
        report.announces + report.refused
    };
    (0..).zip(steps).map(announce).sum()
}
