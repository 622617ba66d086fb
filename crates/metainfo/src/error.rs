//! Why a torrent can't be read or made, and the bounds that both keep to.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::bencode::BencodeError;
use crate::path::{FilePath, FilePathError};

/// Why a torrent can't be made, or content not be checked.
#[derive(Debug, Error)]
pub enum MakeError {
    /// The caller did not want it any more.
    #[error("cancelled")]
    Cancelled,
    /// The file was written to, replaced or removed while it was read.
    #[error("{} changed while it was read: try again when nothing writes to it", .0.display())]
    Changed(PathBuf),
    /// The file or folder can't be read.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, #[source] io::Error),
    /// A folder holds nothing but a file of its own name, which the v2 format can't tell from that
    /// file by itself.
    #[error("folder {0:?} holds nothing but a file of that name, which a v2 torrent can't express")]
    LoneName(FilePath),
    /// There is no file at this path or beneath it.
    #[error("{} has no file to put into a torrent", .0.display())]
    NoFiles(PathBuf),
    /// A name can't be in a torrent.
    #[error(transparent)]
    Path(#[from] FilePathError),
    /// This is no length for pieces.
    #[error("pieces of {0} bytes: the length must be a power of two from 16 KiB to 512 MiB")]
    PieceLength(u32),
    /// No reader would take the torrent.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

/// Why bytes are not a torrent that can be used.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReadError {
    /// It is not bencode.
    #[error(transparent)]
    Bencode(#[from] BencodeError),
    /// Two files have one path, or one is where the other needs a folder.
    #[error("{0:?} stands in the way of another file of that path")]
    Clash(FilePath),
    /// The v1 and the v2 half of a hybrid list different files.
    #[error("its v1 and v2 halves are not of the same files")]
    Halves,
    /// The file has this many bytes, more than [`MAX_TORRENT_BYTES`].
    #[error("{0} bytes is more than the {MAX_TORRENT_BYTES} that a torrent may have")]
    Large(usize),
    /// The hashes of a file's pieces don't add up to its root (BEP 52).
    #[error("the piece layer of {0:?} is missing or wrong")]
    Layer(FilePath),
    /// It has more than [`MAX_FILES`] files, or their paths are together four times as long as the
    /// longest torrent.
    #[error("more than {MAX_FILES} files, or too long paths")]
    ManyFiles,
    /// A key that must be there is not.
    #[error("no {0:?}")]
    Missing(&'static str),
    /// A file's path is unsafe or too long.
    #[error(transparent)]
    Path(#[from] FilePathError),
    /// `pieces` is not one hash for each piece.
    #[error("{found} bytes of piece hashes where the files need {expected}")]
    Pieces {
        /// What the lengths of the files ask for.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A key is there twice, so that clients would differ.
    #[error("{0:?} is there twice")]
    Twice(&'static str),
    /// A key has a value that it can't have.
    #[error("{0:?} has a value that it can't have")]
    Value(&'static str),
    /// `meta version` is one that nobody knows.
    #[error("version {0} of the format is not known")]
    Version(i64),
}

/// The longest .torrent that is read or made, in bytes.
pub const MAX_TORRENT_BYTES: usize = 10 << 20;

/// The most files in a torrent, pad files among them.
pub const MAX_FILES: usize = 1 << 18;

/// The longest piece, in bytes: libtorrent's bound.
pub const MAX_PIECE_LENGTH: u32 = 512 << 20;

/// The most trackers, and the most web seeds, that are read; more are passed over.
pub const MAX_URLS: usize = 64;
