//! Copies of the club, made while it runs.
//!
//! A copy is one SQLite file, whole or not there at all. Deliberately absent: the master secret,
//! which is not the club's, and PostgreSQL, which brings `pg_dump`.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use crate::store::club::Club;
use crate::store::digest;
use crate::store::files::{beside, remove_database, sync_folder};
use crate::values::unavailable::Unavailable;

impl Club {
    /// Copies the club, as it is committed now, to a file that nobody else may read, and writes its
    /// digest beside it; returns its size in bytes. Changes go on meanwhile. O(the database).
    ///
    /// # Errors
    ///
    /// There is something at `to`; the disk does not take it, or gives back something else; the
    /// database is PostgreSQL.
    pub async fn backup(&self, to: &Path) -> Result<u64, BackupError> {
        let new = beside(to, ".new");
        let (begun, target) = (new.clone(), to.to_owned());
        blocking(to, move || begin(&begun, &target)).await?;
        let name = new.to_str().ok_or_else(|| BackupError::Name(new.clone()))?;
        let copy = self.store().copy_to(name).ok_or(BackupError::Elsewhere)?;
        let copied = match copy.await {
            Ok(()) => {
                let (from, target) = (new.clone(), to.to_owned());
                blocking(to, move || finish(&from, &target)).await
            }
            Err(error) => Err(Unavailable::from(error).into()),
        };
        if copied.is_err() {
            let _ = fs::remove_file(&new);
        }
        copied
    }
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

/// Gives a whole copy its name, once the disk gives back what it took. The digest comes first, so
/// that whoever finds a copy finds all of it.
fn finish(new: &Path, to: &Path) -> io::Result<u64> {
    let digest = digest::of(new)?;
    if digest::of(new)? != digest {
        let what = "what is read back is not what was written: is the disk sound?";
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    digest::write(to, &digest)?;
    fs::rename(new, to)?;
    sync_folder(to)?;
    Ok(fs::metadata(to)?.len())
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
