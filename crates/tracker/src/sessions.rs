//! All sessions, found by what announces them.
//!
//! Sessions lie in slabs without gaps, so that a million of them cost little more than themselves,
//! and are found by a table of slab places. A member's sessions of one item share a hash: one look
//! finds the announcing client and its siblings, which it is never given as peers. Each shard has a
//! lock, held for one announce or one step of a sweep and never beyond this module.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use parking_lot::Mutex;
use policy::ItemId;
use swarm::MemoryBudget;

use crate::Now;
use crate::session::{ClientSession, Flag, SessionId};
use crate::session_update::{KnownClient, SessionTraffic, SessionUpdate};
use crate::shard::Shard;

/// The sessions of every item's swarm.
pub(crate) struct Sessions {
    shards: Box<[Mutex<Shard>; Self::SHARDS]>,
    hasher: FixedState,
}

impl Sessions {
    /// One for each value of the byte that chooses it.
    pub(crate) const SHARDS: usize = 256;

    pub(crate) fn new(seed: u64, memory: &Arc<MemoryBudget>) -> Self {
        let shard = |_| Mutex::new(Shard::counting_into(Arc::clone(memory)));
        Self { shards: Box::new(std::array::from_fn(shard)), hasher: FixedState::with_seed(seed) }
    }

    /// Makes or touches the session of an announcing client.
    ///
    /// # Errors
    ///
    /// Fails with the number allowed where the member has that many other clients in the swarm.
    pub(crate) fn update(&self, update: &SessionUpdate<'_>) -> Result<KnownClient, u8> {
        let id = update.id();
        let hash = self.hash(&id);
        let known = self.shard(hash).lock().update(hash, &id, update, |id| self.hash(id))?;
        if known.is_new && update.member.is_some() {
            // The same client was here without its passkey a moment ago: it is one, not two.
            self.forget(&SessionId { member: None, ..id });
        }
        Ok(known)
    }

    /// Forgets the session of a client that was not let in after all.
    pub(crate) fn forget(&self, id: &SessionId) {
        let hash = self.hash(id);
        self.shard(hash).lock().remove(hash, id);
    }

    /// Whether the client is counted by its IPv4 endpoint by now, and this is the other one.
    ///
    /// Who comes in by IPv4 uncounts the IPv6 endpoint that it finds in the session, which need not
    /// be in the swarm yet. So who has put one there asks again: one of the two sees the other.
    pub(crate) fn is_second(&self, update: &SessionUpdate<'_>) -> bool {
        let id = update.id();
        let hash = self.hash(&id);
        let mut shard = self.shard(hash).lock();
        shard.session_mut(hash, &id).is_some_and(|session| {
            let is_live =
                |own| session.family_age_secs(own, update.now.secs) <= Some(update.max_age_secs);
            session.flag(ClientSession::counted_by_v4(update.second_hash))
                && session.other_family(update.endpoint).is_some_and(is_live)
        })
    }

    /// Moves the news of a shard's sessions into `counts`, each session's in its order.
    pub(crate) fn drain_dirty(&self, shard: usize, now: Now, counts: &mut Vec<SessionTraffic>) {
        if let Some(shard) = self.shards.get(shard) {
            shard.lock().drain_dirty(now, counts);
        }
    }

    /// Lets a session go on in an earlier epoch, which the books already know.
    pub(crate) fn adopt(&self, id: &SessionId, opened: u32, epoch: u32) {
        let hash = self.hash(id);
        let mut shard = self.shard(hash).lock();
        if let Some(session) = shard.session_mut(hash, id)
            && session.epoch == opened
        {
            session.epoch = epoch;
        }
    }

    /// Notes whether a session's port could be reached.
    pub(crate) fn set_reachable(&self, id: &SessionId, reachable: bool) {
        let hash = self.hash(id);
        if let Some(session) = self.shard(hash).lock().session_mut(hash, id) {
            session.set_flag(Flag::Probed, true);
            session.set_flag(Flag::Reachable, reachable);
        }
    }

    /// Whether a session's port can be reached is not known any more.
    pub(crate) fn forget_reachable(&self, id: &SessionId) {
        let hash = self.hash(id);
        if let Some(session) = self.shard(hash).lock().session_mut(hash, id) {
            session.set_flag(Flag::Probed, false);
        }
    }

    /// Forgets the sessions of one shard that were not heard of for `max_age_secs`, after keeping
    /// their counters for the next flush. Returns how many.
    pub(crate) fn expire(&self, shard: usize, now: Now, max_age_secs: u32) -> usize {
        self.shards
            .get(shard)
            .map_or(0, |shard| shard.lock().expire(now, max_age_secs, |id| self.hash(id)))
    }

    /// Forgets every session of an item that is no more.
    pub(crate) fn remove_item(&self, item: ItemId, now: Now) {
        for shard in self.shards.iter() {
            let mut shard = shard.lock();
            shard.remove_where(now, |session| session.item() == item, |id| self.hash(id));
        }
    }

    /// Shows every session, one shard at a time. Costs a pass over all of them.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&ClientSession)) {
        for shard in 0..Self::SHARDS {
            self.for_each_in(shard, &mut visit);
        }
    }

    /// Shows every session of one shard.
    pub(crate) fn for_each_in(&self, shard: usize, visit: impl FnMut(&ClientSession)) {
        if let Some(shard) = self.shards.get(shard) {
            shard.lock().iter().for_each(visit);
        }
    }

    /// Puts back a session of a snapshot; one that is there already stays.
    pub(crate) fn restore(&self, session: ClientSession) {
        let id = session.id();
        let hash = self.hash(&id);
        let mut shard = self.shard(hash).lock();
        if shard.find(hash, &id).is_none() {
            shard.insert(hash, session, |id| self.hash(id));
        }
    }

    /// Clients that were served but not remembered, as there were too many, since the start.
    pub(crate) fn left_out(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().left_out).sum()
    }

    /// Sessions in memory.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn hash(&self, id: &SessionId) -> u64 {
        match id.member {
            Some(member) => self.hasher.hash_one((id.item, member)),
            None => self.hasher.hash_one((id.item, id.peer_id)),
        }
    }

    /// The table inside a shard uses the hash's lowest and highest bits; the shard those between.
    #[expect(clippy::indexing_slicing, reason = "a byte names one of 256 shards")]
    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        let [_, _, _, byte, ..] = hash.to_be_bytes();
        &self.shards[usize::from(byte)]
    }
}
