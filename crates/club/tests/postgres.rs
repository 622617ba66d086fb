//! Every fact of the suite, on PostgreSQL in a database of its own.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use club::{Postgres, Store};
use tests::Database;

mod suite;

suite::facts!(crate::fresh);

async fn fresh() -> (Database, Arc<dyn Store>) {
    let database = Database::make();
    let store = Postgres::open(&database.url().parse().unwrap()).await.unwrap();
    (database, Arc::new(store))
}
