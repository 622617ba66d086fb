//! Putting one peer into its swarm, and drawing the peers of its reply.

use fastrand::Rng;
use policy::{Admission, Headcount, Refusal, Warning};
use swarm::{
    Census, Endpoint, LimitReached, PeerEvent, PeerList, PeerUpdate, SwarmLocation, UpdateOutcome,
};

use crate::answer::AnnounceAnswer;
use crate::context::AnnounceContext;
use crate::items::ItemEntry;
use crate::scratch::ReplyBuffers;
use crate::session_update::KnownClient;
use crate::tracker::Tracker;

impl Tracker {
    /// Stops counting a client by this endpoint: it is counted by its other one.
    pub(crate) fn uncount(
        &self,
        swarm: &SwarmLocation,
        peer: &PeerUpdate<'_>,
        endpoint: Endpoint,
        rng: &mut Rng,
    ) {
        let recount =
            PeerUpdate { endpoint, second: true, event: PeerEvent::Recount, others: &[], ..*peer };
        // If it is there no limit keeps it out; and if it has gone, so much the better.
        let _ = self.swarms.announce(swarm, &recount, no_seats, rng, &mut PeerList::default());
    }

    /// Removes the endpoint that a client had before from its item's swarms.
    pub(crate) fn remove_endpoint(
        &self,
        item: &ItemEntry,
        peer: &PeerUpdate<'_>,
        endpoint: Endpoint,
        rng: &mut Rng,
    ) {
        let leave = PeerUpdate { endpoint, event: PeerEvent::Left, ..*peer };
        for hash in item.hashes() {
            let swarm = self.swarms.find(&hash);
            // Leaving is not refused.
            let _ = self.swarms.announce(&swarm, &leave, no_seats, rng, &mut PeerList::default());
        }
    }

    /// Puts the peer into its swarm and draws its reply; also returns what became of its endpoint.
    pub(crate) fn seat(
        &self,
        context: &AnnounceContext<'_>,
        admission: &Admission,
        peer: &PeerUpdate<'_>,
        known: &KnownClient,
        buffers: &mut ReplyBuffers,
    ) -> Result<(AnnounceAnswer, UpdateOutcome), Refusal> {
        let early = context.is_early(admission, known);
        let wanted = if early { 0 } else { admission.numwant };
        let n = wanted.min(context.room());
        let (seating, requester) = (context.seating(), context.requester(admission));
        let draw = buffers.rng.u64(..);
        let plan =
            |candidates: &Census| census(seating.plan(requester, &headcount(candidates), n, draw));
        let peer = PeerUpdate { others: &known.others, ..*peer };
        let reply = self
            .swarms
            .announce(&context.swarm, &peer, plan, &mut buffers.rng, &mut buffers.peers)
            .map_err(|limit| match limit {
                LimitReached::Memory => Refusal::MemoryFull,
                LimitReached::Peers => Refusal::SwarmFull,
                LimitReached::Prefix => Refusal::NetworkFull,
                LimitReached::Torrents => Refusal::TrackerFull,
            })?;
        if reply.hid_seeders {
            buffers.counters.hid_seeders();
        }
        let is_unlisted = reply.outcome == UpdateOutcome::Unlisted;
        if is_unlisted {
            buffers.counters.unlisted();
        }
        let warning = if early { Some(Warning::EarlyAnnounce) } else { admission.warning };
        let answer = AnnounceAnswer {
            admission: *admission,
            complete: reply.counts.seeders,
            incomplete: reply.counts.leechers,
            downloaded: reply.counts.completed,
            warning: warning.or_else(|| is_unlisted.then_some(Warning::NotListed)),
        };
        Ok((answer, reply.outcome))
    }
}

fn no_seats(_: &Census) -> Census {
    Census::default()
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
