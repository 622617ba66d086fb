//! A swarm with tables: more than two peers, any over IPv6, or an item's.

use crate::arrival::{Counts, Full};
use crate::endpoint::Endpoint;
use crate::few::Few;
use crate::group::{Census, Group};
use crate::hash::Hashing;
use crate::peers::{Arrived, Gone, Peers};
use crate::scope::{Scopes, scope_of};
use crate::slot::{Slot, Sought};
use crate::slot4::{V4Slot, endpoint_of};
use crate::slot6::V6Slot;
use crate::sync::{AtomicU32, Ordering};
use crate::visit::{Seek, Visit};

/// The tables of a swarm.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) v4: Peers<V4Slot>,
    /// Absent until the first IPv6 peer comes.
    pub(crate) v6: Option<Box<Peers<V6Slot>>>,
    pub(crate) tag: u32,
    pub(crate) completed: AtomicU32,
    pub(crate) scopes: ScopeRecord,
}

impl Crowd {
    /// A swarm of these peers, who are already in the books.
    pub(crate) fn of(few: &Few, hashing: &Hashing) -> Self {
        let mut crowd = Self {
            v4: Peers::new(),
            v6: None,
            tag: 0,
            completed: AtomicU32::new(few.completed.load(Ordering::Relaxed)),
            scopes: ScopeRecord(AtomicU32::new(0)),
        };
        for (group, word) in few.peers() {
            let key = endpoint_of(word);
            let sought = V4Slot::seek(key, hashing);
            let table = crowd.v4.table_mut(group);
            table.make_room(sought.hash, hashing);
            table.put(&sought, word, |_| true);
            crowd.scopes.add(Scopes::only(scope_of(key.ip().into())));
        }
        crowd
    }

    /// The peers, if they are few enough to do without tables and the swarm is no item's.
    pub(crate) fn to_few(&self) -> Option<Few> {
        let has_v6 = self.v6.as_ref().is_some_and(|v6| v6.live() != 0);
        if self.tag != 0 || has_v6 || self.v4.live() > Few::ROOM {
            return None;
        }
        let tables = self.v4.tables().filter(|(_, table)| table.live() != 0);
        let peers =
            tables.flat_map(|(group, table)| table.peers().map(move |(_, word)| (group, word)));
        Some(Few::of(self.completed.load(Ordering::Relaxed), peers))
    }

    /// Live endpoints.
    pub(crate) fn live(&self) -> u32 {
        self.v4.live() + self.v6.as_ref().map_or(0, |v6| v6.live())
    }

    /// Puts the caller's endpoint where it stands from now on.
    pub(crate) fn arrive(&self, visit: &Visit<'_>) -> Result<Arrived, Full> {
        if visit.books.is_limited() && !self.has(&visit.sought) {
            visit.books.check(self.live(), visit.arrival.endpoint)?;
        }
        self.scopes.add(Scopes::only(visit.scope));
        Ok(match (&visit.sought, &self.v6) {
            (Seek::V4(sought), _) => self.v4.arrive(sought, &visit.stand, &visit.books),
            (Seek::V6(sought), Some(v6)) => v6.arrive(sought, &visit.stand, &visit.books),
            (Seek::V6(_), None) => Arrived::NoRoom,
        })
    }

    pub(crate) fn leave(&self, visit: &Visit<'_>) -> Gone {
        match (&visit.sought, &self.v6) {
            (Seek::V4(sought), _) => self.v4.leave(sought, &visit.stand, &visit.books),
            (Seek::V6(sought), Some(v6)) => v6.leave(sought, &visit.stand, &visit.books),
            (Seek::V6(_), None) => Gone::Unknown,
        }
    }

    /// Makes room for the caller's endpoint.
    pub(crate) fn make_room(&mut self, visit: &Visit<'_>) {
        let (group, hashing) = (visit.stand.group, visit.hashing);
        self.scopes.keep();
        match &visit.sought {
            Seek::V4(sought) => self.v4.table_mut(group).make_room(sought.hash, hashing),
            Seek::V6(sought) => {
                let v6 = self.v6.get_or_insert_with(|| Box::new(Peers::new()));
                v6.table_mut(group).make_room(sought.hash, hashing);
            }
        }
    }

    /// Whether a table has become much too large since the caller, who leaves, stood in it.
    pub(crate) fn is_sparse(&self, visit: &Visit<'_>) -> bool {
        match (&visit.sought, &self.v6) {
            (Seek::V4(sought), _) => self.v4.tables().any(|(_, t)| t.is_sparse(sought.hash)),
            (Seek::V6(sought), Some(v6)) => v6.tables().any(|(_, t)| t.is_sparse(sought.hash)),
            (Seek::V6(_), None) => false,
        }
    }

    /// Shrinks the tables that are sparse where the caller stood.
    pub(crate) fn shrink(&mut self, visit: &Visit<'_>) {
        fn shrink<S: Slot>(peers: &mut Peers<S>, sought: &Sought<S::Key>, hashing: &Hashing) {
            for table in peers.tables_mut() {
                if table.is_sparse(sought.hash) {
                    table.fit(sought.hash, hashing);
                }
            }
        }
        self.scopes.keep();
        match (&visit.sought, &mut self.v6) {
            (Seek::V4(sought), _) => shrink(&mut self.v4, sought, visit.hashing),
            (Seek::V6(sought), Some(v6)) => shrink(v6, sought, visit.hashing),
            (Seek::V6(_), None) => {}
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let completed = self.completed.load(Ordering::Relaxed);
        let mut counts = Counts { completed, ..Counts::default() };
        let mut add = |group: Group, clients, paused| {
            if group.is_seeders() {
                counts.seeders += clients;
            } else {
                counts.leechers += clients;
                counts.paused += paused;
            }
        };
        for (group, table) in self.v4.tables() {
            add(group, table.clients(), table.paused());
        }
        for (group, table) in self.v6.iter().flat_map(|v6| v6.tables()) {
            add(group, table.clients(), table.paused());
        }
        counts
    }

    /// The clients of each group.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census::default();
        for (group, table) in self.v4.tables() {
            *census.of_mut(group) += table.clients();
        }
        for (group, table) in self.v6.iter().flat_map(|v6| v6.tables()) {
            *census.of_mut(group) += table.clients();
        }
        census
    }

