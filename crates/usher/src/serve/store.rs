//! The database that the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use club::{BadUrl, OpenError, Postgres, PostgresUrl, Sqlite, Store};
use thiserror::Error;

use crate::config::Database;
use crate::serve::folder::club_file;

/// Why there is no database to start with.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file that should name it can't be read.
    #[error("database_file: cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file that should name it does not.
    #[error("database_file: {} holds {source}", path.display())]
    Url {
        /// The file.
        path: PathBuf,
        /// Without what it holds.
        source: BadUrl,
    },
}

/// Opens it; SQLite's file is in the state directory.
pub(crate) async fn open(
    database: &Database,
    state_dir: &Path,
) -> Result<Arc<dyn Store>, StoreError> {
    match postgres_url(database)? {
        None => Ok(Arc::new(Sqlite::open(&club_file(state_dir)).await?)),
        Some(url) => Ok(Arc::new(Postgres::open(&url).await?)),
    }
}

/// Opens it as it is, to be read: it is neither made nor migrated.
pub(crate) async fn look(
    database: &Database,
    state_dir: &Path,
) -> Result<Arc<dyn Store>, StoreError> {
    match postgres_url(database)? {
        None => Ok(Arc::new(Sqlite::look(&club_file(state_dir)).await?)),
        Some(url) => Ok(Arc::new(Postgres::look(&url).await?)),
    }
}

/// Where PostgreSQL is, if the club is there.
///
/// # Errors
///
/// The file that should say so can't be read, or says something else.
pub(crate) fn postgres_url(database: &Database) -> Result<Option<PostgresUrl>, StoreError> {
    Ok(match database {
        Database::Sqlite => None,
        Database::File(path) => {
            let text = fs::read_to_string(path);
            let text = text.map_err(|source| StoreError::File { path: path.clone(), source })?;
            let url = text.trim().parse();
            Some(url.map_err(|source| StoreError::Url { path: path.clone(), source })?)
        }
        Database::Url(url) => Some(url.clone()),
    })
}
