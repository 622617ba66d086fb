//! What a .torrent file says.
//!
//! The file's bytes are not kept: whoever personalises or hands out a torrent reads them from disk.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use wire::InfoHash;

use crate::FilePath;

/// A .torrent file, read and checked: its parts fit each other and no path leaves its folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Torrent {
    /// The file's or folder's name; one safe component of a path.
    pub name: FilePath,
    /// SHA-1 of `info`, where the torrent has a v1 half (BEP 3).
    pub info_hash_v1: Option<InfoHash>,
    /// SHA-256 of `info`, where it has a v2 half (BEP 52).
    pub info_hash_v2: Option<InfoHashV2>,
    /// Bytes in each piece but the last.
    pub piece_length: u32,
    /// Whether peers may come from the torrent's own tracker alone (BEP 27).
    pub private: bool,
    /// The `source` key of `info`, by which publishers tell their torrents of the same files apart.
    pub source: Option<String>,
    /// All files, in the torrent's order, pad files among them.
    pub files: Vec<File>,
    /// Bytes of content: pad files don't count.
    pub length: u64,
    /// `announce` and then what `announce-list` adds (BEP 12); at most [`MAX_URLS`](crate::MAX_URLS).
    pub trackers: Vec<String>,
    /// `url-list` (BEP 19); at most [`MAX_URLS`](crate::MAX_URLS).
    pub web_seeds: Vec<String>,
    /// `comment`.
    pub comment: Option<String>,
    /// Whether `piece layers` is there; without it a v2 torrent is no more than a magnet link.
    pub has_piece_layers: bool,
    pub(crate) single: bool,
    pub(crate) info: Range<usize>,
    pub(crate) pieces: Range<usize>,
    /// Indices of what can be asked for by path, in the order of paths.
    pub(crate) by_path: Box<[usize]>,
}

impl Torrent {
    /// The hashes under which clients announce: v1's, and v2's cut to 20 bytes.
    pub fn info_hashes(&self) -> impl Iterator<Item = InfoHash> {
        self.info_hash_v1.into_iter().chain(self.info_hash_v2.map(|hash| hash.truncated()))
    }

    /// Whether the torrent is one file by itself, not a folder (of perhaps one file).
    pub const fn is_single_file(&self) -> bool {
        self.single
    }

    /// Where `info` stands in the bytes that were read.
    pub fn info_span(&self) -> Range<usize> {
        self.info.clone()
    }

    /// Finds a file by its path as a web seed is asked for it (BEP 19): `name` for a single file,
    /// `name/path` in a folder, percent-decoded. Pad files and symbolic links are not found.
    ///
    /// O(log n) in files. Returns the index in [`files`](Self::files). Only an equal string of
    /// bytes is found, so the path needs no other check.
    pub fn find(&self, path: &[u8]) -> Option<usize> {
        let inner = if self.single {
            path
        } else {
            path.strip_prefix(self.name.as_bytes())?.strip_prefix(b"/")?
        };
        let path_of = |index: &usize| self.files.get(*index).map(|file| &file.path);
        let found = self.by_path.binary_search_by(|index| {
            path_of(index).map_or(Ordering::Less, |path| path.cmp_joined(inner))
        });
        self.by_path.get(found.ok()?).copied()
    }
}

/// One file of a torrent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// The path beneath the torrent's folder; the torrent's name where it is a single file.
    pub path: FilePath,
    /// Bytes.
    pub length: u64,
    /// Where the file starts in the run of pieces, in bytes; in a v2 torrent at the start of one.
    pub offset: u64,
    /// What it is.
    pub kind: FileKind,
    /// The root of its hash tree, in a torrent with a v2 half and unless it is empty (BEP 52).
    pub pieces_root: Option<[u8; 32]>,
}

impl File {
    /// A file with content, its place not yet known.
    pub(crate) const fn new(path: FilePath, length: u64) -> Self {
        Self { path, length, offset: 0, kind: FileKind::Data, pieces_root: None }
    }
}

/// What a file is by its attributes (BEP 47).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileKind {
    /// A file that people want.
    Data,
    /// Zeros, so that the next file starts a piece; never on disk.
    Pad,
    /// A symbolic link, without content.
    Symlink,
}

/// SHA-256 of a v2 `info` (BEP 52).
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct InfoHashV2(pub [u8; 32]);

impl InfoHashV2 {
    /// The first 20 bytes: the name of the swarm at trackers and in the DHT.
    pub fn truncated(self) -> InfoHash {
        let (head, _) = self.0.split_first_chunk().unwrap_or((&[0; InfoHash::LEN], &[]));
        InfoHash(*head)
    }
}

impl fmt::Display for InfoHashV2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHashV2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InfoHashV2({self})")
    }
}
