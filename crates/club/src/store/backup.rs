//! Copies of the club: made while it runs, and proven before one takes its place.
//!
//! A copy is one SQLite file, whole or not there at all. Deliberately absent: the master secret,
//! which is not the club's, and PostgreSQL, which brings `pg_dump`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use crate::ledger::statement::{self, Flaw};
use crate::store::club::Club;
use crate::store::open::OpenError;
use crate::store::sqlite::Sqlite;
use crate::values::error::Error;
use crate::values::unavailable::Unavailable;

impl Club {
    /// Copies the club, as it is committed now, to a file that nobody else may read; its size in
    /// bytes. Changes go on meanwhile. O(the database).
    ///
    /// # Errors
    ///
    /// There is something at `to`; the disk does not take it; the database is PostgreSQL.
    pub async fn backup(&self, to: &Path) -> Result<u64, BackupError> {
        let new = beside(to, ".new");
        let (begun, target) = (new.clone(), to.to_owned());
        blocking(to, move || begin(&begun, &target)).await?;
        let name = new.to_str().ok_or_else(|| BackupError::Name(new.clone()))?;
        let copy = self.store().copy_to(name).ok_or(BackupError::Elsewhere)?;
        let copied = copy.await;
        if copied.is_err() {
            let _ = fs::remove_file(&new);
        }
        copied.map_err(Unavailable::from)?;
        let (from, target) = (new, to.to_owned());
        blocking(to, move || finish(&from, &target)).await
    }
}

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

/// A name for what is put aside, where no file of a database is: a log beside one that it is not
/// of would be played into it.
fn free_name(into: &Path) -> io::Result<PathBuf> {
    let mut aside = beside(into, ".before-restore");
    let mut next = 2_u32;
    while is_taken(&aside)? {
        aside = beside(into, &format!(".before-restore-{next}"));
        next += 1;
    }
    Ok(aside)
}

fn is_taken(path: &Path) -> io::Result<bool> {
    for log in LOGS {
        if fs::exists(beside(path, log))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes a database, and the logs beside it.
pub(crate) fn remove_database(path: &Path) -> io::Result<()> {
    for log in LOGS {
        match fs::remove_file(beside(path, log)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes the empty file that SQLite fills, for its owner alone.
fn begin(new: &Path, to: &Path) -> io::Result<()> {
    if fs::exists(to)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // What a crash left of an earlier try.
    remove_database(new)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(new).map(drop)
}

fn finish(new: &Path, to: &Path) -> io::Result<u64> {
    let file = File::open(new)?;
    file.sync_all()?;
    fs::rename(new, to)?;
    sync_folder(to)?;
    Ok(file.metadata()?.len())
}

/// Makes a rename last.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// A path with more behind its name.
pub(crate) fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}

async fn blocking<T: Send + 'static>(
    to: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BackupError> {
    let done = spawn_blocking(work).await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    done.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => BackupError::Io { path: to.to_owned(), error },
    })
}

/// What the names of a database's files end in.
pub(crate) const LOGS: [&str; 3] = ["", "-wal", "-shm"];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The club is in PostgreSQL.
    #[error("the club is in PostgreSQL: back it up with `pg_dump`")]
    Elsewhere,
    /// Nothing is overwritten.
    #[error("{} is there already: name another file", .0.display())]
    Exists(PathBuf),
    /// The disk does not take it.
    #[error("cannot write {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// SQLite takes names in UTF-8 alone.
    #[error("{} is no name in UTF-8: name another file", .0.display())]
    Name(PathBuf),
    /// The database did not do its part.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
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
