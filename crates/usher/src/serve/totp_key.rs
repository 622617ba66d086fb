//! The key under which the secrets of admins' codes are stored: made once, in a file beside the master secret.
//!
//! It is part of no backup, so that a copy of the club gives no codes. Where it is lost, `usher admin reset` gives
//! each admin another secret.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use web::admins::TotpKey;

use crate::serve::secret::make_file;

/// Why there is no key.
#[derive(Debug, Error)]
pub(crate) enum TotpKeyError {
    #[error("cannot read or make the file {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the file {} must hold {} bytes: restore it, or delete it and run `usher admin reset` for each admin", path.display(), TotpKey::LEN)]
    Length { path: PathBuf },
    #[error("the file {} may be read by others: run `chmod 600 {}`", path.display(), path.display())]
    Mode { path: PathBuf },
}

/// Reads the key beside the master secret, after making one where there is none.
///
/// # Errors
///
/// Fails where the file cannot be read or made, has another length, or is open to others.
pub(crate) fn beside(secret_file: &Path) -> Result<TotpKey, TotpKeyError> {
    let path = secret_file.with_file_name(NAME);
    let bytes = match make_file(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path)?,
        Err(source) => return Err(TotpKeyError::Io { path, source }),
    };
    TotpKey::new(&bytes).ok_or(TotpKeyError::Length { path })
}

fn read(path: &Path) -> Result<[u8; TotpKey::LEN], TotpKeyError> {
    let io = |source| TotpKeyError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
        return Err(TotpKeyError::Mode { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(TotpKey::LEN).unwrap_or(0) + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(io)?;
    bytes.try_into().map_err(|_| TotpKeyError::Length { path: path.to_owned() })
}

const NAME: &str = "totp-key";

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        beside(&secret).unwrap();
        let path = folder.path().join(NAME);
        let first = fs::read(&path).unwrap();
        beside(&secret).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let open = beside(&secret).unwrap_err().to_string();
        assert!(open.contains("chmod 600"), "{open}");
        for length in [0, 31, 33] {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            fs::write(&path, vec![1; length]).unwrap();
            let damaged = beside(&secret).unwrap_err().to_string();
            assert!(damaged.contains("must hold 32 bytes"), "{damaged}");
        }
    }
}
