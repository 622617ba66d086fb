//! The master secret that all passkeys derive from: made once, kept in a file of its own.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use club::{SecretMark, Store};
use policy::MasterSecret;
use thiserror::Error;

/// Why there is no secret to start with.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file could not be read or made.
    #[error("cannot read or make the secret file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not one that this daemon made.
    #[error(
        "secret file {} holds {bytes} bytes and must hold {}: restore it from your backup; without it every passkey given out is void",
        path.display(),
        MasterSecret::LEN
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// How much it holds.
        bytes: u64,
    },
    /// There is no file, and members hold passkeys that derive from what it held.
    #[error(
        "no secret file {}, and every passkey given out derives from it: put it back, as from the \
         FILE.secret beside a backup; {ANOTHER}",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The club does not say which secret is its own.
    #[error(transparent)]
    Club(#[from] club::Error),
    /// The file holds a secret, and not the club's.
    #[error(
        "secret file {} holds another secret than the club's passkeys derive from: put that one \
         back, as from the FILE.secret beside a backup; {ANOTHER}",
        path.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read the file.
    #[error("secret file {} may be read by others: run `chmod 600 {}`", path.display(), path.display())]
    Mode {
        /// The file.
        path: PathBuf,
    },
}

/// The club's secret. One is made where there is no such file and nobody holds a passkey.
///
/// # Errors
///
/// Fails where the file cannot be read or made, has another length, or is open to others; where it
/// is gone, or holds another secret than the club's; where the club does not answer.
pub(crate) async fn of_club(path: &Path, store: &dyn Store) -> Result<MasterSecret, SecretError> {
    let is_there =
        fs::exists(path).map_err(|source| SecretError::Io { path: path.to_owned(), source })?;
    if !is_there && club::secret_mark(store).await? != SecretMark::Any {
        return Err(SecretError::Missing { path: path.to_owned() });
    }
    let secret = load_or_make(path)?;
    if club::note_secret(store, &secret.mark()).await? {
        Ok(secret)
    } else {
        Err(SecretError::Other { path: path.to_owned() })
    }
}

/// Whether a start could read what is there; none may be.
///
/// # Errors
///
/// As a start's.
pub(crate) fn usable(path: &Path) -> Result<(), SecretError> {
    match load(path) {
        Err(SecretError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        loaded => loaded.map(drop),
    }
}

/// Reads the secret, after making one where there is no such file.
///
/// # Errors
///
/// Fails where the file cannot be read or made, has another length, or is open to others.
fn load_or_make(path: &Path) -> Result<MasterSecret, SecretError> {
    match make_file(path) {
        Ok(bytes) => Ok(MasterSecret::new(bytes)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => load(path),
        Err(source) => Err(SecretError::Io { path: path.to_owned(), source }),
    }
}

fn load(path: &Path) -> Result<MasterSecret, SecretError> {
    let io = |source| SecretError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_dir() && metadata.permissions().mode() & OTHERS != 0 {
        return Err(SecretError::Mode { path: path.to_owned() });
    }
    if metadata.is_dir() {
        return Err(io(io::ErrorKind::IsADirectory.into()));
    }
    let mut bytes = [0; MasterSecret::LEN];
    if usize::try_from(metadata.len()) != Ok(bytes.len()) {
        return Err(SecretError::Length { path: path.to_owned(), bytes: metadata.len() });
    }
    file.read_exact(&mut bytes).map_err(io)?;
    Ok(MasterSecret::new(bytes))
}

/// Makes a file of random bytes, whole or not at all: it appears under its name only once it is on the disk.
///
/// # Errors
///
/// Fails where something has the name already, and where the file can't be made.
pub(crate) fn make_file(path: &Path) -> io::Result<[u8; MasterSecret::LEN]> {
    if fs::exists(path)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut bytes = [0; MasterSecret::LEN];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let new = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    // A hard link fails where the name is taken; a rename would overwrite another's secret.
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    linked?;
    Ok(bytes)
}

const ANOTHER: &str = "to go on with another and void them all, run `usher forget-secret`";
const OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        load_or_make(&path).unwrap();
        let first = fs::read(&path).unwrap();
        load_or_make(&path).unwrap();

        assert_eq!(fs::read(&path).unwrap(), first);
        assert!(first.iter().any(|byte| *byte != 0));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        load_or_make(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = load_or_make(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_damaged_secret_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        load_or_make(&path).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(7).unwrap();
        let error = load_or_make(&path).unwrap_err().to_string();
        assert!(error.contains("7 bytes"), "{error}");
        assert_eq!(fs::metadata(&path).unwrap().len(), 7);
    }
}
