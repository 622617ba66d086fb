//! Backups and the soundness of the books.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Copies the club to a file.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeBackup {
    /// The file: an absolute path, as the daemon sees it. It must not exist yet.
    #[schema(value_type = String)]
    pub file: PathBuf,
    /// Whether the master secret is copied too, to a file of its own beside it.
    #[serde(default)]
    pub with_secret: bool,
}

/// A copy of the club.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Backup {
    /// The file.
    #[schema(value_type = String)]
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The file of the master secret, if that was copied.
    #[schema(value_type = Option<String>)]
    pub secret: Option<PathBuf>,
}

/// Whether the books are sound.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Soundness {
    /// Whether no flaw was found.
    pub clean: bool,
    /// The flaws: the first thousand of each kind.
    pub flaws: Vec<FlawView>,
}

/// Something that is wrong with the books.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlawView {
    /// The place, such as `account 7`.
    pub place: String,
    /// What is wrong.
    pub what: String,
}
