//! A swarm with tables: more than two peers, any over IPv6, or an item's.

use crate::endpoint::Endpoint;
use crate::group::{Census, Group};
use crate::hash::KeyHasher;
use crate::peer_tables::{PeerTables, Placement, Removal};
use crate::peer_update::{LimitReached, SwarmCounts};
use crate::scope::{Scopes, scope_of};
use crate::slot::{Lookup, PeerSlot, WHOLE_PEER};
use crate::slot4::{V4Slot, endpoint_of};
use crate::slot6::V6Slot;
use crate::small_peer_map::SmallPeerMap;
use crate::swarm_update::{EndpointLookup, SwarmUpdate};
use crate::sync::{AtomicBool, AtomicU32, Ordering};

/// The tables of a swarm.
#[derive(Debug)]
pub(crate) struct LargePeerMap {
    pub(crate) v4: PeerTables<V4Slot>,
    /// Absent until the first IPv6 peer comes.
    pub(crate) v6: Option<Box<PeerTables<V6Slot>>>,
    pub(crate) tag: u32,
    pub(crate) completed: AtomicU32,
    pub(crate) scopes: ScopeRecord,
    /// Whether two peers were seen to share an address. Set for good: to know that none do any more
    /// would take a look at all.
    shares_addresses: AtomicBool,
}

impl LargePeerMap {
    /// A swarm of these peers, who are already counted.
    pub(crate) fn of(small: &SmallPeerMap, hasher: &KeyHasher) -> Self {
        let mut large = Self {
            v4: PeerTables::new(),
            v6: None,
            tag: 0,
            completed: AtomicU32::new(small.completed.load(Ordering::Relaxed)),
            scopes: ScopeRecord(AtomicU32::new(0)),
            shares_addresses: AtomicBool::new(false),
        };
        for (group, word) in small.peers() {
            let key = endpoint_of(word);
            let lookup = V4Slot::lookup(key, hasher);
            let table = large.v4.table_mut(group);
            table.make_room(lookup.hash, hasher);
            table.put(&lookup, word, |_| true);
            large.scopes.add(Scopes::only(scope_of(key.ip().into())));
        }
        large
    }

    /// The peers, if they are few enough to do without tables and the swarm is no item's.
    pub(crate) fn to_small(&self) -> Option<SmallPeerMap> {
        let has_v6 = self.v6.as_ref().is_some_and(|v6| v6.live() != 0);
        if self.tag != 0 || has_v6 || self.v4.live() > SmallPeerMap::ROOM {
            return None;
        }
        let tables = self.v4.tables().filter(|(_, table)| table.live() != 0);
        let peers =
            tables.flat_map(|(group, table)| table.peers().map(move |(_, word)| (group, word)));
        Some(SmallPeerMap::of(self.completed.load(Ordering::Relaxed), peers))
    }

    /// Bytes of all tables.
    pub(crate) fn heap_bytes(&self) -> usize {
        let v6 = self.v6.as_ref().map_or(0, |v6| size_of_val(&**v6) + v6.heap_bytes());
        self.v4.heap_bytes() + v6
    }

    /// Live endpoints.
    pub(crate) fn live(&self) -> u32 {
        self.v4.live() + self.v6.as_ref().map_or(0, |v6| v6.live())
    }

    /// Puts the caller's endpoint where it stands from now on.
    pub(crate) fn arrive(&self, update: &SwarmUpdate<'_>) -> Result<Placement, LimitReached> {
        self.scopes.add(Scopes::only(update.scope));
        let SwarmUpdate { peer, counters, .. } = update;
        let admit = || self.admit(update);
        let placement = match (&update.lookup, &self.v6) {
            (EndpointLookup::V4(lookup), _) => self.v4.arrive(lookup, peer, counters, admit),
            (EndpointLookup::V6(lookup), Some(v6)) => v6.arrive(lookup, peer, counters, admit),
            (EndpointLookup::V6(_), None) => Placement::NoRoom,
        };
        match placement {
            Placement::Refused(limit) => Err(limit),
            placement => Ok(placement),
        }
    }

    /// Whether two peers were seen to share an address.
    pub(crate) fn shares_addresses(&self) -> bool {
        self.shares_addresses.load(Ordering::Relaxed)
    }

