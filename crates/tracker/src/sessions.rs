//! All sessions, found by what announces them.
//!
//! Sessions lie in slabs without gaps, so that a million of them cost little more than themselves,
//! and are found by a table of slab places. A member's sessions of one item share a hash: one look
//! finds the announcing client and its siblings, which it is never given as peers. Each shard has a
//! lock, held for one announce or one step of a sweep and never beyond this module.

use std::hash::BuildHasher;

use arrayvec::ArrayVec;
use fixedbitset::FixedBitSet;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use parking_lot::Mutex;
use policy::{ItemId, MemberId};
use swarm::Endpoint;
use wire::{Announce, Event};

use crate::Now;
use crate::session::{Flag, News, Session, SessionId};
use crate::slab::Slab;

/// The sessions of every item's swarm.
pub(crate) struct Sessions {
    shards: Box<[Mutex<Shard>; Self::SHARDS]>,
    hasher: FixedState,
}

/// One announce, as far as sessions are concerned.
pub(crate) struct Visit<'a> {
    pub(crate) item: ItemId,
    pub(crate) member: Option<MemberId>,
    pub(crate) inside: bool,
    pub(crate) announce: &'a Announce,
    /// Whether it is for the second hash of a hybrid torrent.
    pub(crate) second_hash: bool,
    pub(crate) endpoint: Endpoint,
    pub(crate) now: Now,
    /// Clients of one member that may be in the swarm at once; 0 is no limit.
    pub(crate) max_clients: u8,
    /// Age past which a session counts as gone.
    pub(crate) max_age_secs: u32,
}

/// What the sessions know of an announcing client.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    /// Its endpoint of the other family, and the endpoints of the same member's other clients.
    pub(crate) others: ArrayVec<Endpoint, MAX_OTHERS>,
    /// Whether the client is counted in this swarm by its IPv4 endpoint, and this is the other one.
    pub(crate) second: bool,
    /// An IPv6 endpoint that was counted until now, when the client's IPv4 endpoint came.
    pub(crate) uncount: Option<Endpoint>,
    /// Whether this is an IPv6 endpoint that is new and counted, so that the client's IPv4 one may
    /// be coming in at the same time: see [`Sessions::is_second`].
    pub(crate) may_be_second: bool,
    /// Seconds since it last announced for the same hash over the same family.
    pub(crate) since_last_secs: Option<u32>,
    /// Bytes a second by which `left` fell since the announce before.
    pub(crate) progress: Option<u64>,
    /// Whether its port was found open or shut by an earlier probe.
    pub(crate) probed: bool,
}

/// A member's session as the books see it: absolute counters, to be kept as a maximum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionCount {
    /// Which session.
    pub id: SessionId,
    /// Unix time at which its counters began.
    pub epoch: u32,
    /// Bytes sent to peers, by the client's word.
    pub uploaded: u64,
    /// Bytes received, by the client's word.
    pub downloaded: u64,
    /// Bytes missing, where known.
    pub left: Option<u64>,
    /// Unix time of the announce that said so.
    pub seen: u32,
    /// Whether these are the first counters of the epoch: what they hold already is not credited.
    pub opens: bool,
}

impl Sessions {
    /// One for each value of the byte that chooses it.
    pub(crate) const SHARDS: usize = 256;

