//! The tag by which a form on a page proves that it was made for who sends it.

use std::fmt;

use subtle::ConstantTimeEq;

/// A message authentication code over what binds a form to its reader. Compares in constant time.
#[derive(Clone, Copy)]
pub struct FormTag([u8; Self::LEN]);

impl FormTag {
    /// Bytes of a tag.
    pub const LEN: usize = 32;

    pub(crate) const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The tag itself.
    pub const fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Whether these bytes are the tag.
    pub fn is(&self, bytes: &[u8]) -> bool {
        self.0.ct_eq(bytes).into()
    }
}

impl fmt::Debug for FormTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormTag(..)")
    }
}
