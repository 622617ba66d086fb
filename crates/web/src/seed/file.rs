//! An authorized file: opened beneath the item's root, with its ETag, name and type.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use club::Goods;
use metainfo::File;
use mime_guess::Mime;
use mime_guess::mime::APPLICATION_OCTET_STREAM;
use policy::{ItemId, MemberId};
use thiserror::Error;

use super::stream::PacedStream;
use super::web_seed::{Holder, ServiceLevel, UrlKind, WebSeed};

/// One file of one item, for the holder of one URL.
#[derive(Clone, Debug)]
pub struct AuthorizedFile {
    pub(super) item: ItemId,
    pub(super) holder: Holder,
    pub(super) served: ServiceLevel,
    pub(super) goods: Arc<Goods>,
    pub(super) index: usize,
}

/// Why a file that the torrent names is not served.
#[derive(Debug, Error)]
pub enum OpenError {
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

impl OpenError {
    /// Whether the daemon has no files or memory left, and the item is not to blame.
    pub fn is_ours(&self) -> bool {
        let Self::Open(error) = self else { return false };
        matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
    }
}

impl AuthorizedFile {
    /// The item.
    pub const fn item(&self) -> ItemId {
        self.item
    }

    /// The member; `None` for a stranger.
    pub const fn member(&self) -> Option<MemberId> {
        match self.holder {
            Holder::Member { id, .. } => Some(id),
            Holder::Stranger(_) => None,
        }
    }

    /// How it is served.
    pub const fn served(&self) -> ServiceLevel {
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
    pub fn open(&self) -> Result<fs::File, OpenError> {
        let root = &self.goods.root;
        let (folder, path) = match self.file() {
            _ if self.goods.torrent.is_single_file() => {
                (root.parent().unwrap_or(root), root.file_name().unwrap_or_default())
            }
            Some(file) => (root.as_path(), OsStr::from_bytes(file.path.as_bytes())),
            None => return Err(OpenError::NoFile),
        };
        let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
        let mut how = OpenOptions::new();
        // Without waiting for a writer, should it be a pipe by now.
        how.read(true).custom_flags(libc::O_NONBLOCK);
        let file = folder.open_with(Path::new(path), &how)?.into_std();
        let found = file.metadata()?;
        match found.len() {
            _ if !found.is_file() => Err(OpenError::NoFile),
            length if length != self.length() => {
                Err(OpenError::Length { found: length, expected: self.length() })
            }
            _ => Ok(file),
        }
    }

    /// Begins a paced response.
    pub fn stream(&self, web_seed: &WebSeed, now: Duration) -> PacedStream {
        let ServiceLevel { place, terms } = self.served;
        PacedStream::new(&web_seed.pacer, self.holder.payer(), place, terms, now)
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
            Holder::Member { kind: UrlKind::Direct, .. } => self.file()?.path.names().last(),
            _ => None,
        }
    }

    /// What the file is, by its name, where people may open the URL; bytes to a client. A page is
    /// bytes, too: shown from here, its scripts would be the site's own.
    pub fn content_type(&self) -> Mime {
        let is_for_people = !matches!(self.holder, Holder::Member { kind: UrlKind::WebSeed, .. });
        let name = self.file().filter(|_| is_for_people).map(|file| file.path.to_string());
        let found = name.and_then(|name| mime_guess::from_path(name).first());
        found.filter(|mime| !is_page(mime)).unwrap_or(APPLICATION_OCTET_STREAM)
    }

    pub(super) fn file(&self) -> Option<&File> {
        self.goods.torrent.files.get(self.index)
    }
}

fn is_page(mime: &Mime) -> bool {
    [Some(mime.subtype()), mime.suffix()]
        .iter()
        .flatten()
        .any(|name| ["html", "xhtml", "xml"].contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_runs_scripts_of_is_a_page() {
        for (name, expected) in [
            ("a.html", true),
            ("a.xhtml", true),
            ("a.svg", true),
            ("a.xml", true),
            ("a.mp4", false),
            ("a.pdf", false),
            ("a.txt", false),
        ] {
            assert_eq!(is_page(&mime_guess::from_path(name).first().unwrap()), expected, "{name}");
        }
    }
}
