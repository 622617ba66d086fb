//! The club in a PostgreSQL database, which several processes may share.
//!
//! A transaction that writes takes the same advisory lock first, so writers come one after another,
//! as in SQLite; what they leave in the record has rising numbers in the order of the commits. A
//! server that does not answer in time is given up, and its connection with it.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Row as _};
use tokio::time::timeout;

use crate::store::database::Store;
use crate::store::migrations;
use crate::store::open::{OpenError, OpenReason};
use crate::store::sql::{
    BoxFuture, Connection, Row, RowVisitor, SqlResult, Value, WordIndex, storable,
};

/// Where a PostgreSQL database is, and who we are there: `postgres://user@host:5432/database`.
///
/// What it does not say is taken from the environment and the password file, as `psql` does
/// (`PGPASSWORD`, `PGPASSFILE`). Printed without the password.
#[derive(Clone)]
pub struct PostgresUrl {
    said: String,
    options: Box<PgConnectOptions>,
}

/// What was given is no such URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no PostgreSQL URL, expected one as postgres://user@host:5432/database")]
pub struct BadUrl;

impl FromStr for PostgresUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(BadUrl);
        }
        // The library's own error may quote the password.
        let options = PgConnectOptions::from_str(text).map_err(|_| BadUrl)?;
        Ok(Self { said: text.to_owned(), options: Box::new(options) })
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.said == other.said
    }
}

impl Eq for PostgresUrl {}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, .. } = self;
        write!(f, "postgres://{}@", options.get_username())?;
        match options.get_socket() {
            Some(socket) => write!(f, "{}", socket.display())?,
            None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_else(|| options.get_username()))
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

/// An open database.
pub struct Postgres {
    writer: PgConnectOptions,
    readers: PgPool,
}

impl Postgres {
    /// Connects, and brings the schema to this version.
    ///
    /// # Errors
    ///
    /// The server can't be reached or refuses us; the schema can't be migrated, or a newer usher
    /// has written it.
    pub async fn open(url: &PostgresUrl) -> Result<Self, OpenError> {
        Self::open_with(url, &migrations::postgres()).await
    }

    /// Connects to a database as it is: to be read, and not migrated.
    ///
    /// # Errors
    ///
    /// The server can't be reached or refuses us; the database holds no club, or one of another
    /// version's schema.
    pub async fn look(url: &PostgresUrl) -> Result<Self, OpenError> {
        let at = |reason| OpenError { place: url.to_string(), reason };
        let store = Self::with(named(url), &READER_SETTINGS);
        let version = store.version().await.map_err(|error| at(error.into()))?;
        let unfit =
            if version > 0 { OpenReason::of_version(version) } else { Some(OpenReason::Bare) };
        match unfit {
            Some(reason) => Err(at(reason)),
            None => Ok(store),
        }
    }

    /// The version of the schema, 0 where there is none.
    async fn version(&self) -> SqlResult<i64> {
        let mut db = self.reader().await?;
        let sql = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')";
        match db.one(sql, &[], |row| row.number::<u32>(0)).await? {
            Some(1) => migrations::applied(&mut *db).await,
            _ => Ok(0),
        }
    }

    pub(crate) async fn open_with(
        url: &PostgresUrl,
        migrations: &Migrator,
    ) -> Result<Self, OpenError> {
        let at = |reason| OpenError { place: url.to_string(), reason };
        let store = Self::with(named(url), &WRITER_SETTINGS);
        let mut connection = connect(&store.writer).await.map_err(|error| at(error.into()))?;
        check_encoding(&mut connection).await.map_err(at)?;
        migrations.run(&mut connection).await.map_err(|error| at(error.into()))?;
        Ok(store)
    }

    fn with(options: PgConnectOptions, writer: &'static [(&str, &str)]) -> Self {
        let readers = PgPoolOptions::new()
            .max_connections(MAX_READERS)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(options.clone().options(READER_SETTINGS));
        Self { writer: options.options(writer.iter().copied()), readers }
    }
}

