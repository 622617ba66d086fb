//! What the rules say beside announces: to downloads and feeds, and to the publisher.

use policy::{Generation, ItemAccess, ItemId, ItemPolicy, MemberId};

use crate::Now;
use crate::items::ItemEntry;
use crate::tracker::Tracker;

impl Tracker {
    /// What a member may do with an item now, by the same look-ups that announces are judged by.
    pub fn item_access(&self, member: MemberId, item: ItemId, now: Now) -> ItemAccess {
        let Some(view) = self.items.get(item).and_then(|found| found.view(item)) else {
            return ItemAccess::Refused;
        };
        self.settings.load().authorizer(&self.members).item_access(member, view, now.unix)
    }

    /// How an item's swarm is run; `None` where there is no such item, or it is closed.
    pub fn policy_of(&self, item: ItemId) -> Option<ItemPolicy> {
        let policy = self.items.get(item).and_then(ItemEntry::policy)?;
        self.settings.load().rules.policies.policy(policy).cloned()
    }

    /// The policy of that name.
    pub fn policy(&self, name: &str) -> Option<ItemPolicy> {
        let settings = self.settings.load();
        settings.rules.policies.policy(settings.rules.policies.find(name)?).cloned()
    }

    /// Which turn of a member's passkey for one item opens.
    pub fn bound_turn(&self, member: MemberId, item: ItemId) -> Generation {
        self.members.rights.right(item, member).unwrap_or_default().generation
    }
}
