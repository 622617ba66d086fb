//! The files of an item, and how they are served.

use std::path::PathBuf;

use metainfo::Torrent;
use policy::ItemId;

/// How an item's files are served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// Counts from 1; a new version has another torrent.
    pub version: u32,
    /// When this version was published, in Unix seconds.
    pub published: u32,
    /// Whether the publisher took it back: it is in no list, and neither torrent nor files are
    /// given out.
    pub withdrawn: bool,
    /// Why the files can't be served; `None` where they can.
    pub broken: Option<String>,
}

/// An item's files, as its torrent lists them.
#[derive(Clone, Debug)]
pub struct Goods {
    /// The item.
    pub item: ItemId,
    /// The file or the folder itself, an absolute path.
    pub root: PathBuf,
    /// The .torrent as it was made: without trackers and web seeds.
    pub bytes: Vec<u8>,
    /// What it says.
    pub torrent: Torrent,
    /// How the files are served.
    pub offer: Offer,
    /// The index of the file that anybody may play; none of a draft.
    pub preview: Option<usize>,
    /// Whether the item is a draft, which nobody sees on the site.
    pub is_draft: bool,
}
