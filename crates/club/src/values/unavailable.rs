//! Why the database did not do its part, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The database is down, full or broken; the same call may work later.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unavailable {
    /// It refused.
    #[error("the database failed, nothing was changed: {0}")]
    Database(Arc<sqlx::Error>),
    /// Its disk is full.
    #[error(
        "the database's disk is full, nothing was changed: make room on it, then repeat this \
         (no restart is needed)"
    )]
    DiskFull,
    /// It can't be reached.
    #[error("the database is down, nothing was changed: {0}")]
    Down(Arc<sqlx::Error>),
    /// It failed while it committed: the change may have been made or not.
    #[error("the database failed while it committed, look before you repeat this: {0}")]
    InDoubt(Arc<sqlx::Error>),
    /// Its file is not the one that was opened.
    #[error(
        "{} was replaced or moved away while usher ran, nothing was changed: stop usher, put the \
         right file there, and start it again",
        .0.display()
    )]
    Replaced(PathBuf),
    /// The daemon is shutting down.
    #[error("the club is closed")]
    Stopped,
}

impl Unavailable {
    /// Why a commit failed. Nothing was changed only where the error says so: after any other one,
    /// such as a sync that failed, the change may be found at the next start.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        if is_undone(&error) { Self::from(error) } else { Self::InDoubt(Arc::new(error)) }
    }
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        if disk_is_full(&error) {
            return Self::DiskFull;
        }
        let is_down = was_closed(&error)
            || matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_)
            );
        let error = Arc::new(error);
        if is_down { Self::Down(error) } else { Self::Database(error) }
    }
}

/// Whether the server closed the connection, or is about to.
pub(crate) fn was_closed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::TimedOut,
        sqlx::Error::Protocol(_) => true,
        // 57P01 to 57P05: PostgreSQL shuts down, starts up or ends the session.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// Whether there was no room for what was to be written.
fn disk_is_full(error: &sqlx::Error) -> bool {
    has_code(error, |code| FULL.contains(&code) || code == SHM_SIZE)
}

/// Whether an error of a commit says that the transaction was undone: the disk is full, a constraint
/// is violated, or PostgreSQL chose it among those that exclude each other.
fn is_undone(error: &sqlx::Error) -> bool {
    has_code(error, |code| match code.len() {
        5 => FULL.contains(&code) || code.starts_with("23") || ROLLED_BACK.contains(&code),
        _ => {
            let number: u32 = code.parse().unwrap_or(0);
            FULL.contains(&code) || number & 0xff == CONSTRAINT
        }
    })
}

fn has_code(error: &sqlx::Error, is_it: impl Fn(&str) -> bool) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| is_it(&code))
}

/// SQLite's `FULL`, and PostgreSQL's `disk_full`.
const FULL: [&str; 2] = ["13", "53100"];
/// SQLite's `IOERR_SHMSIZE`: no room for the index of the log, by when a commit is in the log.
const SHM_SIZE: &str = "4874";
/// SQLite's `CONSTRAINT`, whose kinds are in the higher bytes.
const CONSTRAINT: u32 = 19;
/// PostgreSQL's `serialization_failure`, `transaction_integrity_constraint_violation` and
/// `deadlock_detected`.
const ROLLED_BACK: [&str; 3] = ["40001", "40002", "40P01"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::coded_error::CodedError;

    #[test]
    fn a_commit_is_undone_only_where_the_error_says_so() {
        #[track_caller]
        fn check(codes: &[&'static str], is_it: fn(&Unavailable) -> bool) {
            for code in codes {
                let found = Unavailable::of_commit(CodedError(code).into());
                assert!(is_it(&found), "{code}: {found:?}");
            }
        }
        check(&["13", "53100"], |found| matches!(found, Unavailable::DiskFull));
        check(&["19", "787", "1555", "2067", "23503", "23505", "40001", "40P01"], |found| {
            matches!(found, Unavailable::Database(_))
        });
        // Reads, writes, syncs, the shared memory, a lock, a file that is none, and what is unknown.
        check(
            &["10", "266", "778", "1034", "1290", "4874", "5386", "5", "26", "58030", "XX000", ""],
            |found| matches!(found, Unavailable::InDoubt(_)),
        );
        let lost = sqlx::Error::Io(io::ErrorKind::TimedOut.into());
        assert!(matches!(Unavailable::of_commit(lost), Unavailable::InDoubt(_)));
        assert!(matches!(
            Unavailable::of_commit(sqlx::Error::WorkerCrashed),
            Unavailable::InDoubt(_)
        ));
    }
}
