//! The digest of a cover, which names it in URLs.

use std::fmt;

use data_encoding::HEXLOWER;

/// The BLAKE3 digest of all images of a cover: another cover has another.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct CoverDigest(pub [u8; 32]);

/// Its first 32 hexadecimal digits, which are enough to tell covers apart.
impl fmt::Display for CoverDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, _) = self.0.split_at(16);
        f.write_str(&HEXLOWER.encode(head))
    }
}

impl fmt::Debug for CoverDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CoverDigest({self})")
    }
}
