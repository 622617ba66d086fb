//! `items_dir`: what is published by itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::invalid::{Invalid, within};

/// The folder that is watched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WatchedFolder {
    /// Where it is; `None` watches none.
    pub folder: Option<PathBuf>,
    /// How long what lands there must have been still. 100 ms to an hour.
    pub settle: Duration,
}

pub(super) fn items_dir(
    dir: Option<PathBuf>,
    settle: Duration,
    folder: &Path,
) -> Result<WatchedFolder, Invalid> {
    if !(SHORTEST..=LONGEST).contains(&settle) {
        let why = format!("from {SHORTEST:?} to {LONGEST:?}, not {settle:?}");
        return Err(Invalid::new("items_settle", why));
    }
    Ok(WatchedFolder { folder: within(folder, dir), settle })
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);
