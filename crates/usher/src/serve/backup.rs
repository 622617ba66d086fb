//! Copies of the club on a schedule, named by when they were made, and the oldest taken away.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use club::{BackupError, Club, digest_beside};
use jiff::Timestamp;
use thiserror::Error;
use web::api::{copy_secret, secret_beside};

use crate::config::BackupSettings;

/// Makes one copy, then takes away those over the number to keep; where it is.
///
/// # Errors
///
/// The folder or the database does not do its part; the copies there are stay then.
pub(crate) async fn make(
    club: &Club,
    settings: &BackupSettings,
    secret_file: &Path,
    now: Timestamp,
) -> Result<PathBuf, ScheduleError> {
    let folder = &settings.folder;
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    remove_unfinished(folder).map_err(at(folder))?;
    let file = folder.join(now.strftime(NAME).to_string());
    let secret = secret_beside(&file);
    if settings.with_secret {
        // First, so that who finds a copy finds all of it.
        copy_secret(secret_file, &secret).map_err(at(&secret))?;
    }
    if let Err(error) = club.backup(&file).await {
        let _ = fs::remove_file(&secret);
        return Err(error.into());
    }
    prune(settings, now)?;
    Ok(file)
}

/// Removes what a daemon that was killed while it made a copy left behind. Its name holds a time, so no later
/// copy would overwrite it.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let is_copy_with =
            |suffix| name.strip_suffix(suffix).is_some_and(|copy| when(Path::new(copy)).is_some());
        let is_lone_digest = is_copy_with(".b3") && !path.with_extension("").exists();
        let is_unfinished = is_lone_digest || UNFINISHED.into_iter().any(is_copy_with);
        // What can't be removed keeps nobody from the next copy.
        if is_unfinished && let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "an unfinished backup stays");
        }
    }
    Ok(())
}

/// Takes away the oldest copies over the number to keep.
fn prune(settings: &BackupSettings, now: Timestamp) -> Result<(), ScheduleError> {
    let made = copies(&settings.folder).map_err(at(&settings.folder))?;
    let made = until(now, made);
    let over = made.len().saturating_sub(settings.keep.into());
    for old in made.into_iter().take(over) {
        // The others over the number go all the same.
        if let Err(error) = fs::remove_file(&old) {
            tracing::warn!(path = %old.display(), %error, "an old backup stays");
        }
        let _ = fs::remove_file(secret_beside(&old));
        let _ = fs::remove_file(digest_beside(&old));
    }
    Ok(())
}

/// How long until the next copy: at once where there is none, or none of late.
pub(crate) fn due_in(settings: &BackupSettings, every: Duration, now: Timestamp) -> Duration {
    let next = last(settings, now).and_then(|last| last.checked_add(every).ok());
    let wait = next.map_or(Duration::ZERO, |next| next.duration_since(now).unsigned_abs());
    if next.is_none_or(|next| next <= now) { Duration::ZERO } else { wait.min(every) }
}

/// When the last copy was made.
pub(crate) fn last(settings: &BackupSettings, now: Timestamp) -> Option<Timestamp> {
    let made = copies(&settings.folder).ok()?;
    until(now, made).last().and_then(|last| when(last))
}

/// The copies in a folder, oldest first; other files are nobody's business.
pub(crate) fn copies(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if when(&path).is_some() {
            made.push(path);
        }
    }
    made.sort();
    Ok(made)
}

/// Without those of a clock that was ahead: they are no copies of late, and pushing out others for
/// them would leave nothing else.
fn until(now: Timestamp, mut copies: Vec<PathBuf>) -> Vec<PathBuf> {
    copies.retain(|copy| when(copy).is_some_and(|when| when <= now));
    copies
}

fn when(path: &Path) -> Option<Timestamp> {
    let name = path.file_name()?.to_str()?;
    jiff::civil::DateTime::strptime(NAME, name)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|at| at.timestamp())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ScheduleError {
    let path = path.to_owned();
    move |source| ScheduleError::Io { path, source }
}

/// Why no copy was made.
#[derive(Debug, Error)]
pub(crate) enum ScheduleError {
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// What follows the name of a copy while it is made, by SQLite too.
const UNFINISHED: [&str; 4] = [".new", ".new-journal", ".new-wal", ".new-shm"];
/// Sorts by time.
const NAME: &str = "club-%Y%m%dT%H%M%SZ.db";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_due_when_the_last_one_is_old_enough() {
        let folder = tempfile::tempdir().unwrap();
        let settings = two_in(folder.path());
        let now: Timestamp = "2027-01-31T18:00:00Z".parse().unwrap();
        let due = |every| due_in(&settings, Duration::from_secs(every), now);
        assert_eq!(due(3600), Duration::ZERO);
        for name in ["club-20270130T170000Z.db", "club-20270131T173000Z.db", "club-x.db", "mine"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(due(3600), Duration::from_secs(1800));
        assert_eq!(due(1800), Duration::ZERO);
        assert_eq!(due(60), Duration::ZERO);
        // A clock that was set back does not stop the schedule.
        fs::write(folder.path().join("club-20370131T173000Z.db"), "").unwrap();
        assert_eq!(due(3600), Duration::from_secs(1800));
        assert_eq!(due(1800), Duration::ZERO);
    }

    #[test]
    fn a_copy_of_a_clock_that_was_ahead_pushes_out_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let settings = two_in(folder.path());
        let days = ["20270129", "20270130", "20270131", "20370101", "20370102"];
        let name = |day: &str| format!("club-{day}T120000Z.db");
        for day in days {
            fs::write(folder.path().join(name(day)), "").unwrap();
        }
        prune(&settings, "2027-01-31T18:00:00Z".parse().unwrap()).unwrap();
        let left: Vec<_> = copies(folder.path()).unwrap();
        assert_eq!(
            left,
            days[1..].iter().map(|day| folder.path().join(name(day))).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_can_not_be_removed_keeps_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let settings = two_in(folder.path());
        let name = |rest: &str| folder.path().join(format!("club-202701{rest}"));
        // Folders, which are removed in another way.
        for rest in ["01T120000Z.db", "02T120000Z.db.new"] {
            fs::create_dir(name(rest)).unwrap();
        }
        let days = ["02", "03", "04"].map(|day| name(&format!("{day}T120000Z.db")));
        let unfinished = name("03T120000Z.db.new");
        days.iter().chain([&unfinished]).for_each(|file| fs::write(file, "").unwrap());
        remove_unfinished(folder.path()).unwrap();
        assert!(!unfinished.exists());
        prune(&settings, "2027-01-31T18:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(days.map(|file| file.exists()), [false, true, true]);
    }

    #[test]
    fn half_a_copy_of_a_killed_daemon_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let kept = [
            "club-20270130T170000Z.db",
            "club-20270130T170000Z.db.b3",
            "club-20270130T170000Z.db.secret",
            "mine.new",
        ];
        let unfinished = [
            "club-20270131T170000Z.db.b3",
            "club-20270131T170000Z.db.new",
            "club-20270131T170000Z.db.new-journal",
        ];
        for name in kept.iter().chain(&unfinished) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_unfinished(folder.path()).unwrap();
        let left = |name: &&&str| folder.path().join(name).exists();
        assert_eq!(kept.iter().chain(&unfinished).filter(left).count(), kept.len());
        assert!(kept.iter().all(|name| left(&name)));
    }

    fn two_in(folder: &Path) -> BackupSettings {
        BackupSettings { every: None, keep: 2, folder: folder.to_owned(), with_secret: false }
    }
}
