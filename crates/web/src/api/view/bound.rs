//! A passkey for one item.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Named;

/// A member's passkey that opens one item alone.
#[derive(Clone, Deserialize, Serialize)]
pub struct BoundKey {
    /// Whose.
    pub member: Named,
    /// For which item.
    pub item: Named,
    /// The passkey.
    pub passkey: String,
    /// What goes into the item's torrent, the passkey in it.
    pub announce_url: String,
}

impl fmt::Debug for BoundKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundKey")
            .field("member", &self.member)
            .field("item", &self.item)
            .finish_non_exhaustive()
    }
}
