//! The club in one SQLite file.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row as _};

use crate::store::database::{Flaw, Store};
use crate::store::files::{LOGS, beside, remove_database, sync_folder};
use crate::store::migrations;
use crate::store::open::{OpenError, OpenReason};
use crate::store::place::Place;
use crate::store::sql::{
    BoxFuture, Connection, Places, Row, RowVisitor, SqlResult, Value, WordIndex, storable,
};
use crate::values::unavailable::Unavailable;

/// An open database file.
///
/// Write-ahead log with `synchronous=FULL`: what was committed survives a loss of power.
#[derive(Debug)]
pub struct Sqlite {
    writer: SqliteConnectOptions,
    readers: SqlitePool,
    place: Arc<Place>,
}

impl Sqlite {
    /// Opens the file, making it where there is none, and brings its schema to this version.
    ///
    /// # Errors
    ///
    /// The file can't be opened or migrated, no usher made it, or a newer one has written it.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, &migrations::sqlite()).await
    }

    /// Opens a file that is there, as it is: to be read, and neither made nor migrated.
    ///
    /// # Errors
    ///
    /// The file can't be opened; it holds no club, or one of another version's schema.
    pub async fn look(path: &Path) -> Result<Self, OpenError> {
        let at = |reason| OpenError { place: path.display().to_string(), reason };
        let version = Self::version(path).await.map_err(|error| at(error.into()))?;
        let version = version.filter(|version| *version > 0);
        let unfit = version.map_or(Some(OpenReason::NoClub), OpenReason::of_version);
        match unfit {
            Some(reason) => Err(at(reason)),
            None => {
                Self::with(path, options(path).read_only(true)).map_err(|error| at(error.into()))
            }
        }
    }

    /// The version of the file's schema: 0 before its first migration, and `None` where the file is
    /// no usher's.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is no database.
    pub(crate) async fn version(path: &Path) -> SqlResult<Option<i64>> {
        // SQLite would take away the log beside an empty file, and that may be the last there is.
        if fs::metadata(path)?.len() == 0 {
            return Ok(None);
        }
        let mut db = options(path).read_only(true).connect().await?;
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
        let connection: &mut dyn Connection = &mut db;
        let tables = connection.one(sql, &[], |row| row.number::<u32>(0)).await?;
        let is_ushers = tables.is_some_and(|tables| tables > 0);
        let version = if is_ushers { Some(migrations::applied(&mut db).await?) } else { None };
        sqlx::Connection::close(db).await?;
        Ok(version)
    }

    pub(crate) async fn open_with(path: &Path, migrations: &Migrator) -> Result<Self, OpenError> {
        let at = |reason| OpenError { place: path.display().to_string(), reason };
        if fs::exists(path).map_err(|error| at(error.into()))? {
            keep_private(path).map_err(|error| at(error.into()))?;
            let version = Self::version(path).await.map_err(|error| at(error.into()))?;
            version.ok_or_else(|| at(OpenReason::NoClub))?;
            let mut connection = writing(path).connect().await.map_err(|error| at(error.into()))?;
            migrations.run(&mut connection).await.map_err(|error| at(error.into()))?;
        } else {
            make(path, migrations).await.map_err(at)?;
        }
        Self::with(path, writing(path)).map_err(|error| at(error.into()))
    }

    fn with(path: &Path, options: SqliteConnectOptions) -> io::Result<Self> {
        let place = Arc::new(Place::of(path)?);
        let opened = Arc::clone(&place);
        let readers = SqlitePoolOptions::new()
            .max_connections(MAX_READERS)
            .after_connect(move |_, _| {
                let checked = opened.check();
                Box::pin(async move { checked.map_err(|moved| io::Error::other(moved).into()) })
            })
            .connect_lazy_with(options.clone().read_only(true));
        Ok(Self { writer: options.pragma("cache_size", WRITER_CACHE), readers, place })
    }

    /// Lets go of the file, with nothing left beside it.
    pub(crate) async fn close(self) -> SqlResult<()> {
        self.readers.close().await;
        let mut last = self.writer.connect().await?;
        last.execute("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
        sqlx::Connection::close(last).await
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROW_BUFFER)
        .disable_statement_logging()
}

