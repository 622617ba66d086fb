//! From a command to what is printed.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use thiserror::Error;

use super::args::{Args, Command};
use super::ask::Asker;
use super::check;
use super::client::{Client, ClientError};
use super::import::ImportError;
use super::upkeep::UpkeepError;
use super::when::WhenError;
use crate::config::{Source, SourceError};
use crate::serve::{CannotStart, startable};

/// Does what a command says, but for `serve`, and returns what to print; now is `now_unix`, in
/// Unix seconds.
///
/// # Errors
///
/// Says in a sentence what to do next: start the daemon, correct the configuration, or ask
/// otherwise.
pub fn run(args: &Args, now_unix: u32) -> Result<String, RunError> {
    let source = Source::find(args.config.clone());
    let loaded = source.load()?;
    if matches!(args.command(), Command::Check) {
        startable(&loaded.config)?;
        return Ok(check::report(&source, &loaded, args.json)?);
    }
    let client = Client::new(&loaded.config.admin.socket);
    let now = Timestamp::from_second(now_unix.into()).unwrap_or_default();
    let asker = Asker { client, config: loaded.config, json: args.json, now };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(asker.ask(args.command()))
}

/// Why a command did nothing.
#[derive(Debug, Error)]
pub enum RunError {
    /// The daemon.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] SourceError),
    /// A file that was named.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A first day after the last.
    #[error("--from {from} is after --to {to}: no day is within that")]
    NoDays {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
    },
    /// What no torrent and no document can name.
    #[error("{} is not UTF-8, which names in a torrent are: rename it", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// What the configuration names is not there, or not as it must be.
    #[error(transparent)]
    CannotStart(#[from] CannotStart),
    /// A table that cannot be put into CSV.
    #[error("cannot print the table: {0}")]
    Csv(#[from] csv::Error),
    /// An export of another tracker.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The answer cannot be put into JSON.
    #[error("cannot print the answer: {0}")]
    Print(#[from] serde_json::Error),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// No thread to ask from.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    /// The books, and the document that says so where JSON was asked for.
    #[error("{sentence}")]
    Unsound {
        /// For people.
        sentence: String,
        /// For machines.
        document: Option<String>,
    },
    /// A backup or the club itself.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    /// A file that is there and not ours to replace.
    #[error("{} is there and is no torrent: name another file with `-o FILE`", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
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
