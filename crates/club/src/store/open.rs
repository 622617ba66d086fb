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
    Database(sqlx::Error),
    /// It can't store every text.
    #[error("its encoding is {0}: make one with ENCODING 'UTF8'")]
    Encoding(String),
    /// Its file can't be written, or not be kept from others.
    #[error("{0}: it must belong to the user that usher runs as")]
    File(#[from] io::Error),
    /// Its file system can't do what SQLite's log needs.
    #[error(
        "the file system that it is on can't {lacks}, which SQLite needs ({error}): put `state_dir` \
         on a local file system such as ext4, xfs or btrfs, or keep the club in PostgreSQL \
         (`database`)"
    )]
    FileSystem {
        /// What it can't do.
        lacks: &'static str,
        /// What SQLite reported.
        error: sqlx::Error,
    },
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

impl From<sqlx::Error> for OpenReason {
    fn from(error: sqlx::Error) -> Self {
        match lack(&error) {
            Some(lacks) => Self::FileSystem { lacks, error },
            None => Self::Database(error),
        }
    }
}

/// What the file system lacks, where that is why SQLite fails.
fn lack(error: &sqlx::Error) -> Option<&'static str> {
    let code = error.as_database_error()?.code()?.parse().ok()?;
    LACKS.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, lacks)| *lacks)
}

/// SQLite's codes, and what the file system lacks where one of them is reported at the start.
const LACKS: [(&[u32], &str); 2] = [
    // IOERR_SHMOPEN, IOERR_SHMSIZE, IOERR_SHMLOCK and IOERR_SHMMAP.
    (&[4618, 4874, 5130, 5386], "map a file into memory that several processes share (mmap)"),
    // PROTOCOL, IOERR_UNLOCK, IOERR_RDLOCK, IOERR_CHECKRESERVEDLOCK and IOERR_LOCK.
    (&[15, 2058, 2314, 3594, 3850], "lock a part of a file"),
];

impl From<MigrateError> for OpenReason {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(found) => {
                Self::Newer { found, known: migrations::newest() }
            }
            // The log is first used by the first migration.
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
                if lack(&error).is_some() =>
            {
                Self::from(error)
            }
            other => Self::Migration(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::coded_error::CodedError;

    #[test]
    fn a_file_system_that_lacks_something_is_named_with_the_way_out() {
        for (code, lacks) in [("5386", "mmap"), ("4618", "mmap"), ("3850", "lock a part of a file")]
        {
            let told = OpenReason::from(sqlx::Error::from(CodedError(code))).to_string();
            assert!(told.contains(lacks) && told.contains(code), "{told}");
            assert!(told.contains("put `state_dir` on a local file system"), "{told}");
            for error in [
                MigrateError::Execute(sqlx::Error::from(CodedError(code))),
                MigrateError::ExecuteMigration(sqlx::Error::from(CodedError(code)), 1),
            ] {
                assert_eq!(OpenReason::from(error).to_string(), told);
            }
        }
        let other = MigrateError::ExecuteMigration(sqlx::Error::from(CodedError("26")), 1);
        assert!(matches!(OpenReason::from(other), OpenReason::Migration(_)));
        let other = OpenReason::from(sqlx::Error::from(CodedError("26")));
        assert!(matches!(other, OpenReason::Database(_)), "{other}");
    }
}
