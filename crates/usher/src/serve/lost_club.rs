//! Signs of a club whose file is gone: a new one made in its place would look like a good start.
//!
//! A secret alone is no sign, as it may be laid there before the first start. Nor is anything where
//! the club is in PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::{Config, Database};
use crate::serve::folder::club_file;
use crate::serve::{backup, snapshot};

/// There was a club, and it is not where it should be.
#[derive(Debug, Error)]
#[error(
    "no club at {}, where there was one that left {}: put it back with `usher restore FILE` \
     (copies are in {}), or name its `database`; for a club that begins anew move away what it left",
    club.display(), names(signs), backups.display()
)]
pub struct LostClub {
    club: PathBuf,
    signs: Vec<PathBuf>,
    backups: PathBuf,
}

/// Refuses to begin a club anew where there was one.
///
/// # Errors
///
/// Names what a club left behind that is gone.
pub(crate) fn refuse_lost(config: &Config) -> Result<(), LostClub> {
    let club = club_file(&config.state_dir);
    if config.database != Database::Sqlite || club.exists() {
        return Ok(());
    }
    let signs = signs(&config.state_dir, &club, &config.backup.folder);
    if signs.is_empty() {
        return Ok(());
    }
    Err(LostClub { club, signs, backups: config.backup.folder.clone() })
}

/// The snapshot, the logs and earlier files of a club, and the folder of its copies; what can't be
/// looked at is not there.
fn signs(state_dir: &Path, club: &Path, backups: &Path) -> Vec<PathBuf> {
    let mut signs = Vec::new();
    let left = fs::read_dir(state_dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let unfinished = club.with_extension("db.new");
    for path in left {
        let begins = |whole: &Path, start: &Path| {
            let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
            bytes(whole).starts_with(&bytes(start))
        };
        let is_clubs = begins(&path, club) && !begins(&path, &unfinished);
        if is_clubs || path == snapshot::path_in(state_dir) {
            signs.push(path);
        }
    }
    signs.sort();
    if backup::copies(backups).is_ok_and(|copies| !copies.is_empty()) {
        signs.push(backups.to_owned());
    }
    signs
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_club_leaves_behind_is_a_sign_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let found = || signs(folder.path(), &path("club.db"), &path("backups"));
        fs::create_dir(path("backups")).unwrap();
        // What is there before a first start, and what one leaves that was cut off.
        for none in ["lock", "secret", "club.db.new", "club.db.new-wal", "backups/mine.db"] {
            fs::write(path(none), "").unwrap();
        }
        assert_eq!(found(), [""; 0].map(PathBuf::from));
        for sign in ["club.db-wal", "club.db.before-restore", "swarms.snapshot"] {
            fs::write(path(sign), "").unwrap();
            assert_eq!(found(), [path(sign)]);
            fs::remove_file(path(sign)).unwrap();
        }
        fs::write(path("backups/club-20270131T120000Z.db"), "").unwrap();
        assert_eq!(found(), [path("backups")]);
    }
}