/// Refuses a database that can't store every text.
async fn check_encoding(connection: &mut PgConnection) -> Result<(), OpenReason> {
    let sql = "SHOW server_encoding";
    let encoding: String = sqlx::query_scalar(sql).fetch_one(connection).await?;
    if encoding == "UTF8" { Ok(()) } else { Err(OpenReason::Encoding(encoding)) }
}

fn named(url: &PostgresUrl) -> PgConnectOptions {
    PgConnectOptions::clone(&url.options).application_name("usher").disable_statement_logging()
}

impl Store for Postgres {
    fn begin(&self) -> &'static [&'static str] {
        // "ushr": one lock in this database, whoever else keeps theirs there.
        &["BEGIN", "SELECT pg_advisory_xact_lock(1970497650)"]
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn reader(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async {
            let open = HeldConnection::Pooled(self.readers.acquire().await?);
            let session: Box<dyn Connection> = Box::new(PostgresSession { open: Some(open) });
            Ok(session)
        })
    }

    fn writer(&self) -> BoxFuture<'_, SqlResult<Box<dyn Connection>>> {
        Box::pin(async {
            let open = HeldConnection::Own(connect(&self.writer).await?);
            let session: Box<dyn Connection> = Box::new(PostgresSession { open: Some(open) });
            Ok(session)
        })
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

/// A connection that is given up when the server does not answer in time.
struct PostgresSession {
    /// `None` once it was given up.
    open: Option<HeldConnection>,
}

enum HeldConnection {
    Own(PgConnection),
    Pooled(PoolConnection<sqlx::Postgres>),
}

impl PostgresSession {
    fn connection(&mut self) -> SqlResult<&mut PgConnection> {
        match &mut self.open {
            Some(HeldConnection::Own(own)) => Ok(own),
            Some(HeldConnection::Pooled(pooled)) => Ok(pooled),
            None => Err(no_answer()),
        }
    }

    /// Closes the connection without a word, as the server would not hear it.
    fn give_up(&mut self) -> sqlx::Error {
        if let Some(HeldConnection::Pooled(pooled)) = self.open.take() {
            drop(pooled.detach());
        }
        no_answer()
    }
}

impl Connection for PostgresSession {
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>> {
        Box::pin(async move {
            let work = bind(sql, values).execute(self.connection()?);
            match timeout(ANSWER_TIMEOUT, work).await {
                Ok(done) => Ok(done?.rows_affected()),
                Err(_) => Err(self.give_up()),
            }
        })
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>> {
        Box::pin(async move {
            let mut rows = bind(sql, values).fetch(self.connection()?);
            while let Ok(row) = timeout(ANSWER_TIMEOUT, rows.try_next()).await {
                match row? {
                    Some(row) => visit(&row)?,
                    None => return Ok(()),
                }
            }
            drop(rows);
            Err(self.give_up())
        })
    }

    fn word_index(&self) -> WordIndex {
        WordIndex::TsVector
    }
}

impl Row for PgRow {
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

fn bind(sql: &'static str, values: &[Value<'_>]) -> Query<'static, sqlx::Postgres, PgArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Bytes(bytes) => query.bind(bytes.to_owned()),
        Value::Int(number) => query.bind(number),
        Value::Null => query.bind(None::<&str>),
        Value::Text(text) => query.bind(storable(text).into_owned()),
    })
}

async fn connect(options: &PgConnectOptions) -> SqlResult<PgConnection> {
    timeout(CONNECT_TIMEOUT, options.connect()).await.unwrap_or_else(|_| Err(no_answer()))
}

fn no_answer() -> sqlx::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the server did not answer in time").into()
}

