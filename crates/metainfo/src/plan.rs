//! What will be in a torrent: its files, their places, and how it is to be made.

use std::path::PathBuf;

use crate::path::FilePath;
use crate::source::{SourceFile, TorrentVersion};

/// How a torrent is to be made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MakeOptions {
    /// Which halves it has.
    pub format: TorrentVersion,
    /// Bytes in a piece, a power of two from 16 KiB to 512 MiB; by default what makes 1024 to 2048
    /// pieces, within 16 KiB and 16 MiB.
    pub piece_length: Option<u32>,
    /// Whether peers may come from the torrent's own tracker alone (BEP 27).
    pub private: bool,
    /// Makes the info hash differ from that of others' torrents of the same files.
    pub source: Option<String>,
    /// The torrent's name; by default that of the file or folder.
    pub name: Option<String>,
    /// Whether hidden files are put in.
    pub hidden: bool,
}

/// A torrent that can be made.
///
/// It is known to be readable when it is: sizes, counts and names have been checked.
#[derive(Clone, Debug)]
pub struct TorrentPlan {
    pub(crate) name: FilePath,
    pub(crate) single: bool,
    pub(crate) format: TorrentVersion,
    pub(crate) piece_length: u32,
    pub(crate) private: bool,
    pub(crate) source: Option<String>,
    pub(crate) files: Vec<SourceFile>,
    /// Where the last piece ends, in bytes.
    pub(crate) end: u64,
    pub(crate) skipped: Vec<Skipped>,
}

impl TorrentPlan {
    /// Bytes of content.
    pub fn length(&self) -> u64 {
        content_length(&self.files)
    }

    /// How many files it has.
    pub const fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Whether it has a file of this path, as [`File::path`](crate::File::path) will be.
    pub fn has_file(&self, path: &[u8]) -> bool {
        self.files.iter().any(|file| file.path.as_bytes() == path)
    }

    /// Bytes in each piece but the last.
    pub const fn piece_length(&self) -> u32 {
        self.piece_length
    }

    /// What was left out.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many pieces it has.
    pub(crate) fn piece_count(&self) -> u64 {
        self.end.div_ceil(u64::from(self.piece_length))
    }
}

/// Something beneath the root that is not in the torrent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why it was left out.
    pub why: WhySkipped,
}

/// Why a file is not in the torrent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhySkipped {
    /// Its name starts with a dot.
    Hidden,
    /// It is a socket, a pipe or a device.
    Special,
    /// It is a symbolic link.
    Symlink,
}

pub(crate) fn content_length(files: &[SourceFile]) -> u64 {
    files.iter().fold(0, |total, file| total.saturating_add(file.length))
}
