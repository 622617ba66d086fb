//! Why a delivery is refused.

use super::event::MAX_NAME;

/// Why a delivery is refused, and so has no effect.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Its signature was not made with our secrets.
    #[error("forged: {0}")]
    Forged(&'static str),
    /// It is not an event.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Its body is too large.
    #[error("oversized: more than {0} bytes")]
    Oversized(usize),
    /// The time of its signature is too far from ours; by how many seconds.
    #[error("stale: its signature is {0} s away from this machine's time: check the clock")]
    Stale(u64),
}

impl Refused {
    /// The body lacks a name without which it is not an event.
    pub(super) fn missing(pointer: &str) -> Self {
        Self::Malformed(format!("not an event: no text of 1 to {MAX_NAME} bytes at {pointer}"))
    }

    /// One word for the record and the metrics.
    pub const fn verdict(&self) -> &'static str {
        match self {
            Self::Forged(_) => "forged",
            Self::Malformed(_) => "malformed",
            Self::Oversized(_) => "oversized",
            Self::Stale(_) => "stale",
        }
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        // The text itself may hold a secret.
        let (line, column) = (error.line(), error.column());
        Self::Malformed(format!("not JSON: an error at line {line}, column {column}"))
    }
}
