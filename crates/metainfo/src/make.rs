//! Makes a torrent from a plan (BEP 3, 27, 47, 52).
//!
//! What comes out has `info` and, with a v2 half, `piece layers`, and no more: trackers, web seeds, date and program
//! are put in for each member.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::bencode::{write_bytes, write_int};
use crate::error::MakeError;
use crate::hash::{HashProgress, PieceHash, Pieces};
use crate::merkle::{self, Node};
use crate::plan::TorrentPlan;
use crate::source::SourceFile;

impl TorrentPlan {
    /// Hashes the files and makes the torrent, ready for [`Torrent::read`](crate::Torrent::read).
    ///
    /// # Errors
    ///
    /// Fails where a file can't be read or has changed since it was looked at, and with
    /// [`MakeError::Cancelled`] when `watch` says so.
    pub fn make(
        &self,
        threads: NonZeroUsize,
        watch: &HashProgress<'_>,
    ) -> Result<Vec<u8>, MakeError> {
        let Self { piece_length, end, format, .. } = *self;
        let pieces = Pieces { files: &self.files, piece_length, end, format };
        Ok(encode(self, &pieces.hash(threads, watch)?))
    }
}

/// Writes the torrent of these piece hashes, keys in canonical order.
pub(crate) fn encode(plan: &TorrentPlan, hashes: &[PieceHash]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(b"d4:infod");
    if plan.format.has_v2() {
        write_bytes(&mut out, b"file tree");
        write_tree(&mut out, plan, hashes);
    }
    if plan.format.has_v1() {
        write_v1_files(&mut out, plan);
    }
    if plan.format.has_v2() {
        write_bytes(&mut out, b"meta version");
        write_int(&mut out, 2);
    }
    write_bytes(&mut out, b"name");
    write_bytes(&mut out, plan.name.as_bytes());
    write_bytes(&mut out, b"piece length");
    write_int(&mut out, u64::from(plan.piece_length));
    if plan.format.has_v1() {
        write_bytes(&mut out, b"pieces");
        write_bytes(&mut out, hashes.iter().map(|hash| hash.v1).collect::<Vec<_>>().as_flattened());
    }
    if plan.private {
        write_bytes(&mut out, b"private");
        write_int(&mut out, 1);
    }
    if let Some(source) = &plan.source {
        write_bytes(&mut out, b"source");
        write_bytes(&mut out, source.as_bytes());
    }
    out.push(b'e');
    if plan.format.has_v2() {
        write_bytes(&mut out, b"piece layers");
        write_layers(&mut out, plan, hashes);
    }
    out.push(b'e');
    out
}

/// Writes `length` or `files`, with pad files wherever the next file does not follow at once.
///
/// A pad file is named by its length, as in libtorrent, so that names repeat.
fn write_v1_files(out: &mut Vec<u8>, plan: &TorrentPlan) {
    if plan.single {
        write_bytes(out, b"length");
        return write_int(out, plan.length());
    }
    write_bytes(out, b"files");
    out.push(b'l');
    let starts = plan.files.iter().skip(1).map(|file| file.offset).chain([plan.end]);
    for (file, next) in plan.files.iter().zip(starts) {
        write_v1_file(out, "", file.length, file.path.names());
        let gap = next.saturating_sub(file.end());
        if gap > 0 {
            write_v1_file(
                out,
                "4:attr1:p",
                gap,
                [&b".pad"[..], gap.to_string().as_bytes()].into_iter(),
            );
        }
    }
    out.push(b'e');
}

fn write_v1_file<'a>(
    out: &mut Vec<u8>,
    attributes: &str,
    length: u64,
    names: impl Iterator<Item = &'a [u8]>,
) {
    out.push(b'd');
    out.extend_from_slice(attributes.as_bytes());
    write_bytes(out, b"length");
    write_int(out, length);
    write_bytes(out, b"path");
    out.push(b'l');
    names.for_each(|name| write_bytes(out, name));
    out.extend_from_slice(b"ee");
}

/// Writes the `file tree`: the files come in its order, so one pass opens and closes folders.
fn write_tree(out: &mut Vec<u8>, plan: &TorrentPlan, hashes: &[PieceHash]) {
    out.push(b'd');
    let mut folders: Vec<&[u8]> = Vec::new();
    for file in &plan.files {
        let mut names: Vec<&[u8]> = file.path.names().collect();
        let name = names.pop().unwrap_or_default();
        let common = folders.iter().zip(&names).take_while(|(a, b)| a == b).count();
        out.extend(folders.drain(common..).map(|_| b'e'));
        for folder in names.into_iter().skip(common) {
            write_bytes(out, folder);
            out.push(b'd');
            folders.push(folder);
        }
        write_bytes(out, name);
        out.extend_from_slice(b"d0:d");
        write_bytes(out, b"length");
        write_int(out, file.length);
        if file.length > 0 {
            write_bytes(out, b"pieces root");
            write_bytes(out, &root(file, plan.piece_length, hashes));
        }
        out.extend_from_slice(b"ee");
    }
    out.extend(folders.iter().map(|_| b'e'));
    out.push(b'e');
}

/// Writes `piece layers`: files of one content share a layer, files of one piece have none.
fn write_layers(out: &mut Vec<u8>, plan: &TorrentPlan, hashes: &[PieceHash]) {
    let large = plan.files.iter().filter(|file| file.length > u64::from(plan.piece_length));
    let layers: BTreeMap<Node, Vec<Node>> = large
        .map(|file| (root(file, plan.piece_length, hashes), layer(file, plan.piece_length, hashes)))
        .collect();
    out.push(b'd');
    for (root, layer) in layers {
        write_bytes(out, &root);
        write_bytes(out, layer.as_flattened());
    }
    out.push(b'e');
}

/// The hashes of one file's pieces among those of all.
fn layer(file: &SourceFile, piece_length: u32, hashes: &[PieceHash]) -> Vec<Node> {
    let pieces = hashes.get(file.pieces(piece_length)).unwrap_or_default();
    pieces.iter().map(|hash| hash.v2).collect()
}

/// The root of a file's hash tree.
pub(crate) fn root(file: &SourceFile, piece_length: u32, hashes: &[PieceHash]) -> Node {
    match *layer(file, piece_length, hashes) {
        [piece] => piece,
        ref pieces => merkle::file_root(pieces, piece_length),
    }
}
