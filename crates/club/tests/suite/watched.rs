//! A store whose statements a test sees, counts and lets fail. This crate's unit tests and those of
//! `web` include the file too, so that there is one of it.

use std::sync::Arc;

use club::{
    BoxFuture, Connection, Flaw, Places, RowVisitor, SqlResult, Store, Unavailable, Value,
    WordIndex,
};

/// The moment at which a statement is seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Moment {
    /// The statement has had its effect.
    After,
    /// The statement has not been sent.
    Before,
}

/// Sees each statement twice. An error before it keeps it from being sent; an error after it is
/// the answer to a statement that had its effect.
pub(crate) type Watch = dyn Fn(Moment, &'static str) -> SqlResult<()> + Send + Sync;

/// A store whose connections are watched, those that read and those that write.
pub(crate) struct WatchedStore {
    store: Arc<dyn Store>,
    watch: Arc<Watch>,
}

impl WatchedStore {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        watch: impl Fn(Moment, &'static str) -> SqlResult<()> + Send + Sync + 'static,
    ) -> Self {
        Self { store, watch: Arc::new(watch) }
    }

    fn watched(&self, open: Box<dyn Connection>) -> Box<dyn Connection> {
        Box::new(WatchedConnection { open, watch: Arc::clone(&self.watch) })
    }
}

impl Store for WatchedStore {
    fn begin(&self) -> &'static [&'static str] {
        self.store.begin()
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn reader(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async { self.store.reader().await.map(|open| self.watched(open)) })
    }

    fn writer(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async { self.store.writer().await.map(|open| self.watched(open)) })
    }

    fn copy_to<'a>(&'a self, path: &'a str) -> Option<BoxFuture<'a, SqlResult<()>>> {
        self.store.copy_to(path)
    }

    fn check_place(&self) -> Result<(), Unavailable> {
        self.store.check_place()
    }

    fn check<'a>(&'a self, db: &'a mut dyn Connection) -> BoxFuture<'a, SqlResult<Vec<Flaw>>> {
        self.store.check(db)
    }
}

struct WatchedConnection {
    open: Box<dyn Connection>,
    watch: Arc<Watch>,
}

impl Connection for WatchedConnection {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        Box::pin(async move {
            (self.watch)(Moment::Before, sql)?;
            let changed = self.open.execute(sql, values).await?;
            (self.watch)(Moment::After, sql)?;
            Ok(changed)
        })
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        Box::pin(async move {
            (self.watch)(Moment::Before, sql)?;
            self.open.visit(sql, values, visit).await?;
            (self.watch)(Moment::After, sql)
        })
    }

    fn check_place(&mut self) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.open.check_place()
    }

    fn places(&self) -> Places {
        self.open.places()
    }

    fn word_index(&self) -> WordIndex {
        self.open.word_index()
    }
}
