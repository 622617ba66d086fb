//! Once a second, what the tracker did is taken down, for rates and quantiles of the last minute.

use std::sync::Arc;
use std::time::Duration;

use listen::clock::Clock;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use web::api::Admin;

/// Ticks until `stop` changes.
pub(crate) async fn tick(admin: Arc<Admin>, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = pace.tick() => admin.tick(clock.elapsed()),
            _ = stop.changed() => return,
        }
    }
}

const PACE: Duration = Duration::from_secs(1);
