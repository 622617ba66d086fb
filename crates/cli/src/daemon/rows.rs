//! How much of a list is printed.

use clap::Args;

/// How much of a list is printed, and from which end.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct RowArgs {
    /// Maximum number of rows [default: all]
    #[arg(long, value_name = "ROWS")]
    limit: Option<u32>,
    /// Begin with the last row
    #[arg(long)]
    newest: bool,
}

impl RowArgs {
    /// At most `limit` rows, from the first on.
    pub(crate) const fn first(limit: Option<u32>) -> Self {
        Self { limit, newest: false }
    }

    /// Number of rows that are still wanted once there are some.
    pub(super) fn missing(self, found: usize) -> u32 {
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        self.limit.unwrap_or(u32::MAX).saturating_sub(found)
    }

    /// Whether the last rows come first, for a query.
    pub(crate) fn newest(self) -> Option<bool> {
        self.newest.then_some(true)
    }
}
