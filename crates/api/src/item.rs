//! Items and their prices.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::money::{GivenAmount, Money};
use crate::product::DeliveryMethod;
use crate::right::RightView;

/// An item.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ItemView {
    /// The id, which no other item ever has.
    pub id: u32,
    /// Unique among the items that are not removed.
    pub name: String,
    /// The title that people see.
    pub title: String,
    /// The line below the title, such as `Film, 88 minutes`; may be empty.
    pub subtitle: String,
    /// What it is grouped by.
    pub tags: Vec<String>,
    /// Who sees it on the site: `draft`, `published` or `unlisted`.
    pub visibility: String,
    /// When it was released; `null` stands for the day on which it was published.
    pub released: Option<Date>,
    /// The path of a file in its torrent that anybody may play.
    pub preview: Option<String>,
    /// The digest of its cover; `null` where it has none.
    pub cover: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// The first info hash, in hexadecimal; `null` once the item is removed.
    pub info_hash: Option<String>,
    /// All info hashes: two for a hybrid torrent. A v2 hash is cut to 20 bytes, as it is announced.
    pub info_hashes: Vec<String>,
    /// Bytes of content; `null` where they are not known.
    pub size_bytes: Option<u64>,
    /// Whether the torrent is private; also `false` where only its info hash is known.
    pub private: bool,
    /// The price of the torrent; `null` where it is not for sale.
    pub torrent_price: Option<Money>,
    /// The price of the direct download, which includes the torrent; `null` where it is not for sale.
    pub direct_price: Option<Money>,
    /// The lowest tier that has the item without buying it.
    pub tier: Option<String>,
    /// `published`, `unpublished`, `broken`, or `tracked` where only its info hashes are known.
    pub state: String,
    /// Why its files cannot be served.
    pub broken: Option<String>,
    /// The version, counted from 1; `null` where only its info hashes are known.
    pub version: Option<u32>,
    /// The lowest price that a buyer may choose for the cheaper delivery method; `null` where prices
    /// are fixed.
    pub minimum: Option<Money>,
    /// Whether the item was removed.
    pub removed: bool,
    /// When the item was added.
    pub created: Timestamp,
}

/// Everything about an item.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ItemDetail {
    /// The item.
    #[serde(flatten)]
    pub item: ItemView,
    /// The description that people see, in Markdown; may be empty.
    pub description: String,
    /// The URL at which anybody may play its preview.
    pub preview_url: Option<String>,
    /// Bytes that the publisher's own copy sent of it, to anybody.
    pub served_bytes: u64,
    /// How often a client completed it, strangers too.
    pub completed: u32,
    /// What members carried and took of it.
    pub traffic: ItemBytes,
    /// The names of the items that come with it.
    pub parts: Vec<String>,
    /// Rights to it, ended ones too: the first thousand.
    pub rights: Vec<RightView>,
}

/// What members carried and took of an item, as far as windows of traffic were judged.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub struct ItemBytes {
    /// Bytes that members took, from peers and from the publisher's own copy.
    pub taken_bytes: u64,
    /// Bytes of it that peers sent, so that the publisher's own copy did not have to.
    pub saved_bytes: u64,
    /// Bytes that members' clients say they sent in the last 35 days.
    pub reported_bytes: u64,
    /// Bytes of it that are believed.
    pub verified_bytes: u64,
}

/// Adds an item by its info hashes, without its torrent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    /// Unique among the items that are not removed.
    pub name: String,
    /// The policy's name.
    pub policy: String,
    /// In hexadecimal: one, or the two of a hybrid torrent.
    pub info_hashes: Vec<String>,
}

/// How an item is presented.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ItemDetails {
    /// The title that people see.
    pub title: String,
    /// The line below the title, such as `Film, 88 minutes`; may be empty.
    pub subtitle: String,
    /// The description that people see, in Markdown; may be empty.
    pub description: String,
    /// What it is grouped by.
    pub tags: Vec<String>,
    /// Who sees it on the site: `draft`, `published` or `unlisted`.
    pub visibility: String,
    /// When it was released; `null` stands for the day on which it was published.
    pub released: Option<Date>,
    /// The path of a file in its torrent that anybody may play.
    pub preview: Option<String>,
    /// The lowest tier that has the item without buying it.
    pub tier: Option<String>,
    /// The names of the items that come with it.
    pub parts: Vec<String>,
}

/// What an item costs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ItemPrices {
    /// The price of the torrent; `null` where it is not for sale.
    pub torrent_price: Option<Money>,
    /// The price of the direct download, which includes the torrent; `null` where it is not for sale.
    pub direct_price: Option<Money>,
    /// The lowest price that a buyer may choose for the cheaper delivery method; `null` where prices
    /// are fixed.
    pub minimum: Option<Money>,
}

/// The policy of an item's swarm.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ItemPolicyView {
    /// The policy's name.
    pub policy: String,
}

/// Sets the policy of an item's swarm.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPolicy {
    /// The policy's name.
    pub policy: String,
}

/// Sets how an item is presented; what is not named stays.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SetItem {
    /// The title that people see.
    pub title: Option<String>,
    /// The line below the title, such as `Film, 88 minutes`; may be empty.
    pub subtitle: Option<String>,
    /// The description that people see, in Markdown; may be empty.
    pub description: Option<String>,
    /// What it is grouped by, in place of the tags that it has.
    pub tags: Option<Vec<String>>,
    /// Who sees it on the site: `draft` (nobody), `published` (everybody) or `unlisted` (whoever knows its address).
    pub visibility: Option<String>,
    /// When it was released, such as `2026-11-30`; empty for the day on which it was published.
    pub released: Option<String>,
    /// The path of a file in its torrent that anybody may play; empty for none.
    pub preview: Option<String>,
    /// The lowest tier that has the item without buying it; empty for none.
    pub tier: Option<String>,
    /// The items that come with it, by name, id or info hash, in place of those that do; at most 200.
    pub parts: Option<Vec<String>>,
}

/// Sets what an item costs; what is not named stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SetPrices {
    /// The price of the torrent.
    pub torrent_price: Option<GivenAmount>,
    /// The price of the direct download, which includes the torrent and may not cost less.
    pub direct_price: Option<GivenAmount>,
    /// The currency of both prices; without it, the one they have.
    pub currency: Option<String>,
    /// Whether both prices become 0, whatever is named above.
    pub free: bool,
    /// The lowest price that a buyer may choose for the cheaper delivery method.
    pub minimum: Option<GivenAmount>,
    /// Whether buyers can no longer choose a price.
    pub fixed: bool,
    /// The delivery methods that are no longer for sale.
    pub withdraw: Vec<DeliveryMethod>,
}

/// The result of comparing an item's files with what was published.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Verified {
    /// The item.
    pub item: ItemView,
    /// Whether all files are as they were published.
    pub whole: bool,
    /// The files that are not: the first thousand.
    pub bad_files: Vec<String>,
}

/// The most bytes of an uploaded cover.
pub const MAX_COVER_BYTES: usize = 8 << 20;
