//! Restoring a backup: it is proven before it takes the club's place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::ledger::statement;
use crate::store::database::Flaw;
use crate::store::files::{LOGS, beside, free_name, remove_database, sync_folder};
use crate::store::open::OpenError;
use crate::store::sqlite::Sqlite;
use crate::values::error::Error;

/// Puts a backup in the place of the club's file, after it was brought to this version and its
/// books were found sound. What was there is put aside under a free name, which is answered:
/// `.before-restore` behind its own, or `.before-restore-2` and so on.
///
/// No daemon may have the file open. O(the database).
///
/// # Errors
///
/// Nothing is changed where the backup can't be read, is of a newer usher, or its books are wrong;
/// and where the disk fails.
pub async fn restore(backup: &Path, into: &Path) -> Result<Option<PathBuf>, RestoreError> {
    let new = beside(into, ".restoring");
    remove_database(&new).map_err(|error| RestoreError::io(&new, error))?;
    fs::copy(backup, &new).map_err(|error| RestoreError::io(backup, error))?;
    // A plain copy of the club's file may have its log beside it still.
    match fs::copy(beside(backup, "-wal"), beside(&new, "-wal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(RestoreError::io(backup, error));
        }
        _ => {}
    }
    let proven = prove(&new, backup).await;
    if let Err(error) = proven {
        let _ = remove_database(&new);
        return Err(error);
    }
    swap(&new, into).map_err(|error| RestoreError::io(into, error))
}

/// Brings the copy of a backup to this version and looks for flaws in it.
async fn prove(path: &Path, backup: &Path) -> Result<(), RestoreError> {
    let at = |error: sqlx::Error| OpenError {
        place: backup.display().to_string(),
        reason: error.into(),
    };
    // Migrating what is empty or another's would make a club of it, and a sound one.
    if Sqlite::version(path).await.map_err(at)?.is_none_or(|version| version < 1) {
        return Err(RestoreError::NoClub(backup.to_owned()));
    }
    let store = Sqlite::open(path).await?;
    let flaws = statement::verify(&store).await?;
    store.close().await.map_err(|error| RestoreError::Club(error.into()))?;
    match flaws.into_iter().next() {
        Some(flaw) => Err(RestoreError::Flawed(flaw)),
        None => Ok(()),
    }
}

/// Puts a database, closed and with no log beside it, in the place of another; where that is now.
fn swap(new: &Path, into: &Path) -> io::Result<Option<PathBuf>> {
    File::open(new)?.sync_all()?;
    let aside = free_name(into)?;
    let mut is_moved = false;
    for log in LOGS {
        match fs::rename(beside(into, log), beside(&aside, log)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            moved => is_moved |= moved.is_ok(),
        }
    }
    fs::rename(new, into)?;
    sync_folder(into)?;
    Ok(is_moved.then_some(aside))
}

/// Why a backup was not put in place.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It could not be read through.
    #[error(transparent)]
    Club(#[from] Error),
    /// Its books are wrong.
    #[error("the backup is not sound, nothing was changed: {0}")]
    Flawed(Flaw),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is a database, or an empty file, that no usher wrote.
    #[error("{} holds no club, nothing was changed: name a backup that usher made", .0.display())]
    NoClub(PathBuf),
    /// It is no database, or a newer usher's.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl RestoreError {
    fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}
