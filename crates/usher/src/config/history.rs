//! `history`: what is kept of the numbers of each minute, hour and day.

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::units::Size;

/// `history`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawHistory {
    pub size: Size,
}

impl Default for RawHistory {
    fn default() -> Self {
        Self { size: Size(128 << 20) }
    }
}

/// Bytes of history at most; 0 where none is kept.
pub(super) fn max_bytes(raw: RawHistory) -> Result<u64, Invalid> {
    if raw.size.0 != 0 && raw.size < LEAST {
        return Err(Invalid::new("history.size", format!("0, or at least {LEAST}")));
    }
    Ok(raw.size.0)
}

const LEAST: Size = Size(1 << 20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_none_or_large_enough_for_something() {
        let check = |bytes: u64| max_bytes(RawHistory { size: Size(bytes) });
        assert_eq!((check(0), check(1 << 20)), (Ok(0), Ok(1 << 20)));
        let refused = check((1 << 20) - 1).unwrap_err().to_string();
        assert_eq!(refused, "history.size: 0, or at least 1MiB");
    }
}
