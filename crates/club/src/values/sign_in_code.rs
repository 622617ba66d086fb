//! One-time codes that the publisher hands out: 80 random bits, for typing.
//!
//! Sixteen digits of Crockford's base 32 in groups of four. Case, hyphens and spaces do not matter;
//! `O` is `0`, `I` and `L` are `1`.

use std::fmt;

use data_encoding::{Encoding, Specification};
use sha2::{Digest, Sha256};

use crate::values::error::Error;

/// A code that signs one member in, once; `{:?}` does not show it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct SignInCode([u8; 10]);

impl SignInCode {
    /// A new one from the system's randomness.
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = [0; 10];
        getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads what a person types; `None` where it can't be a code.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TYPED {
            return None;
        }
        crockford().decode(text.trim().as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// What the store keeps of it.
    pub(crate) fn hash(self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Display for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in crockford().encode(&self.0).chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCode(..)")
    }
}

/// Crockford's base 32, as people type it.
fn crockford() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.translate.from.push_str("abcdefghjkmnpqrstvwxyzoOiIlL");
    specification.translate.to.push_str("ABCDEFGHJKMNPQRSTVWXYZ001111");
    specification.ignore.push_str("- ");
    #[expect(clippy::expect_used, reason = "a constant, which each test uses")]
    specification.encoding().expect("32 symbols, each once")
}

const MAX_TYPED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_printed_or_as_people_type_it() {
        let code = SignInCode([0x08, 0x42, 0x10, 0, 0xff, 1, 2, 3, 4, 5]);
        let printed = code.to_string();
        assert_eq!(printed.len(), 19);
        let sloppy = printed.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        let bare = printed.replace('-', "");
        for typed in [printed.as_str(), &sloppy, &bare, &format!(" {printed}\n")] {
            assert_eq!(SignInCode::parse(typed), Some(code), "{typed}");
        }
        for other in ["", &bare[1..], &format!("{bare}0"), &"U".repeat(16), &"0".repeat(65)] {
            assert_eq!(SignInCode::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_code_does_not_reach_a_log() {
        assert_eq!(format!("{:?}", SignInCode([7; 10])), "SignInCode(..)");
    }
}
