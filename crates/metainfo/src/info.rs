//! The `info` dictionary: what the info hash names (BEP 3, 27, 47, 52).

use std::ops::Range;

use crate::bencode::Cursor;
use crate::error::{MAX_FILES, MAX_PIECE_LENGTH, ReadError};
use crate::fields::{kind, length, once, text};
use crate::merkle::BLOCK_BYTES;
use crate::path::{FilePath, push_name};
use crate::torrent::{File, FileKind};
use crate::tree;

/// `info` as it stands, each value of the right type but not yet held against the others.
#[derive(Default)]
pub(crate) struct Info<'a> {
    name: Option<&'a [u8]>,
    name_utf8: Option<&'a [u8]>,
    piece_length: Option<i64>,
    private: Option<i64>,
    source: Option<String>,
    meta_version: Option<i64>,
    pieces: Option<Range<usize>>,
    length: Option<u64>,
    files: Option<Vec<File>>,
    tree: Option<Vec<File>>,
}

/// `info` with its parts fitted together.
pub(crate) struct Content {
    pub(crate) name: FilePath,
    pub(crate) piece_length: u32,
    pub(crate) private: bool,
    pub(crate) source: Option<String>,
    pub(crate) is_v2: bool,
    /// Where the piece hashes of the v1 half stand in the file; `None` without that half.
    pub(crate) pieces: Option<Range<usize>>,
    pub(crate) single: bool,
    pub(crate) files: Vec<File>,
}

impl<'a> Info<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ReadError> {
        let mut info = Self::default();
        cursor.open_dict()?;
        while let Some(key) = cursor.key()? {
            match key {
                b"file tree" => once(&mut info.tree, tree::read(cursor)?, "file tree")?,
                b"files" => once(&mut info.files, read_files(cursor)?, "files")?,
                b"length" => once(&mut info.length, length(cursor)?, "length")?,
                b"meta version" => once(&mut info.meta_version, cursor.int()?, "meta version")?,
                b"name" => once(&mut info.name, cursor.bytes()?, "name")?,
                b"name.utf-8" => once(&mut info.name_utf8, cursor.bytes()?, "name.utf-8")?,
                b"piece length" => once(&mut info.piece_length, cursor.int()?, "piece length")?,
                b"pieces" => {
                    let hashes = cursor.bytes()?;
                    let end = cursor.offset();
                    once(&mut info.pieces, end.saturating_sub(hashes.len())..end, "pieces")?;
                }
                b"private" if cursor.at_int() => once(&mut info.private, cursor.int()?, "private")?,
                b"source" => info.source = text(cursor)?,
                _ => cursor.skip()?,
            }
        }
        Ok(info)
    }

    /// Fits the parts together.
    pub(crate) fn fit(self) -> Result<Content, ReadError> {
        let is_v2 = match self.meta_version {
            Some(2) => true,
            None | Some(1) => false,
            Some(version) => return Err(ReadError::Version(version)),
        };
        let name = self.name_utf8.or(self.name).ok_or(ReadError::Missing("name"))?;
        let name = FilePath::new([name])?;
        let length = self.piece_length.ok_or(ReadError::Missing("piece length"))?;
        let piece_length = piece_length(length, is_v2)?;

        let tree = match (is_v2, self.tree) {
            (true, None) => return Err(ReadError::Missing("file tree")),
            (true, tree) => tree,
            (false, _) => None,
        };
        let has_v1 = self.pieces.is_some() || !is_v2;
        let (single, mut files) = match (self.length, self.files) {
            (Some(_), Some(_)) => return Err(ReadError::Twice("length")),
            (Some(length), None) if has_v1 => (true, vec![File::new(name.clone(), length)]),
            (None, Some(files)) if has_v1 => (false, files),
            (None, None) if has_v1 => return Err(ReadError::Missing("files")),
            _ => (tree::is_lone_file(tree.as_deref().unwrap_or_default(), &name), Vec::new()),
        };
        if has_v1 {
            let pieces = self.pieces.as_ref().ok_or(ReadError::Missing("pieces"))?;
            check_pieces(pieces, lay_out(&mut files, 1)?, piece_length)?;
        }
        if let Some(mut tree) = tree {
            lay_out(&mut tree, u64::from(piece_length))?;
            if single != tree::is_lone_file(&tree, &name) {
                return Err(ReadError::Halves);
            }
            files = if has_v1 { tree::join(files, &tree)? } else { tree };
        }
        if files.is_empty() {
            return Err(ReadError::Missing("files"));
        }
        Ok(Content {
            name,
            piece_length,
            private: self.private == Some(1),
            source: self.source,
            is_v2,
            pieces: self.pieces,
            single,
            files,
        })
    }
}

