//! Bytes that were written to sockets, until they are in the books.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use club::Served;
use policy::{ItemId, MemberId};

/// Counts for each item and member since they were last taken. Its size is bounded by who was sent
/// something meanwhile.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<HashMap<(ItemId, Option<MemberId>), u64>>,
}

impl Tally {
    /// Counts what was written; `None` is a stranger.
    pub fn add(&self, item: ItemId, member: Option<MemberId>, bytes: u64) {
        let mut counts = self.counts();
        let count = counts.entry((item, member)).or_default();
        *count = count.saturating_add(bytes);
    }

    /// Takes all counts, as of a day since 1970. Whoever can't keep them gives them back by
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
        let tally = Tally::default();
        let ada = MemberId::new(1);
        tally.add(ItemId(1), ada, 10);
        tally.add(ItemId(1), ada, 5);
        tally.add(ItemId(1), None, 7);
        let mut taken = tally.take(3);
        taken.sort_by_key(|served| served.bytes);
        let served = |member, bytes| Served { item: ItemId(1), member, day: 3, bytes };
        assert_eq!(taken, [served(None, 7), served(ada, 15)]);
        assert_eq!(tally.take(3), []);
    }
}
