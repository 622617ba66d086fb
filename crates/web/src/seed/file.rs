//! An authorized file: opened beneath the item's root, with its ETag, name and type.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use club::Goods;
use metainfo::File;
use mime_guess::Mime;
use policy::{ItemId, MemberId};
use thiserror::Error;

use super::stream::PacedStream;
use super::web_seed::{Holder, ServiceLevel, UrlKind, WebSeed};
use crate::catalog::served_type;
use crate::http::EntityTag;

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
pub enum FileError {
    /// It is not as long as when the torrent was made.
    #[error("{found} bytes long where the torrent says {expected}")]
    Length {
        /// Bytes found.
        found: u64,
        /// Bytes that the torrent says.
        expected: u64,
    },
    /// It is a folder, a pipe or the like, or its folder or itself became a link that leads elsewhere.
    #[error("no regular file any more")]
    NotAFile,
    /// It can't be read at the moment: that says nothing of the file, as a disk or a share may be away.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
}

impl FileError {
    /// Whether the daemon has no files or memory left, and the item is not to blame.
    pub fn is_ours(&self) -> bool {
        let Self::Unreadable(error) = self else { return false };
        matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
    }

    /// Whether an error of reading or sending a file is the disk's, rather than the connection's.
    pub fn is_of_the_disk(error: &io::Error) -> bool {
        let code = error.raw_os_error();
        code.is_some_and(|code| DISK_ERRORS.contains(&code))
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ELOOP | libc::ENOTDIR) => Self::NotAFile,
            // A link that leads out of the item's root, as cap-std tells it.
            None if error.kind() == io::ErrorKind::PermissionDenied => Self::NotAFile,
            _ => Self::Unreadable(error),
        }
    }
}

/// What reading a file fails with where a disk, a file system or a share does.
const DISK_ERRORS: [i32; 9] = [
    libc::EACCES,
    libc::EBADMSG,
    libc::EIO,
    libc::ENODEV,
    libc::ENOENT,
    libc::ENXIO,
    libc::EREMOTEIO,
    libc::ESTALE,
    libc::EUCLEAN,
];

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

    /// Opens the file. Follows no link out of the item's root, nor one in its place. May wait for a disk.
    ///
    /// # Errors
    ///
    /// The file is not what the torrent says, or can't be read.
    pub fn open(&self) -> Result<fs::File, FileError> {
        let root = &self.goods.root;
        let (folder, path) = match self.file() {
            _ if self.goods.torrent.is_single_file() => {
                let folder = root.parent().unwrap_or(root);
                let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
                (folder, root.file_name().unwrap_or_default())
            }
            Some(file) => (open_folder(root)?, OsStr::from_bytes(file.path.as_bytes())),
            None => return Err(FileError::NotAFile),
        };
        let mut how = OpenOptions::new();
        // Without waiting for a writer, should it be a pipe by now.
        how.read(true).custom_flags(libc::O_NONBLOCK);
        let file = folder.open_with(Path::new(path), &how)?.into_std();
        let found = file.metadata()?;
        match found.len() {
            _ if !found.is_file() => Err(FileError::NotAFile),
            length if length != self.length() => {
                Err(FileError::Length { found: length, expected: self.length() })
            }
            _ => Ok(file),
        }
    }

    /// Begins a paced response.
    pub fn stream(&self, web_seed: &WebSeed, now: Duration) -> PacedStream {
        let ServiceLevel { place, terms } = self.served;
        PacedStream::new(&web_seed.pacer, self.holder.payer(), place, terms, now)
    }

    /// A strong ETag: the same for the same bytes, and for no others.
    pub(super) fn etag(&self) -> EntityTag {
        EntityTag::new(self.digest())
    }

    /// What separates several parts of this file; no file that holds its own hash is known.
    pub(super) fn boundary(&self) -> String {
        let mut boundary = self.digest();
        // RFC 2046 allows 70 characters.
        boundary.truncate(70);
        boundary
    }

    /// What only the same bytes have.
    fn digest(&self) -> String {
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

    /// The media type that it is served as.
    pub fn content_type(&self) -> Mime {
        served_type(&self.path())
    }

    /// The path within the item, for people.
    pub(super) fn path(&self) -> String {
        self.file().map_or_else(String::new, |file| file.path.to_string())
    }

    pub(super) fn file(&self) -> Option<&File> {
        self.goods.torrent.files.get(self.index)
    }
}

/// Opens a folder that is one itself and no link to one.
fn open_folder(path: &Path) -> io::Result<Dir> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let folder = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    Ok(Dir::from_std_file(folder))
}
