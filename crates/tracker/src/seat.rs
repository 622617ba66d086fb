//! Seating one peer in its swarm, and drawing whom it is told about.

use fastrand::Rng;
use policy::{
    Admission, Headcount, ItemId, ItemPolicy, PeerLimit, Refusal, Requester, Seating, Side, Warning,
};
use swarm::{
    Age, Arrival, Arrives, Census, Endpoint, Families, Found, Full, Group, How, PeerList, Tick,
};
use wire::Event;

use crate::Via;
use crate::announce::{Answer, Caller, is_news};
use crate::items::Item;
use crate::scratch::Slate;
use crate::sessions::{Visit, Visited};
use crate::settings::Settings;
use crate::tracker::{SECOND_HASH, Tracker};

/// A peer that was let in, and how its swarm is run.
pub(crate) struct Sitting<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) caller: &'a Caller<'a>,
    pub(crate) admission: &'a Admission,
    policy: Option<&'a ItemPolicy>,
    seating: Seating,
}

impl<'a> Sitting<'a> {
    /// In the swarm of a torrent that is no item: everybody alike.
    pub(crate) fn in_unknown(
        settings: &'a Settings,
        caller: &'a Caller<'a>,
        admission: &'a Admission,
    ) -> Self {
        Self { settings, caller, admission, policy: None, seating: Seating::Uniform }
    }

    /// In an item's swarm: as its policy says, unless outsiders starve.
    pub(crate) fn in_item(
        settings: &'a Settings,
        caller: &'a Caller<'a>,
        admission: &'a Admission,
        item: &Item,
    ) -> Self {
        let policy = item.policy().and_then(|id| settings.rules.policies.policy(id));
        let seating = match policy {
            Some(policy) if !item.watch.is_active(caller.now.secs) => policy.seats,
            _ => Seating::Uniform,
        };
        Self { settings, caller, admission, policy, seating }
    }

    /// Tells the guard that watches this swarm, if there is one, how the client gets on.
    pub(crate) fn watch(&self, item: &Item, visited: &Visited) {
        let rule = self.policy.and_then(|policy| policy.guard.as_ref());
        if let (Some(rule), Some(speed)) = (rule, visited.progress) {
            let tier = self.settings.rules.tiers.tier(self.admission.tier);
            let interval_secs = tier.intervals.regular_secs();
            let now_secs = self.caller.now.secs;
            item.watch.record(rule, interval_secs, self.admission.side, speed, now_secs);
        }
    }

    /// The announce as the sessions see it.
    pub(crate) fn visit(&self, id: ItemId, found: &Found) -> Visit<'a> {
        let Self { caller, admission, .. } = self;
        Visit {
            item: id,
            member: admission.member,
            inside: admission.side == Side::Inside,
            announce: caller.announce,
            second_hash: found.tag() & SECOND_HASH != 0,
            endpoint: caller.endpoint,
            now: caller.now,
            max_clients: self.max_clients(),
            max_age_secs: self.settings.max_age_secs,
        }
    }

    /// How many clients one member may have in this swarm; 0 for any number.
    fn max_clients(&self) -> u8 {
        self.policy.map_or(0, |policy| policy.max_clients_per_member)
    }

    /// An endpoint of the client as it stands in the swarm, counted, with nobody left out.
    fn arrival(&self, endpoint: Endpoint) -> Arrival<'static> {
        Arrival {
            endpoint,
            group: self.group(),
            paused: self.caller.announce.event == Event::Paused,
            held: self.admission.member.is_some(),
            second: false,
            event: Arrives::Here,
            others: &[],
            families: self.families(),
            now: Tick::at(self.caller.now.secs),
            max_age: Age::from_secs(self.settings.max_age_secs),
        }
    }

    fn requester(&self) -> Requester {
        Requester { side: self.admission.side, seeder: self.caller.announce.left == 0 }
    }

    fn group(&self) -> Group {
        match (self.admission.side, self.caller.announce.left) {
            (Side::Inside, 0) => Group::InsideSeeders,
            (Side::Inside, _) => Group::InsideLeechers,
            (Side::Outside, 0) => Group::OutsideSeeders,
            (Side::Outside, _) => Group::OutsideLeechers,
        }
    }

    /// What the reply can hold: UDP knows one family a packet (BEP 15).
    fn families(&self) -> Families {
        match (self.caller.via, self.caller.from.is_ipv4()) {
            (Via::Http, _) => Families::Both,
            (Via::Udp, true) => Families::V4,
            (Via::Udp, false) => Families::V6,
        }
    }

    /// How many peers the reply has room for: a plan for more than a datagram holds would leave out
    /// one side's where the reply is cut.
    fn room(&self) -> u32 {
        match self.families() {
            Families::Both => PeerLimit::MAX,
            Families::V4 => MAX_UDP_V4,
            Families::V6 => MAX_UDP_V6,
        }
    }

    /// Whether the client comes back sooner than it was asked to, and the rules mind.
    fn is_early(&self, visited: &Visited) -> bool {
        let min_secs = self.settings.rules.tiers.tier(self.admission.tier).intervals.min_secs();
        self.settings.rules.enforce_min_interval
            && !is_news(self.caller.announce.event)
            && visited.since_last_secs.is_some_and(|since| since < min_secs)
    }
}

