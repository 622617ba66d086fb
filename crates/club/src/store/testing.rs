//! What unit tests need of a club.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use policy::{Aliases, Entitlements, ItemId, Roster};
use sqlx::error::{DatabaseError, ErrorKind};

use crate::store::database::Store;
use crate::store::image::{Image, Items, ListedItem, Live};
use crate::store::sql::{BoxFuture, Connection, RowVisitor, SqlResult, Value};
use crate::store::sqlite::Sqlite;
use crate::store::tx::Tx;
use crate::values::names::Names;
use crate::values::stamp::Stamp;

/// An empty image.
pub(crate) fn live() -> Arc<Live> {
    Arc::new(Live::new(image()))
}

/// What an empty image is made of.
pub(crate) fn image() -> Image {
    Image {
        roster: Arc::new(Roster::default()),
        rights: Arc::new(Entitlements::default()),
        aliases: Arc::new(Aliases::default()),
        items: Arc::new(NoItems),
    }
}

/// A change by the admin.
pub(crate) fn stamp() -> Stamp {
    Stamp { who: "admin".to_owned(), now_unix: 1_800_000_000 }
}

/// A change by the admin on a new database in a folder.
pub(crate) async fn tx(folder: &Path) -> Tx {
    let store = Sqlite::open(&folder.join("club.db")).await.unwrap();
    Tx::new(store.writer().await.unwrap(), stamp(), Arc::new(Names::default()))
}

/// A connection that takes so many more statements, and then fails.
pub(crate) struct Failing {
    pub(crate) db: Box<dyn Connection>,
    pub(crate) calls: Arc<AtomicU32>,
}

impl Failing {
    fn take(&self) -> SqlResult<()> {
        let less = |calls: u32| calls.checked_sub(1);
        let taken = self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(drop).map_err(|_| sqlx::Error::WorkerCrashed)
    }
}

impl Connection for Failing {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        match self.take() {
            Ok(()) => self.db.execute(sql, values),
            Err(failed) => Box::pin(async { Err(failed) }),
        }
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        match self.take() {
            Ok(()) => self.db.visit(sql, values, visit),
            Err(failed) => Box::pin(async { Err(failed) }),
        }
    }
}

/// An error of a database with this code.
#[derive(Debug)]
pub(crate) struct CodedError(pub(crate) &'static str);

impl fmt::Display for CodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}", self.0)
    }
}

impl std::error::Error for CodedError {}

impl DatabaseError for CodedError {
    fn message(&self) -> &str {
        self.0
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

struct NoItems;

impl Items for NoItems {
    fn put(&self, _: &ListedItem) {}

    fn remove(&self, _: ItemId) {}
}
