//! How many clients each item has, for whoever keeps a history. Nothing of it is on the announce path.

use policy::ItemId;
use swarm::Census;

use crate::session::SessionId;
use crate::tracker::Tracker;

/// The clients of one item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ItemCensus {
    /// The item.
    pub item: ItemId,
    /// Its clients; of a hybrid's two swarms those of the larger one, as most of them are in both.
    pub clients: Census,
    /// Completed downloads that its swarms counted.
    pub completed: u32,
}

impl Tracker {
    /// Visits every item. Costs a look at each of their swarms.
    pub fn item_census(&self, mut visit: impl FnMut(ItemCensus)) {
        for (item, entry) in self.items.iter() {
            let hashes = entry.hashes();
            let clients = hashes.iter().filter_map(|hash| self.swarms.census(hash));
            let clients = clients.max_by_key(Census::total).unwrap_or_default();
            visit(ItemCensus { item, clients, completed: self.completed(&hashes) });
        }
    }

    /// Visits the counters of each member's client: bytes sent and received. Costs a pass over all sessions.
    pub fn member_counters(&self, mut visit: impl FnMut(SessionId, u64, u64)) {
        self.sessions.for_each(|session| {
            let id = session.id();
            if id.member.is_some() {
                visit(id, session.uploaded(), session.downloaded());
            }
        });
    }
}
