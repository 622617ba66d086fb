//! The schema of each database, brought up to this version step by step.
//!
//! Forward only: a migration that was released is never edited. Each is written for both databases,
//! which must end with the same tables and columns.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::store::sql::{Connection, SqlResult};

/// All migrations, in SQLite's words.
pub(crate) fn sqlite() -> Migrator {
    migrator(|step| step.sqlite)
}

/// All migrations, in PostgreSQL's words.
pub(crate) fn postgres() -> Migrator {
    migrator(|step| step.postgres)
}

/// The newest version that this binary knows.
pub(crate) fn newest() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or(0)
}

/// The newest version that was applied to a database with a table of migrations: 0 where none was.
pub(crate) async fn applied(db: &mut dyn Connection) -> SqlResult<i64> {
    let sql = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    Ok(db.one(sql, &[], |row| row.number(0)).await?.unwrap_or(0))
}

fn migrator(sql: fn(&Step) -> &'static str) -> Migrator {
    let migration = |step: &Step| {
        let (title, sql) = (step.title.into(), sql(step).into_sql_str());
        Migration::new(step.version, title, MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(STEPS.iter().map(migration).collect())
}

struct Step {
    version: i64,
    title: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// A step is a file of the same name for each database.
macro_rules! step {
    ($version:literal, $title:literal, $file:literal) => {
        Step {
            version: $version,
            title: $title,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $file)),
            postgres: include_str!(concat!("../../migrations/postgres/", $file)),
        }
    };
}

const STEPS: &[Step] = &[
    step!(1, "club", "0001_club.sql"),
    step!(2, "money", "0002_money.sql"),
    step!(3, "payments", "0003_payments.sql"),
    step!(4, "prices", "0004_prices.sql"),
    step!(5, "standing", "0005_standing.sql"),
    step!(6, "goods", "0006_goods.sql"),
    step!(8, "alias", "0008_alias.sql"),
    step!(9, "repayments", "0009_repayments.sql"),
    step!(10, "rights", "0010_rights.sql"),
    step!(11, "secret mark", "0011_secret_mark.sql"),
];

#[cfg(test)]
mod tests {
    use ::tests::Database;

    use super::*;
    use crate::store::database::Store;
    use crate::store::postgres::Postgres;
    use crate::store::sql::{Row, Value};
    use crate::store::sqlite::Sqlite;

    #[tokio::test]
    async fn orders_of_before_saved_what_prices_say_and_revoked_rights_stay_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("club.db");
        fill(&Sqlite::open_with(&path, &before(10, &sqlite())).await.unwrap()).await;
        check(&Sqlite::open(&path).await.unwrap()).await;

        let database = Database::make();
        let url = database.url().parse().unwrap();
        fill(&Postgres::open_with(&url, &before(10, &postgres())).await.unwrap()).await;
        check(&Postgres::open(&url).await.unwrap()).await;
    }

    fn before(version: i64, all: &Migrator) -> Migrator {
        let older = all.iter().filter(|step| step.version < version);
        Migrator::with_migrations(older.cloned().collect())
    }

    async fn fill(store: &dyn Store) {
        let mut db = store.writer().await.unwrap();
        for sql in OLDER {
            db.execute(sql, &[]).await.unwrap();
        }
        let journal = "INSERT INTO journal (id, key, request_hash, kind, at, who, memo) \
                       VALUES ($1, $2, $3, '', 0, '', '')";
        let order = "INSERT INTO orders (id, member, item, way, currency, price, discount, amount, \
                     tax, credit, journal, created, refunded) \
                     VALUES ($1, 1, $2, $3, $4, $5, 0, $5, 0, 0, $1, 0, $6)";
        for (id, (item, way, currency, amount, refunded, _)) in (1_u32..).zip(ORDERS) {
            let key = id.to_string();
            let values = [id.into(), key.as_str().into(), Value::Bytes(&[0; 32])];
            db.execute(journal, &values).await.unwrap();
            let refunded = refunded.then_some(1_u32).into();
            let values =
                [id.into(), item.into(), way.into(), currency.into(), amount.into(), refunded];
            db.execute(order, &values).await.unwrap();
        }
    }

    async fn check(store: &dyn Store) {
        let mut db = store.reader().await.unwrap();
        let sql = "SELECT saved, revoked FROM orders ORDER BY id";
        let read = |row: &dyn Row| Ok((row.number::<u32>(0)?, row.optional::<u32>(1)?));
        let found = db.all(sql, &[], read).await.unwrap();
        let saved: Vec<_> = found.iter().map(|(saved, _)| *saved).collect();
        assert_eq!(saved, ORDERS.map(|order| order.5));
        let revoked: Vec<_> = found.iter().filter_map(|(_, revoked)| *revoked).collect();
        assert_eq!((revoked.as_slice(), found[0].1), ([7].as_slice(), Some(7)));
    }

    const OLDER: [&str; 3] = [
        "INSERT INTO member (id, name, tier, state, generation, created) \
         VALUES (1, 'ada', 'fan', 'active', 0, 0)",
        "INSERT INTO item (id, name, title, policy, private, removed, created, currency, \
         torrent_price, direct_price) VALUES (1, 'reel', '', '', 1, 0, 0, 'usd', 225, 300), \
         (2, 'off', '', '', 1, 0, 0, NULL, NULL, NULL)",
        "INSERT INTO entitlement (item, member, generation, source, granted, revoked, ended) \
         VALUES (1, 1, 0, 'order 1', 0, 7, 'revoked'), (2, 1, 0, 'order 8', 0, NULL, NULL)",
    ];
    /// The item, the way, currency and amount, whether it was paid back, and what it saved.
    const ORDERS: [(u32, &str, &str, u32, bool, u32); 9] = [
        (1, "torrent", "usd", 225, false, 75),
        (1, "torrent", "usd", 200, true, 75),
        (1, "torrent", "usd", 250, true, 50),
        (1, "torrent", "usd", 20, true, 20),
        (1, "torrent", "usd", 400, true, 0),
        (1, "torrent", "usd", 0, true, 0),
        (1, "direct", "usd", 200, true, 0),
        (2, "torrent", "usd", 225, false, 0),
        (1, "torrent", "eur", 225, true, 0),
    ];
}
