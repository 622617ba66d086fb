//! A request that was let in: its file, opened beneath the item's root, and what to call it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use club::{Goods, Key};
use metainfo::File;
use policy::{ItemId, MemberId};
use thiserror::Error;

use super::gate::{Gate, Holder, Served};
use super::stream::Stream;

/// One file of one item, for one holder of its URL.
#[derive(Clone, Debug)]
pub struct Pass {
    pub(super) item: ItemId,
    pub(super) holder: Holder,
    pub(super) served: Served,
    pub(super) goods: Arc<Goods>,
    pub(super) index: usize,
}

/// Why a file that the torrent names is not served.
#[derive(Debug, Error)]
pub enum Broken {
    /// It is not what it was when the torrent was made.
    #[error("{found} bytes long where the torrent says {expected}")]
    Length {
        /// Bytes found.
        found: u64,
        /// Bytes that the torrent says.
        expected: u64,
    },
    /// It is a folder, a pipe or the like.
    #[error("no regular file any more")]
    NoFile,
    /// It can't be opened, or only outside the item's root.
    #[error(transparent)]
    Open(#[from] io::Error),
}

impl Broken {
    /// Whether the daemon has no files or memory left, and the item is not to blame.
    pub fn is_ours(&self) -> bool {
        let Self::Open(error) = self else { return false };
        matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
    }
}

impl Pass {
    /// Of which item.
    pub const fn item(&self) -> ItemId {
        self.item
    }

    /// To whom; `None` for a stranger.
    pub const fn member(&self) -> Option<MemberId> {
        match self.holder {
            Holder::Member { id, .. } => Some(id),
            Holder::Stranger(_) => None,
        }
    }

    /// As what it is let in.
    pub const fn served(&self) -> Served {
        self.served
    }

    /// Bytes of the file, as the torrent says.
    pub fn length(&self) -> u64 {
        self.file().map_or(0, |file| file.length)
    }

    /// Opens the file, following no link out of the item's root. May wait for a disk.
    ///
    /// # Errors
    ///
    /// Says how the file is not what the torrent says.
    pub fn open(&self) -> Result<fs::File, Broken> {
        let root = &self.goods.root;
        let (folder, path) = match self.file() {
            _ if self.goods.torrent.is_single_file() => {
                (root.parent().unwrap_or(root), root.file_name().unwrap_or_default())
            }
            Some(file) => (root.as_path(), OsStr::from_bytes(file.path.as_bytes())),
            None => return Err(Broken::NoFile),
        };
        let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
        let mut how = OpenOptions::new();
        // Without waiting for a writer, should it be a pipe by now.
        how.read(true).custom_flags(libc::O_NONBLOCK);
        let file = folder.open_with(Path::new(path), &how)?.into_std();
        let found = file.metadata()?;
        match found.len() {
            _ if !found.is_file() => Err(Broken::NoFile),
            length if length != self.length() => {
                Err(Broken::Length { found: length, expected: self.length() })
            }
            _ => Ok(file),
        }
    }

    /// Begins to count and pace what is sent.
    pub fn stream(&self, gate: &Gate, now: Duration) -> Stream {
        let Served { tier, terms } = self.served;
        Stream::new(&gate.pace, self.holder.payer(), tier, terms, now)
    }

    /// A strong ETag without its quotes: the same for the same bytes, and for no others.
    pub fn etag(&self) -> String {
        let torrent = &self.goods.torrent;
        if let Some(root) = self.file().and_then(|file| file.pieces_root) {
            return root.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        let hash = torrent.info_hashes().next().map_or_else(String::new, |hash| hash.to_string());
        format!("{hash}-{}", self.index)
    }

    /// The name to save it by, where the URL is one for browsers.
    pub fn download_name(&self) -> Option<&[u8]> {
        match self.holder {
            Holder::Member { key: Key::Download, .. } => self.file()?.path.names().last(),
            _ => None,
        }
    }

    pub(super) fn file(&self) -> Option<&File> {
        self.goods.torrent.files.get(self.index)
    }
}
