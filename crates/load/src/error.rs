//! Why a run can't be made.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// What is wrong, by who has to do something about it: always whoever started the generator.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The histogram's bounds are constants, so this one is ours.
    #[error(transparent)]
    Histogram(#[from] hdrhistogram::CreationError),
    /// A file of passkeys can't be read, or holds none.
    #[error("{path} holds no passkey, one a line{}", .error.as_ref().map(|e| format!(": {e}")).unwrap_or_default())]
    Passkeys {
        /// The file.
        path: PathBuf,
        /// Where it can't be read.
        error: Option<io::Error>,
    },
    /// More peers than there are ports.
    #[error("{peers} peers need more than {sources} source addresses (--sources)")]
    Ports {
        /// Asked for.
        peers: u32,
        /// At hand.
        sources: u32,
    },
    /// The tracker's process can't be read.
    #[error("there is no process {pid} to measure: {error}")]
    Process {
        /// By its number.
        pid: u32,
        /// As the system has it.
        error: io::Error,
    },
    /// Nobody answers.
    #[error("{0} does not answer")]
    Silent(SocketAddr),
    /// A socket can't be had.
    #[error("no socket from {from}: {error}")]
    Socket {
        /// Its address here.
        from: SocketAddr,
        /// As the system has it.
        error: io::Error,
    },
    /// Not the URL of a tracker.
    #[error("{0} is not udp://host:port or http://host:port")]
    Url(String),
}
