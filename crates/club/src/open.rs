//! Why a database can't be used.

use std::io;

use sqlx::migrate::MigrateError;

use crate::migrations;

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
#[error("open the database {place}: {reason}")]
pub struct OpenError {
    /// The file, or the URL without its password.
    pub place: String,
    /// What is wrong with it.
    pub reason: OpenReason,
}

/// What is wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum OpenReason {
    /// It refuses.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Its file can't be written, or not be kept from others.
    #[error("{0}: it must belong to the user that usher runs as")]
    File(#[from] io::Error),
    /// Its schema can't be brought to this version.
    #[error(transparent)]
    Migration(MigrateError),
    /// A newer usher wrote it.
    #[error(
        "its schema is version {found} and this usher knows none past {known}: \
         run the newer usher again, or restore a backup from before it"
    )]
    Newer {
        /// The schema's version.
        found: i64,
        /// The newest version this binary knows.
        known: i64,
    },
}

impl From<MigrateError> for OpenReason {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(found) => {
                Self::Newer { found, known: migrations::newest() }
            }
            other => Self::Migration(other),
        }
    }
}