    pub(crate) fn new(seed: u64) -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| Mutex::default())),
            hasher: FixedState::with_seed(seed),
        }
    }

    /// Makes or touches the session of an announcing client.
    ///
    /// # Errors
    ///
    /// Fails with the number allowed where the member has that many other clients in the swarm.
    pub(crate) fn visit(&self, visit: &Visit<'_>) -> Result<Visited, u8> {
        let id = visit.id();
        let hash = self.hash(&id);
        let (visited, is_new) =
            self.shard(hash).lock().visit(hash, &id, visit, |id| self.hash(id))?;
        if is_new && visit.member.is_some() {
            self.forget_stranger(&id);
        }
        Ok(visited)
    }

    /// Whether the client is counted by its IPv4 endpoint by now, and this is the other one.
    ///
    /// Who comes in by IPv4 uncounts the IPv6 endpoint that it finds in the session, which need not
    /// be in the swarm yet. So who has put one there asks again: one of the two sees the other.
    pub(crate) fn is_second(&self, visit: &Visit<'_>) -> bool {
        let id = visit.id();
        let hash = self.hash(&id);
        let mut shard = self.shard(hash).lock();
        shard.session_mut(hash, &id).is_some_and(|session| {
            let is_live =
                |own| session.family_age_secs(own, visit.now.secs) <= Some(visit.max_age_secs);
            session.flag(Session::counted_by_v4(visit.second_hash))
                && session.other_family(visit.endpoint).is_some_and(is_live)
        })
    }

    /// The same client was here without its passkey a moment ago: it is one client, not two.
    fn forget_stranger(&self, id: &SessionId) {
        let id = SessionId { member: None, ..*id };
        let hash = self.hash(&id);
        self.shard(hash).lock().remove(hash, &id);
    }

    /// Moves the news of a shard's sessions into `counts`, each session's in its order.
    pub(crate) fn drain_dirty(&self, shard: usize, unix: u32, counts: &mut Vec<SessionCount>) {
        if let Some(shard) = self.shards.get(shard) {
            shard.lock().drain_dirty(unix, counts);
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
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Session)) {
        for shard in 0..Self::SHARDS {
            self.for_each_in(shard, &mut visit);
        }
    }

    /// Shows every session of one shard.
    pub(crate) fn for_each_in(&self, shard: usize, visit: impl FnMut(&Session)) {
        if let Some(shard) = self.shards.get(shard) {
            shard.lock().slab.iter().for_each(visit);
        }
    }

    /// Puts back a session of a snapshot; one that is there already stays.
    pub(crate) fn restore(&self, session: Session) {
        let id = session.id();
        let hash = self.hash(&id);
        let mut shard = self.shard(hash).lock();
        if shard.find(hash, &id).is_none() {
            shard.insert(hash, session, |id| self.hash(id));
        }
    }

    /// Sessions in memory.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().slab.len()).sum()
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

impl Visit<'_> {
    pub(crate) fn id(&self) -> SessionId {
        SessionId::new(self.item, self.member, self.announce.peer_id, self.announce.key)
    }
}

#[derive(Default)]
struct Shard {
    places: HashTable<u16>,
    slab: Slab<Session>,
    /// Places of sessions that have news for the next flush.
    dirty: FixedBitSet,
    /// Counters that must be kept though no session will say them again: the first of an epoch that
    /// has gone on since, and the last of one that has ended.
    pending: Vec<SessionCount>,
}

impl Shard {
    fn visit(
        &mut self,
        hash: u64,
        id: &SessionId,
        visit: &Visit<'_>,
        rehash: impl Fn(&SessionId) -> u64,
    ) -> Result<(Visited, bool), u8> {
        let now = visit.now.secs;
        let mut visited = Visited::default();
        let mut own = None;
        let mut replaced = None;
        let mut clients = 0_u8;
        let mut namesakes = 0;
        for place in self.places.iter_hash(hash).copied().map(u32::from) {
            let Some(session) = self.slab.get(place) else { continue };
            if session.is(id) {
                own = Some(place);
            } else if session.id().member == visit.member && session.item() == visit.item {
                let is_members = visit.member.is_some();
                let may_be_it = is_members || session.id().peer_id == id.peer_id;
                if may_be_it && session.has_endpoint(visit.endpoint) {
                    replaced = Some(session.id());
                } else if !is_members {
                    namesakes += 1;
                } else if session.age_secs(now) <= visit.max_age_secs {
                    clients = clients.saturating_add(1);
                    visited
                        .others
                        .extend(session.endpoints().take(visited.others.remaining_capacity()));
                }
            }
        }
        // A client that starts anew on the same port is the one that was there, not one more; so is
        // aria2 over UDP, which makes up another key for each announce.
        if let Some(replaced) = replaced {
            self.retire(hash, &replaced, visit.now);
        }
        let leaves = visit.announce.event == Event::Stopped;
        if own.is_none() && !leaves && visit.max_clients != 0 && clients >= visit.max_clients {
            return Err(visit.max_clients);
        }
        match own {
            Some(place) => self.touch(place, visit, &mut visited),
            None if leaves || namesakes >= MAX_NAMESAKES => {}
            None => self.open(hash, id, visit, rehash),
        }
        if leaves && own.is_some() {
            self.leave(hash, id, visit);
        }
        visited.may_be_second = matches!(visit.endpoint, Endpoint::V6(_))
            && !(leaves || visited.second || visited.since_last_secs.is_some());
        Ok((visited, own.is_none() && !leaves))
    }

