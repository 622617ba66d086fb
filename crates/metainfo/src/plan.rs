//! What will be in a torrent: the files beneath a path, looked at but not yet read.
//!
//! Symbolic links, sockets, pipes and devices are left out, and so are hidden files (names that
//! start with a dot) unless asked for; what is left out is listed with the reason. Empty files are
//! kept. Attributes (BEP 47 `x`) are not recorded: two hosts would disagree about them.

use std::fs::{self, FileType, Metadata};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::hash::PieceHash;
use crate::make::{MakeError, encode};
use crate::path::push_name;
use crate::{
    BLOCK_BYTES, FilePath, MAX_FILES, MAX_PIECE_LENGTH, MAX_TORRENT_BYTES, ReadError, Torrent,
};

/// How a torrent is to be made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MakeOptions {
    /// Which halves it has.
    pub format: Format,
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

/// Which halves a torrent has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Both: old clients and new ones meet in two swarms; files are padded to whole pieces.
    Hybrid,
    /// BEP 3, which every client reads.
    #[default]
    V1,
    /// BEP 52: a hash tree for each file.
    V2,
}

impl Format {
    pub(crate) const fn has_v1(self) -> bool {
        matches!(self, Self::Hybrid | Self::V1)
    }

    pub(crate) const fn has_v2(self) -> bool {
        matches!(self, Self::Hybrid | Self::V2)
    }
}

/// A torrent that can be made.
///
/// It is known to be readable when it is: sizes, counts and names have been checked.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) name: FilePath,
    pub(crate) single: bool,
    pub(crate) format: Format,
    pub(crate) piece_length: u32,
    pub(crate) private: bool,
    pub(crate) source: Option<String>,
    pub(crate) files: Vec<Source>,
    /// Where the last piece ends, in bytes.
    pub(crate) end: u64,
    skipped: Vec<Skipped>,
}

impl Plan {
    /// Looks at a file, or at all files beneath a folder.
    ///
    /// A `root` that is a symbolic link is followed; links beneath it are not. The order of files
    /// is that of their names, byte by byte: of whole paths in a v1 torrent, as mktorrent has it;
    /// folder by folder where there is a v2 half, as BEP 52 demands.
    ///
    /// # Errors
    ///
    /// Fails where something can't be looked at, where there is no file, for names that torrents
    /// can't hold, and where the torrent would be larger than this crate reads.
    pub fn scan(root: &Path, options: &MakeOptions) -> Result<Self, MakeError> {
        let at_root = |error| MakeError::Io(root.to_owned(), error);
        let metadata = fs::metadata(root).map_err(at_root)?;
        let name = match (&options.name, root.file_name()) {
            (Some(name), _) => FilePath::new([name.as_bytes()])?,
            (None, Some(name)) => FilePath::new([name.as_bytes()])?,
            (None, None) => {
                let whole = root.canonicalize().map_err(at_root)?;
                FilePath::new([whole.file_name().unwrap_or_default().as_bytes()])?
            }
        };
        let (mut files, mut skipped) = (Vec::new(), Vec::new());
        let single = metadata.is_file();
        if single {
            files.push(Source::new(root.to_owned(), name.clone(), 0, &metadata));
        } else if metadata.is_dir() {
            walk(root, options.hidden, &mut files, &mut skipped)?;
        }
        if files.is_empty() {
            return Err(MakeError::NoFiles(root.to_owned()));
        }
        if options.format.has_v2() {
            if !single && matches!(&*files, [file] if file.path == name) {
                return Err(MakeError::LoneName(name));
            }
            files.sort_by(|a, b| a.path.cmp(&b.path));
        } else {
            files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        }
        let plan = Self {
            name,
            single,
            format: options.format,
            piece_length: piece_length(options.piece_length, content_length(&files))?,
            private: options.private,
            source: options.source.clone(),
            files,
            end: 0,
            skipped,
        };
        plan.lay_out().checked()
    }

    /// Bytes of content.
    pub fn length(&self) -> u64 {
        content_length(&self.files)
    }

