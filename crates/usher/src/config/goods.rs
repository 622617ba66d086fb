//! `items_dir` and `site`: what is published by itself, and what the publisher is called.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use web::site::Masthead;

use super::invalid::{Invalid, within};

/// `site`, as the file says it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawSite {
    pub title: String,
    pub description: String,
    pub author: String,
    pub language: String,
    pub image: Option<String>,
    pub category: String,
    pub explicit: bool,
}

impl Default for RawSite {
    fn default() -> Self {
        let Masthead { title, description, author, language, image, category, explicit } =
            Masthead::default();
        Self { title, description, author, language, image, category, explicit }
    }
}

impl From<RawSite> for Masthead {
    fn from(raw: RawSite) -> Self {
        let RawSite { title, description, author, language, image, category, explicit } = raw;
        Self { title, description, author, language, image, category, explicit }
    }
}

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
