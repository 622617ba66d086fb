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
    step!(12, "orders", "0012_orders.sql"),
    step!(13, "catalogue", "0013_catalogue.sql"),
    step!(14, "mail", "0014_mail.sql"),
    step!(15, "sign-ins", "0015_sign_ins.sql"),
    step!(16, "gifts", "0016_gifts.sql"),
    step!(17, "post", "0017_post.sql"),
    step!(18, "carried by item", "0018_carried_item.sql"),
    step!(19, "parts", "0019_parts.sql"),
    step!(20, "tokens", "0020_tokens.sql"),
    step!(21, "lists", "0021_lists.sql"),
    step!(22, "history", "0022_history.sql"),
    step!(23, "webhooks", "0023_webhooks.sql"),
    step!(24, "admins", "0024_admins.sql"),
    step!(26, "words at once", "0026_words_at_once.sql"),
    step!(27, "tier periods", "0027_tier_periods.sql"),
];

#[cfg(test)]
mod tests;