    /// Whether an endpoint is live in any table, however long ago it was seen.
    pub(crate) fn has(&self, sought: &Seek) -> bool {
        match (sought, &self.v6) {
            (Seek::V4(sought), _) => self.v4.has(sought),
            (Seek::V6(sought), Some(v6)) => v6.has(sought),
            (Seek::V6(_), None) => false,
        }
    }

    /// See [`Swarm::each_endpoint`](crate::swarm::Swarm::each_endpoint).
    pub(crate) fn each_endpoint(&self, mut f: impl FnMut(Endpoint)) {
        fn each<S: Slot<Key: Into<Endpoint>>>(peers: &Peers<S>, f: &mut impl FnMut(Endpoint)) {
            for (_, table) in peers.tables() {
                table.peers().for_each(|(slot, word)| f(slot.key(word).into()));
            }
        }
        each(&self.v4, &mut f);
        self.v6.iter().for_each(|v6| each(v6, &mut f));
    }

    /// In which group a fresh endpoint stands.
    pub(crate) fn group_of(&self, endpoint: Endpoint, visit: &Visit<'_>) -> Option<Group> {
        let window = visit.stand.window;
        match (Seek::new(endpoint, visit.hashing), &self.v6) {
            (Seek::V4(sought), _) => self.v4.find(&sought, window),
            (Seek::V6(sought), Some(v6)) => v6.find(&sought, window),
            (Seek::V6(_), None) => None,
        }
        .map(|(group, _)| group)
    }

    /// Whether the peers could do with fewer tables.
    pub(crate) fn has_spare_tables(&self) -> bool {
        self.v4.has_spare() || self.has_spare_v6() || self.to_few().is_some()
    }

    /// Goes without the IPv6 tables if nobody is in them, and without those of the inside.
    pub(crate) fn shed(&mut self) {
        self.v4.shed();
        if self.has_spare_v6() {
            self.v6 = None;
        }
    }

    fn has_spare_v6(&self) -> bool {
        self.v6.as_ref().is_some_and(|v6| v6.live() == 0)
    }
}

/// A family's tables in a swarm.
pub(crate) trait Family: Slot<Key: Into<Endpoint>> {
    fn peers(crowd: &Crowd) -> Option<&Peers<Self>>;

    fn peers_mut(crowd: &mut Crowd) -> Option<&mut Peers<Self>>;
}

impl Family for V4Slot {
    fn peers(crowd: &Crowd) -> Option<&Peers<Self>> {
        Some(&crowd.v4)
    }

    fn peers_mut(crowd: &mut Crowd) -> Option<&mut Peers<Self>> {
        Some(&mut crowd.v4)
    }
}

impl Family for V6Slot {
    fn peers(crowd: &Crowd) -> Option<&Peers<Self>> {
        crowd.v6.as_deref()
    }

    fn peers_mut(crowd: &mut Crowd) -> Option<&mut Peers<Self>> {
        crowd.v6.as_deref_mut()
    }
}

/// The scopes that a swarm's peers have, and some that they may have had.
///
/// Twice in one word: what is in force, and what a sweep has seen so far. An arrival adds its scope
/// to both, before its peer can be seen; so a sweep that has seen every peer can put the second in
/// the place of the first and miss none that came meanwhile. It begins while nobody else is in the
/// swarm: an arrival between the two steps would have added its scope too early, and come too late.
#[derive(Debug)]
pub(crate) struct ScopeRecord(AtomicU32);

impl ScopeRecord {
    #[cfg(all(test, loom))]
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// In force.
    pub(crate) fn load(&self) -> Scopes {
        Scopes::from_bits(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn add(&self, scopes: Scopes) {
        let both = scopes.bits() | scopes.bits() << Scopes::BITS;
        if self.0.load(Ordering::Relaxed) & both != both {
            self.0.fetch_or(both, Ordering::Relaxed);
        }
    }

    /// A sweep begins, and has seen nobody. Only for who has the swarm alone.
    pub(crate) fn begin(&self) {
        self.0.fetch_and((1 << Scopes::BITS) - 1, Ordering::Relaxed);
    }

    /// A sweep has seen a peer.
    pub(crate) fn see(&self, scopes: Scopes) {
        self.0.fetch_or(scopes.bits() << Scopes::BITS, Ordering::Relaxed);
    }

    /// Peers were moved, and a sweep under way may miss one: it shall have seen them all.
    pub(crate) fn keep(&self) {
        self.see(self.load());
    }

    /// A sweep has seen every peer.
    pub(crate) fn end(&self) {
        let swap = |both: u32| {
            let seen = both >> Scopes::BITS;
            Some(seen | seen << Scopes::BITS)
        };
        // It never fails: `swap` always has an answer.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, swap);
    }
}