fn writing(path: &Path) -> SqliteConnectOptions {
    options(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
}

/// Makes the file, whole or not at all: an empty one that a crash left would not be a club.
async fn make(path: &Path, migrations: &Migrator) -> Result<(), OpenReason> {
    let new = beside(path, ".new");
    remove_database(&new)?;
    if let Err(reason) = fill(&new, migrations).await {
        let _ = remove_database(&new);
        return Err(reason);
    }
    // The log of one that is gone would be played into this one.
    remove_database(path)?;
    fs::rename(&new, path)?;
    Ok(sync_folder(path)?)
}

async fn fill(new: &Path, migrations: &Migrator) -> Result<(), OpenReason> {
    keep_private(new)?;
    let mut connection = writing(new).connect().await?;
    migrations.run(&mut connection).await?;
    Ok(sqlx::Connection::close(connection).await?)
}

/// Sees that nobody else may read the file, making it where there is none. SQLite gives the logs
/// that it makes the mode of the file.
fn keep_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    for log in LOGS {
        let file = beside(path, log);
        match fs::metadata(&file) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                fs::set_permissions(&file, Permissions::from_mode(0o600))?;
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Store for Sqlite {
    fn begin(&self) -> &'static [&'static str] {
        &["BEGIN IMMEDIATE"]
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn reader(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async {
            let connection: Box<dyn Connection> = Box::new(self.readers.acquire().await?);
            Ok(connection)
        })
    }

    fn writer(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async {
            let (db, place) = (self.writer.connect().await?, Arc::clone(&self.place));
            let connection: Box<dyn Connection> = Box::new(WriterConnection { db, place });
            Ok(connection)
        })
    }

    fn copy_to<'a>(&'a self, path: &'a str) -> Option<BoxFuture<'a, SqlResult<()>>> {
        Some(Box::pin(async move {
            let mut db = self.reader().await?;
            db.execute("VACUUM INTO $1", &[path.into()]).await.map(drop)
        }))
    }

    fn check_place(&self) -> Result<(), Unavailable> {
        self.place.check()
    }

    fn check<'a>(&'a self, db: &'a mut dyn Connection) -> BoxFuture<'a, SqlResult<Vec<Flaw>>> {
        Box::pin(async move {
            let flaw =
                |place: &str, what: String| Flaw { place: place.to_owned(), what: what.into() };
            let told = db.all("PRAGMA integrity_check", &[], |row| row.text(0).map(str::to_owned));
            let damage = told.await?.into_iter().filter(|told| told != "ok");
            let mut flaws: Vec<_> = damage.map(|told| flaw("the file", told)).collect();
            flaws.extend(self.check_place().err().map(|moved| flaw("the file", moved.to_string())));
            db.visit("PRAGMA foreign_key_check", &[], &mut |row| {
                let place = format!("{} {}", row.text(0)?, row.int(1)?.unwrap_or_default());
                flaws.push(flaw(
                    &place,
                    format!("it needs a row of {} that is missing", row.text(2)?),
                ));
                Ok(())
            })
            .await?;
            Ok(flaws)
        })
    }
}

impl Connection for SqliteConnection {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        Box::pin(async move { Ok(bind(sql, values).execute(self).await?.rows_affected()) })
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        Box::pin(async move {
            let mut rows = bind(sql, values).fetch(self);
            while let Some(row) = rows.try_next().await? {
                visit(&row)?;
            }
            Ok(())
        })
    }

    fn places(&self) -> Places {
        Places::InOrder
    }

    fn word_index(&self) -> WordIndex {
        WordIndex::Fts5
    }
}

/// The connection that writes, which looks after the files that it writes to.
struct WriterConnection {
    db: SqliteConnection,
    place: Arc<Place>,
}

impl Drop for WriterConnection {
    fn drop(&mut self) {
        self.place.forget_log();
    }
}

impl Connection for WriterConnection {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        Connection::execute(&mut self.db, sql, values)
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        Connection::visit(&mut self.db, sql, values, visit)
    }

    fn check_place(&mut self) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async {
            let Err(moved) = self.place.check_writer() else { return Ok(()) };
            // What was committed belongs to the file that was opened. Left in the log it would be
            // played into the file that has its name now. There may be no transaction.
            let _ = Connection::execute(&mut self.db, "ROLLBACK", &[]).await;
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            Connection::execute(&mut self.db, sql, &[]).await?;
            Err(moved)
        })
    }

    fn places(&self) -> Places {
        Places::InOrder
    }

    fn word_index(&self) -> WordIndex {
        WordIndex::Fts5
    }
}

