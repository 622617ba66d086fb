//! Forgets, now and then, which visitors sent forms of late.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use web::site::Site;

/// Keeps the tables of the site's rate limits small until `stop` changes.
pub(crate) async fn forget_idle(site: Arc<Site>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = sleep(INTERVAL) => site.limits.forget_idle(),
            _ = stop.changed() => return,
        }
    }
}

const INTERVAL: Duration = Duration::from_secs(60);
