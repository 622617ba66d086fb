//! Torrent files (BEP 3, 12, 19, 27, 47, 52): make, read, personalise, check.
//!
//! Files are opened to be hashed and for nothing else. Deliberately absent: the network, clocks,
//! the environment, and where torrents are kept.

#![forbid(unsafe_code)]

mod bencode;
mod content;
mod error;
mod fields;
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
mod scan;
mod source;
mod torrent;
mod transmission;
mod tree;
mod url;
mod verify;

pub use bencode::{BencodeError, BencodeFault, MAX_DEPTH};
pub use error::{MAX_FILES, MAX_PIECE_LENGTH, MAX_TORRENT_BYTES, MAX_URLS, MakeError, ReadError};
pub use hash::HashProgress;
pub use lint::{Lint, MAX_LINTS};
pub use merkle::BLOCK_BYTES;
pub use path::{FilePath, FilePathError, MAX_COMPONENTS, MAX_PATH_BYTES};
pub use personal::{Personal, personalise};
pub use plan::{MakeOptions, Skipped, TorrentPlan, WhySkipped};
pub use source::TorrentVersion;
pub use torrent::{File, FileKind, InfoHashV2, Torrent};
pub use url::PrivateTorrent;
pub use verify::verify;
