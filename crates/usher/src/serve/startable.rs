//! Whether what the configuration names is there, as `serve` will look for it.
//!
//! For `usher check`. Deliberately absent: what asking would change or disturb, such as listening,
//! making the state directory or connecting to a database.

use std::path::PathBuf;
use std::{fs, io};

use listen::tls::{ServerTls, TlsError};
use thiserror::Error;

use crate::config::Config;
use crate::serve::providers::{self, NoSecret};
use crate::serve::secret::{self, SecretError};
use crate::serve::store::{self, StoreError};

/// What the daemon would trip over.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each is what its own error says")]
pub enum CannotStart {
    #[error("items_dir: cannot look into {}: {source}; make the folder, or leave items_dir out", path.display())]
    ItemsDir { path: PathBuf, source: io::Error },
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    #[error("state_dir: {} is a file; name a folder", path.display())]
    StateDir { path: PathBuf },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Reads the files that a start or a reload reads.
///
/// # Errors
///
/// Names the first that is missing, or is not what its key is for.
pub(crate) fn startable(config: &Config) -> Result<(), CannotStart> {
    providers::load(&config.payments)?;
    if let Some(files) = &config.tracker.http.tls {
        ServerTls::load("tracker.http.tls", &files.certificate, &files.key)?;
    }
    if let Some(files) = &config.admin.tls {
        ServerTls::load("admin.tls", &files.certificate, &files.key)?;
    }
    secret::usable(&config.secret_file)?;
    store::postgres_url(&config.database)?;
    if let Some(path) = &config.items_dir.folder {
        let fails = |source| CannotStart::ItemsDir { path: path.clone(), source };
        fs::read_dir(path).map_err(fails)?;
    }
    let path = &config.state_dir;
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir()) {
        return Err(CannotStart::StateDir { path: path.clone() });
    }
    Ok(())
}