/// How long the server may think about a statement, or about its next row.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to be made, or a reader to be free.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A commit is on the disk before it is told. A process that stops in its transaction does not keep
/// the others waiting for ever, nor does one that waits for the lock.
const WRITER_SETTINGS: [(&str, &str); 4] = [
    ("synchronous_commit", "on"),
    ("lock_timeout", "5s"),
    ("statement_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "10s"),
];
const READER_SETTINGS: [(&str, &str); 1] = [("default_transaction_read_only", "on")];
const MAX_READERS: u32 = 4;

#[cfg(test)]
mod tests {
    use ::tests::Database;
    use sqlx::SqlSafeStr;
    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (text, shown) in [
            (
                "postgres://ada:hunter2@db.example.org/usher",
                "postgres://ada@db.example.org:5432/usher",
            ),
            (
                "postgresql://ada@10.0.0.7:6543/club?password=hunter2",
                "postgres://ada@10.0.0.7:6543/club",
            ),
            (
                "postgres://ada:hunter2@localhost?host=/run/postgresql",
                "postgres://ada@/run/postgresql/ada",
            ),
        ] {
            let url: PostgresUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("PostgresUrl({shown})"));
        }
    }

    #[test]
    fn what_is_no_postgres_url_is_not_quoted() {
        for text in ["", "club.db", "mysql://ada:hunter2@host/usher", "postgres://ada:hunter2@:x/"]
        {
            assert_eq!(text.parse::<PostgresUrl>().unwrap_err(), BadUrl);
        }
        assert!(!BadUrl.to_string().contains("hunter2"));
    }

    #[tokio::test]
    async fn a_commit_is_synced_and_a_reader_can_not_write() {
        let database = Database::make();
        let store = Postgres::open(&database.url().parse().unwrap()).await.unwrap();
        let text = |row: &dyn Row| row.text(0).map(str::to_owned);
        let mut writer = store.writer().await.unwrap();
        let mode = writer.one("SHOW synchronous_commit", &[], text).await.unwrap();
        assert_eq!(mode.as_deref(), Some("on"));
        let mut reader = store.reader().await.unwrap();
        let refused = reader.execute("UPDATE member SET tier = 'fan'", &[]).await.unwrap_err();
        assert!(refused.to_string().contains("read-only"), "{refused}");
    }

    #[tokio::test]
    async fn a_database_that_can_not_store_every_text_is_refused() {
        let database = Database::make();
        let url = database.url();
        let (before, name) = url.split_once("localhost/").unwrap();
        let (name, after) = name.split_once('?').unwrap();
        let latin = format!("{name}_latin");
        database.ask(&format!(
            "CREATE DATABASE {latin} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' \
             TEMPLATE template0"
        ));
        let url = format!("{before}localhost/{latin}?{after}");
        let refused = Postgres::open(&url.parse().unwrap()).await.unwrap_err();
        assert!(refused.to_string().contains("its encoding is LATIN1: make one"), "{refused}");
    }

    #[tokio::test]
    async fn an_older_binary_refuses_a_newer_schema() {
        let database = Database::make();
        let url = database.url().parse().unwrap();
        let sql = "".into_sql_str();
        let future = Migration::new(99, "future".into(), MigrationType::Simple, sql, false);
        let steps = migrations::postgres().iter().cloned().chain([future]).collect();
        drop(Postgres::open_with(&url, &Migrator::with_migrations(steps)).await.unwrap());

        let refused = Postgres::open(&url).await.unwrap_err();
        assert!(matches!(refused.reason, OpenReason::Newer { found: 99, .. }), "{refused}");
    }

    #[tokio::test]
    async fn who_looks_makes_no_club() {
        let database = Database::make();
        let url = database.url().parse().unwrap();
        for _ in 0..2 {
            let refused = Postgres::look(&url).await.unwrap_err();
            assert!(matches!(refused.reason, OpenReason::Bare), "{refused}");
        }
        let one = migrations::postgres().iter().take(1).cloned().collect();
        drop(Postgres::open_with(&url, &Migrator::with_migrations(one)).await.unwrap());
        let refused = Postgres::look(&url).await.unwrap_err();
        assert!(matches!(refused.reason, OpenReason::Older { found: 1, .. }), "{refused}");

        drop(Postgres::open(&url).await.unwrap());
        let store = Postgres::look(&url).await.unwrap();
        let mut writer = store.writer().await.unwrap();
        assert!(writer.execute("DELETE FROM audit", &[]).await.is_err());
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let url =
            format!("postgres://ada:hunter2@localhost/usher?host={}", folder.path().display());
        let refused = Postgres::open(&url.parse().unwrap()).await.unwrap_err().to_string();
        assert!(refused.starts_with("open the database postgres://ada@/"), "{refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
