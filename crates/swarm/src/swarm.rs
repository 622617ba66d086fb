//! One swarm, as the directory holds it: in its own 24 bytes, or in tables.

use fastrand::Rng;

use crate::arrival::{Arrives, Counts, Full, How, Seated};
use crate::crowd::Crowd;
use crate::endpoint::Endpoint;
use crate::few::Few;
use crate::group::{Census, Group};
use crate::hash::Hashing;
use crate::list::PeerList;
use crate::peers::{Arrived, Gone};
use crate::slot4::endpoint_of;
use crate::sync::{AtomicU32, Ordering};
use crate::visit::{Seek, Visit};

/// Who is in one swarm.
#[derive(Debug)]
pub(crate) enum Swarm {
    Crowd(Box<Crowd>),
    Few(Few),
}

impl Swarm {
    pub(crate) fn tag(&self) -> u32 {
        match self {
            Self::Crowd(crowd) => crowd.tag,
            Self::Few(_) => 0,
        }
    }

    /// Whether it has peers, or is somebody's.
    pub(crate) fn is_needed(&self) -> bool {
        self.tag() != 0 || self.live() != 0
    }

    /// See [`Crowd::is_sparse`].
    pub(crate) fn is_sparse(&self, visit: &Visit<'_>) -> bool {
        matches!(self, Self::Crowd(crowd) if crowd.is_sparse(visit))
    }

    /// See [`Crowd::shrink`].
    pub(crate) fn shrink(&mut self, visit: &Visit<'_>) {
        if let Self::Crowd(crowd) = self {
            crowd.shrink(visit);
        }
    }

    /// Goes without the tables that nobody needs.
    pub(crate) fn shed(&mut self) {
        if let Self::Crowd(crowd) = self {
            match crowd.to_few() {
                Some(few) => *self = Self::Few(few),
                None => crowd.shed(),
            }
        }
    }

    /// Live endpoints.
    pub(crate) fn live(&self) -> u32 {
        match self {
            Self::Crowd(crowd) => crowd.live(),
            Self::Few(few) => few.live(),
        }
    }

    /// Whether an endpoint is live, however long ago it was seen.
    fn has(&self, sought: &Seek) -> bool {
        match self {
            Self::Crowd(crowd) => crowd.has(sought),
            Self::Few(few) => sought.v4().is_some_and(|sought| few.has(sought)),
        }
    }

    /// Calls `f` with every live endpoint, and twice with one that stands in two groups.
    pub(crate) fn each_endpoint(&self, mut f: impl FnMut(Endpoint)) {
        match self {
            Self::Crowd(crowd) => crowd.each_endpoint(f),
            Self::Few(few) => few.peers().for_each(|(_, word)| f(endpoint_of(word).into())),
        }
    }

    pub(crate) fn completed(&self) -> &AtomicU32 {
        match self {
            Self::Crowd(crowd) => &crowd.completed,
            Self::Few(few) => &few.completed,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        match self {
            Self::Crowd(crowd) => crowd.counts(),
            Self::Few(few) => few.counts(),
        }
    }

    /// The clients of each group.
    pub(crate) fn census(&self) -> Census {
        match self {
            Self::Crowd(crowd) => crowd.census(),
            Self::Few(few) => few.census(),
        }
    }

    /// Takes in an announce while others do too; nothing if that needs the swarm alone.
    pub(crate) fn settle_shared(&self, visit: &Visit<'_>) -> Result<Option<How>, Full> {
        let arrived = match (self, &visit.sought) {
            _ if visit.arrival.event == Arrives::Stays => return Ok(None),
            (Self::Crowd(crowd), _) if visit.leaves() => {
                return Ok(Some(crowd.leave(visit).into()));
            }
            (Self::Crowd(crowd), _) => crowd.arrive(visit)?,
            (Self::Few(few), Seek::V4(sought)) if !visit.leaves() => {
                match few.refresh(sought, &visit.stand, &visit.books) {
                    Some(arrived) => arrived,
                    None => return Ok(None),
                }
            }
            (Self::Few(_), _) => return Ok(None),
        };
        Ok(self.finish(visit, arrived))
    }

    /// Takes in an announce while nobody else is in the swarm.
    pub(crate) fn settle_alone(&mut self, visit: &Visit<'_>) -> Result<How, Full> {
        if visit.arrival.event == Arrives::Stays && !self.has(&visit.sought) {
            return Ok(How::Unknown);
        }
        if let (Self::Few(few), Seek::V4(sought)) = (&mut *self, &visit.sought) {
            if visit.leaves() {
                return Ok(few.leave(sought, &visit.stand, &visit.books).into());
            }
            if visit.books.is_limited() && !few.has(sought) {
                visit.books.check(few.live(), visit.arrival.endpoint)?;
            }
            let arrived = few.arrive(sought, &visit.stand, &visit.books);
            if let Some(how) = self.finish(visit, arrived) {
                return Ok(how);
            }
        }
        if visit.leaves() {
            return Ok(How::Unknown);
        }
        let crowd = self.crowd(visit.hashing);
        let mut arrived = crowd.arrive(visit)?;
        if arrived == Arrived::NoRoom {
            crowd.make_room(visit);
            arrived = crowd.arrive(visit)?;
        }
        // There is room now, and nobody else to take it.
        Ok(self.finish(visit, arrived).unwrap_or(How::Unknown))
    }

    /// Counts the swarm and draws the caller's peers.
    pub(crate) fn answer(
        &self,
        visit: &Visit<'_>,
        how: How,
        plan: &mut impl FnMut(&Census) -> Census,
        rng: &mut Rng,
        list: &mut PeerList,
    ) -> Seated {
        let hid_seeders = match self {
            _ if visit.leaves() => false,
            Self::Crowd(crowd) => crowd.seat(visit, how, plan, rng, list),
            Self::Few(few) => few.seat(visit, plan, rng, list),
        };
        Seated { counts: self.counts(), how, hid_seeders }
    }

    /// The tables, which are made if there are none.
    pub(crate) fn crowd(&mut self, hashing: &Hashing) -> &mut Crowd {
        if let Self::Few(few) = self {
            *self = Self::Crowd(Box::new(Crowd::of(few, hashing)));
        }
        match self {
            Self::Crowd(crowd) => crowd,
            Self::Few(_) => unreachable!("just replaced"),
        }
    }

    /// What an arrival came to, once a completion is counted; nothing if there was no room.
    fn finish(&self, visit: &Visit<'_>, arrived: Arrived) -> Option<How> {
        let group = visit.stand.group;
        let (how, was) = match arrived {
            Arrived::Done { was: None } => (How::Inserted, None),
            Arrived::Done { was: Some(was) } if was == group => (How::Refreshed, Some(was)),
            Arrived::Done { was: Some(was) } => (How::Moved, Some(was)),
            Arrived::Held => return Some(How::Held),
            Arrived::NoRoom => return None,
        };
        let completes = visit.arrival.event == Arrives::Completed
            && group.is_seeders()
            && !was.is_some_and(Group::is_seeders)
            && !visit.arrival.second;
        if completes {
            self.completed().fetch_add(1, Ordering::Relaxed);
        }
        Some(how)
    }
}

impl From<Gone> for How {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Held => Self::Held,
            Gone::Left(_) => Self::Left,
            Gone::Unknown => Self::Unknown,
        }
    }
}
