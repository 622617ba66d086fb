//! Backups and the soundness of the books.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Asks for a copy of the club.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewBackup {
    /// Where to, as the daemon sees it: from `/` on, and not there yet.
    pub file: PathBuf,
    /// Whether the master secret is copied too, into a file of its own beside it.
    #[serde(default)]
    pub with_secret: bool,
}

/// A copy of the club.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Backup {
    /// Where it is.
    pub file: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// Where the master secret is, if it was asked for.
    pub secret: Option<PathBuf>,
}

/// Whether the books are sound.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Soundness {
    /// Whether nothing is wrong.
    pub clean: bool,
    /// What is wrong: the first thousand of each sort.
    pub flaws: Vec<Flaw>,
}

/// Something that is wrong with the books.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Flaw {
    /// Where, as `account 7`.
    pub place: String,
    /// What.
    pub what: String,
}
