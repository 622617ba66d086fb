//! Tags, by which items are grouped.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// A tag: 1 to 32 letters and digits, in lower case and with single hyphens between them.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tag(String);

impl Tag {
    /// The text, as it stands in URLs and on pages.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = BadTag;

    /// Reads a tag as people type it: `Science Fiction` is `science-fiction`.
    fn from_str(text: &str) -> Result<Self, BadTag> {
        let is_gap = |c: char| c.is_whitespace() || matches!(c, '-' | '_');
        // Composed: an accent of its own would make another tag of what looks the same.
        let composed: String = text.nfc().take(MAX_READ).collect();
        let parts: Vec<_> = composed.split(is_gap).filter(|part| !part.is_empty()).collect();
        let tag = parts.join("-").to_lowercase();
        let is_tag = !tag.is_empty()
            && tag.chars().count() <= MAX_LENGTH
            && tag.chars().all(|c| c.is_alphanumeric() || c == '-');
        if is_tag { Ok(Self(tag)) } else { Err(BadTag(text.chars().take(MAX_SHOWN).collect())) }
    }
}

/// A text that is no tag.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is not a tag: expected 1 to {MAX_LENGTH} letters and digits, with hyphens or spaces between them"
)]
pub struct BadTag(String);

/// In characters.
const MAX_LENGTH: usize = 32;
/// Of a bad one, in characters.
const MAX_SHOWN: usize = 64;
/// What is read of a text, in characters: gaps may be longer than the tag.
const MAX_READ: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_folded_as_people_type_it() {
        for (text, tag) in [
            ("film", "film"),
            (" Science  Fiction ", "science-fiction"),
            ("Dokumentation_über-Köln", "dokumentation-über-köln"),
            ("4k", "4k"),
            ("映画", "映画"),
            ("u\u{308}ber", "über"),
            (&"a".repeat(32), &"a".repeat(32)),
        ] {
            assert_eq!(text.parse::<Tag>().unwrap().as_str(), tag);
        }
        for text in ["", " ", "-", "a,b", "a/b", "a\0b", "a\u{1b}", "c++", &"a".repeat(33)] {
            assert!(text.parse::<Tag>().is_err(), "{text:?}");
        }
        let why = "\"c++\" is not a tag: expected 1 to 32 letters and digits, with hyphens or spaces \
                   between them";
        assert_eq!("c++".parse::<Tag>().unwrap_err().to_string(), why);
    }
}
