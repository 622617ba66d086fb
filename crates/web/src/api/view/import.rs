//! Members from another tracker.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Brings members of another tracker in, all or none.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// A thousand at most.
    pub members: Vec<Newcomer>,
    /// Whether only to say what would become of them.
    #[serde(default)]
    pub dry_run: bool,
}

/// A member of another tracker.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// Unique among those not removed.
    pub name: String,
    /// A tier of the configuration.
    pub tier: String,
    /// When the tier ends.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// What their clients announce with: 16 to 64 letters, digits, `-` and `_`.
    #[serde(default)]
    pub passkey: Option<String>,
}

impl fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newcomer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What became of one.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Imported {
    /// As it was sent.
    pub name: String,
    /// `added`, `present` from an earlier import, or `refused`.
    pub outcome: String,
    /// Why it was refused.
    pub why: Option<String>,
}

/// The fewest characters of a passkey: 64 bits in hexadecimal, which nobody guesses.
pub const MIN_PASSKEY: usize = 16;
