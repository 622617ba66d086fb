//! Looks at the files beneath a path and plans a torrent of them; reads none of them.
//!
//! Symbolic links, sockets, pipes and devices are left out, and so are hidden files (names that
//! start with a dot) unless asked for; what is left out is listed with the reason. Empty files are
//! kept. Attributes (BEP 47 `x`) are not recorded: two hosts would disagree about them.

use std::fs::{self, FileType};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::{MAX_FILES, MAX_PIECE_LENGTH, MAX_TORRENT_BYTES, MakeError, ReadError};
use crate::hash::PieceHash;
use crate::make::encode;
use crate::merkle::BLOCK_BYTES;
use crate::path::{FilePath, push_name};
use crate::plan::{MakeOptions, Skipped, TorrentPlan, WhySkipped, content_length};
use crate::source::{SourceFile, TorrentVersion};
use crate::torrent::Torrent;

impl TorrentPlan {
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
            files.push(SourceFile::new(root.to_owned(), name.clone(), 0, &metadata));
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
        if self.format == TorrentVersion::Hybrid && self.files.len() > 1 {
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

/// Lists what is beneath a folder, in no order.
fn walk(
    root: &Path,
    hidden: bool,
    files: &mut Vec<SourceFile>,
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
                files.push(SourceFile::new(disk, FilePath::from_joined(&path)?, 0, &metadata));
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
