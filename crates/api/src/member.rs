//! Members, their keys and their traffic.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::Money;
use crate::right::RightView;

/// A member or an item, by id and name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct NamedId {
    /// The id; 0 with the name `all` means every item.
    pub id: u32,
    /// The name.
    pub name: String,
}

/// A member.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MemberView {
    /// The id, which no other member ever has.
    pub id: u32,
    /// Unique among the members that are not removed.
    pub name: String,
    /// The tier's name.
    pub tier: String,
    /// When the tier ends; `null` means never.
    pub tier_until: Option<Timestamp>,
    /// `active`, `suspended` or `removed`.
    pub state: String,
    /// When the member was added.
    pub created: Timestamp,
    /// The e-mail address; `null` where none is known.
    pub email: Option<String>,
    /// When the member last showed that mail to the address reaches them; `null` where they did not.
    pub email_verified: Option<Timestamp>,
}

/// A member with their passkey, which is secret.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct MemberKey {
    /// The member.
    #[serde(flatten)]
    pub member: MemberView,
    /// The passkey, which opens every item they have a right to.
    pub passkey: String,
    /// The announce URL of their torrents, with the passkey in it.
    pub announce_url: String,
}

impl fmt::Debug for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberKey").field("member", &self.member).finish_non_exhaustive()
    }
}

/// Everything about a member.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MemberDetail {
    /// The member, with the passkey.
    #[serde(flatten)]
    pub key: MemberKey,
    /// Their rights, ended ones too: the first thousand.
    pub rights: Vec<RightView>,
    /// What their clients reported, by item.
    pub traffic: Vec<Traffic>,
}

/// What a member's clients reported for one item, in bytes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Traffic {
    /// The item.
    pub item: NamedId,
    /// Bytes sent to peers.
    pub uploaded: u64,
    /// Bytes received.
    pub downloaded: u64,
}

/// What a member's clients reported, how much of it was verified, and what it earned.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MemberTraffic {
    /// The member.
    pub member: NamedId,
    /// The tier that verified upload earned; `null` where it earned none.
    pub earned: Option<String>,
    /// The traffic of each item, by id: a page of it.
    pub items: Vec<ItemTraffic>,
    /// What the next page is asked for with, as `after`; `null` on the last page.
    #[serde(default)]
    pub next: Option<String>,
    /// Rewards that are still held, by currency.
    pub pending: Vec<Money>,
    /// Rewards that were credited, by currency.
    pub credited: Vec<Money>,
}

/// A member's traffic for one item, in bytes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ItemTraffic {
    /// The item.
    pub item: NamedId,
    /// Sent to peers, as the clients reported it.
    pub uploaded: u64,
    /// Received, as the clients reported it.
    pub downloaded: u64,
    /// Sent to the member by the publisher's own copy, as web seed and direct download.
    pub web_seed: u64,
    /// The part of `uploaded` that was judged in the last 35 days.
    pub judged: u64,
    /// The part of `judged` that was verified.
    pub verified: u64,
}

/// Adds a member.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    /// Unique among the members that are not removed.
    pub name: String,
    /// The tier's name.
    pub tier: String,
    /// When the tier ends; `null` means never.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Replaces a member's e-mail address.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetEmail {
    /// The address, to which a link to the library goes; `null` removes it.
    pub email: Option<String>,
}

/// The tier of a member.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct MemberTier {
    /// The tier's name.
    pub tier: String,
    /// When the tier ends; `null` means never.
    pub until: Option<Timestamp>,
}

/// Moves a member to another tier.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTier {
    /// The tier's name.
    pub tier: String,
    /// When the tier ends; `null` means never.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Gives a member a new passkey, for all items or for one.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotatePasskey {
    /// Until when the current passkey still works; `null` means that it stops at once.
    #[serde(default)]
    pub old_until: Option<Timestamp>,
}
