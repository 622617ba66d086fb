//! The BLAKE3 digest of a backup, in a file beside it: one line as `b3sum` writes and checks it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use blake3::{Hash, Hasher};
use rustix::fs::{Advice, fadvise};

use crate::store::files::{beside, remove_if_there};

/// The file of a backup's digest.
pub fn digest_beside(backup: &Path) -> PathBuf {
    beside(backup, ".b3")
}

/// The digest of a file, as it is on the disk where the system lets go of what it remembers.
/// O(the file).
pub(crate) fn of(path: &Path) -> io::Result<Hash> {
    let file = File::open(path)?;
    file.sync_all()?;
    // Where the file system ignores this, what is read is what was written a moment ago.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    let mut hasher = Hasher::new();
    hasher.update_reader(&file)?;
    Ok(hasher.finalize())
}

/// Writes the digest of a backup beside it, in place of any that is there.
pub(crate) fn write(backup: &Path, digest: &Hash) -> io::Result<()> {
    let path = digest_beside(backup);
    remove_if_there(&path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let name = backup.file_name().unwrap_or_default();
    file.write_all(format!("{digest}  {}\n", name.display()).as_bytes())?;
    file.sync_all()
}

/// The digest that is beside a backup; `None` where there is no such file.
///
/// # Errors
///
/// The file can't be read, or does not begin with a digest.
pub(crate) fn read(backup: &Path) -> io::Result<Option<Hash>> {
    let text = match fs::read_to_string(digest_beside(backup)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let digest = text.split_whitespace().next().unwrap_or_default();
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "expected a line of `b3sum`");
    Hash::from_hex(digest).map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_was_written_and_as_b3sum_writes_it() {
        let dir = tempfile::tempdir().unwrap();
        let backup = dir.path().join("club.db");
        assert_eq!(read(&backup).unwrap(), None);
        fs::write(&backup, "abc").unwrap();
        let digest = of(&backup).unwrap();
        write(&backup, &digest).unwrap();
        assert_eq!(read(&backup).unwrap(), Some(digest));
        let line = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85  club.db\n";
        assert_eq!(fs::read_to_string(digest_beside(&backup)).unwrap(), line);
        fs::write(digest_beside(&backup), "not a digest\n").unwrap();
        assert_eq!(read(&backup).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
