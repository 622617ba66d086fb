//! Why a delivery is not taken for its provider's word.

use super::event::MAX_NAME;

/// Why a delivery is refused. It has no effect.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// No secret of ours made its signature.
    #[error("forged: {0}")]
    Forged(&'static str),
    /// It is signed and still makes no sense.
    #[error("malformed: {0}")]
    Malformed(String),
    /// It is larger than any provider's.
    #[error("oversized: more than {0} bytes")]
    Oversized(usize),
    /// It was signed too long ago, or ahead of our clock.
    #[error("stale: signed {0} s from now, is this machine's clock right?")]
    Stale(u64),
}

impl Refused {
    /// A body lacks what makes it an event.
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
        // Without the text: a secret may be in it.
        let (line, column) = (error.line(), error.column());
        Self::Malformed(format!("not the JSON that was expected, at line {line} column {column}"))
    }
}
