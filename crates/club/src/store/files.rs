//! The files of a SQLite database: the file itself and the logs beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A name for what is put aside, where no file of a database is: a log beside one that it is not
/// of would be played into it.
pub(crate) fn free_name(into: &Path) -> io::Result<PathBuf> {
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
    LOGS.iter().try_for_each(|log| remove_if_there(&beside(path, log)))
}

/// Removes a file that may not be there.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
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

/// What the names of a database's files end in.
pub(crate) const LOGS: [&str; 3] = ["", "-wal", "-shm"];