impl Tracker {
    /// Counts a client no more by this endpoint: it is counted by its other one.
    pub(crate) fn uncount(
        &self,
        sitting: &Sitting<'_>,
        found: &Found,
        endpoint: Endpoint,
        rng: &mut Rng,
    ) {
        let event = Arrives::Stays;
        let arrival = Arrival { second: true, event, ..sitting.arrival(endpoint) };
        let nobody = |_: &Census| Census::default();
        // If it is there no limit keeps it out; and if it has gone, so much the better.
        let _ = self.swarms.announce(found, &arrival, nobody, rng, &mut PeerList::default());
    }

    /// Takes the endpoint that a client had before out of its item's swarms.
    pub(crate) fn clear_seat(
        &self,
        sitting: &Sitting<'_>,
        item: &Item,
        endpoint: Endpoint,
        rng: &mut Rng,
    ) {
        let arrival = Arrival { event: Arrives::Leaves, ..sitting.arrival(endpoint) };
        let nobody = |_: &Census| Census::default();
        for hash in item.hashes() {
            let found = self.swarms.find(&hash);
            // Leaving is not refused.
            let _ = self.swarms.announce(&found, &arrival, nobody, rng, &mut PeerList::default());
        }
    }

    /// Takes the peer into its swarm and draws its reply; says what became of its endpoint as well.
    pub(crate) fn sit(
        &self,
        sitting: &Sitting<'_>,
        found: &Found,
        visited: &Visited,
        slate: &mut Slate,
    ) -> Result<(Answer, How), Refusal> {
        let Sitting { caller, admission, .. } = sitting;
        let early = sitting.is_early(visited);
        let wanted = if early { 0 } else { admission.numwant };
        let n = wanted.min(sitting.room());
        let arrival = Arrival {
            second: visited.second,
            others: &visited.others,
            event: match caller.announce.event {
                Event::Completed => Arrives::Completed,
                Event::Stopped => Arrives::Leaves,
                Event::None | Event::Paused | Event::Started => Arrives::Here,
            },
            ..sitting.arrival(caller.endpoint)
        };
        let requester = sitting.requester();
        let draw = slate.rng.u64(..);
        let plan = |candidates: &Census| {
            census(sitting.seating.plan(requester, &headcount(candidates), n, draw))
        };
        let seated = self
            .swarms
            .announce(found, &arrival, plan, &mut slate.rng, &mut slate.peers)
            .map_err(|full| match full {
                Full::Peers => Refusal::SwarmFull,
                Full::Prefix => Refusal::NetworkFull,
                Full::Torrents => Refusal::TrackerFull,
            })?;
        if seated.hid_seeders {
            slate.counters.hid_seeders();
        }
        let answer = Answer {
            admission: **admission,
            complete: seated.counts.seeders,
            incomplete: seated.counts.leechers,
            downloaded: seated.counts.completed,
            warning: if early { Some(Warning::EarlyAnnounce) } else { admission.warning },
        };
        Ok((answer, seated.how))
    }
}

fn headcount(census: &Census) -> Headcount {
    Headcount {
        inside_seeders: census.inside_seeders,
        inside_leechers: census.inside_leechers,
        outside_seeders: census.outside_seeders,
        outside_leechers: census.outside_leechers,
    }
}

fn census(seats: Headcount) -> Census {
    Census {
        inside_seeders: seats.inside_seeders,
        inside_leechers: seats.inside_leechers,
        outside_seeders: seats.outside_seeders,
        outside_leechers: seats.outside_leechers,
    }
}

const MAX_UDP_V4: u32 = 200;
const MAX_UDP_V6: u32 = 67;

#[cfg(test)]
mod tests {
    use swarm::PeerList;
    use wire::udp::MAX_REPLY_LEN;
    use wire::{CompactV4, CompactV6};

    use super::*;

    #[test]
    fn a_plan_fits_its_reply() {
        let room = MAX_REPLY_LEN - 20;
        let fits = |peers: u32, len: usize| usize::try_from(peers).unwrap() * len <= room;
        assert!(fits(MAX_UDP_V4, CompactV4::LEN));
        assert!(fits(MAX_UDP_V6, CompactV6::LEN) && !fits(MAX_UDP_V6 + 1, CompactV6::LEN));
        assert!(usize::try_from(PeerLimit::MAX).unwrap() <= PeerList::MAX);
    }
}
