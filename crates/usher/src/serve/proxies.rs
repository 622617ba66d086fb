//! Says what is wrong with proxies: in the log, by an alert, and to whoever asks for statistics.

use std::sync::Arc;
use std::time::Duration;

use club::{AlertKind, Club, NewAlert};
use listen::context::ListenContext;
use listen::proxy_watch::ProxyReport;
use tokio::sync::watch;
use tokio::time::sleep;
use tracker::Via;

/// Looks every few seconds at what the listeners noticed. One alert names all proxies, so that no number of them
/// can fill the list.
pub(crate) async fn watch(
    shared: Arc<ListenContext>,
    club: Arc<Club>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = sleep(PACE) => {}
            _ = stop.changed() => return,
        }
        let now = shared.clock.now();
        let announces = || shared.tracker.counted().announces(Via::Http);
        let reports = shared.proxy_watch.judge(now.secs, &shared.proxies.load(), announces);
        for ProxyReport { finding, .. } in reports.iter().filter(|report| report.is_new) {
            tracing::warn!("{finding}");
        }
        if reports.is_empty() {
            continue;
        }
        let (kind, evidence) = (AlertKind::Proxy, evidence(&shared));
        let alert = NewAlert { kind, member: None, item: None, evidence };
        if let Err(error) = club.raise(now.unix, vec![alert]).await {
            tracing::debug!(%error, "an alert about a proxy could not be kept; the log has it");
        }
    }
}

/// What `usher stats` shows.
pub(crate) fn faults(shared: &Arc<ListenContext>) -> Box<dyn Fn() -> Vec<String> + Send + Sync> {
    let shared = Arc::clone(shared);
    Box::new(move || shared.proxy_watch.findings().iter().map(ToString::to_string).collect())
}

/// The first proxies, as many as an alert has room for, and how many more there are.
fn evidence(shared: &ListenContext) -> String {
    let findings = shared.proxy_watch.findings();
    let shown: Vec<_> = findings.iter().take(SHOWN).map(ToString::to_string).collect();
    match findings.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more (`usher stats`)", shown.join("; ")),
    }
}

const PACE: Duration = Duration::from_secs(2);
/// Proxies whose text fits into the evidence of an alert.
const SHOWN: usize = 2;
