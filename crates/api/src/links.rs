//! The URLs that belong to one member.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A kind of key that rotates alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// In announce URLs: the passkey
    Announce,
    /// In the URLs of torrents and direct downloads
    Download,
    /// In the URLs of feeds
    Feed,
    /// In login links
    Login,
    /// In the web seeds of torrents
    Webseed,
}

impl KeyKind {
    /// The word that requests name it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Download => "download",
            Self::Feed => "feed",
            Self::Login => "login",
            Self::Webseed => "webseed",
        }
    }
}

/// A member's URLs, each kind with a key of its own.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct MemberLinks {
    /// The member's name.
    pub member: String,
    /// The announce URL, which opens every item they have a right to.
    pub announce_url: String,
    /// The key in the URLs of torrents.
    pub download_token: String,
    /// The key in the URLs of feeds.
    pub feed_token: String,
    /// The feed of new items as torrents.
    pub club_feed: String,
    /// The feed of new items as media files.
    pub podcast_feed: String,
    /// The items they have a right to, by id: a page of them.
    pub items: Vec<ItemLinks>,
    /// What the next page is asked for with, as `after`; `null` on the last page.
    #[serde(default)]
    pub next: Option<String>,
}

impl fmt::Debug for MemberLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberLinks").field("member", &self.member).finish_non_exhaustive()
    }
}

/// A member's URLs of one item.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct ItemLinks {
    /// The item's name.
    pub item: String,
    /// Their own torrent.
    pub torrent: String,
    /// The web seed in that torrent; `null` where it has none.
    pub web_seed: Option<String>,
    /// The files of the direct download, a URL each: the first thousand. Empty where the member has
    /// not bought it.
    pub direct: Vec<String>,
}

impl fmt::Debug for ItemLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemLinks").field("item", &self.item).finish_non_exhaustive()
    }
}

/// The magnet link of a free item.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Magnet {
    /// The item's name.
    pub item: String,
    /// The link.
    pub magnet: String,
}
