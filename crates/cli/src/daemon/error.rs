//! Why a command failed.

use std::io;
use std::path::PathBuf;

use jiff::civil::Date;
use thiserror::Error;

use super::client::ClientError;
use crate::text::WhenError;

/// Why a command failed; each message says what to do next.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The daemon did not answer, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A table that cannot be written as CSV.
    #[error("cannot write the table as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A file that was named.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file whose content cannot be used.
    #[error("{0}")]
    Input(String),
    /// A path that no torrent and no JSON document can name.
    #[error("the name {} is not UTF-8, which torrents need: rename it", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// A first day after the last.
    #[error("--from {from} is after --to {to}: expected the earlier day first")]
    NoDays {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// An answer that cannot be written as JSON.
    #[error("cannot write the answer as JSON: {0}")]
    Print(#[from] serde_json::Error),
    /// The system has no random numbers.
    #[error("the system returned no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The runtime cannot start.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    /// A file that exists and that a torrent must not replace.
    #[error("{} exists and is not a torrent: name another file with `-o FILE`", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Something was checked and is not as it should be.
    #[error("{sentence}")]
    Unsound {
        /// For people.
        sentence: String,
        /// The document for standard output, where JSON was asked for.
        document: Option<String>,
    },
    /// A file that was to be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A date that was named.
    #[error(transparent)]
    When(#[from] WhenError),
}