/// Gives each file its place: one after the other, each at a multiple of `align` unless it is
/// empty. Returns where the last one ends.
pub(crate) fn lay_out(files: &mut [File], align: u64) -> Result<u64, ReadError> {
    let mut end = 0u64;
    for file in files {
        if file.length > 0 {
            end = end.checked_next_multiple_of(align).ok_or(ReadError::Value("length"))?;
        }
        file.offset = end;
        end = end.checked_add(file.length).ok_or(ReadError::Value("length"))?;
    }
    if i64::try_from(end).is_ok() { Ok(end) } else { Err(ReadError::Value("length")) }
}

/// Reads the `files` of a v1 torrent.
fn read_files(cursor: &mut Cursor<'_>) -> Result<Vec<File>, ReadError> {
    let mut files = Vec::new();
    cursor.open_list()?;
    while cursor.item()? {
        if files.len() == MAX_FILES {
            return Err(ReadError::ManyFiles);
        }
        files.push(read_file(cursor)?);
    }
    Ok(files)
}

fn read_file(cursor: &mut Cursor<'_>) -> Result<File, ReadError> {
    let (mut bytes, mut path, mut path_utf8, mut attributes) = (None, None, None, None);
    cursor.open_dict()?;
    while let Some(key) = cursor.key()? {
        match key {
            b"attr" => once(&mut attributes, cursor.bytes()?, "attr")?,
            b"length" => once(&mut bytes, length(cursor)?, "length")?,
            b"path" => once(&mut path, read_path(cursor)?, "path")?,
            b"path.utf-8" => once(&mut path_utf8, read_path(cursor)?, "path.utf-8")?,
            _ => cursor.skip()?,
        }
    }
    let kind = kind(attributes.unwrap_or_default());
    let path = path_utf8.or(path).ok_or(ReadError::Missing("path"))?;
    let length = match (kind, bytes) {
        (FileKind::Symlink, _) => 0,
        (_, length) => length.ok_or(ReadError::Missing("length"))?,
    };
    Ok(File { kind, ..File::new(path, length) })
}

fn read_path(cursor: &mut Cursor<'_>) -> Result<FilePath, ReadError> {
    let mut path = Vec::new();
    cursor.open_list()?;
    while cursor.item()? {
        push_name(&mut path, cursor.bytes()?)?;
    }
    Ok(FilePath::from_joined(&path)?)
}

fn piece_length(length: i64, is_v2: bool) -> Result<u32, ReadError> {
    let wrong = ReadError::Value("piece length");
    let Ok(length) = u32::try_from(length) else { return Err(wrong) };
    let shortest = if is_v2 { BLOCK_BYTES } else { 1 };
    let is_good = (shortest..=MAX_PIECE_LENGTH).contains(&length);
    if is_good && (length.is_power_of_two() || !is_v2) { Ok(length) } else { Err(wrong) }
}

/// Asserts one SHA-1 for each piece.
fn check_pieces(pieces: &Range<usize>, total: u64, piece_length: u32) -> Result<(), ReadError> {
    let expected = total.div_ceil(u64::from(piece_length)).saturating_mul(20);
    let found = u64::try_from(pieces.len()).unwrap_or(u64::MAX);
    if found == expected { Ok(()) } else { Err(ReadError::Pieces { expected, found }) }
}
