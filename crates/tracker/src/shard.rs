//! One shard of the sessions: what its lock guards.

use std::sync::Arc;

use fixedbitset::FixedBitSet;
use hashbrown::HashTable;
use swarm::{Endpoint, MemoryBudget};
use wire::{Announce, AnnounceEvent};

use crate::Now;
use crate::allowance::Allowance;
use crate::session::{ClientSession, Flag, News, SessionId};
use crate::session_update::{KnownClient, SessionTraffic, SessionUpdate};
use crate::slab::Slab;

#[derive(Default)]
pub(crate) struct Shard {
    places: HashTable<u16>,
    slab: Slab<ClientSession>,
    /// Places of sessions that have news for the next flush.
    dirty: FixedBitSet,
    /// WorkerCounters that must be kept though no session will say them again: the first of an epoch that
    /// has gone on since, and the last of one that has ended.
    pending: Vec<SessionTraffic>,
    allowance: Allowance,
    /// Sessions that are nobody's.
    strangers: usize,
    /// Clients that found no room.
    pub(crate) left_out: u64,
    memory: Arc<MemoryBudget>,
    /// Of all that is here, as counted in `memory`.
    bytes: usize,
}

impl Shard {
    /// A shard without sessions, whose bytes count into a budget.
    pub(crate) fn counting_into(memory: Arc<MemoryBudget>) -> Self {
        Self { memory, ..Self::default() }
    }

    pub(crate) fn update(
        &mut self,
        hash: u64,
        id: &SessionId,
        update: &SessionUpdate<'_>,
        rehash: impl Fn(&SessionId) -> u64,
    ) -> Result<KnownClient, u8> {
        let now = update.now.secs;
        let mut known = KnownClient::default();
        let mut own = None;
        let mut replaced = None;
        let mut clients = 0_u8;
        let mut namesakes = 0;
        let max_namesakes = if update.member.is_some() { MAX_CLIENTS } else { MAX_NAMESAKES };
        for place in self.places.iter_hash(hash).copied().map(u32::from) {
            let Some(session) = self.slab.get(place) else { continue };
            if session.is(id) {
                own = Some(place);
            } else if session.id().member == update.member && session.item() == update.item {
                let is_members = update.member.is_some();
                let may_be_it = is_members || session.id().peer_id == id.peer_id;
                if may_be_it && session.has_endpoint(update.endpoint) {
                    replaced = Some(session.id());
                } else {
                    namesakes += 1;
                    if is_members && session.age_secs(now) <= update.max_age_secs {
                        clients = clients.saturating_add(1);
                        known
                            .others
                            .extend(session.endpoints().take(known.others.remaining_capacity()));
                    }
                }
            }
        }
        // A client that starts anew on the same port is the one that was there, not one more; so is
        // aria2 over UDP, which makes up another key for each announce.
        if let Some(replaced) = replaced {
            self.retire(hash, &replaced, update.now);
        }
        let leaves = update.announce.event == AnnounceEvent::Stopped;
        if own.is_none() && !leaves && update.max_clients != 0 && clients >= update.max_clients {
            return Err(update.max_clients);
        }
        match own {
            Some(place) => self.touch(hash, place, update, &mut known),
            None if leaves => {}
            None if namesakes >= max_namesakes || !self.has_room(id) => self.left_out += 1,
            None => {
                self.open(hash, id, update, rehash);
                known.is_new = true;
            }
        }
        if leaves && own.is_some() {
            self.leave(hash, id, update);
        }
        known.may_be_second = matches!(update.endpoint, Endpoint::V6(_))
            && !(leaves || known.second || known.since_last_secs.is_some());
        Ok(known)
    }

    /// Whether there is room for one more: strangers, who cost nothing to make, leave some to members.
    fn has_room(&self, id: &SessionId) -> bool {
        let is_members = id.member.is_some();
        self.slab.len() < MAX_SESSIONS
            && (is_members || self.strangers < MAX_STRANGERS)
            && (self.slab.has_free() || self.memory.may_grow(is_members))
    }

    /// Counts the bytes by which this has grown or shrunk.
    fn count_bytes(&mut self) {
        let bytes = self.slab.bytes()
            + self.places.capacity() * PLACE_BYTES
            + self.pending.capacity() * size_of::<SessionTraffic>();
        self.memory.resize(self.bytes, bytes);
        self.bytes = bytes;
    }

    fn open(
        &mut self,
        hash: u64,
        id: &SessionId,
        update: &SessionUpdate<'_>,
        rehash: impl Fn(&SessionId) -> u64,
    ) {
        let mut session = ClientSession::new(*id, update.now.unix);
        session.set_counters(update.announce.uploaded, update.announce.downloaded);
        session.describe(update);
        if id.member.is_some() {
            if self.allowance.take(hash, update.now.secs) {
                session.news = News::Opened;
            } else {
                session.set_flag(Flag::Unbooked, true);
            }
        }
        self.insert(hash, session, rehash);
    }

