//! The snapshot's file: written beside the old one, then put in its place.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tracker::{Now, SnapshotError, SnapshotStats, Tracker};

/// Where the snapshot of a state directory lies.
pub(crate) fn path_in(state_dir: &Path) -> PathBuf {
    state_dir.join("swarms.snapshot")
}

/// Who is in which swarm, and from where, is nobody else's business.
fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Writes all swarms and sessions; a crash at any time leaves the old snapshot or the new one.
///
/// # Errors
///
/// Fails where the disk does.
pub(crate) fn write(tracker: &Tracker, path: &Path, now: Now) -> io::Result<SnapshotStats> {
    let new = path.with_extension("new");
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, private(&new)?);
    let saved = tracker.save(now, &mut out)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(saved)
}

/// Reads the snapshot, if there is one. One that cannot be used is a cold start: a warning is logged,
/// and the file is put aside.
///
/// It is set aside before it is read and put back after, so that one that kills the daemon, as where
/// there is too little memory for it, does so once.
pub(crate) fn read(tracker: &Tracker, path: &Path, now: Now) {
    let (loading, damaged) = (path.with_extension("loading"), path.with_extension("damaged"));
    if fs::rename(&loading, &damaged).is_ok() {
        tracing::warn!(
            path = %damaged.display(),
            "the daemon ended while it read this snapshot: starting without it, clients will announce again by themselves"
        );
    }
    match load(tracker, path, &loading, now) {
        Ok(None) => {}
        Ok(Some(saved)) => tracing::info!(
            swarms = saved.swarms,
            peers = saved.peers,
            sessions = saved.sessions,
            "snapshot loaded"
        ),
        Err(damage) => {
            let moved = fs::rename(&loading, &damaged).is_ok();
            tracing::warn!(
                path = %if moved { &damaged } else { path }.display(),
                %damage,
                "the snapshot is damaged: starting without it, clients will announce again by themselves"
            );
        }
    }
}

/// Reads the snapshot under another name; nothing where there is none.
fn load(
    tracker: &Tracker,
    path: &Path,
    loading: &Path,
    now: Now,
) -> Result<Option<SnapshotStats>, SnapshotError> {
    match fs::rename(path, loading) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let saved = tracker.load(&mut File::open(loading)?, now)?;
    fs::rename(loading, path)?;
    Ok(Some(saved))
}

const BUFFER_BYTES: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use policy::{Aliases, Entitlements, Keyring, MasterSecret, Notices, Roster, Rules};
    use tracker::{Members, Nat, Settings};

    use super::*;

    #[test]
    fn a_snapshot_is_there_again_after_it_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_in(folder.path());
        write(&tracker(), &path, Now::default()).unwrap();
        read(&tracker(), &path, Now::default());
        check(&path, [true, false, false]);
    }

    #[test]
    fn a_snapshot_that_the_daemon_died_of_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_in(folder.path());
        write(&tracker(), &path, Now::default()).unwrap();
        fs::rename(&path, path.with_extension("loading")).unwrap();
        read(&tracker(), &path, Now::default());
        check(&path, [false, false, true]);
        // One that was written since is.
        write(&tracker(), &path, Now::default()).unwrap();
        read(&tracker(), &path, Now::default());
        check(&path, [true, false, true]);
    }

    #[test]
    fn a_damaged_snapshot_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_in(folder.path());
        fs::write(&path, b"usher snapshot\nand no more").unwrap();
        read(&tracker(), &path, Now::default());
        check(&path, [false, false, true]);
    }

    /// Asserts which there are of the snapshot, the one being read and the one put aside.
    #[track_caller]
    fn check(path: &Path, expected: [bool; 3]) {
        let all = [path.to_owned(), path.with_extension("loading"), path.with_extension("damaged")];
        assert_eq!(all.map(|path| path.exists()), expected);
    }

    fn tracker() -> Tracker {
        let settings = Settings {
            rules: Rules::default(),
            notices: Notices::new("http://localhost"),
            nat: Nat::default(),
            limits: swarm::SwarmLimits::default(),
            max_age_secs: 3700,
            probe_ports: false,
        };
        let members = Members {
            keyring: Arc::new(Keyring::new(&MasterSecret::new([7; 32]), None)),
            aliases: Arc::new(Aliases::default()),
            roster: Arc::new(Roster::new()),
            rights: Arc::new(Entitlements::default()),
        };
        Tracker::new(settings, members, 1)
    }
}
