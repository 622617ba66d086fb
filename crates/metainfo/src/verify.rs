//! Holds content on disk against its torrent.

use std::ffi::OsStr;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::MakeError;
use crate::hash::{HashProgress, Pieces};
use crate::make::root;
use crate::source::{SourceFile, TorrentVersion};
use crate::{File, FileKind, Torrent};

/// Hashes the content at `path`, the file or folder itself, and returns the indices of those
/// files that are not as the torrent `bytes` says.
///
/// Where files are missing, or have another length, these alone are returned. Otherwise they are
/// those with a part in a piece of another hash, which in a v1 torrent may be more than the one
/// that changed.
///
/// # Errors
///
/// Fails for bytes that are no torrent, where a file can't be read or changes while it is read,
/// and with [`MakeError::Cancelled`] when `watch` says so.
pub fn verify(
    bytes: &[u8],
    path: &Path,
    threads: NonZeroUsize,
    watch: &HashProgress<'_>,
) -> Result<Vec<usize>, MakeError> {
    let torrent = Torrent::read(bytes)?;
    let content = torrent.files.iter().enumerate().filter(|(_, file)| file.kind == FileKind::Data);
    let (mut bad, mut indices, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for (index, file) in content {
        match source(&torrent, file, path) {
            Some(source) => {
                indices.push(index);
                files.push(source);
            }
            None => bad.push(index),
        }
    }
    if !bad.is_empty() {
        return Ok(bad);
    }

    let format = match (torrent.info_hash_v1, torrent.info_hash_v2) {
        (Some(_), Some(_)) => TorrentVersion::Hybrid,
        (_, None) => TorrentVersion::V1,
        (None, _) => TorrentVersion::V2,
    };
    let piece_length = torrent.piece_length;
    let end = torrent.files.iter().map(|file| file.offset.saturating_add(file.length)).max();
    let pieces = Pieces { files: &files, piece_length, end: end.unwrap_or(0), format };
    let hashes = pieces.hash(threads, watch)?;

    let (expected, _) = bytes.get(torrent.pieces.clone()).unwrap_or_default().as_chunks();
    let is_good_v1 = |file: &SourceFile| {
        let range = file.pieces(piece_length);
        let found = hashes.get(range.clone()).unwrap_or_default().iter().map(|hash| hash.v1);
        found.eq(expected.get(range).unwrap_or_default().iter().copied())
    };
    let is_good = |(index, file): &(&usize, &SourceFile)| {
        let node = torrent.files.get(**index).and_then(|file| file.pieces_root);
        (!format.has_v1() || is_good_v1(file))
            && node.is_none_or(|node| root(file, piece_length, &hashes) == node)
    };
    let pairs = indices.iter().zip(&files);
    Ok(pairs.filter(|pair| !is_good(pair)).map(|(index, _)| *index).collect())
}

/// The file on disk, if it is one and has the right length. Links beneath `root` don't count.
fn source(torrent: &Torrent, file: &File, root: &Path) -> Option<SourceFile> {
    let (disk, metadata) = if torrent.is_single_file() {
        (root.to_owned(), fs::metadata(root))
    } else {
        let mut disk = root.to_owned();
        disk.extend(file.path.names().map(OsStr::from_bytes));
        let metadata = fs::symlink_metadata(&disk);
        (disk, metadata)
    };
    let metadata =
        metadata.ok().filter(|metadata| metadata.is_file() && metadata.len() == file.length)?;
    Some(SourceFile::new(disk, file.path.clone(), file.offset, &metadata))
}
