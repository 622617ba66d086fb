//! Paths that somebody names who does not own the host: they lead beneath a folder, or nowhere.
//!
//! A path is compared as it is written first, so that what is said of other places does not tell what lies there,
//! and then as the disk has it, links resolved.

use std::io;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

/// Why a path is not taken.
#[derive(Debug, Error)]
pub enum OutsideError {
    /// It can't be found out where it leads.
    #[error("{}: {error}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It leads elsewhere.
    #[error(
        "{} does not lead beneath {}: over the network, name a path beneath that folder, without `..` and \
         without links out of it",
        path.display(),
        folder.display()
    )]
    Outside {
        /// The path.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
}

/// Where a path leads that lies beneath a folder, without links on the way. O(its parts) calls of the system.
///
/// # Errors
///
/// It is the folder itself, leads elsewhere, or can't be followed.
pub(crate) fn resolve_beneath(path: &Path, folder: &Path) -> Result<PathBuf, OutsideError> {
    let outside = || OutsideError::Outside { path: path.to_owned(), folder: folder.to_owned() };
    let at = |path: &Path, error| OutsideError::Io { path: path.to_owned(), error };
    let root = folder.canonicalize().map_err(|error| at(folder, error))?;
    let climbs = path.components().any(|part| part == Component::ParentDir);
    if climbs || !(path.starts_with(folder) || path.starts_with(&root)) {
        return Err(outside());
    }
    let found = path.canonicalize().map_err(|error| at(path, error))?;
    if found == root || !found.starts_with(&root) {
        return Err(outside());
    }
    Ok(found)
}

/// The same for a file that is to be made: its folder is followed, and may be `folder` itself.
///
/// # Errors
///
/// It has no name, or would lie elsewhere.
pub(crate) fn resolve_new_beneath(path: &Path, folder: &Path) -> Result<PathBuf, OutsideError> {
    let outside = || OutsideError::Outside { path: path.to_owned(), folder: folder.to_owned() };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(outside());
    };
    let root = folder.canonicalize();
    let root = root.map_err(|error| OutsideError::Io { path: folder.to_owned(), error })?;
    let parent = match parent == folder || parent == root {
        true => root,
        false => resolve_beneath(parent, folder)?,
    };
    Ok(parent.join(name))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        for folder in ["items/film", "items-of-others", "secret"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        fs::write(home.join("secret/key"), "key").unwrap();
        symlink(home.join("secret"), home.join("items/out")).unwrap();
        symlink("film", home.join("items/in")).unwrap();
        symlink(home.join("items"), home.join("alias")).unwrap();
        let items = home.join("items");
        for (path, expected) in [
            ("items/film", Some("items/film")),
            ("items/in", Some("items/film")),
            ("items/./film", Some("items/film")),
            ("items", None),
            ("items/", None),
            ("items/out", None),
            ("items/out/key", None),
            ("items/../secret/key", None),
            ("items/film/../../secret", None),
            ("items/film/../in", None),
            ("items-of-others", None),
            ("secret/key", None),
            ("secret/gone", None),
            ("", None),
        ] {
            let found = resolve_beneath(&home.join(path), &items);
            assert_eq!(found.ok(), expected.map(|path| home.join(path)), "{path}");
        }
        // The folder may be named by a link, and so may what lies in it.
        let by_alias = resolve_beneath(&home.join("alias/film"), &home.join("alias")).unwrap();
        assert_eq!(by_alias, home.join("items/film"));
        assert!(resolve_beneath(&home.join("items/film"), &home.join("alias")).is_ok());
        // What is there and what is not looks alike from outside.
        let said = |path: &str| {
            let error = resolve_beneath(&home.join(path), &items).unwrap_err().to_string();
            error.replace(path, "PATH")
        };
        assert_eq!(said("secret/key"), said("secret/gone"));
        assert!(said("items/gone").contains("No such file"), "{}", said("items/gone"));
    }

    #[test]
    fn a_new_file_lies_in_the_folder_or_below() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        fs::create_dir_all(home.join("backups/old")).unwrap();
        symlink(&home, home.join("backups/up")).unwrap();
        let backups = home.join("backups");
        for (path, expected) in [
            ("backups/a.db", Some("backups/a.db")),
            ("backups/old/a.db", Some("backups/old/a.db")),
            ("backups/gone/a.db", None),
            ("backups/up/a.db", None),
            ("backups/../a.db", None),
            ("backups/old/..", None),
            ("a.db", None),
            ("backups", None),
        ] {
            let found = resolve_new_beneath(&home.join(path), &backups);
            assert_eq!(found.ok(), expected.map(|path| home.join(path)), "{path}");
        }
    }
}