    fn open(
        &mut self,
        hash: u64,
        id: &SessionId,
        visit: &Visit<'_>,
        rehash: impl Fn(&SessionId) -> u64,
    ) {
        let mut session = Session::new(*id, visit.now.unix);
        session.set_counters(visit.announce.uploaded, visit.announce.downloaded);
        session.describe(visit);
        if id.member.is_some() {
            session.news = News::Opened;
        }
        self.insert(hash, session, rehash);
    }

    fn insert(&mut self, hash: u64, session: Session, rehash: impl Fn(&SessionId) -> u64) {
        if self.slab.len() >= MAX_SESSIONS_PER_SHARD {
            return;
        }
        let has_news = session.news != News::None;
        let place = self.slab.insert(session);
        let Ok(short) = u16::try_from(place) else { return };
        let slab = &self.slab;
        self.places.insert_unique(hash, short, |place| hash_at(slab, *place, &rehash));
        if has_news {
            self.mark(place);
        }
    }

    /// Notes that the session at `place` has news.
    fn mark(&mut self, place: u32) {
        self.dirty.grow_and_insert(usize::try_from(place).unwrap_or_default());
    }

    fn touch(&mut self, place: u32, visit: &Visit<'_>, visited: &mut Visited) {
        let Some(session) = self.slab.get_mut(place) else { return };
        let now = visit.now.secs;
        let announce = visit.announce;

        let is_live = |own: &Endpoint| {
            session.family_age_secs(*own, now).is_some_and(|age| age <= visit.max_age_secs)
        };
        let same_hash = session.flag(Flag::SecondHash) == visit.second_hash;
        if let Some(other) = session.other_family(visit.endpoint).filter(is_live) {
            match (other, session.flag(Session::counted_by_v4(visit.second_hash))) {
                (Endpoint::V4(_), counted) => visited.second = counted,
                (Endpoint::V6(_), false) => visited.uncount = Some(other),
                (Endpoint::V6(_), true) => {}
            }
            if !visited.others.is_full() {
                visited.others.push(other);
            }
        }
        visited.since_last_secs =
            session.family_age_secs(visit.endpoint, now).filter(|_| same_hash);
        visited.progress = progress(session, announce, now);
        visited.probed = session.reachable().is_some();

        let starts_over = (announce.uploaded < session.uploaded()
            || announce.downloaded < session.downloaded())
            && (announce.event == Event::Started || session.age_secs(now) > STALE_SECS);
        let before = *session;
        if starts_over {
            session.epoch = visit.now.unix.max(session.epoch.saturating_add(1));
            session.set_counters(announce.uploaded, announce.downloaded);
        } else {
            session.raise_counters(announce.uploaded, announce.downloaded);
        }
        session.describe(visit);

        if session.member == 0 || session.counts_as(&before) {
            return;
        }
        session.news = if starts_over { News::Opened } else { News::Rose };
        // What the session says no more: its first counters, or the last ones of an epoch.
        if before.news == News::Opened || starts_over {
            self.pending.extend(news_of(&before, visit.now.unix));
        }
        self.mark(place);
    }

    /// Forgets the endpoint that left, and the session with its last one.
    fn leave(&mut self, hash: u64, id: &SessionId, visit: &Visit<'_>) {
        let gone = self.session_mut(hash, id).is_some_and(|session| session.forget(visit.endpoint));
        if gone {
            self.retire(hash, id, visit.now);
        }
    }

    /// Forgets a session after keeping its counters for the next flush.
    fn retire(&mut self, hash: u64, id: &SessionId, now: Now) {
        if let Some(session) = self.remove(hash, id) {
            self.pending.extend(news_of(&session, now.unix));
        }
    }

    fn remove(&mut self, hash: u64, id: &SessionId) -> Option<Session> {
        let slab = &self.slab;
        let found = self
            .places
            .find_entry(hash, |place| slab.get(u32::from(*place)).is_some_and(|s| s.is(id)));
        let (place, _) = found.ok()?.remove();
        self.slab.remove(u32::from(place))
    }

