//! Trees of files, the same on every machine, and what the tests do with them.

#![allow(dead_code, reason = "each test file uses its part")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use metainfo::{MakeOptions, TorrentPlan, TorrentVersion};

/// A file, or a folder of files, to be put into torrents.
pub(crate) struct Tree {
    pub(crate) name: &'static str,
    /// Paths with their lengths; the one path of a single file is empty.
    pub(crate) files: &'static [(&'static str, usize)],
}

impl Tree {
    pub(crate) fn is_single_file(&self) -> bool {
        matches!(self.files, [("", _)])
    }

    /// Creates it in a folder. A byte depends on where it stands and on its file's length.
    pub(crate) fn plant(&self, folder: &Path) -> PathBuf {
        let root = folder.join(self.name);
        for (path, length) in self.files {
            let path = if path.is_empty() { root.clone() } else { root.join(path) };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content(*length)).unwrap();
        }
        root
    }
}

pub(crate) fn content(length: usize) -> Vec<u8> {
    let byte = |at: usize| (at ^ at >> 8 ^ at >> 16 ^ length).to_le_bytes()[0];
    (0..length).map(byte).collect()
}

/// Private, in pieces of 32 KiB.
pub(crate) fn options(format: TorrentVersion) -> MakeOptions {
    MakeOptions { format, piece_length: Some(32768), private: true, ..MakeOptions::default() }
}

pub(crate) fn make(root: &Path, options: &MakeOptions) -> Vec<u8> {
    let two = NonZeroUsize::new(2).unwrap();
    TorrentPlan::scan(root, options).unwrap().make(two, &|_| ControlFlow::Continue(())).unwrap()
}

pub(crate) const FORMATS: [TorrentVersion; 3] =
    [TorrentVersion::Hybrid, TorrentVersion::V1, TorrentVersion::V2];

pub(crate) const TREES: [Tree; 11] = [
    Tree { name: "one piece.bin", files: &[("", 100)] },
    Tree { name: "whole.bin", files: &[("", 65536)] },
    Tree { name: "uneven.bin", files: &[("", 200_001)] },
    Tree { name: "nothing.bin", files: &[("", 0)] },
    Tree { name: "lone", files: &[("file", 40_000)] },
    Tree {
        name: "empty files",
        files: &[
            ("Zed", 32768),
            ("a", 5),
            ("b", 16384),
            ("c/nothing", 0),
            ("c/x", 40_000),
            ("d", 200_000),
            ("z", 0),
        ],
    },
    Tree {
        name: "deep",
        files: &[
            (
                "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/x",
                7,
            ),
            ("1/2/3/y", 32769),
            ("1/2/4/y", 32767),
        ],
    },
    Tree {
        name: "ünïcode 日本",
        files: &[("ü\u{308}", 3), ("é", 30_000), ("日本/語.txt", 99_999), ("🦀", 1)],
    },
    // Whole paths and names in turn sort differently here: a space, a dot and a minus come before
    // the slash.
    Tree {
        name: "prefixes",
        files: &[("a b/x", 100), ("a-b", 7), ("a.b", 9), ("a/x", 101), ("b", 1)],
    },
    // What shells, URLs and Windows stumble over.
    Tree {
        name: "odd names",
        files: &[
            ("#1?x=y&z.bin", 10),
            ("-dash", 11),
            ("100%25.bin", 12),
            ("con.txt", 13),
            ("[brackets]", 14),
            ("dot.", 15),
            ("new\nline", 16),
            ("quo\"te'", 17),
            ("spaces  /  x ", 32768),
            (LONGEST_NAME, 40_000),
        ],
    },
    // Each file ends where a piece does, or one byte beside it.
    Tree {
        name: "edges",
        files: &[("a", 32768), ("b", 32767), ("c", 32769), ("d", 65536), ("e", 1), ("f", 16384)],
    },
];

/// 255 bytes, as many as a file system takes.
const LONGEST_NAME: &str = concat!(
    "long-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234",
);
