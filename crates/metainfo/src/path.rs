//! Where a file stands inside a torrent: checked once, so that it can't leave the folder it is in.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

/// One to [`MAX_COMPONENTS`] names joined by `/`, relative to the torrent's root.
///
/// No name is empty, `.` or `..`, or holds a NUL, a `/` or a `\`. Names are bytes: UTF-8 by rule
/// (BEP 3), anything in practice. Paths compare name by name, the order of a v2 file tree (BEP 52).
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct FilePath(Box<[u8]>);

impl FilePath {
    /// Joins names.
    ///
    /// # Errors
    ///
    /// Fails for no name at all, an unsafe one, or past one of the two bounds.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, FilePathError> {
        let mut path = Vec::new();
        for name in names {
            push_name(&mut path, name)?;
        }
        Self::from_joined(&path)
    }

    /// Takes what [`push_name`] has built.
    pub(crate) fn from_joined(path: &[u8]) -> Result<Self, FilePathError> {
        if path.is_empty() {
            return Err(FilePathError::Name(String::new()));
        }
        let path = Self(path.into());
        if path.names().count() > MAX_COMPONENTS {
            return Err(FilePathError::Long(path.to_string()));
        }
        Ok(path)
    }

    /// The joined path.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The names from the root down.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        names(&self.0)
    }

    /// Compares name by name with a joined path, which need not be a good one.
    pub(crate) fn cmp_joined(&self, other: &[u8]) -> Ordering {
        self.names().cmp(names(other))
    }

    /// Whether `other` would have to be a folder with this file's name.
    pub(crate) fn is_above(&self, other: &Self) -> bool {
        other.0.strip_prefix(&*self.0).is_some_and(|rest| rest.first() == Some(&b'/'))
    }
}

impl Ord for FilePath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_joined(&other.0)
    }
}

impl PartialOrd for FilePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.0).fmt(f)
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// Why names make no path.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum FilePathError {
    /// The path has more than [`MAX_PATH_BYTES`] bytes or [`MAX_COMPONENTS`] names.
    #[error("path {0:?} is longer than {MAX_PATH_BYTES} bytes or {MAX_COMPONENTS} names")]
    Long(String),
    /// The name is empty, `.` or `..`, or holds a NUL, a `/` or a `\`.
    #[error("{0:?} is not a safe file name")]
    Name(String),
}

/// The longest path, in bytes: Linux's bound, without the NUL.
pub const MAX_PATH_BYTES: usize = 4095;

/// The most names in a path: what a v2 file tree holds within libtorrent's depth of bencode.
pub const MAX_COMPONENTS: usize = 96;

/// Appends a name to a joined path.
pub(crate) fn push_name(path: &mut Vec<u8>, name: &[u8]) -> Result<(), FilePathError> {
    check_name(name)?;
    if !path.is_empty() {
        path.push(b'/');
    }
    if path.len().saturating_add(name.len()) > MAX_PATH_BYTES {
        return Err(FilePathError::Long(String::from_utf8_lossy(path).into_owned()));
    }
    path.extend_from_slice(name);
    Ok(())
}

/// Refuses a name that is unsafe on some system: a client on Windows reads `\` as a separator.
pub(crate) fn check_name(name: &[u8]) -> Result<(), FilePathError> {
    let is_unsafe = |byte: &u8| matches!(byte, 0 | b'/' | b'\\');
    if matches!(name, b"" | b"." | b"..") || name.iter().any(is_unsafe) {
        return Err(FilePathError::Name(String::from_utf8_lossy(name).into_owned()));
    }
    Ok(())
}

fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_names_are_refused() {
        for name in ["", ".", "..", "a/b", "/", "a\\b", "a\0"] {
            let name = name.as_bytes();
            assert!(
                matches!(FilePath::new([&b"x"[..], name]), Err(FilePathError::Name(_))),
                "{name:?}"
            );
        }
        assert!(FilePath::new([]).is_err());
        assert!(FilePath::new([&b"..."[..], b"a b#?%", b"\xff"]).is_ok());
    }

    #[test]
    fn a_path_ends_at_its_bounds() {
        assert!(FilePath::new([&b"a"[..]; MAX_COMPONENTS]).is_ok());
        assert!(FilePath::new([&b"a"[..]; MAX_COMPONENTS + 1]).is_err());
        assert!(FilePath::new([&[b'a'; MAX_PATH_BYTES][..]]).is_ok());
        assert!(FilePath::new([&[b'a'; MAX_PATH_BYTES + 1][..]]).is_err());
        assert!(FilePath::new([&[b'a'; MAX_PATH_BYTES - 2][..], b"b"]).is_ok());
        assert!(FilePath::new([&[b'a'; MAX_PATH_BYTES - 1][..], b"b"]).is_err());
    }

    #[test]
    fn paths_sort_name_by_name() {
        let path = |text: &str| FilePath::new(text.as_bytes().split(|byte| *byte == b'/')).unwrap();
        assert!(path("a/x") < path("a b/x"), "though a space sorts before a slash");
        assert!(path("a") < path("a/b"));
        assert!(path("a").is_above(&path("a/b")));
        assert!(!path("a").is_above(&path("a b/c")));
    }
}
