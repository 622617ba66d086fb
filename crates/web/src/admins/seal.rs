//! The key under which the secrets of admins' codes are stored. It is in a file of its own, so that a copy of the
//! store alone gives no codes.
//!
//! XChaCha would need another crate; a nonce of 96 random bits is safe for many more secrets than there are admins.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The key; `{:?}` does not show it.
pub struct TotpKey(LessSafeKey);

impl TotpKey {
    /// The number of bytes that a key has.
    pub const LEN: usize = 32;

    /// Takes the bytes of a key. `None` never happens with as many bytes as the cipher wants.
    pub fn new(bytes: &[u8; Self::LEN]) -> Option<Self> {
        UnboundKey::new(&CHACHA20_POLY1305, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Seals the secret of an admin, who is named so that no other's row can take it over. `None` where the system
    /// gives no random numbers.
    pub(crate) fn seal(&self, admin: &str, secret: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = secret.to_vec();
        let aad = Aad::from(admin.as_bytes());
        let nonce_value = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_value, aad, &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for this admin; `None` where it was sealed under another key, or for somebody else.
    pub(crate) fn open(&self, admin: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut opened = sealed.to_vec();
        let aad = Aad::from(admin.as_bytes());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.open_in_place(nonce, aad, &mut opened).ok().map(|secret| secret.to_vec())
    }
}

impl fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_admin_under_its_key_alone() {
        let key = TotpKey::new(&[1; 32]).unwrap();
        let sealed = key.seal("ada", b"secret").unwrap();
        assert_eq!(key.open("ada", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(key.open("bob", &sealed), None);
        assert_eq!(TotpKey::new(&[2; 32]).unwrap().open("ada", &sealed), None);
        for length in 0..sealed.len() {
            assert_eq!(key.open("ada", &sealed[..length]), None, "{length}");
        }
        assert_ne!(key.seal("ada", b"secret").unwrap(), sealed);
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(format!("{key:?}"), "TotpKey(..)");
    }
}