    /// Takes in a session that is not there, as far as there is room.
    pub(crate) fn insert(
        &mut self,
        hash: u64,
        session: ClientSession,
        rehash: impl Fn(&SessionId) -> u64,
    ) {
        if !self.has_room(&session.id()) {
            return;
        }
        self.strangers += usize::from(session.member == 0);
        let has_news = session.news != News::None;
        let place = self.slab.insert(session);
        let Ok(short) = u16::try_from(place) else { return };
        let slab = &self.slab;
        self.places.insert_unique(hash, short, |place| hash_at(slab, *place, &rehash));
        if has_news {
            self.mark(place);
        }
        self.count_bytes();
    }

    /// Notes that the session at `place` has news.
    fn mark(&mut self, place: u32) {
        self.dirty.grow_and_insert(usize::try_from(place).unwrap_or_default());
    }

    fn touch(
        &mut self,
        hash: u64,
        place: u32,
        update: &SessionUpdate<'_>,
        known: &mut KnownClient,
    ) {
        let Some(session) = self.slab.get_mut(place) else { return };
        let now = update.now.secs;
        let announce = update.announce;

        let is_live = |own: &Endpoint| {
            session.family_age_secs(*own, now).is_some_and(|age| age <= update.max_age_secs)
        };
        let same_hash = session.flag(Flag::SecondHash) == update.second_hash;
        if let Some(other) = session.other_family(update.endpoint).filter(is_live) {
            match (other, session.flag(ClientSession::counted_by_v4(update.second_hash))) {
                (Endpoint::V4(_), counted) => known.second = counted,
                (Endpoint::V6(_), false) => known.uncount = Some(other),
                (Endpoint::V6(_), true) => {}
            }
            if !known.others.is_full() {
                known.others.push(other);
            }
        }
        known.since_last_secs = session.family_age_secs(update.endpoint, now).filter(|_| same_hash);
        known.progress = progress(session, announce, now);
        known.probed = session.reachable().is_some();
        // Peers tell each other their peer ids, but not their keys.
        let is_proven = session.member != 0 || session.key != 0;
        known.moved =
            session.same_family(update.endpoint).filter(|own| *own != update.endpoint && is_proven);

        let starts_over = (announce.uploaded < session.uploaded()
            || announce.downloaded < session.downloaded())
            && (announce.event == AnnounceEvent::Started || session.age_secs(now) > STALE_SECS);
        let before = *session;
        let begins = (starts_over || session.flag(Flag::Unbooked))
            && (session.member == 0 || self.allowance.take(hash, now));
        if begins {
            session.epoch = update.now.unix.max(session.epoch.saturating_add(1));
            session.set_counters(announce.uploaded, announce.downloaded);
            session.set_flag(Flag::Unbooked, false);
        } else {
            session.raise_counters(announce.uploaded, announce.downloaded);
        }
        session.describe(update);

        if session.member == 0 || session.flag(Flag::Unbooked) || session.counts_as(&before) {
            return;
        }
        session.news = if begins { News::Opened } else { News::Rose };
        // What the session says no more: its first counters, or the last ones of an epoch.
        if before.news == News::Opened || begins {
            self.keep(&before, update.now);
        }
        self.mark(place);
    }

    /// Keeps what no session will say any more for the next flush.
    fn keep(&mut self, session: &ClientSession, now: Now) {
        if self.pending.len() < MAX_PENDING {
            self.pending.extend(news_of(session, now.unix));
        }
    }

    /// Forgets the endpoint that left, and the session with its last one.
    fn leave(&mut self, hash: u64, id: &SessionId, update: &SessionUpdate<'_>) {
        let gone =
            self.session_mut(hash, id).is_some_and(|session| session.forget(update.endpoint));
        if gone {
            self.retire(hash, id, update.now);
        }
    }

    /// Forgets a session after keeping its counters for the next flush.
    fn retire(&mut self, hash: u64, id: &SessionId, now: Now) {
        if let Some(session) = self.remove(hash, id) {
            self.keep(&session, now);
        }
    }

    /// Forgets a session and its news.
    pub(crate) fn remove(&mut self, hash: u64, id: &SessionId) -> Option<ClientSession> {
        let slab = &self.slab;
        let found = self
            .places
            .find_entry(hash, |place| slab.get(u32::from(*place)).is_some_and(|s| s.is(id)));
        let (place, _) = found.ok()?.remove();
        self.strangers -= usize::from(id.member.is_none());
        self.slab.remove(u32::from(place))
    }

