//! What the club says of items, passed on to the tracker as it is said.

use std::sync::Arc;

use arrayvec::ArrayVec;
use club::ListedItem;
use listen::clock::Clock;
use policy::ItemId;
use tracker::{Registration, Tracker};

/// The tracker, as the club sees it.
pub(crate) struct Registry {
    tracker: Arc<Tracker>,
    clock: Clock,
}

impl Registry {
    /// Passes items on to this tracker.
    pub(crate) fn new(tracker: Arc<Tracker>, clock: Clock) -> Self {
        Self { tracker, clock }
    }
}

impl club::Items for Registry {
    fn put(&self, item: &ListedItem) {
        let ListedItem { id, policy, tier, .. } = *item;
        let hashes = item.info_hashes.iter().copied().take(2).collect::<ArrayVec<_, 2>>();
        let size = item.size_bytes.unwrap_or(0);
        if !self.tracker.register(&Registration { id, hashes, policy, tier, size }) {
            tracing::error!(item = id.0, "there are more items than the tracker can hold");
        }
    }

    fn remove(&self, item: ItemId) {
        self.tracker.remove(item, self.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use club::Items;
    use policy::{
        Aliases, Entitlements, Keyring, MasterSecret, Notices, Policies, PolicyId, Roster, Rules,
    };
    use tracker::{Members, Nat, Settings};
    use wire::InfoHash;

    use super::*;

    #[test]
    fn an_item_without_a_policy_is_closed_though_there_are_as_many_as_can_be() {
        let tracker = Arc::new(tracker_of(Policies::MAX));
        let registry = Registry::new(Arc::clone(&tracker), Clock::start());
        let last = PolicyId::new(Policies::MAX - 1);
        registry.put(&item(1, last));
        registry.put(&item(2, None));
        assert_eq!(tracker.policy_of(ItemId(1)).unwrap().id, "policy 63");
        assert_eq!(tracker.policy_of(ItemId(2)), None);
    }

    fn tracker_of(policies: u8) -> Tracker {
        let free = Rules::default().policies.iter().next().unwrap().clone();
        let named = |place| policy::ItemPolicy { id: format!("policy {place}"), ..free.clone() };
        let policies = Policies::new((0..policies).map(named).collect()).unwrap();
        let settings = Settings {
            rules: Rules { policies, ..Rules::default() },
            notices: Notices::new("https://club.example"),
            nat: Nat::default(),
            limits: swarm::SwarmLimits::default(),
            max_age_secs: 3700,
            probe_ports: false,
        };
        let members = Members {
            keyring: Arc::new(Keyring::new(&MasterSecret::new([7; 32]), None)),
            aliases: Arc::new(Aliases::default()),
            roster: Arc::new(Roster::new()),
            rights: Arc::new(Entitlements::default()),
        };
        Tracker::new(settings, members, 42)
    }

    fn item(id: u8, policy: Option<PolicyId>) -> ListedItem {
        let info_hashes = vec![InfoHash([id; 20])];
        ListedItem { id: ItemId(id.into()), info_hashes, size_bytes: None, policy, tier: None }
    }
}
