//! The watched folder: publishes what lands in `items_dir`.
//!
//! A file or folder `NAME` is published once `NAME.usher.yaml` lies beside it, which says how, and
//! once neither has changed for a while: whoever copies a film in takes minutes. Without a side-car
//! it waits, because a guess at policy or price would be in force at once. What can't be published
//! is tried again when it changes, after a reload, and where it may not be its fault after a while. A side-car that
//! changes later presents its item anew: its texts, tags, visibility and cover; policy and prices are read once. No
//! link in the folder is followed, neither to an item nor to a side-car: whoever can write there must not publish what lies
//! elsewhere. Deliberately absent: the kernel's notices, which network file systems do not give; a look costs one
//! walk over the folder.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::publish::{Publish, Stuck};
use arc_swap::ArcSwap;
use club::{Club, Fault, Stamp};
use jiff::Timestamp;
use listen::clock::Clock;
use metainfo::MakeError;
use policy::ItemId;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use web::api::Admin;
use web::catalog::{Progress, PublishError, RootLinks};

use crate::config::Config;
use crate::serve::side_car::SideCar;

/// Watches the folder.
pub(crate) struct ItemsDir {
    /// Publishes, and shows what is stuck.
    pub(crate) admin: Arc<Admin>,
    /// Knows what was published before.
    pub(crate) club: Arc<Club>,
    /// Where time comes from.
    pub(crate) clock: Clock,
    /// The settings in force.
    pub(crate) config: Arc<ArcSwap<Config>>,
}

/// What is known of something in the folder.
struct Seen {
    state: State,
    /// Since when it has been as it is.
    since: Instant,
    /// What came of it as it is.
    outcome: Option<Result<(), Failed>>,
}

/// Why something was not published.
struct Failed {
    stuck: Stuck,
    /// When it is tried again though it has not changed.
    again: Option<Instant>,
}

/// What tells a file or folder from itself before a change: bytes, files, and the latest change.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct State {
    bytes: u64,
    files: usize,
    changed: (i64, i64),
    described: bool,
    is_link: bool,
}

impl ItemsDir {
    /// Looks again and again, until `stop` changes.
    pub(crate) async fn watch(self, mut stop: watch::Receiver<bool>) {
        let mut seen = HashMap::new();
        let mut config = self.config.load_full();
        loop {
            let settings = config.items_dir.clone();
            tokio::select! {
                () = sleep(settings.settle / 2) => {}
                _ = stop.changed() => return,
            }
            let now = self.config.load_full();
            if !Arc::ptr_eq(&config, &now) {
                // Policies, currencies and what is private may be others.
                config = now;
                seen.values_mut().for_each(Seen::forget_failure);
                continue;
            }
            let Some(folder) = settings.folder else { continue };
            let progress = Arc::new(Progress::default());
            tokio::select! {
                () = self.round(&folder, settings.settle, &mut seen, &progress) => {}
                _ = stop.changed() => return progress.cancel(),
            }
            let failed = seen.values().filter_map(|seen| seen.outcome.as_ref()?.as_ref().err());
            let mut stuck: Vec<_> = failed.map(|failed| failed.stuck.clone()).collect();
            stuck.sort_by(|a, b| a.path.cmp(&b.path));
            self.admin.set_stuck(stuck);
        }
    }

