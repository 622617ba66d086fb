//! Publishing and what is published, as JSON.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Failure, Item};

/// Publishes a file or folder; a side-car file says the same but for the path. What is left out is
/// chosen by usher, or for a new version stays as it was.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// The file or folder, an absolute path that the daemon can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Unique among those not removed; else made from the file's name.
    pub name: Option<String>,
    /// For people; else the file's name.
    pub title: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The policy's name; else `priority`.
    pub policy: Option<String>,
    /// The lowest tier that has it without buying it.
    pub tier: Option<String>,
    /// The price of the torrent, a decimal number.
    pub torrent_price: Option<String>,
    /// The price of direct download, a decimal number.
    pub direct_price: Option<String>,
    /// The prices' currency, as `usd`.
    pub currency: Option<String>,
    /// `v1`, `v2` or `hybrid`; else `v1`, or for a new version what the last one was.
    pub format: Option<Format>,
    /// The item that this is a new version of.
    pub replaces: Option<String>,
}

/// Which halves a torrent has.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Both: old clients and new ones, in two swarms.
    Hybrid,
    /// BEP 3, which every client reads.
    #[default]
    V1,
    /// BEP 52: a hash tree for each file.
    V2,
}

/// One line of an answer that takes its time: what was hashed so far, and at last what came of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step<T> {
    /// It came to this.
    Done(T),
    /// It failed.
    Failed(Failure),
    /// So much is done.
    Hashed {
        /// Bytes hashed.
        bytes: u64,
        /// Bytes to hash.
        of: u64,
    },
}

/// What was published.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Published {
    /// The item's name.
    pub item: String,
    /// The item's id.
    pub id: u32,
    /// Counts from 1.
    pub version: u32,
    /// v1's, in hexadecimal; v2's cut to 20 bytes where there is no v1 half.
    pub info_hash: String,
    /// v2's in hexadecimal, 32 bytes, where there is a v2 half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info_hash_v2: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// Whether its torrent is private.
    pub private: bool,
    /// Bytes of content.
    pub size_bytes: u64,
    /// What clients may stumble over, and what was left out: a sentence each.
    pub warnings: Vec<String>,
}

/// What is to change of how an item is presented.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SetItem {
    /// For people.
    pub title: Option<String>,
    /// For people; may be empty.
    pub description: Option<String>,
    /// The lowest tier that has it without buying it; empty for none.
    pub tier: Option<String>,
}

/// Whether an item's files are what was published.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Verified {
    /// The item.
    pub item: Item,
    /// Whether they are.
    pub whole: bool,
    /// Those that are not: the first thousand.
    pub bad_files: Vec<String>,
}

/// A magnet link.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Magnet {
    /// The item's name.
    pub item: String,
    /// The link.
    pub magnet: String,
}

/// A file that was put into the watched folder and could not be published.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Stuck {
    /// Where it is.
    pub path: String,
    /// Why it could not be published.
    pub error: String,
    /// When that was tried.
    pub at: Timestamp,
}

/// The addresses that are a member's alone, each with a key of its own.
#[derive(Clone, Deserialize, Serialize)]
pub struct Links {
    /// Whose, by name.
    pub member: String,
    /// What goes into a client by hand: it opens every item they have a right to.
    pub announce_url: String,
    /// The key in the URLs of torrents.
    pub download_token: String,
    /// The key in the URLs of feeds.
    pub feed_token: String,
    /// New items as torrents.
    pub club_feed: String,
    /// New items as media files.
    pub podcast_feed: String,
    /// What they may have: the first thousand.
    pub items: Vec<ItemLinks>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("member", &self.member).finish_non_exhaustive()
    }
}

/// Where a member finds an item.
#[derive(Clone, Deserialize, Serialize)]
pub struct ItemLinks {
    /// The item, by name.
    pub item: String,
    /// Their own torrent.
    pub torrent: String,
    /// The web seed, as it stands in that torrent; `null` where they have none.
    pub web_seed: Option<String>,
    /// Where a browser saves its files, a URL each, the first thousand; none where they have not
    /// bought the direct download.
    pub direct: Vec<String>,
}

impl fmt::Debug for ItemLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemLinks").field("item", &self.item).finish_non_exhaustive()
    }
}
