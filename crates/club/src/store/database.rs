//! What club asks of a database.

use std::borrow::Cow;
use std::fmt;

use crate::store::sql::{BoxFuture, Connection, SqlResult};
use crate::values::unavailable::Unavailable;

/// A database that keeps the club: SQLite, or PostgreSQL by the same statements.
///
/// Its schema is that of `migrations/`, and opening it has brought it to this binary's version.
pub trait Store: Send + Sync + 'static {
    /// The statements that begin a transaction whose reads no other writer can overtake.
    fn begin(&self) -> &'static [&'static str];

    /// Whether other processes may write too.
    fn is_shared(&self) -> bool;

    /// A connection that sees all that was committed; waits while too many are in use.
    fn reader(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>>;

    /// A new connection that may write. One process holds one at a time.
    fn writer(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>>;

    /// Copies all that is committed into an empty file; `None` where the database has tools of its
    /// own for that.
    fn copy_to<'a>(&'a self, _path: &'a str) -> Option<BoxFuture<'a, SqlResult<()>>> {
        None
    }

    /// Checks that what is open is what is found at its place.
    ///
    /// # Errors
    ///
    /// The file was replaced or moved away.
    fn check_place(&self) -> Result<(), Unavailable> {
        Ok(())
    }

    /// What the database finds wrong with its own files and references; nothing where it can't be
    /// asked.
    fn check<'a>(&'a self, _db: &'a mut dyn Connection) -> BoxFuture<'a, SqlResult<Vec<Flaw>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// What is wrong with the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flaw {
    /// What is wrong, as `the balance is not the sum of the postings`.
    pub what: Cow<'static, str>,
    /// Its place, as `account 7`.
    pub place: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}
