//! Members from another tracker.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Imports members of another tracker: all of them or none.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportMembers {
    /// The members, at most 1000.
    pub members: Vec<ImportRow>,
    /// Whether only to say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// A member of another tracker.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// Unique among the members that are not removed.
    pub name: String,
    /// A tier of the configuration.
    pub tier: String,
    /// When the tier ends; `null` means never.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Their passkey there: 16 to 64 letters, digits, `-` and `_`.
    #[serde(default)]
    pub passkey: Option<String>,
}

impl fmt::Debug for ImportRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportRow").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What happened to one of them.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ImportOutcome {
    /// The name, as it was sent.
    pub name: String,
    /// `added`, `present` from an earlier import, or `refused`.
    pub outcome: String,
    /// Why it was refused.
    pub why: Option<String>,
}

/// Maximum number of members of one request.
pub const MAX_MEMBERS: usize = 1000;
/// Minimum number of characters of a passkey: 64 bits in hexadecimal, which cannot be guessed.
pub const MIN_PASSKEY: usize = 16;
