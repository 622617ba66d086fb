//! Whether a store is sound: its files, its books, and whether all of it can be read.

use crate::admins::admin;
use crate::audit::alert;
use crate::catalog::{goods, item_row};
use crate::history::keep;
use crate::hooks::{queue as webhook_queue, webhook};
use crate::ledger::statement;
use crate::load::startup;
use crate::mail::queue;
use crate::members::member;
use crate::rights::{entitlement, membership};
use crate::sales::{discount, voucher};
use crate::sign_ins::{link, sign_in};
use crate::store::club::Club;
use crate::store::database::{Flaw, Store};
use crate::store::sql::{Reading, SqlResult};
use crate::tokens::{member_token, token};
use crate::traffic::reward;
use crate::values::error::Error;
use crate::values::names::Names;

impl Club {
    /// Whether the store is sound: the database finds nothing wrong with its files, the books
    /// balance, a start can load all of it, and every row of its tables can be read. At most 1000
    /// flaws of each sort. O(store).
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn verify(&self) -> Result<Vec<Flaw>, Error> {
        verify(&**self.store()).await
    }
}

/// As [`Club::verify`], of a store that no daemon need have open.
///
/// # Errors
///
/// The database is unavailable.
pub async fn verify(store: &dyn Store) -> Result<Vec<Flaw>, Error> {
    let mut db = store.reader().await?;
    let mut flaws = store.check(&mut *db).await?;
    flaws.extend(statement::flaws(&mut *db).await?);
    let loaded = startup::check(&mut *db, &Names::default()).await;
    flaws.extend(unreadable("what a start loads", loaded)?);
    for Reading { table, sql, read } in TABLES {
        let rows = db.visit(sql, &[], &mut |row| read(row)).await;
        flaws.extend(unreadable(table, rows)?);
    }
    Ok(flaws)
}

/// The flaw of rows that can't be read. Any other error is the database's.
fn unreadable<T>(place: &str, outcome: SqlResult<T>) -> SqlResult<Option<Flaw>> {
    match outcome {
        Ok(_) => Ok(None),
        Err(error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))) => {
            Ok(Some(Flaw { place: place.to_owned(), what: error.to_string().into() }))
        }
        Err(error) => Err(error),
    }
}

const TABLES: &[Reading] = &[
    admin::READING,
    alert::READING,
    discount::READING,
    entitlement::READING,
    goods::READING,
    keep::READING,
    item_row::READING,
    queue::READING,
    member::READING,
    member_token::READING,
    reward::READING,
    link::READING,
    membership::READING,
    sign_in::READING,
    token::READING,
    voucher::READING,
    webhook::READING,
    webhook_queue::READING,
];