    /// Checks that an endpoint that is not live in its table may come in: from another one, or into
    /// the swarm.
    fn admit(&self, update: &SwarmUpdate<'_>) -> Result<(), Placement> {
        let counters = &update.counters;
        if !counters.is_limited() || self.has(&update.lookup) {
            return Ok(());
        }
        let live = self.live();
        counters.check(live, update.peer.endpoint).map_err(Placement::Refused)?;
        if counters.limits.max_peers_per_address == 0 || live == 0 {
            return Ok(());
        }
        let window = update.peer.window();
        let sharing = match (&update.lookup, &self.v6) {
            (EndpointLookup::V4(lookup), _) => self.v4.sharing_address(lookup, window),
            (EndpointLookup::V6(lookup), Some(v6)) => v6.sharing_address(lookup, window),
            (EndpointLookup::V6(_), None) => 0,
        };
        if sharing / WHOLE_PEER >= counters.limits.max_peers_per_address {
            return Err(Placement::Unlisted);
        }
        if sharing >= WHOLE_PEER && !self.shares_addresses() {
            self.shares_addresses.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    pub(crate) fn leave(&self, update: &SwarmUpdate<'_>) -> Removal {
        match (&update.lookup, &self.v6) {
            (EndpointLookup::V4(lookup), _) => self.v4.leave(lookup, update.peer, &update.counters),
            (EndpointLookup::V6(lookup), Some(v6)) => {
                v6.leave(lookup, update.peer, &update.counters)
            }
            (EndpointLookup::V6(_), None) => Removal::Absent,
        }
    }

    /// Makes room for the caller's endpoint.
    pub(crate) fn make_room(&mut self, update: &SwarmUpdate<'_>) {
        let (group, hasher) = (update.peer.group, update.hasher);
        self.scopes.keep();
        match &update.lookup {
            EndpointLookup::V4(lookup) => self.v4.table_mut(group).make_room(lookup.hash, hasher),
            EndpointLookup::V6(lookup) => {
                let v6 = self.v6.get_or_insert_with(|| Box::new(PeerTables::new()));
                v6.table_mut(group).make_room(lookup.hash, hasher);
            }
        }
    }

    /// Whether a table has become much too large since the caller, who leaves, stood in it.
    pub(crate) fn is_sparse(&self, update: &SwarmUpdate<'_>) -> bool {
        match (&update.lookup, &self.v6) {
            (EndpointLookup::V4(lookup), _) => {
                self.v4.tables().any(|(_, t)| t.is_sparse(lookup.hash))
            }
            (EndpointLookup::V6(lookup), Some(v6)) => {
                v6.tables().any(|(_, t)| t.is_sparse(lookup.hash))
            }
            (EndpointLookup::V6(_), None) => false,
        }
    }

    /// Shrinks the tables that are sparse where the caller stood.
    pub(crate) fn shrink(&mut self, update: &SwarmUpdate<'_>) {
        fn shrink<S: PeerSlot>(
            peers: &mut PeerTables<S>,
            lookup: &Lookup<S::Key>,
            hasher: &KeyHasher,
        ) {
            for table in peers.tables_mut() {
                if table.is_sparse(lookup.hash) {
                    table.fit(lookup.hash, hasher);
                }
            }
        }
        self.scopes.keep();
        match (&update.lookup, &mut self.v6) {
            (EndpointLookup::V4(lookup), _) => shrink(&mut self.v4, lookup, update.hasher),
            (EndpointLookup::V6(lookup), Some(v6)) => shrink(v6, lookup, update.hasher),
            (EndpointLookup::V6(_), None) => {}
        }
    }

    pub(crate) fn counts(&self) -> SwarmCounts {
        let completed = self.completed.load(Ordering::Relaxed);
        let mut counts = SwarmCounts { completed, ..SwarmCounts::default() };
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
    pub(crate) fn has(&self, lookup: &EndpointLookup) -> bool {
        match (lookup, &self.v6) {
            (EndpointLookup::V4(lookup), _) => self.v4.has(lookup),
            (EndpointLookup::V6(lookup), Some(v6)) => v6.has(lookup),
            (EndpointLookup::V6(_), None) => false,
        }
    }

    /// Calls `f` with every live endpoint, and twice with one that stands in two groups.
    pub(crate) fn each_endpoint(&self, mut f: impl FnMut(Endpoint)) {
        fn each<S: PeerSlot<Key: Into<Endpoint>>>(
            peers: &PeerTables<S>,
            f: &mut impl FnMut(Endpoint),
        ) {
            for (_, table) in peers.tables() {
                table.peers().for_each(|(slot, word)| f(slot.key(word).into()));
            }
        }
        each(&self.v4, &mut f);
        self.v6.iter().for_each(|v6| each(v6, &mut f));
    }

    /// In which group a fresh endpoint stands.
    pub(crate) fn group_of(&self, endpoint: Endpoint, update: &SwarmUpdate<'_>) -> Option<Group> {
        let window = update.peer.window();
        match (EndpointLookup::new(endpoint, update.hasher), &self.v6) {
            (EndpointLookup::V4(lookup), _) => self.v4.find(&lookup, window),
            (EndpointLookup::V6(lookup), Some(v6)) => v6.find(&lookup, window),
            (EndpointLookup::V6(_), None) => None,
        }
        .map(|(group, _)| group)
    }

    /// Whether the peers could do with fewer tables.
    pub(crate) fn has_spare_tables(&self) -> bool {
        self.v4.has_spare() || self.has_spare_v6() || self.to_small().is_some()
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
pub(crate) trait FamilySlot: PeerSlot<Key: Into<Endpoint>> {
    fn peers(large: &LargePeerMap) -> Option<&PeerTables<Self>>;

    fn peers_mut(large: &mut LargePeerMap) -> Option<&mut PeerTables<Self>>;
}

impl FamilySlot for V4Slot {
    fn peers(large: &LargePeerMap) -> Option<&PeerTables<Self>> {
        Some(&large.v4)
    }

    fn peers_mut(large: &mut LargePeerMap) -> Option<&mut PeerTables<Self>> {
        Some(&mut large.v4)
    }
}

impl FamilySlot for V6Slot {
    fn peers(large: &LargePeerMap) -> Option<&PeerTables<Self>> {
        large.v6.as_deref()
    }

    fn peers_mut(large: &mut LargePeerMap) -> Option<&mut PeerTables<Self>> {
        large.v6.as_deref_mut()
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
