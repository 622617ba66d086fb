//! What the publisher's own copy sent, on its way from the streams to the books.
//!
//! These are differences: what the store did not take goes back to be tried again, and a crash loses
//! what was sent since the last round.

use std::sync::Arc;

use arc_swap::ArcSwap;
use club::Club;
use listen::clock::Clock;
use tokio::sync::watch;
use tokio::time::sleep;
use web::seed::WebSeed;

use crate::config::Config;
use crate::serve::flows::Flows;

/// Writes the counts again and again until `stop` changes, and then once more.
pub(crate) async fn keep(
    web_seed: Arc<WebSeed>,
    club: Arc<Club>,
    flows: Arc<Flows>,
    clock: Clock,
    config: Arc<ArcSwap<Config>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut failing = false;
    loop {
        let period = config.load().tracker.flush_interval;
        let stopped = tokio::select! {
            () = sleep(period) => false,
            _ = stop.changed() => true,
        };
        let served = web_seed.served_bytes.take(clock.now().unix / DAY_SECS);
        if !served.is_empty() {
            let written = club.add_served(served.clone()).await;
            match written {
                Ok(()) => {
                    failing = false;
                    served.iter().for_each(|count| flows.served(count.item, count.bytes));
                }
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, "what was served cannot be written: it waits");
                    }
                    failing = true;
                    for count in served {
                        web_seed.served_bytes.add(count.item, count.member, count.bytes);
                    }
                }
            }
        }
        if stopped {
            return;
        }
    }
}

const DAY_SECS: u32 = 86_400;
