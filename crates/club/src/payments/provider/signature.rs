//! Message authentication codes.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::refused::Refused;

/// A secret that is shared with a provider.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The content of a file or a variable, without blanks around it.
    ///
    /// `None` if that is empty: anybody could sign with an empty secret.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.as_bytes().to_vec()))
    }

    /// The bytes, to be sent to the provider only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether a text is this secret, in constant time for texts of its length.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The algorithm that a provider signs with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Algorithm {
    HmacMd5,
    HmacSha1,
    HmacSha256,
    HmacSha512,
}

impl Algorithm {
    /// Whether one of the secrets makes this tag of the concatenated parts.
    pub(crate) fn verifies(self, secrets: &[Secret], parts: &[&[u8]], tag: &[u8]) -> bool {
        let is_made_by = |secret: &Secret| match self {
            Self::HmacMd5 => is_made_by::<Hmac<Md5>>(secret, parts, tag),
            Self::HmacSha1 => is_made_by::<Hmac<Sha1>>(secret, parts, tag),
            Self::HmacSha256 => is_made_by::<Hmac<Sha256>>(secret, parts, tag),
            Self::HmacSha512 => is_made_by::<Hmac<Sha512>>(secret, parts, tag),
        };
        secrets.iter().any(is_made_by)
    }

    /// Refuses what is not as long as its tags are.
    pub(crate) fn check_length(self, tag: &[u8]) -> Result<(), Refused> {
        let expected = match self {
            Self::HmacMd5 => 16,
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
            Self::HmacSha512 => 64,
        };
        let wrong = Refused::Forged("the signature has not the length of its algorithm's");
        if tag.len() == expected { Ok(()) } else { Err(wrong) }
    }
}

fn is_made_by<M: Mac + KeyInit>(secret: &Secret, parts: &[&[u8]], tag: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(&secret.0) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(tag).is_ok()
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn tags_are_those_of_the_standards() {
        #[track_caller]
        fn check(algorithm: Algorithm, tag: &str) {
            let secrets = ["other", "Jefe"].map(|text| Secret::new(text).unwrap());
            let tag = HEXLOWER.decode(tag.as_bytes()).unwrap();
            let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
            assert!(algorithm.verifies(&secrets, &parts, &tag));
            assert!(!algorithm.verifies(&secrets[..1], &parts, &tag), "another secret");
            assert!(!algorithm.verifies(&secrets, &parts[..1], &tag), "another text");
            assert!(!algorithm.verifies(&secrets, &parts, &tag[..15]), "a shorter tag");
            assert!(!algorithm.verifies(&secrets, &parts, &[]), "no tag");
        }
        // RFC 2202 and RFC 4231, each their case 2.
        check(Algorithm::HmacMd5, "750c783e6ab0b503eaa86e310a5db738");
        check(Algorithm::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        check(
            Algorithm::HmacSha256,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            Algorithm::HmacSha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        );
    }

    #[test]
    fn a_secret_is_trimmed_hidden_and_never_empty() {
        assert_eq!(Secret::new("whsec_x\n").unwrap().expose(), b"whsec_x");
        assert_eq!(format!("{:?}", Secret::new("whsec_x")), "Some(Secret(..))");
        assert_eq!(Secret::new(" \n"), None);
        assert!(Secret::new("a").unwrap().is("a") && !Secret::new("a").unwrap().is("ab"));
    }
}
