//! The state directory: made where it is missing, and one daemon's alone.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::serve::wait::until_let_go;

/// A state directory that no other daemon uses while this lives.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    _lock: File,
}

/// Why a state directory cannot be used.
#[derive(Debug, Error)]
pub enum StateDirError {
    /// It could not be made, or written to.
    #[error("state_dir {}: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another daemon runs there.
    #[error(
        "another usher runs in state_dir {}: stop it, or name another state_dir in tracker.yaml",
        path.display()
    )]
    Taken {
        /// The directory.
        path: PathBuf,
    },
}

impl StateDir {
    /// Makes the directory where it is missing, for its owner alone, and takes it.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be made, or another daemon has it.
    pub(crate) fn take(path: &Path) -> Result<Self, StateDirError> {
        let io = |source| StateDirError::Io { path: path.to_owned(), source };
        if !fs::exists(path).map_err(io)? {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        }
        let lock = File::create(path.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateDirError::Taken { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Takes the directory, and waits a few seconds for a killed daemon to end.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be made, or another daemon has it.
    pub(crate) async fn take_when_free(path: &Path) -> Result<Self, StateDirError> {
        let is_held = |error: &StateDirError| matches!(error, StateDirError::Taken { .. });
        until_let_go(path.display(), is_held, async || Self::take(path)).await
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Where the club lies in a state directory, if it is not in PostgreSQL.
pub(crate) fn club_file(state_dir: &Path) -> PathBuf {
    state_dir.join("club.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_daemon_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let first = StateDir::take(&path).unwrap();
        assert!(matches!(StateDir::take(&path), Err(StateDirError::Taken { .. })));
        drop(first);
        assert_eq!(StateDir::take(&path).unwrap().path(), path);
    }

    #[test]
    fn a_file_in_its_place_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = StateDir::take(file.path()).unwrap_err().to_string();
        assert!(error.starts_with("state_dir "), "{error}");
    }
}
