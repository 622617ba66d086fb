//! The v2 half of a torrent: the file tree and the piece layers (BEP 52).

use crate::bencode::Cursor;
use crate::error::{MAX_FILES, MAX_TORRENT_BYTES, ReadError};
use crate::fields::{kind, length, once};
use crate::merkle;
use crate::path::{FilePath, push_name};
use crate::torrent::{File, FileKind};

/// The hashes of one file's pieces, as `piece layers` has them.
pub(crate) struct Layer<'a> {
    root: &'a [u8],
    hashes: &'a [u8],
}

/// Reads a `file tree`; the files come in the tree's order, which is that of their paths.
pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Vec<File>, ReadError> {
    let mut reader = TreeReader { files: Vec::new(), path: Vec::new(), path_bytes: 0 };
    reader.node(cursor)?;
    Ok(reader.files)
}

/// A file tree being read.
struct TreeReader {
    files: Vec<File>,
    /// The folder, or file, at hand.
    path: Vec<u8>,
    /// Of all files so far.
    path_bytes: usize,
}

impl TreeReader {
    /// Reads a folder, or the node of one file. Recurses no deeper than the cursor allows.
    fn node(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        let mut last: Option<&[u8]> = None;
        cursor.open_dict()?;
        while let Some(name) = cursor.key()? {
            // Order makes the tree canonical and each path unique; a node that is a file, its key
            // being the empty name, can't be a folder too.
            if last.is_some_and(|last| last.is_empty() || last >= name) {
                return Err(ReadError::Value("file tree"));
            }
            last = Some(name);
            if name.is_empty() {
                self.path_bytes = self.path_bytes.saturating_add(self.path.len());
                if self.files.len() == MAX_FILES || self.path_bytes > MAX_PATHS_BYTES {
                    return Err(ReadError::ManyFiles);
                }
                self.files.push(read_file(cursor, &self.path)?);
            } else {
                let outer = self.path.len();
                push_name(&mut self.path, name)?;
                self.node(cursor)?;
                self.path.truncate(outer);
            }
        }
        Ok(())
    }
}

fn read_file(cursor: &mut Cursor<'_>, path: &[u8]) -> Result<File, ReadError> {
    let (mut bytes, mut root, mut attributes) = (None, None, None);
    cursor.open_dict()?;
    while let Some(key) = cursor.key()? {
        match key {
            b"attr" => once(&mut attributes, cursor.bytes()?, "attr")?,
            b"length" => once(&mut bytes, length(cursor)?, "length")?,
            b"pieces root" => once(&mut root, cursor.bytes()?, "pieces root")?,
            _ => cursor.skip()?,
        }
    }
    let kind = kind(attributes.unwrap_or_default());
    let length = match kind {
        FileKind::Symlink => 0,
        FileKind::Data => bytes.ok_or(ReadError::Missing("length"))?,
        FileKind::Pad => return Err(ReadError::Value("attr")),
    };
    let pieces_root = match (length, root) {
        (0, _) => None,
        (_, None) => return Err(ReadError::Missing("pieces root")),
        (_, Some(root)) => {
            Some(<[u8; 32]>::try_from(root).map_err(|_| ReadError::Value("pieces root"))?)
        }
    };
    Ok(File { kind, pieces_root, ..File::new(FilePath::from_joined(path)?, length) })
}

/// Whether the tree is that of a single file, not of a folder.
pub(crate) fn is_lone_file(tree: &[File], name: &FilePath) -> bool {
    matches!(tree, [file] if file.path == *name)
}

/// Gives the files of a hybrid's v1 half what its tree knows of them.
///
/// Both halves must be of the same files, in the same order, and at the same offsets, which is
/// what pad files are for.
pub(crate) fn join(mut files: Vec<File>, tree: &[File]) -> Result<Vec<File>, ReadError> {
    let mut nodes = tree.iter();
    for file in files.iter_mut().filter(|file| file.kind != FileKind::Pad) {
        let node = nodes.next().ok_or(ReadError::Halves)?;
        let is_placed = file.offset == node.offset || file.length == 0;
        if file.path != node.path || file.length != node.length || !is_placed {
            return Err(ReadError::Halves);
        }
        file.pieces_root = node.pieces_root;
    }
    if nodes.next().is_none() { Ok(files) } else { Err(ReadError::Halves) }
}

/// Reads `piece layers`.
pub(crate) fn read_layers<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Layer<'a>>, ReadError> {
    let mut layers: Vec<Layer<'_>> = Vec::new();
    cursor.open_dict()?;
    while let Some(root) = cursor.key()? {
        if layers.len() == MAX_FILES || layers.last().is_some_and(|last| last.root >= root) {
            return Err(ReadError::Value("piece layers"));
        }
        layers.push(Layer { root, hashes: cursor.bytes()? });
    }
    Ok(layers)
}

/// Asserts that each layer hashes to its root, and that each file of more than one piece has one.
///
/// Each layer is hashed once, however many files share it.
pub(crate) fn check_layers(
    layers: &[Layer<'_>],
    files: &[File],
    piece_length: u32,
) -> Result<(), ReadError> {
    for Layer { root, hashes } in layers {
        let (hashes, rest) = hashes.as_chunks();
        if !rest.is_empty() || merkle::file_root(hashes, piece_length) != *root {
            return Err(ReadError::Value("piece layers"));
        }
    }
    for file in files.iter().filter(|file| file.length > u64::from(piece_length)) {
        let Some(root) = &file.pieces_root else { continue };
        let layer = layers.binary_search_by(|layer| layer.root.cmp(root)).ok();
        let found = layer.and_then(|layer| layers.get(layer)).map_or(0, |layer| layer.hashes.len());
        let pieces = file.length.div_ceil(u64::from(piece_length));
        if u64::try_from(found).ok() != pieces.checked_mul(32) {
            return Err(ReadError::Layer(file.path.clone()));
        }
    }
    Ok(())
}

/// The most bytes in the paths of all files. A tree says a folder's name once, so that a small
/// file could ask for gigabytes.
const MAX_PATHS_BYTES: usize = 4 * MAX_TORRENT_BYTES;
