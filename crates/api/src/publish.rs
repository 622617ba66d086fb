//! Publishing files as items.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ProblemDocument;
use crate::item::SetItem;

/// Publishes a file or folder. A side-car file has the same fields, except for the path. A field that
/// is left out gets a default; for a new version of an item, it stays as it was.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// The file or folder: an absolute path that the daemon can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub path: Option<PathBuf>,
    /// Unique among the items that are not removed; by default derived from the file's name.
    pub name: Option<String>,
    /// The title that people see; by default the file's name.
    pub title: Option<String>,
    /// The line below the title, such as `Film, 88 minutes`.
    pub subtitle: Option<String>,
    /// The description that people see, in Markdown.
    pub description: Option<String>,
    /// What it is grouped by.
    pub tags: Option<Vec<String>>,
    /// Who sees it on the site: `draft`, `published` or `unlisted`; by default `published`.
    pub visibility: Option<String>,
    /// When it was released, such as `2026-11-30`; by default the day on which it is published.
    pub released: Option<String>,
    /// The path of a file inside it that anybody may play.
    pub preview: Option<String>,
    /// The policy's name; by default `priority`.
    pub policy: Option<String>,
    /// The lowest tier that has the item without buying it.
    pub tier: Option<String>,
    /// The items that come with it, by name, id or info hash.
    pub parts: Option<Vec<String>>,
    /// The price of the torrent, a decimal.
    pub torrent_price: Option<String>,
    /// The price of the direct download, a decimal.
    pub direct_price: Option<String>,
    /// The prices' currency, such as `usd`.
    pub currency: Option<String>,
    /// The torrent's format; by default `v1`, or for a new version the format of the last one.
    pub format: Option<TorrentFormat>,
    /// The item that this is a new version of.
    pub replaces: Option<String>,
}

impl Publish {
    /// The same, presented so.
    #[must_use]
    pub fn presented(self, presentation: SetItem) -> Self {
        let SetItem {
            title,
            subtitle,
            description,
            tags,
            visibility,
            released,
            preview,
            tier,
            parts,
        } = presentation;
        Self {
            title,
            subtitle,
            description,
            tags,
            visibility,
            released,
            preview,
            tier,
            parts,
            ..self
        }
    }

    /// How the item is to be presented.
    pub fn presentation(&self) -> SetItem {
        let Self {
            title,
            subtitle,
            description,
            tags,
            visibility,
            released,
            preview,
            tier,
            parts,
            ..
        } = self.clone();
        SetItem { title, subtitle, description, tags, visibility, released, preview, tier, parts }
    }
}

/// The format of a torrent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum TorrentFormat {
    /// Both: old clients and new ones, in two swarms
    Hybrid,
    /// BEP 3, which every client reads
    #[default]
    V1,
    /// BEP 52: a hash tree for each file
    V2,
}

/// One line of an answer that takes its time: progress, and at last the outcome.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressLine<T> {
    /// The work is done.
    Done(T),
    /// The work failed.
    Failed(ProblemDocument),
    /// The work goes on.
    Hashed {
        /// Bytes hashed so far.
        bytes: u64,
        /// Bytes to hash.
        of: u64,
    },
}

/// An item that was published.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Published {
    /// The item's name.
    pub item: String,
    /// The item's id.
    pub id: u32,
    /// The version, counted from 1.
    pub version: u32,
    /// The v1 info hash in hexadecimal; without a v1 half, the v2 hash cut to 20 bytes.
    pub info_hash: String,
    /// The v2 info hash in hexadecimal, 32 bytes, where there is a v2 half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info_hash_v2: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// Whether its torrent is private.
    pub private: bool,
    /// Bytes of content.
    pub size_bytes: u64,
    /// Its page on the site; `null` for a draft, which has none.
    pub page: Option<String>,
    /// What clients may fail at, and what was left out: a sentence each.
    pub warnings: Vec<String>,
}

/// A file in the watched folder that could not be published.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Stuck {
    /// The path.
    pub path: String,
    /// Why it could not be published.
    pub error: String,
    /// When that was tried.
    pub at: Timestamp,
}

/// A file as it is, in place of JSON.
#[derive(Clone, Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct FileBytes(pub Vec<u8>);
