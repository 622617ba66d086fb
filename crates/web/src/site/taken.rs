//! What members took of the items that pages were asked for of late.
//!
//! The store adds it up over everybody who took an item, which is too much for each view of a popular one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use club::{Club, Error, TakenBytes};
use policy::ItemId;

/// What was asked of the store, each kept for a while.
#[derive(Debug, Default)]
pub(super) struct TakenCache {
    kept: Mutex<HashMap<ItemId, (u32, TakenBytes)>>,
}

impl TakenCache {
    /// What members took of an item, at most five minutes ago.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub(super) async fn of(
        &self,
        club: &Club,
        item: ItemId,
        now_secs: u32,
    ) -> Result<TakenBytes, Error> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&item).copied();
        if let Some((since, taken)) = known
            && now_secs.saturating_sub(since) < MAX_AGE_SECS
        {
            return Ok(taken);
        }
        let taken = club.taken_of(item).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (since, _)| now_secs.saturating_sub(*since) < MAX_AGE_SECS);
        }
        if kept.len() < MAX_KEPT {
            kept.insert(item, (now_secs, taken));
        }
        Ok(taken)
    }
}

/// Traffic is judged once an hour or less often.
const MAX_AGE_SECS: u32 = 300;
const MAX_KEPT: usize = 1000;
