//! What club asks of a database.

use crate::sql::{BoxFuture, Connection, SqlResult};

/// A database that keeps the club: SQLite today, PostgreSQL by the same statements.
///
/// Its schema is that of `migrations/`, and opening it has brought it to this binary's version.
pub trait Store: Send + Sync + 'static {
    /// The statement that begins a transaction whose reads no other writer can overtake.
    fn begin(&self) -> &'static str;

    /// A connection that sees all that was committed; waits while too many are in use.
    fn reader(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>>;

    /// A new connection that may write. One process holds one at a time.
    fn writer(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>>;
}
