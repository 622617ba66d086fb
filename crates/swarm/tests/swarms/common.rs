//! A swarm to announce to, with what most announces have in common.

use fastrand::Rng;
use swarm::{
    Age, Census, Endpoint, Families, Group, LimitReached, PeerEvent, PeerList, PeerUpdate,
    SwarmLimits, SwarmLocation, SwarmReply, Swarms, Tick,
};
use wire::InfoHash;

/// Swarms, and who was drawn last.
pub(crate) struct Tracker {
    pub(crate) swarms: Swarms,
    pub(crate) list: PeerList,
    pub(crate) rng: Rng,
    pub(crate) now_secs: u32,
}

/// Seconds that a peer stays.
pub(crate) const MAX_AGE_SECS: u32 = 1_600;

impl Tracker {
    pub(crate) fn new() -> Self {
        Self::with_limits(SwarmLimits::default())
    }

    pub(crate) fn with_limits(limits: SwarmLimits) -> Self {
        Self {
            swarms: Swarms::new(limits, 7),
            list: PeerList::default(),
            rng: Rng::with_seed(7),
            now_secs: 100_000,
        }
    }

    /// Announces to the swarm of number 0, and draws everybody.
    pub(crate) fn announce(&mut self, update: PeerUpdate<'_>) -> Result<SwarmReply, LimitReached> {
        self.announce_to(0, update)
    }

    pub(crate) fn announce_to(
        &mut self,
        swarm: u8,
        update: PeerUpdate<'_>,
    ) -> Result<SwarmReply, LimitReached> {
        let found = self.swarms.find(&name(swarm));
        self.announce_found(&found, update, |candidates| *candidates)
    }

    /// Announces and draws by a plan.
    pub(crate) fn announce_found(
        &mut self,
        found: &SwarmLocation,
        update: PeerUpdate<'_>,
        plan: impl FnMut(&Census) -> Census,
    ) -> Result<SwarmReply, LimitReached> {
        let update = PeerUpdate { now: Tick::at(self.now_secs), ..update };
        self.swarms.announce(found, &update, plan, &mut self.rng, &mut self.list)
    }

    /// Everybody who was drawn, in order.
    pub(crate) fn drawn(&self) -> Vec<String> {
        let v4 = self.list.v4.iter().map(|peer| Endpoint::V4(*peer));
        let v6 = self.list.v6.iter().map(|peer| Endpoint::V6(*peer));
        let mut drawn: Vec<_> = v4.chain(v6).map(|peer| peer.ip().to_string()).collect();
        drawn.sort_unstable();
        drawn
    }

    /// Sweeps all shards; how many peers expired, and how many swarms were dropped.
    pub(crate) fn sweep(&self) -> (u32, u32) {
        let (now, max_age) = (Tick::at(self.now_secs), Age::from_secs(MAX_AGE_SECS));
        (0..Swarms::SHARDS).fold((0, 0), |(expired, swarms), shard| {
            let swept = self.swarms.sweep(shard, now, max_age, || ());
            (expired + swept.expired, swarms + swept.swarms)
        })
    }
}

/// A leecher outside the club, at an address and port 6881.
pub(crate) fn peer(ip: &str) -> PeerUpdate<'static> {
    PeerUpdate {
        endpoint: Endpoint::new(ip.parse().expect("an address"), 6881),
        group: Group::OutsideLeechers,
        paused: false,
        held: false,
        second: false,
        event: PeerEvent::Present,
        others: &[],
        families: Families::Both,
        now: Tick::at(0),
        max_age: Age::from_secs(MAX_AGE_SECS),
    }
}

pub(crate) fn seeder(ip: &str) -> PeerUpdate<'static> {
    PeerUpdate { group: Group::OutsideSeeders, ..peer(ip) }
}

pub(crate) fn name(swarm: u8) -> InfoHash {
    InfoHash([swarm; InfoHash::LEN])
}