    fn drain_dirty(&mut self, unix: u32, counts: &mut Vec<SessionCount>) {
        // A burst must not hold its memory for ever.
        counts.append(&mut std::mem::take(&mut self.pending));
        for place in self.dirty.ones() {
            // A place may have gone to another session since: that one has news of its own, or none.
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            if let Some(session) = self.slab.get_mut(place) {
                counts.extend(news_of(session, unix));
                session.news = News::None;
            }
        }
        self.dirty.clear();
    }

    fn expire(&mut self, now: Now, max_age: u32, rehash: impl Fn(&SessionId) -> u64) -> usize {
        self.slab.iter_mut().for_each(|session| {
            if session.age_secs(now.secs) <= max_age {
                session.forget_older(max_age, now.secs);
            }
        });
        self.remove_where(now, |session| session.age_secs(now.secs) > max_age, rehash)
    }

    fn remove_where(
        &mut self,
        now: Now,
        gone: impl Fn(&Session) -> bool,
        rehash: impl Fn(&SessionId) -> u64,
    ) -> usize {
        let ids: Vec<SessionId> =
            self.slab.iter().filter(|session| gone(session)).map(Session::id).collect();
        for id in &ids {
            self.retire(rehash(id), id, now);
        }
        if !ids.is_empty() {
            self.slab.shrink();
            let slab = &self.slab;
            self.places.shrink_to(slab.len(), |place| hash_at(slab, *place, &rehash));
        }
        ids.len()
    }

    fn find(&self, hash: u64, id: &SessionId) -> Option<u32> {
        let slab = &self.slab;
        let is_it = |place: &u16| slab.get(u32::from(*place)).is_some_and(|s| s.is(id));
        self.places.find(hash, is_it).copied().map(u32::from)
    }

    fn session_mut(&mut self, hash: u64, id: &SessionId) -> Option<&mut Session> {
        let place = self.find(hash, id)?;
        self.slab.get_mut(place)
    }
}

impl Session {
    /// Takes over what the announce says of now.
    fn describe(&mut self, visit: &Visit<'_>) {
        self.set_left(visit.announce.left);
        self.see(visit.endpoint, visit.now.secs);
        self.set_flag(Flag::Inside, visit.inside);
        self.set_flag(Flag::Paused, visit.announce.event == Event::Paused);
        self.set_flag(Flag::SecondHash, visit.second_hash);
        if let Endpoint::V4(_) = visit.endpoint {
            self.set_flag(Self::counted_by_v4(visit.second_hash), true);
        }
    }
}

/// The hash of the session at a place.
fn hash_at(slab: &Slab<Session>, place: u16, rehash: impl Fn(&SessionId) -> u64) -> u64 {
    slab.get(u32::from(place)).map_or(0, |session| rehash(&session.id()))
}

/// Bytes a second by which `left` fell, over at least [`PROGRESS_SECS`].
fn progress(session: &Session, announce: &Announce, now: u32) -> Option<u64> {
    let before = session.left().filter(|left| *left > 0)?;
    let secs = session.age_secs(now);
    (secs >= PROGRESS_SECS && announce.left <= before)
        .then(|| (before - announce.left) / u64::from(secs))
}

/// What the books are to be told of a session.
fn news_of(session: &Session, seen: u32) -> Option<SessionCount> {
    (session.news != News::None).then(|| SessionCount {
        id: session.id(),
        epoch: session.epoch,
        uploaded: session.uploaded(),
        downloaded: session.downloaded(),
        left: session.left(),
        seen,
        opens: session.news == News::Opened,
    })
}

/// Endpoints of one member's clients that a reply leaves out: more than the clients allowed.
pub(crate) const MAX_OTHERS: usize = 16;
/// 16.7 million sessions in all; past that an announce is served but not remembered.
const MAX_SESSIONS_PER_SHARD: usize = 1 << 16;
/// Sessions of strangers that share a peer id in one swarm, which they pick at random: more are an
/// attempt to make one look take long, and are served but not remembered.
const MAX_NAMESAKES: usize = 16;
/// Counters that are lower than before and younger than this came late, out of order.
const STALE_SECS: u32 = 60;
/// Progress over less than this says nothing.
const PROGRESS_SECS: u32 = 10;
