//! `usher restore`, `forget-secret`, and `verify` without a daemon: they open the club themselves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use api::backup::Soundness;
use club::{Loaded, RestoreError};
use serde::Serialize;
use thiserror::Error;
use web::api::{secret_beside, soundness};

use crate::config::{Config, Database};
use crate::serve::folder::{StateDir, StateDirError, club_file};
use crate::serve::settings;
use crate::serve::store::{self, StoreError};

/// Checks the books of a stopped daemon.
pub(crate) async fn verify(config: &Config) -> Result<Soundness, UpkeepError> {
    let state = StateDir::take(&config.state_dir)?;
    require_club(config, &state)?;
    let store = store::look(&config.database, state.path()).await?;
    Ok(soundness(club::verify(&*store).await?))
}

fn require_club(config: &Config, state: &StateDir) -> Result<(), UpkeepError> {
    let path = club_file(state.path());
    if config.database != Database::Sqlite {
        return Ok(());
    }
    match fs::exists(&path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(UpkeepError::NoClub(path)),
        Err(source) => Err(UpkeepError::Io { path, source }),
    }
}

/// What was put in place.
#[derive(Debug, Serialize)]
pub(crate) struct RestoreOutput {
    club: PathBuf,
    /// Where what was there before is now.
    before: Option<PathBuf>,
    /// Whether the backup had its digest beside it, which it matched.
    has_digest: bool,
    secret: PathBuf,
    /// Whether there is one, without which no passkey given out is worth anything.
    has_secret: bool,
    /// Tiers and policies in it that the configuration does not have.
    unknown: Vec<String>,
}

/// Puts a backup in place of the club of a stopped daemon.
pub(crate) async fn restore(
    config: &Config,
    backup: &Path,
    replace: bool,
) -> Result<RestoreOutput, UpkeepError> {
    if config.database != Database::Sqlite {
        return Err(UpkeepError::Elsewhere);
    }
    let state = StateDir::take(&config.state_dir)?;
    let (club, secret) = (club_file(state.path()), config.secret_file.clone());
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| UpkeepError::Io { path, source }
    };
    let is_there = fs::exists(&club).map_err(io(&club))?;
    if is_there && !replace {
        return Err(UpkeepError::Taken(club));
    }
    let theirs = secret_beside(backup);
    let brings_secret = fs::exists(&theirs).map_err(io(&theirs))?;
    let has_secret = fs::exists(&secret).map_err(io(&secret))?;
    if brings_secret && has_secret && differs(&theirs, &secret).map_err(io(&secret))? {
        return Err(UpkeepError::OtherSecret { ours: secret, theirs });
    }
    let put = club::restore(backup, &club, &settings::names(config)).await?;
    if brings_secret && !has_secret {
        fs::copy(&theirs, &secret).map_err(io(&secret))?;
    }
    // Of another time; clients announce again by themselves.
    let _ = fs::remove_file(crate::serve::snapshot::path_in(state.path()));
    let club::Restored { aside, has_digest, loaded } = put;
    Ok(RestoreOutput {
        club,
        before: aside,
        has_digest,
        secret,
        has_secret: has_secret || brings_secret,
        unknown: unknown(&loaded),
    })
}

fn unknown(loaded: &Loaded) -> Vec<String> {
    let tiers = loaded.unknown_tiers.iter();
    let tiers = tiers.map(|(tier, members)| format!("tier {tier}, of {members} members"));
    let policies = loaded.unknown_policies.iter().map(|policy| format!("policy {policy}"));
    tiers.chain(policies).collect()
}

pub(crate) fn restored(restored: &RestoreOutput) -> String {
    let mut text = format!("{} is restored, and it is sound.\n", restored.club.display());
    if !restored.has_digest {
        text += "The backup had no digest beside it (FILE.b3), so it may differ from what usher wrote.\n";
    }
    for unknown in &restored.unknown {
        text += &format!("The configuration does not have the {unknown}.\n");
    }
    if let Some(before) = &restored.before {
        text += &format!("What was there before is {}.\n", before.display());
    }
    if !restored.has_secret {
        text += &format!(
            "There is no master secret: put yours at {} before you start usher, as every passkey \
             given out derives from it.\n",
            restored.secret.display()
        );
    }
    text
}

/// Whose secret the next start takes.
#[derive(Debug, Serialize)]
pub(crate) struct Forgotten {
    secret: PathBuf,
}

/// Has the next start take another master secret.
pub(crate) async fn forget_secret(config: &Config) -> Result<Forgotten, UpkeepError> {
    let state = StateDir::take(&config.state_dir)?;
    require_club(config, &state)?;
    let store = store::open(&config.database, state.path()).await?;
    club::forget_secret(&*store).await?;
    Ok(Forgotten { secret: config.secret_file.clone() })
}

pub(crate) fn forgotten(forgotten: &Forgotten) -> String {
    format!(
        "The next start takes the master secret in {}, or makes one there. Every passkey given out \
         under another is void.\n",
        forgotten.secret.display()
    )
}

fn differs(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::read(one)? != fs::read(other)?)
}

/// Why the club was not looked at or restored.
#[derive(Debug, Error)]
pub enum UpkeepError {
    /// The database, while it was looked at.
    #[error(transparent)]
    Club(#[from] club::Error),
    /// The club is in PostgreSQL.
    #[error("the club is in PostgreSQL: restore it with `pg_restore` or `psql`")]
    Elsewhere,
    /// A file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing to look at.
    #[error("no club at {}: is this the configuration it runs with?", .0.display())]
    NoClub(PathBuf),
    /// The database can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Passkeys derive from the secret, so none is overwritten.
    #[error(
        "the backup's master secret {} is not the one in {}: move one of them away",
        theirs.display(),
        ours.display()
    )]
    OtherSecret {
        /// The one in force.
        ours: PathBuf,
        /// The one beside the backup.
        theirs: PathBuf,
    },
    /// The backup.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// A daemon runs.
    #[error(transparent)]
    State(#[from] StateDirError),
    /// Nothing is overwritten unasked.
    #[error("{} is there already: `--replace` moves it aside", .0.display())]
    Taken(PathBuf),
}
