//! One swarm, as the directory holds it: in its own 24 bytes, or in tables.

use fastrand::Rng;

use crate::endpoint::Endpoint;
use crate::group::{Census, Group};
use crate::hash::KeyHasher;
use crate::large_peer_map::LargePeerMap;
use crate::list::PeerList;
use crate::peer_tables::{Placement, Removal};
use crate::peer_update::{LimitReached, PeerEvent, SwarmCounts, SwarmReply, UpdateOutcome};
use crate::slot4::endpoint_of;
use crate::small_peer_map::SmallPeerMap;
use crate::swarm_update::{EndpointLookup, SwarmUpdate};
use crate::sync::{AtomicU32, Ordering};

/// Who is in one swarm.
#[derive(Debug)]
pub(crate) enum PeerMap {
    Large(Box<LargePeerMap>),
    Small(SmallPeerMap),
}

impl PeerMap {
    pub(crate) fn tag(&self) -> u32 {
        match self {
            Self::Large(large) => large.tag,
            Self::Small(_) => 0,
        }
    }

    /// Bytes besides its own in the directory.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Large(large) => size_of_val(&**large) + large.heap_bytes(),
            Self::Small(_) => 0,
        }
    }

    /// Whether it has peers, or is somebody's.
    pub(crate) fn is_needed(&self) -> bool {
        self.tag() != 0 || self.live() != 0
    }

    /// See [`LargePeerMap::is_sparse`].
    pub(crate) fn is_sparse(&self, update: &SwarmUpdate<'_>) -> bool {
        matches!(self, Self::Large(large) if large.is_sparse(update))
    }

    /// See [`LargePeerMap::shrink`].
    pub(crate) fn shrink(&mut self, update: &SwarmUpdate<'_>) {
        if let Self::Large(large) = self {
            large.shrink(update);
        }
    }

    /// Goes without the tables that nobody needs.
    pub(crate) fn shed(&mut self) {
        if let Self::Large(large) = self {
            match large.to_small() {
                Some(small) => *self = Self::Small(small),
                None => large.shed(),
            }
        }
    }

    /// Live endpoints.
    pub(crate) fn live(&self) -> u32 {
        match self {
            Self::Large(large) => large.live(),
            Self::Small(small) => small.live(),
        }
    }

    /// Whether an endpoint is live, however long ago it was seen.
    fn has(&self, lookup: &EndpointLookup) -> bool {
        match self {
            Self::Large(large) => large.has(lookup),
            Self::Small(small) => lookup.v4().is_some_and(|lookup| small.has(lookup)),
        }
    }

    /// Calls `f` with every live endpoint, and twice with one that stands in two groups.
    pub(crate) fn each_endpoint(&self, mut f: impl FnMut(Endpoint)) {
        match self {
            Self::Large(large) => large.each_endpoint(f),
            Self::Small(small) => small.peers().for_each(|(_, word)| f(endpoint_of(word).into())),
        }
    }

    pub(crate) fn completed(&self) -> &AtomicU32 {
        match self {
            Self::Large(large) => &large.completed,
            Self::Small(small) => &small.completed,
        }
    }

    pub(crate) fn counts(&self) -> SwarmCounts {
        match self {
            Self::Large(large) => large.counts(),
            Self::Small(small) => small.counts(),
        }
    }

    /// The clients of each group.
    pub(crate) fn census(&self) -> Census {
        match self {
            Self::Large(large) => large.census(),
            Self::Small(small) => small.census(),
        }
    }

    /// Takes in an announce while others do too; nothing if that needs the swarm alone.
    pub(crate) fn apply_shared(
        &self,
        update: &SwarmUpdate<'_>,
    ) -> Result<Option<UpdateOutcome>, LimitReached> {
        let arrived = match (self, &update.lookup) {
            _ if update.peer.event == PeerEvent::Recount => return Ok(None),
            (Self::Large(large), _) if update.leaves() => {
                return Ok(Some(large.leave(update).into()));
            }
            (Self::Large(large), _) => large.arrive(update)?,
            (Self::Small(small), EndpointLookup::V4(lookup)) if !update.leaves() => {
                match small.refresh(lookup, update.peer, &update.counters) {
                    Some(arrived) => arrived,
                    None => return Ok(None),
                }
            }
            (Self::Small(_), _) => return Ok(None),
        };
        Ok(self.finish(update, arrived))
    }

    /// Takes in an announce while nobody else is in the swarm.
    pub(crate) fn apply_alone(
        &mut self,
        update: &SwarmUpdate<'_>,
    ) -> Result<UpdateOutcome, LimitReached> {
        if update.peer.event == PeerEvent::Recount && !self.has(&update.lookup) {
            return Ok(UpdateOutcome::Absent);
        }
        if let (Self::Small(small), EndpointLookup::V4(lookup)) = (&mut *self, &update.lookup) {
            if update.leaves() {
                return Ok(small.leave(lookup, update.peer, &update.counters).into());
            }
            if update.counters.is_limited() && !small.has(lookup) {
                update.counters.check(small.live(), update.peer.endpoint)?;
                let max = update.counters.limits.max_peers_per_address;
                if max != 0 && small.sharing_address(lookup) >= max {
                    return Ok(UpdateOutcome::Unlisted);
                }
            }
            let arrived = small.arrive(lookup, update.peer, &update.counters);
            if let Some(outcome) = self.finish(update, arrived) {
                return Ok(outcome);
            }
        }
        if update.leaves() {
            return Ok(UpdateOutcome::Absent);
        }
        let is_reserved = update.peer.held && self.tag() != 0;
        let may_grow = || {
            let may_grow = update.counters.memory.may_grow(is_reserved);
            if may_grow { Ok(()) } else { Err(LimitReached::Memory) }
        };
        if matches!(self, Self::Small(_)) {
            may_grow()?;
        }
        let large = self.large(update.hasher);
        let mut arrived = large.arrive(update)?;
        if arrived == Placement::NoRoom {
            may_grow()?;
            large.make_room(update);
            arrived = large.arrive(update)?;
        }
        // There is room now, and nobody else to take it.
        Ok(self.finish(update, arrived).unwrap_or(UpdateOutcome::Absent))
    }

    /// Counts the swarm and draws the caller's peers.
    pub(crate) fn answer(
        &self,
        update: &SwarmUpdate<'_>,
        outcome: UpdateOutcome,
        plan: &mut impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> SwarmReply {
        let hid_seeders = match self {
            _ if update.leaves() => false,
            Self::Large(large) => large.seat(update, outcome, plan, rng, list),
            Self::Small(small) => small.seat(update, plan, rng, list),
        };
        SwarmReply { counts: self.counts(), outcome, hid_seeders }
    }

    /// The tables, which are made if there are none.
    pub(crate) fn large(&mut self, hasher: &KeyHasher) -> &mut LargePeerMap {
        if let Self::Small(small) = self {
            *self = Self::Large(Box::new(LargePeerMap::of(small, hasher)));
        }
        match self {
            Self::Large(large) => large,
            Self::Small(_) => unreachable!("just replaced"),
        }
    }

    /// What an arrival came to, once a completion is counted; nothing if there was no room.
    fn finish(&self, update: &SwarmUpdate<'_>, arrived: Placement) -> Option<UpdateOutcome> {
        let group = update.peer.group;
        let (outcome, was) = match arrived {
            Placement::Done { was: None } => (UpdateOutcome::Inserted, None),
            Placement::Done { was: Some(was) } if was == group => {
                (UpdateOutcome::Refreshed, Some(was))
            }
            Placement::Done { was: Some(was) } => (UpdateOutcome::Moved, Some(was)),
            Placement::Held => return Some(UpdateOutcome::Held),
            Placement::NoRoom | Placement::Refused(_) => return None,
            Placement::Unlisted => return Some(UpdateOutcome::Unlisted),
        };
        let completes = update.peer.event == PeerEvent::Completed
            && group.is_seeders()
            && !was.is_some_and(Group::is_seeders)
            && !update.peer.second;
        if completes {
            self.completed().fetch_add(1, Ordering::Relaxed);
            update.counters.totals.completions.fetch_add(1, Ordering::Relaxed);
        }
        Some(outcome)
    }
}

impl From<Removal> for UpdateOutcome {
    fn from(gone: Removal) -> Self {
        match gone {
            Removal::Held => Self::Held,
            Removal::Left(_) => Self::Left,
            Removal::Absent => Self::Absent,
        }
    }
}
