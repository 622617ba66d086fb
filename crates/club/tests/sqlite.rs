//! Every fact of the suite, on SQLite in a file of its own.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::sync::Arc;

use club::{Sqlite, Store};
use tempfile::TempDir;
use tokio::runtime::Builder;

mod suite;

suite::facts!(crate::fresh);

#[test]
fn the_books_are_those_of_a_simple_model_10_000_times() {
    in_quarters(async |store| suite::model::check_cases(store, 2_500).await);
}

#[test]
fn each_of_10_000_vouchers_is_redeemed_once_under_32_at_once() {
    in_quarters(async |store| suite::vouchers::check_redeemed_once(store, 2_500).await);
}

/// A quarter of the cases in each of four databases at once, in memory: they are not about disks.
fn in_quarters(check: impl AsyncFn(Arc<dyn Store>) + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut runtime = Builder::new_multi_thread();
                let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
                runtime.block_on(async {
                    let (_folder, store) = in_memory().await;
                    check(store).await;
                });
            });
        }
    });
}

async fn fresh() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("club.db")).await.unwrap();
    (folder, Arc::new(store))
}

/// In a folder whose syncs cost nothing, where there is one.
async fn in_memory() -> (TempDir, Arc<dyn Store>) {
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    let store = Sqlite::open(&folder.path().join("club.db")).await.unwrap();
    (folder, Arc::new(store))
}