    /// How many files it has.
    pub const fn file_count(&self) -> usize {
        self.files.len()
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

    /// Gives each file its place: one after the other, or each at the start of a piece where there
    /// is a v2 half.
    ///
    /// The v1 half of a hybrid then needs pad files; as in libtorrent there is one after the last
    /// file too, and none in a torrent of one file.
    fn lay_out(mut self) -> Self {
        let align = if self.format.has_v2() { u64::from(self.piece_length) } else { 1 };
        let mut end = 0u64;
        for file in &mut self.files {
            file.offset = end.checked_next_multiple_of(align).unwrap_or(u64::MAX);
            end = file.offset.saturating_add(file.length);
        }
        if self.format == Format::Hybrid && self.files.len() > 1 {
            end = end.checked_next_multiple_of(align).unwrap_or(u64::MAX);
        }
        self.end = end;
        self
    }

    /// Makes the torrent with made-up hashes and reads it, so that nothing but the files themselves
    /// can go wrong later.
    fn checked(self) -> Result<Self, MakeError> {
        let pieces = usize::try_from(self.piece_count()).unwrap_or(usize::MAX);
        if pieces > MAX_TORRENT_BYTES / 20 {
            return Err(ReadError::Large(pieces.saturating_mul(20)).into());
        }
        let hashes: Vec<_> = (0..pieces).map(PieceHash::made_up).collect();
        Torrent::read(&encode(&self, &hashes))?;
        Ok(self)
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

/// A file on disk and its place in the torrent.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) disk: PathBuf,
    pub(crate) path: FilePath,
    pub(crate) length: u64,
    pub(crate) offset: u64,
    stamp: Stamp,
}

impl Source {
    pub(crate) fn new(disk: PathBuf, path: FilePath, offset: u64, metadata: &Metadata) -> Self {
        Self { disk, path, length: metadata.len(), offset, stamp: Stamp::new(metadata) }
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
        let is_same = self.stamp == Stamp::new(metadata) && self.length == metadata.len();
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
struct Stamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn new(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Lists what is beneath a folder, in no order.
fn walk(
    root: &Path,
    hidden: bool,
    files: &mut Vec<Source>,
    skipped: &mut Vec<Skipped>,
) -> Result<(), MakeError> {
    let mut folders = vec![(root.to_owned(), Vec::new())];
    let mut seen = 0usize;
    while let Some((folder, names)) = folders.pop() {
        let failed = |error| MakeError::Io(folder.clone(), error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (disk, name) = (entry.path(), entry.file_name());
            let metadata = entry.metadata().map_err(|error| MakeError::Io(disk.clone(), error))?;
            seen += 1;
            if seen > MAX_FILES {
                return Err(ReadError::ManyFiles.into());
            }
            if let Some(why) = why_skipped(name.as_bytes(), metadata.file_type(), hidden) {
                skipped.push(Skipped { path: disk, why });
                continue;
            }
            let mut path = names.clone();
            push_name(&mut path, name.as_bytes())?;
            if metadata.is_dir() {
                folders.push((disk, path));
            } else {
                files.push(Source::new(disk, FilePath::from_joined(&path)?, 0, &metadata));
            }
        }
    }
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

fn why_skipped(name: &[u8], kind: FileType, hidden: bool) -> Option<WhySkipped> {
    if name.starts_with(b".") && !hidden {
        Some(WhySkipped::Hidden)
    } else if kind.is_symlink() {
        Some(WhySkipped::Symlink)
    } else if !kind.is_file() && !kind.is_dir() {
        Some(WhySkipped::Special)
    } else {
        None
    }
}

fn content_length(files: &[Source]) -> u64 {
    files.iter().fold(0, |total, file| total.saturating_add(file.length))
}

/// The length asked for, or the shortest power of two that makes no more than 2048 pieces.
fn piece_length(asked: Option<u32>, content: u64) -> Result<u32, MakeError> {
    match asked {
        Some(length)
            if length.is_power_of_two() && (BLOCK_BYTES..=MAX_PIECE_LENGTH).contains(&length) =>
        {
            Ok(length)
        }
        Some(length) => Err(MakeError::PieceLength(length)),
        None => {
            let length = u32::try_from(content.div_ceil(PIECES)).unwrap_or(LONGEST).min(LONGEST);
            Ok(length.next_power_of_two().max(BLOCK_BYTES))
        }
    }
}

/// The most pieces, unless they would be longer than [`LONGEST`].
const PIECES: u64 = 2048;

/// The longest piece that is chosen unasked, in bytes: the longest that all clients take.
const LONGEST: u32 = 16 << 20;