    pub(crate) fn drain_dirty(&mut self, now: Now, counts: &mut Vec<SessionTraffic>) {
        self.allowance.tidy(now.secs);
        // A burst must not hold its memory for ever.
        counts.append(&mut std::mem::take(&mut self.pending));
        for place in self.dirty.ones() {
            // A place may have gone to another session since: that one has news of its own, or none.
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            if let Some(session) = self.slab.get_mut(place) {
                counts.extend(news_of(session, now.unix));
                session.news = News::None;
            }
        }
        self.dirty.clear();
        self.count_bytes();
    }

    pub(crate) fn expire(
        &mut self,
        now: Now,
        max_age: u32,
        rehash: impl Fn(&SessionId) -> u64,
    ) -> usize {
        self.slab.iter_mut().for_each(|session| {
            if session.age_secs(now.secs) <= max_age {
                session.forget_older(max_age, now.secs);
            }
        });
        self.remove_where(now, |session| session.age_secs(now.secs) > max_age, rehash)
    }

    pub(crate) fn remove_where(
        &mut self,
        now: Now,
        gone: impl Fn(&ClientSession) -> bool,
        rehash: impl Fn(&SessionId) -> u64,
    ) -> usize {
        let ids: Vec<SessionId> =
            self.slab.iter().filter(|session| gone(session)).map(ClientSession::id).collect();
        for id in &ids {
            self.retire(rehash(id), id, now);
        }
        if !ids.is_empty() {
            self.slab.shrink();
            let slab = &self.slab;
            self.places.shrink_to(slab.len(), |place| hash_at(slab, *place, &rehash));
            self.count_bytes();
        }
        ids.len()
    }

    pub(crate) fn find(&self, hash: u64, id: &SessionId) -> Option<u32> {
        let slab = &self.slab;
        let is_it = |place: &u16| slab.get(u32::from(*place)).is_some_and(|s| s.is(id));
        self.places.find(hash, is_it).copied().map(u32::from)
    }

    /// Sessions held.
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ClientSession> {
        self.slab.iter()
    }

    pub(crate) fn session_mut(&mut self, hash: u64, id: &SessionId) -> Option<&mut ClientSession> {
        let place = self.find(hash, id)?;
        self.slab.get_mut(place)
    }
}

impl ClientSession {
    /// Takes over what the announce says of now.
    fn describe(&mut self, update: &SessionUpdate<'_>) {
        self.set_left(update.announce.left);
        self.see(update.endpoint, update.now.secs);
        self.set_flag(Flag::Inside, update.inside);
        self.set_flag(Flag::Paused, update.announce.event == AnnounceEvent::Paused);
        self.set_flag(Flag::SecondHash, update.second_hash);
        if let Endpoint::V4(_) = update.endpoint {
            self.set_flag(Self::counted_by_v4(update.second_hash), true);
        }
    }
}

/// The hash of the session at a place.
fn hash_at(slab: &Slab<ClientSession>, place: u16, rehash: impl Fn(&SessionId) -> u64) -> u64 {
    slab.get(u32::from(place)).map_or(0, |session| rehash(&session.id()))
}

/// Bytes a second by which `left` fell, over at least [`PROGRESS_SECS`].
fn progress(session: &ClientSession, announce: &Announce, now: u32) -> Option<u64> {
    let before = session.left().filter(|left| *left > 0)?;
    let secs = session.age_secs(now);
    (secs >= PROGRESS_SECS && announce.left <= before)
        .then(|| (before - announce.left) / u64::from(secs))
}

/// What the books are to be told of a session.
fn news_of(session: &ClientSession, seen: u32) -> Option<SessionTraffic> {
    (session.news != News::None).then(|| SessionTraffic {
        id: session.id(),
        epoch: session.epoch,
        uploaded: session.uploaded(),
        downloaded: session.downloaded(),
        left: session.left(),
        seen,
        opens: session.news == News::Opened,
    })
}

/// What a session costs in the table of places: two bytes and one of control, with an eighth empty.
const PLACE_BYTES: usize = 4;
/// 16.7 million in all shards; past that an announce is served but not remembered.
const MAX_SESSIONS: usize = 1 << 16;
/// Half of them may be strangers'.
const MAX_STRANGERS: usize = MAX_SESSIONS / 2;
/// As many counts as sessions may wait for a store that is away; later ones are lost.
const MAX_PENDING: usize = MAX_SESSIONS;
/// Clients of one member in one swarm, where the rules allow any number: each announce looks at all.
const MAX_CLIENTS: usize = 255;
/// Sessions of strangers that share a peer id in one swarm, which they pick at random: more are an
/// attempt to make one look take long, and are served but not remembered.
const MAX_NAMESAKES: usize = 16;
/// WorkerCounters that are lower than before and younger than this came late, out of order.
const STALE_SECS: u32 = 60;
/// Progress over less than this says nothing.
const PROGRESS_SECS: u32 = 10;

#[cfg(test)]
mod tests;