impl Connection for PoolConnection<sqlx::Sqlite> {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        Connection::execute(&mut **self, sql, values)
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        Connection::visit(&mut **self, sql, values, visit)
    }

    fn places(&self) -> Places {
        Places::InOrder
    }

    fn word_index(&self) -> WordIndex {
        WordIndex::Fts5
    }
}

fn bind(sql: &'static str, values: &[Value<'_>]) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Int(number) => query.bind(number),
        Value::Null => query.bind(None::<&str>),
        Value::Text(text) => query.bind(storable(text)),
    })
}

impl Row for SqliteRow {
    fn bytes(&self, column: usize) -> SqlResult<Option<&[u8]>> {
        self.try_get(column)
    }

    fn int(&self, column: usize) -> SqlResult<Option<i64>> {
        self.try_get(column)
    }

    fn text(&self, column: usize) -> SqlResult<&str> {
        self.try_get(column)
    }
}

/// How long a statement waits for another process (a backup, a `verify`) to let go.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows that SQLite's thread may be ahead of their reader: fewer wake-ups while the club loads.
const ROW_BUFFER: usize = 1024;
const MAX_READERS: u32 = 4;
/// 4 MiB, as it is said in KiB: a large flush goes through the pages in their order.
const WRITER_CACHE: &str = "-4096";

#[cfg(test)]
mod tests {
    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    #[tokio::test]
    async fn a_commit_is_synced_and_references_hold() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("club.db")).await.unwrap();
        let mut db = store.writer().await.unwrap();
        let text = |row: &dyn Row| row.text(0).map(str::to_owned);
        let mode = db.one("PRAGMA journal_mode", &[], text).await.unwrap();
        assert_eq!(mode.as_deref(), Some("wal"));
        for (pragma, full) in [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1)] {
            let value = db.one(pragma, &[], |row| row.number::<u8>(0)).await.unwrap();
            assert_eq!(value, Some(full), "{pragma}");
        }
        let orphan = "INSERT INTO info_hash VALUES (7, 0, randomblob(20))";
        assert!(db.execute(orphan, &[]).await.is_err());
    }

    #[tokio::test]
    async fn a_reader_can_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("club.db")).await.unwrap();
        let mut db = store.reader().await.unwrap();
        assert!(db.execute("UPDATE member SET tier = 'fan'", &[]).await.is_err());
    }

    #[tokio::test]
    async fn an_older_binary_refuses_a_newer_schema() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("club.db");
        let future =
            Migration::new(99, "future".into(), MigrationType::Simple, "".into_sql_str(), false);
        let newer = Migrator::with_migrations(
            migrations::sqlite().iter().cloned().chain([future]).collect(),
        );
        drop(Sqlite::open_with(&path, &newer).await.unwrap());

        let refused = Sqlite::open(&path).await.unwrap_err();
        assert!(matches!(refused.reason, OpenReason::Newer { found: 99, .. }), "{refused}");
        assert!(refused.to_string().ends_with("or restore a backup from before it"), "{refused}");
    }

    #[tokio::test]
    async fn an_older_schema_is_brought_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("club.db");
        drop(Sqlite::open_with(&path, &Migrator::with_migrations(Vec::new())).await.unwrap());
        let store = Sqlite::open(&path).await.unwrap();
        let mut db = store.reader().await.unwrap();
        let count = |row: &dyn Row| row.number::<u8>(0);
        assert_eq!(db.one("SELECT count(*) FROM member", &[], count).await.unwrap(), Some(0));
    }

    #[tokio::test]
    async fn a_file_that_can_not_be_made_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let wrong = "CREATE TABLE".into_sql_str();
        let wrong = Migration::new(1, "wrong".into(), MigrationType::Simple, wrong, false);
        let migrations = Migrator::with_migrations(vec![wrong]);
        Sqlite::open_with(&dir.path().join("club.db"), &migrations).await.unwrap_err();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("club.db");
        fs::write(&path, [7; 4096]).unwrap();
        let refused = Sqlite::open(&path).await.unwrap_err().to_string();
        assert!(refused.contains("club.db: ") && refused.contains("not a database"), "{refused}");
    }
}
