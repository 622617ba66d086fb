//! Rights of members to items, and passkeys for one item.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;

/// A member's right to an item, or to all items.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RightView {
    /// The member.
    pub member: NamedId,
    /// The item; id 0 with the name `all` means every item.
    pub item: NamedId,
    /// When it ends; `null` means never.
    pub until: Option<Timestamp>,
    /// When it was granted last.
    pub granted: Timestamp,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// Grants a right.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRight {
    /// When it ends; `null` means never.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A member's passkey that opens one item only.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct BoundKey {
    /// The member.
    pub member: NamedId,
    /// The item.
    pub item: NamedId,
    /// The passkey.
    pub passkey: String,
    /// The announce URL of the item's torrent, with the passkey in it.
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
