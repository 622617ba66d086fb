//! `backup`: the copies of the club that the daemon makes by itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::days;
use super::invalid::{Invalid, within};

/// `backup`, as the file says it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawBackup {
    #[serde(with = "days::optional")]
    pub every: Option<Duration>,
    pub keep: u16,
    pub folder: Option<PathBuf>,
    pub with_secret: bool,
}

impl Default for RawBackup {
    fn default() -> Self {
        Self { every: Some(DAY), keep: 7, folder: None, with_secret: false }
    }
}

/// The copies of the club that the daemon makes by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupSettings {
    /// How often; `None` is never. A minute to a year.
    pub every: Option<Duration>,
    /// How many to keep, at least one.
    pub keep: u16,
    /// Where to.
    pub folder: PathBuf,
    /// Whether the master secret is copied too.
    pub with_secret: bool,
}

pub(super) fn resolve(
    raw: RawBackup,
    state_dir: &Path,
    folder: &Path,
) -> Result<BackupSettings, Invalid> {
    if let Some(every) = raw.every
        && !(MINUTE..=365 * DAY).contains(&every)
    {
        return Err(Invalid::new("backup.every", format!("from 1m to a year, not {every:?}")));
    }
    if raw.keep == 0 {
        return Err(Invalid::new("backup.keep", "at least 1; `every: null` makes none"));
    }
    Ok(BackupSettings {
        every: raw.every,
        keep: raw.keep,
        folder: within(folder, raw.folder).unwrap_or_else(|| state_dir.join("backups")),
        with_secret: raw.with_secret,
    })
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_named() {
        let check = |raw, expected: Option<&str>| {
            let refused = resolve(raw, Path::new("state"), Path::new("")).err();
            let message = refused.map(|invalid| invalid.to_string());
            assert_eq!(message.as_deref(), expected);
        };
        let raw = RawBackup::default;
        check(raw(), None);
        check(RawBackup { every: Some(MINUTE), ..raw() }, None);
        check(RawBackup { every: Some(365 * DAY), keep: 1, ..raw() }, None);
        check(
            RawBackup { every: Some(Duration::from_secs(59)), ..raw() },
            Some("backup.every: from 1m to a year, not 59s"),
        );
        check(
            RawBackup { keep: 0, ..raw() },
            Some("backup.keep: at least 1; `every: null` makes none"),
        );
    }
}
