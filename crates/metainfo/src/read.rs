//! Reads .torrent files (BEP 3, 12, 19, 27, 47, 52).
//!
//! Strict where clients would disagree or a path could do harm, lenient where real files are odd:
//! unknown keys, keys out of order, optional keys of a wrong type. The file is gone through once,
//! and what is kept is bounded by its length, `MAX_FILES` and [`MAX_URLS`].

use std::ops::Range;

use sha1::{Digest, Sha1};
use sha2::Sha256;
use wire::InfoHash;

use crate::bencode::{BencodeError, Cursor};
use crate::error::{MAX_TORRENT_BYTES, MAX_URLS, ReadError};
use crate::fields::{once, text};
use crate::info::Info;
use crate::torrent::{File, FileKind, InfoHashV2, Torrent};
use crate::tree::{self, Layer};

impl Torrent {
    /// Reads a .torrent file.
    ///
    /// # Errors
    ///
    /// Fails for bytes that are no torrent, for one whose parts contradict each other or lead out
    /// of its folder, and past the bounds.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let outer = Outer::read(bytes)?;
        let (span, info) = outer.info.ok_or(ReadError::Missing("info"))?;
        let hashed = bytes.get(span.clone()).unwrap_or_default();
        let content = info.fit()?;
        if let (true, Some(layers)) = (content.is_v2, &outer.layers) {
            tree::check_layers(layers, &content.files, content.piece_length)?;
        }
        Ok(Self {
            info_hash_v1: content.pieces.is_some().then(|| InfoHash(Sha1::digest(hashed).into())),
            info_hash_v2: content.is_v2.then(|| InfoHashV2(Sha256::digest(hashed).into())),
            piece_length: content.piece_length,
            private: content.private,
            source: content.source,
            length: content
                .files
                .iter()
                .filter(|file| file.kind == FileKind::Data)
                .map(|file| file.length)
                .sum(),
            trackers: outer.trackers,
            web_seeds: outer.web_seeds,
            comment: outer.comment,
            has_piece_layers: outer.layers.is_some(),
            single: content.single,
            pieces: content.pieces.unwrap_or_default(),
            by_path: index(&content.files)?,
            name: content.name,
            files: content.files,
            info: span,
        })
    }
}

/// The top level.
#[derive(Default)]
struct Outer<'a> {
    info: Option<(Range<usize>, Info<'a>)>,
    layers: Option<Vec<Layer<'a>>>,
    trackers: Vec<String>,
    web_seeds: Vec<String>,
    comment: Option<String>,
}

impl<'a> Outer<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_TORRENT_BYTES {
            return Err(ReadError::Large(bytes.len()));
        }
        let mut outer = Self::default();
        let mut cursor = Cursor::new(bytes);
        let mut announce = Vec::new();
        cursor.open_dict()?;
        while let Some(key) = cursor.key()? {
            match key {
                b"announce" => urls(&mut cursor, &mut announce)?,
                b"announce-list" => urls(&mut cursor, &mut outer.trackers)?,
                b"comment" => outer.comment = text(&mut cursor)?,
                b"info" => {
                    let start = cursor.offset();
                    let info = Info::read(&mut cursor)?;
                    once(&mut outer.info, (start..cursor.offset(), info), "info")?;
                }
                b"piece layers" => {
                    let layers = tree::read_layers(&mut cursor)?;
                    once(&mut outer.layers, layers, "piece layers")?;
                }
                b"url-list" => urls(&mut cursor, &mut outer.web_seeds)?,
                _ => cursor.skip()?,
            }
        }
        cursor.finish()?;
        outer.trackers.retain(|url| !announce.contains(url));
        outer.trackers.splice(..0, announce);
        Ok(outer)
    }
}

/// Reads one URL, a list of them, or a list of lists (BEP 12); anything else is passed over.
fn urls(cursor: &mut Cursor<'_>, urls: &mut Vec<String>) -> Result<(), BencodeError> {
    if !cursor.at_list() {
        if let Some(url) = text(cursor)?
            && !url.is_empty()
            && urls.len() < MAX_URLS
            && !urls.contains(&url)
        {
            urls.push(url);
        }
        return Ok(());
    }
    cursor.open_list()?;
    while cursor.item()? {
        self::urls(cursor, urls)?;
    }
    Ok(())
}

/// Sorts what can be asked for by path, and sees to it that each path is one file's alone.
fn index(files: &[File]) -> Result<Box<[usize]>, ReadError> {
    let mut by_path: Vec<(usize, &File)> = files.iter().enumerate().collect();
    by_path.retain(|(_, file)| file.kind != FileKind::Pad);
    by_path.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    for ((_, above), (_, below)) in by_path.iter().zip(by_path.iter().skip(1)) {
        if above.path == below.path || above.path.is_above(&below.path) {
            return Err(ReadError::Clash(above.path.clone()));
        }
    }
    by_path.retain(|(_, file)| file.kind == FileKind::Data);
    Ok(by_path.into_iter().map(|(index, _)| index).collect())
}
