//! Who sees an item on the site.

use std::fmt;
use std::str::FromStr;

/// Who sees an item on the site. Rights, and the tracker, do not depend on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Visibility {
    /// Nobody: no page, list or feed shows it, and the site gives out none of its torrents.
    Draft,
    /// Everybody: it is in the catalogue and in the public feed.
    #[default]
    Published,
    /// Everybody who knows its address: it is in no list and in no public feed.
    Unlisted,
}

impl Visibility {
    /// Its name.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Unlisted => "unlisted",
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for Visibility {
    type Err = UnknownVisibility;

    fn from_str(text: &str) -> Result<Self, UnknownVisibility> {
        match text {
            "draft" => Ok(Self::Draft),
            "published" => Ok(Self::Published),
            "unlisted" => Ok(Self::Unlisted),
            other => Err(UnknownVisibility(other.to_owned())),
        }
    }
}

/// A word that names no visibility.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a visibility: expected draft, published or unlisted")]
pub struct UnknownVisibility(String);
