//! Torrent files (BEP 3, 12, 19, 27, 47, 52): make, read, personalise, check.
//!
//! Files are opened to be hashed and for nothing else. Deliberately absent: the network, clocks,
//! the environment, and where torrents are kept.

#![forbid(unsafe_code)]

mod bencode;
mod content;
mod hash;
mod info;
mod lanes;
mod lint;
mod make;
mod merkle;
mod path;
mod personal;
mod plan;
mod read;
mod torrent;
mod tree;
mod url;
mod verify;

pub use bencode::{BencodeError, Fault, MAX_DEPTH};
pub use hash::Watch;
pub use lint::{Lint, MAX_LINTS};
pub use make::MakeError;
pub use merkle::BLOCK_BYTES;
pub use path::{FilePath, MAX_COMPONENTS, MAX_PATH_BYTES, PathError};
pub use personal::{Personal, personalise};
pub use plan::{Format, MakeOptions, Plan, Skipped, WhySkipped};
pub use read::{MAX_FILES, MAX_PIECE_LENGTH, MAX_TORRENT_BYTES, MAX_URLS, ReadError};
pub use torrent::{File, FileKind, InfoHashV2, Torrent};
pub use url::PrivateTorrent;
pub use verify::verify;