    async fn round(
        &self,
        folder: &Path,
        settle: Duration,
        seen: &mut HashMap<PathBuf, Seen>,
        progress: &Arc<Progress>,
    ) {
        let looked_at = folder.to_owned();
        let found = match spawn_blocking(move || look(&looked_at)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                let stuck = self.stuck(folder, error.to_string());
                let outcome = Some(Err(Failed { stuck, again: None }));
                let since = Instant::now();
                *seen = HashMap::from([(
                    folder.to_owned(),
                    Seen { state: State::default(), since, outcome },
                )]);
                return;
            }
            Err(_) => return tracing::error!("looking into items_dir panicked"),
        };
        seen.retain(|path, _| found.contains_key(path));
        for (path, state) in found {
            let fresh = || Seen { state, since: Instant::now(), outcome: None };
            let known = seen.entry(path.clone()).or_insert_with(fresh);
            if known.state != state {
                *known = fresh();
            }
            if matches!(&known.outcome, Some(Err(failed)) if failed.is_due()) {
                known.outcome = None;
            }
            if known.outcome.is_none() && known.since.elapsed() >= settle {
                let outcome = self.publish(&path, state, progress).await;
                if let Err(Failed { stuck: Stuck { path, error, .. }, .. }) = &outcome {
                    tracing::warn!(path, error, "not published from items_dir");
                }
                known.outcome = Some(outcome);
            }
        }
    }

    async fn publish(
        &self,
        path: &Path,
        state: State,
        progress: &Arc<Progress>,
    ) -> Result<(), Failed> {
        let fails = |error: String| Failed { stuck: self.stuck(path, error), again: None };
        let fails_now = |error: &dyn Error| Failed {
            stuck: self.stuck(path, error.to_string()),
            again: Some(Instant::now() + AGAIN),
        };
        if state.is_link {
            return Err(fails(PublishError::Link(path.to_owned()).to_string()));
        }
        // The folder itself may be a link of the operator's.
        let root = path.canonicalize().map_err(|error| fails_now(&error))?;
        let item = self.club.item_at(&root).await.map_err(|error| fails_now(&error))?;
        if !state.described {
            let side_car = SideCar::path(path);
            let why = format!("waits for {} to say how; an empty one will do", side_car.display());
            return if item.is_some() { Ok(()) } else { Err(fails(why)) };
        }
        let side_car = SideCar::read(path).map_err(fails)?;
        let stamp = Stamp { who: "items_dir".to_owned(), now_unix: self.clock.now().unix };
        let done = match item {
            Some(item) => self.present(&stamp, item, side_car).await,
            None => self.publish_new(&stamp, root, side_car, progress).await,
        };
        done.map_err(
            |error| {
                if may_pass(&error) { fails_now(&error) } else { fails(error.to_string()) }
            },
        )
    }

    async fn publish_new(
        &self,
        stamp: &Stamp,
        root: PathBuf,
        side_car: SideCar,
        progress: &Arc<Progress>,
    ) -> Result<(), PublishError> {
        let path = root.display().to_string();
        let wish = Publish { path: Some(root), ..side_car.wish };
        let publisher = self.admin.publisher();
        let published = publisher.publish(stamp, wish, RootLinks::Refuse, progress).await?;
        tracing::info!(item = published.item, path, "published from items_dir");
        for warning in &published.warnings {
            tracing::warn!(item = published.item, warning, "published, with something to know");
        }
        if let Some(cover) = side_car.cover {
            publisher.set_cover(stamp, &published.item, cover).await?;
        }
        Ok(self.club.keep_side_car(ItemId(published.id), side_car.digest).await?)
    }

    /// Presents an item as its side-car says, where that is another than before.
    async fn present(
        &self,
        stamp: &Stamp,
        item: ItemId,
        side_car: SideCar,
    ) -> Result<(), PublishError> {
        let SideCar { wish, cover, digest } = side_car;
        if !self.club.is_new_side_car(item, digest).await? {
            return Ok(());
        }
        let (publisher, id) = (self.admin.publisher(), item.to_string());
        let item = self.club.item(&id).await?;
        if item.removed {
            return Ok(());
        }
        // First what may be refused for its own sake.
        if let Some(cover) = cover {
            publisher.set_cover(stamp, &id, cover).await?;
        }
        let presented = publisher.describe(stamp, item, &wish).await?;
        self.club.keep_side_car(presented.id, digest).await?;
        tracing::info!(item = presented.name, "presented as its side-car in items_dir says");
        Ok(())
    }

    fn stuck(&self, path: &Path, error: String) -> Stuck {
        let at = Timestamp::from_second(self.clock.now().unix.into()).unwrap_or_default();
        Stuck { path: path.display().to_string(), error, at }
    }
}

impl Seen {
    fn forget_failure(&mut self) {
        self.outcome = self.outcome.take().filter(Result::is_ok);
    }
}

impl Failed {
    fn is_due(&self) -> bool {
        self.again.is_some_and(|again| again <= Instant::now())
    }
}

/// Whether the same files may be published another time: a database was away, or a disk.
fn may_pass(error: &PublishError) -> bool {
    match error {
        PublishError::Club(error) => error.fault() == Fault::Ours,
        PublishError::Make(error) => matches!(error, MakeError::Changed(_) | MakeError::Io(..)),
        PublishError::Io(_) => true,
        _ => false,
    }
}

/// Everything in the folder that could be an item.
fn look(folder: &Path) -> io::Result<HashMap<PathBuf, State>> {
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder)?.take(MAX_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b".") || SideCar::is_named(name) {
            continue;
        }
        let path = entry.path();
        // What vanishes while it is looked at is not there.
        let Ok(metadata) = entry.metadata() else { continue };
        let mut state = State { is_link: metadata.is_symlink(), ..State::default() };
        walk(&path, &metadata, &mut state);
        let (side_car, cover) = SideCar::metadata(&path);
        state.described = side_car.is_some();
        side_car.iter().chain(&cover).for_each(|metadata| state.add(metadata));
        found.insert(path, state);
    }
    Ok(found)
}

/// Adds up a tree; links are not followed, and more than so many files are not looked at.
fn walk(root: &Path, metadata: &Metadata, state: &mut State) {
    state.add(metadata);
    let mut folders = if metadata.is_dir() { vec![root.to_owned()] } else { Vec::new() };
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            state.add(&metadata);
            if state.files > metainfo::MAX_FILES {
                return;
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
}

impl State {
    fn add(&mut self, metadata: &Metadata) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(metadata.len());
        self.changed = self.changed.max((metadata.mtime(), metadata.mtime_nsec()));
    }
}

const MAX_ENTRIES: usize = 10_000;
/// After so long what may have passed is tried again: not sooner, as it is hashed again.
const AGAIN: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_an_item_is_told_by_its_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("a"), "abc").unwrap();
        fs::write(folder.path().join(".part"), "").unwrap();
        let first = look(folder.path()).unwrap();
        assert_eq!((first.len(), first[&path].files, first[&path].described), (1, 2, false));
        assert_eq!(look(folder.path()).unwrap(), first);

        fs::write(path.join("a"), "abcd").unwrap();
        assert_ne!(look(folder.path()).unwrap(), first);
        fs::write(SideCar::path(&path), "policy: club\n").unwrap();
        let described = look(folder.path()).unwrap();
        assert!(described[&path].described && described.len() == 1);
    }

    #[test]
    fn no_link_is_looked_through() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("a"), "title: secret\n").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let found = look(folder.path()).unwrap();
        assert!(found[&link].is_link && found[&link].files == 1, "{found:?}");
    }
}
