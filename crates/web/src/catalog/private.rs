//! What is never published: the daemon's secrets, books and backups.
//!
//! Places are compared as the disk has them, links resolved, each time that something is published.
//! Deliberately absent: hard links, which no path tells.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Files and folders that nobody but the daemon is to see.
#[derive(Debug, Default)]
pub struct PrivatePaths(Vec<PathBuf>);

/// Something to publish that holds such a place, is one, or lies in one.
#[derive(Debug, Error)]
#[error(
    "{} would publish what the daemon keeps to itself in {}: put what you publish into a folder \
     that neither holds that nor lies in it",
    root.display(),
    place.display()
)]
pub struct PrivatePathError {
    root: PathBuf,
    place: PathBuf,
}

impl PrivatePaths {
    /// These files and folders, whether they are there yet or not.
    pub fn new(places: Vec<PathBuf>) -> Self {
        Self(places)
    }

    /// Whether a file or folder, named without links, may be published.
    ///
    /// # Errors
    ///
    /// It holds one of these places, is one, or lies in one.
    pub(crate) fn allow(&self, root: &Path) -> Result<(), PrivatePathError> {
        let meets = |place: &&PathBuf| {
            // What is not there can be neither held nor lain in.
            place
                .canonicalize()
                .is_ok_and(|place| place.starts_with(root) || root.starts_with(&place))
        };
        match self.0.iter().find(meets) {
            None => Ok(()),
            Some(place) => Err(PrivatePathError { root: root.to_owned(), place: place.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_holds_is_or_lies_in_a_private_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap();
        fs::create_dir_all(home.join("state/backups")).unwrap();
        fs::create_dir(home.join("films")).unwrap();
        fs::create_dir(home.join("state-of-the-art")).unwrap();
        fs::write(home.join("state/club.db"), "").unwrap();
        symlink(home.join("state"), home.join("films/link")).unwrap();
        let places = ["films/link", "gone"].map(|place| home.join(place));
        let private = PrivatePaths::new(places.to_vec());
        for refused in ["", "state", "state/backups", "state/club.db"] {
            let error = private.allow(&home.join(refused).canonicalize().unwrap()).unwrap_err();
            assert!(error.to_string().contains("films/link"), "{error}");
        }
        for allowed in ["films", "state-of-the-art"] {
            private.allow(&home.join(allowed)).unwrap();
        }
    }
}
