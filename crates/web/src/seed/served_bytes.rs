//! Bytes written to sockets, until they are in the books.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use club::Served;
use policy::{ItemId, MemberId};

/// Bytes by item and member since the last [`take`](Self::take). One entry for each pair that was sent
/// something.
#[derive(Debug, Default)]
pub struct ServedBytes {
    counts: Mutex<HashMap<(ItemId, Option<MemberId>), u64>>,
}

impl ServedBytes {
    /// Adds bytes written to a member, or to a stranger (`None`).
    pub fn add(&self, item: ItemId, member: Option<MemberId>, bytes: u64) {
        let mut counts = self.counts();
        let count = counts.entry((item, member)).or_default();
        *count = count.saturating_add(bytes);
    }

    /// Takes all counts, dated with a day since 1970. If they can't be stored, return them by
    /// [`add`](Self::add).
    pub fn take(&self, day: u32) -> Vec<Served> {
        let counts = std::mem::take(&mut *self.counts());
        let served = |((item, member), bytes)| Served { item, member, day, bytes };
        counts.into_iter().map(served).collect()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<(ItemId, Option<MemberId>), u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_counted_no_more() {
        let served_bytes = ServedBytes::default();
        let ada = MemberId::new(1);
        served_bytes.add(ItemId(1), ada, 10);
        served_bytes.add(ItemId(1), ada, 5);
        served_bytes.add(ItemId(1), None, 7);
        let mut taken = served_bytes.take(3);
        taken.sort_by_key(|served| served.bytes);
        let served = |member, bytes| Served { item: ItemId(1), member, day: 3, bytes };
        assert_eq!(taken, [served(None, 7), served(ada, 15)]);
        assert_eq!(served_bytes.take(3), []);
    }
}
