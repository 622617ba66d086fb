//! One change: its transaction, who makes it, and what it touches in memory.
//!
//! Whatever writes what announces are judged by says so with [`Tx::show`]. All of it is shown once,
//! after the commit; what was undone is not. Deliberately absent: the commit, which is
//! [`Writer`](crate::store::writer::Writer)'s.

use std::sync::Arc;

use crate::store::image::Shown;
use crate::store::sql::{
    BoxFuture, Connection, Places, Row, RowVisitor, SqlResult, Value, WordIndex,
};
use crate::values::error::Error;
use crate::values::fault::Fault;
use crate::values::names::Names;
use crate::values::stamp::Stamp;
use crate::values::unavailable::Unavailable;

/// A change under way. It can be passed wherever a connection is read.
pub(crate) struct Tx {
    db: Box<dyn Connection>,
    /// Who makes the change, and when.
    pub(crate) stamp: Stamp,
    /// The configuration's names, which do not change before the commit.
    pub(crate) names: Arc<Names>,
    shown: Vec<Shown>,
}

impl Tx {
    /// A change on a connection that has begun a transaction.
    pub(crate) fn new(db: Box<dyn Connection>, stamp: Stamp, names: Arc<Names>) -> Self {
        Self { db, stamp, names, shown: Vec::new() }
    }

    /// When the change is made, in Unix seconds.
    pub(crate) fn now(&self) -> u32 {
        self.stamp.now_unix
    }

    /// Notes what the image shows from the commit on.
    pub(crate) fn show(&mut self, shown: Shown) {
        self.shown.push(shown);
    }

    /// Does a part of the change. A part that is refused is undone, with what it would have shown,
    /// and the change goes on.
    ///
    /// # Errors
    ///
    /// What is not the request's fault, such as a database that fails: the whole change fails then.
    pub(crate) async fn attempt<T>(
        &mut self,
        part: impl AsyncFnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Error> {
        let shown = self.shown.len();
        self.execute("SAVEPOINT part", &[]).await?;
        let outcome = part(self).await;
        if let Err(refused) = &outcome {
            if refused.fault() == Fault::Ours {
                return outcome.map(Ok);
            }
            self.execute("ROLLBACK TO SAVEPOINT part", &[]).await?;
            self.shown.truncate(shown);
        }
        self.execute("RELEASE SAVEPOINT part", &[]).await?;
        Ok(outcome)
    }

    /// The last row of an answer that should have at most one.
    pub(crate) async fn one<T: Send>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> SqlResult<T>,
    ) -> SqlResult<Option<T>> {
        self.db.one(sql, values, read).await
    }

    /// The connection, and what is to be shown after the commit.
    pub(crate) fn into_parts(self) -> (Box<dyn Connection>, Vec<Shown>) {
        (self.db, self.shown)
    }
}

impl Connection for Tx {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        self.db.execute(sql, values)
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        self.db.visit(sql, values, visit)
    }

    fn check_place(&mut self) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.db.check_place()
    }

    fn places(&self) -> Places {
        self.db.places()
    }

    fn word_index(&self) -> WordIndex {
        self.db.word_index()
    }
}
