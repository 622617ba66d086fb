//! Why a database can't be used.

use std::cmp::Ordering;
use std::io;

use sqlx::migrate::MigrateError;

use crate::store::migrations;

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
    /// The file is there, and no usher made it.
    #[error(
        "it holds no club: `usher restore FILE --replace` puts a backup in its place; \
         for a club that begins anew move it away"
    )]
    NoClub,
    /// The database is there, and no usher was ever started on it.
    #[error("it holds no club: is it the right one?")]
    Bare,
    /// An older usher wrote it, and it is only looked at.
    #[error(
        "its schema is version {found} and this usher's is {known}: \
         start the daemon once, it brings the schema up to date"
    )]
    Older {
        /// The schema's version.
        found: i64,
        /// The newest version this binary knows.
        known: i64,
    },
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

impl OpenReason {
    /// What keeps a schema of this version from being looked at, if anything does.
    pub(crate) fn of_version(found: i64) -> Option<Self> {
        let known = migrations::newest();
        match found.cmp(&known) {
            Ordering::Less => Some(Self::Older { found, known }),
            Ordering::Equal => None,
            Ordering::Greater => Some(Self::Newer { found, known }),
        }
    }
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
