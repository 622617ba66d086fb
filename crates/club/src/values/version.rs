//! Versions of what two people may change at once.
//!
//! A version is a digest of what is there, so that it is the same again where a change was undone. Whoever changes
//! something names the version that they saw; the change is refused where another is there by then.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::values::error::Error;

/// A version of something that can be changed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Version([u8; 16]);

impl Version {
    /// The version of what consists of these parts. `what` keeps versions of different things apart.
    pub(crate) fn of(what: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&what).chain(parts) {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        Self(digest.first_chunk().copied().unwrap_or_default())
    }

    /// Reads what was written before; `None` where it is no version.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// What a change expects to find.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Expected {
    /// Whatever is there.
    #[default]
    Anything,
    /// One of these versions.
    OneOf(Vec<Version>),
}

impl Expected {
    /// Refuses a change of what is in another version than expected.
    pub(crate) fn check(&self, version: Version) -> Result<(), Error> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => Err(Error::Stale),
            Self::Anything | Self::OneOf(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        let version = Version::of("pet", &["cat", "7"]);
        assert_eq!(Version::parse(&version.to_string()), Some(version));
        for text in ["", "0", "xy", &"0".repeat(31), &"0".repeat(34), &"A".repeat(32)] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn whatever_differs_has_another_version() {
        let all = [
            Version::of("pet", &["cat", "7"]),
            Version::of("pet", &["cat7", ""]),
            Version::of("pet", &["", "cat7"]),
            Version::of("petcat", &["7"]),
        ];
        for (place, version) in all.iter().enumerate() {
            assert!(!all[..place].contains(version));
        }
    }
}
