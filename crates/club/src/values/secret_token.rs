//! Secrets of 256 bits: what a browser has while it is signed in, and what is in a link.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::values::error::Error;

/// A secret that was made here and is shown once; `{:?}` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct SecretToken([u8; 32]);

impl SecretToken {
    /// A new one from the system's randomness.
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads one that a client sends: 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// As it stands in a URL or a cookie.
    pub fn expose(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// What the store keeps of it. One round of SHA-256 is enough for what can't be guessed.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_in_no_other_way() {
        let token = SecretToken::random().unwrap();
        let text = token.expose();
        assert_eq!((text.len(), SecretToken::parse(&text)), (43, Some(token.clone())));
        assert_ne!(SecretToken::random().unwrap(), token);
        for other in ["", &text[1..], &format!("{text}A"), &format!("{text}="), &"+".repeat(43)] {
            assert_eq!(SecretToken::parse(other), None, "{other}");
        }
        // The last character holds four bits; another spelling of them is no token.
        assert_eq!(SecretToken::parse(&"A".repeat(43)), Some(SecretToken([0; 32])));
        assert_eq!(SecretToken::parse(&format!("{}B", "A".repeat(42))), None);
    }

    #[test]
    fn a_token_does_not_reach_a_log() {
        assert_eq!(format!("{:?}", SecretToken([7; 32])), "SecretToken(..)");
    }
}
