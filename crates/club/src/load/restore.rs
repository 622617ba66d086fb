//! Restoring a backup: it is proven before it takes the club's place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use blake3::Hash;

use crate::load::startup::{self, Loaded};
use crate::load::verify::verify;
use crate::store::database::{Flaw, Store};
use crate::store::digest::{self, digest_beside};
use crate::store::files::{LOGS, beside, free_name, remove_database, sync_folder};
use crate::store::open::OpenError;
use crate::store::sqlite::Sqlite;
use crate::values::error::Error;
use crate::values::names::Names;

/// What a restore did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restored {
    /// Where what was there before is now.
    pub aside: Option<PathBuf>,
    /// Whether the backup had its digest beside it, which it matched.
    pub has_digest: bool,
    /// What a start will load.
    pub loaded: Loaded,
}

/// Puts a backup in the place of the club's file, after it was checked against its digest, brought
/// to this version and found sound. What was there is put aside under a free name:
/// `.before-restore` behind its own, or `.before-restore-2` and so on. `names` are those of the
/// configuration.
///
/// No daemon may have the file open. O(the database).
///
/// # Errors
///
/// Nothing is changed where the backup can't be read, is not what its digest says, is of a newer
/// usher, or is not sound; and where the disk fails.
pub async fn restore(backup: &Path, into: &Path, names: &Names) -> Result<Restored, RestoreError> {
    let new = beside(into, ".restoring");
    remove_database(&new).map_err(|error| RestoreError::io(&new, error))?;
    let proven = match copy(backup, &new) {
        Ok(has_digest) => prove(&new, backup, names).await.map(|loaded| (has_digest, loaded)),
        Err(error) => Err(error),
    };
    match proven {
        Ok((has_digest, loaded)) => {
            let aside = swap(&new, into).map_err(|error| RestoreError::io(into, error))?;
            Ok(Restored { aside, has_digest, loaded })
        }
        Err(error) => {
            let _ = remove_database(&new);
            Err(error)
        }
    }
}

/// Copies a backup, which must be what its digest says; whether there is a digest.
fn copy(backup: &Path, new: &Path) -> Result<bool, RestoreError> {
    let digest_file = digest_beside(backup);
    let expected = digest::read(backup).map_err(|error| RestoreError::io(&digest_file, error))?;
    fs::copy(backup, new).map_err(|error| RestoreError::io(backup, error))?;
    if let Some(expected) = expected {
        let found = digest::of(new).map_err(|error| RestoreError::io(new, error))?;
        if found != expected {
            let backup = backup.to_owned();
            return Err(RestoreError::Digest { backup, expected, found });
        }
        return Ok(true);
    }
    // A plain copy of the club's file may have its log beside it still.
    match fs::copy(beside(backup, "-wal"), beside(new, "-wal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RestoreError::io(backup, error))
        }
        _ => Ok(false),
    }
}

/// Brings the copy of a backup to this version, looks for flaws in it, and loads it as a start does.
async fn prove(path: &Path, backup: &Path, names: &Names) -> Result<Loaded, RestoreError> {
    let at = |error: sqlx::Error| OpenError {
        place: backup.display().to_string(),
        reason: error.into(),
    };
    // Migrating what is empty or another's would make a club of it, and a sound one.
    if Sqlite::version(path).await.map_err(at)?.is_none_or(|version| version < 1) {
        return Err(RestoreError::NoClub(backup.to_owned()));
    }
    let store = Sqlite::open(path).await?;
    let flaws = verify(&store).await?;
    if let Some(flaw) = flaws.into_iter().next() {
        return Err(RestoreError::Flawed(flaw));
    }
    let mut db = store.reader().await.map_err(Error::from)?;
    let loaded = startup::check(&mut *db, names).await.map_err(Error::from)?;
    drop(db);
    store.close().await.map_err(Error::from)?;
    Ok(loaded)
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
    /// It is not what usher wrote.
    #[error(
        "{} is damaged, nothing was changed: its digest is {found}, expected {expected} as in {}: \
         restore another backup",
        backup.display(), digest_beside(backup).display()
    )]
    Digest {
        /// The backup.
        backup: PathBuf,
        /// The digest beside it.
        expected: Hash,
        /// The digest of what was read.
        found: Hash,
    },
    /// It is not sound.
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
