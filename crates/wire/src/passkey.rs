//! The secret in an announce URL.

use std::fmt;

use subtle::ConstantTimeEq;

/// A passkey as it came, or is about to go, over the wire: 1 to 64 bytes of text, not yet verified.
///
/// It never prints and compares in constant time.
#[derive(Clone, Copy)]
pub struct Passkey {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl Passkey {
    /// The longest passkey of any tracker that members are imported from.
    pub const MAX_LEN: usize = 64;

    /// Takes the text of a path segment; `None` where it is empty, longer than
    /// [`MAX_LEN`](Self::MAX_LEN), or holds anything but ASCII letters, digits, `-` and `_`.
    pub fn new(text: &[u8]) -> Option<Self> {
        let len = u8::try_from(text.len()).ok()?;
        let mut bytes = [0; Self::MAX_LEN];
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // All bytes are looked at, even after a bad one: so the compiler takes many at once.
        if text.is_empty() || !text.iter().fold(true, |all, byte| all & is_key(byte)) {
            return None;
        }
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, len })
    }

    /// The secret itself: for verification, and for the one reply that hands it to its owner.
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl PartialEq for Passkey {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for Passkey {}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_prints_its_secret() {
        let passkey = Passkey::new(b"hunter2").unwrap();
        assert_eq!(format!("{passkey:?}"), "Passkey(..)");
        assert_eq!(passkey.expose(), b"hunter2");
    }

    #[test]
    fn takes_1_to_64_key_bytes() {
        assert!(Passkey::new(&[b'a'; 64]).is_some());
        for text in [&b""[..], &[b'a'; 65], &[b'a'; 300], b"a/b", b"a b", b"\xff"] {
            assert_eq!(Passkey::new(text), None, "{text:?}");
        }
    }
}
