//! A limit on alerts, so that requests for a file on a disk that is away do not write to the store each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use policy::ItemId;

/// When an alert of each item was last raised, in seconds since the start. At most one entry for each item.
#[derive(Debug, Default)]
pub(super) struct AlertLimit {
    raised: Mutex<HashMap<ItemId, u32>>,
}

impl AlertLimit {
    /// Whether an alert of an item is to be raised now: at most one in [`PERIOD_SECS`].
    pub(super) fn allows(&self, item: ItemId, now_secs: u32) -> bool {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |last: u32| now_secs.saturating_sub(last) >= PERIOD_SECS;
        let is_allowed = raised.get(&item).is_none_or(|last| is_due(*last));
        if is_allowed {
            raised.insert(item, now_secs);
        }
        is_allowed
    }
}

const PERIOD_SECS: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_one_alert_a_minute() {
        let limit = AlertLimit::default();
        let allows = |item, now| limit.allows(ItemId(item), now);
        assert!(allows(1, 0) && allows(2, 0));
        assert!(!allows(1, 59) && allows(1, 60) && !allows(1, 61));
    }
}
