//! Why the database did not do its part, and what to do about it.

use std::io;
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
    /// It went down while it committed: the change may have been made or not.
    #[error("the database went down while it committed, look before you repeat this: {0}")]
    InDoubt(Arc<sqlx::Error>),
    /// The daemon is shutting down.
    #[error("the club is closed")]
    Stopped,
}

impl Unavailable {
    /// Why a commit failed.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        match error {
            error if disk_is_full(&error) => Self::DiskFull,
            sqlx::Error::Database(_) if !was_closed(&error) => Self::Database(Arc::new(error)),
            _ => Self::InDoubt(Arc::new(error)),
        }
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

/// Whether there was no room for what was to be written: nothing of the transaction is kept.
fn disk_is_full(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| FULL.contains(&&*code))
}

/// SQLite's `FULL` and `IOERR_SHMSIZE`, and PostgreSQL's `disk_full`.
const FULL: [&str; 3] = ["13", "4874", "53100"];
