//! Copies of the club, made while it runs.
//!
//! A copy is one SQLite file, whole or not there at all. Deliberately absent: the master secret,
//! which is not the club's, and PostgreSQL, which brings `pg_dump`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use crate::store::club::Club;
use crate::store::files::{beside, remove_database, sync_folder};
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
