//! The schemas of both databases have the same tables, columns and indexes, but for the index of words.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use club::{Postgres, Sqlite, Store};
use tests::Database;

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&folder.path().join("club.db")).await.unwrap();
    let database = Database::make();
    let postgres = Postgres::open(&database.url().parse().unwrap()).await.unwrap();

    assert_eq!(lines(&postgres, POSTGRES_COLUMNS).await, lines(&sqlite, SQLITE_COLUMNS).await);
    assert_eq!(lines(&postgres, POSTGRES_INDEXES).await, lines(&sqlite, SQLITE_INDEXES).await);
}

/// A table's column each, sorted.
async fn lines(store: &dyn Store, sql: &'static str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut db = store.reader().await.unwrap();
    db.visit(sql, &[], &mut |row| {
        lines.push(row.text(0)?.to_owned());
        Ok(())
    })
    .await
    .unwrap();
    lines.sort();
    assert!(!lines.is_empty());
    lines
}

/// What SQLite's tables have, in PostgreSQL's words.
const SQLITE_COLUMNS: &str = "SELECT tables.name || '.' || columns.name || ' ' \
     || CASE columns.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' \
     ELSE lower(columns.type) END \
     || CASE WHEN columns.\"notnull\" OR columns.pk THEN ' not null' ELSE '' END \
     FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns \
     WHERE tables.type = 'table' AND tables.name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
     AND tables.name NOT LIKE 'sqlite%' AND tables.name NOT LIKE 'item_search%'";
const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name || ' ' || data_type \
     || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END \
     FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' \
     AND table_name <> 'item_search'";

/// Those of a constraint are named otherwise in each.
const SQLITE_INDEXES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
const POSTGRES_INDEXES: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' \
     AND tablename <> 'item_search' AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)";
