//! The files that a torrent is made of, as they are on disk.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::error::MakeError;
use crate::path::FilePath;

/// Which halves a torrent has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TorrentVersion {
    /// Both: old clients and new ones meet in two swarms; files are padded to whole pieces.
    Hybrid,
    /// BEP 3, which every client reads.
    #[default]
    V1,
    /// BEP 52: a hash tree for each file.
    V2,
}

impl TorrentVersion {
    pub(crate) const fn has_v1(self) -> bool {
        matches!(self, Self::Hybrid | Self::V1)
    }

    pub(crate) const fn has_v2(self) -> bool {
        matches!(self, Self::Hybrid | Self::V2)
    }
}

/// A file on disk and its place in the torrent.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) disk: PathBuf,
    pub(crate) path: FilePath,
    pub(crate) length: u64,
    pub(crate) offset: u64,
    stamp: FileStamp,
}

impl SourceFile {
    pub(crate) fn new(disk: PathBuf, path: FilePath, offset: u64, metadata: &Metadata) -> Self {
        Self { disk, path, length: metadata.len(), offset, stamp: FileStamp::new(metadata) }
    }

    /// Where it ends in the run of pieces.
    pub(crate) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }

    /// The numbers of the pieces that it has a part in.
    pub(crate) fn pieces(&self, piece_length: u32) -> Range<usize> {
        let number = |piece: u64| usize::try_from(piece).unwrap_or(usize::MAX);
        let length = u64::from(piece_length);
        number(self.offset / length)..number(self.end().div_ceil(length))
    }

    /// Asserts that this is the file that was looked at, and that nobody has written to it since.
    pub(crate) fn check(&self, metadata: &Metadata) -> Result<(), MakeError> {
        let is_same = self.stamp == FileStamp::new(metadata) && self.length == metadata.len();
        if is_same { Ok(()) } else { Err(MakeError::Changed(self.disk.clone())) }
    }

    /// What it means that it can't be read. It was long enough when it was looked at.
    pub(crate) fn failed(&self, error: io::Error) -> MakeError {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::UnexpectedEof => MakeError::Changed(self.disk.clone()),
            _ => MakeError::Io(self.disk.clone(), error),
        }
    }
}

/// What tells a file from another, and from itself before a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct FileStamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

impl FileStamp {
    fn new(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}
