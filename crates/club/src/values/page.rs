//! Long lists come in pages.

/// A part of a list that is ordered by id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// Begin with the first id above this one: 0, then the last id of the page before.
    pub after: u32,
    /// How many rows; more than [`MAX`](Self::MAX) are not given.
    pub limit: u32,
}

impl Page {
    /// The longest page.
    pub const MAX: u32 = 1000;
    /// As many rows as one page holds, from the first.
    pub const FIRST: Self = Self { after: 0, limit: Self::MAX };

    pub(crate) fn limit(self) -> u32 {
        self.limit.min(Self::MAX)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::FIRST
    }
}
