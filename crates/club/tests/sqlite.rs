//! Every fact of the suite, on SQLite in a file of its own.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use club::{Sqlite, Store};
use tempfile::TempDir;

mod suite;

suite::facts!(crate::fresh);

/// Fifty times the suite's 200, each on a database of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes minutes"]
async fn the_books_are_those_of_a_simple_model_10_000_times() {
    for _ in 0..50 {
        let (_folder, store) = fresh().await;
        suite::model::the_books_are_those_of_a_simple_model(store).await;
    }
}

async fn fresh() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("club.db")).await.unwrap();
    (folder, Arc::new(store))
}
