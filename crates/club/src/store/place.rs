//! Whether the files of an open database are still in their place.
//!
//! SQLite goes on with the files that it opened. Where another file has taken their name, what is
//! committed then is lost with the next start, or damages the file that came. Deliberately absent:
//! the moment between this check and the commit that follows it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::files::beside;
use crate::values::unavailable::Unavailable;

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { device: found.dev(), inode: found.ino() })
    }
}

/// The files of an open database.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    file: FileId,
    /// The log of the writer; `None` while there is no writer, when SQLite may remove it.
    log: Mutex<Option<FileId>>,
}

impl Place {
    /// The place of a database that was opened at this path.
    ///
    /// # Errors
    ///
    /// There is no such file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: FileId::of(path)?, log: Mutex::new(None) })
    }

    /// Checks that the files are those that were opened.
    ///
    /// # Errors
    ///
    /// Another file has the name, or none has.
    pub(crate) fn check(&self) -> Result<(), Unavailable> {
        let is_there = |path: &Path, opened| FileId::of(path).is_ok_and(|found| found == opened);
        let log = *self.log();
        if is_there(&self.path, self.file)
            && log.is_none_or(|opened| is_there(&beside(&self.path, "-wal"), opened))
        {
            return Ok(());
        }
        Err(Unavailable::Replaced(self.path.clone()))
    }

    /// As [`check`](Self::check), by the writer, whose log is looked after from now on.
    pub(crate) fn check_writer(&self) -> Result<(), Unavailable> {
        self.check()?;
        let mut log = self.log();
        if log.is_none() {
            *log = FileId::of(&beside(&self.path, "-wal")).ok();
        }
        Ok(())
    }

    /// The writer is gone.
    pub(crate) fn forget_log(&self) {
        *self.log() = None;
    }

    fn log(&self) -> MutexGuard<'_, Option<FileId>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
