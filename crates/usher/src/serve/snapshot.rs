//! The snapshot's file: written beside the old one, then put in its place.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tracker::{Now, SnapshotStats, Tracker};

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

/// Reads the snapshot, if there is one. One that cannot be used is a cold start: it is said in the
/// log and put aside.
pub(crate) fn read(tracker: &Tracker, path: &Path, now: Now) {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the snapshot cannot be read: starting without it");
            return;
        }
    };
    match tracker.load(&bytes, now) {
        Ok(saved) => tracing::info!(
            swarms = saved.swarms,
            peers = saved.peers,
            sessions = saved.sessions,
            "snapshot loaded"
        ),
        Err(damage) => {
            let aside = path.with_extension("damaged");
            let moved = fs::rename(path, &aside).is_ok();
            tracing::warn!(
                path = %if moved { aside } else { path.to_owned() }.display(),
                %damage,
                "the snapshot is damaged: starting without it, clients will announce again by themselves"
            );
        }
    }
}

const BUFFER_BYTES: usize = 1 << 16;
