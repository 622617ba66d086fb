//! Gives memory back to the system once clients let go of it.
//!
//! What many connections held at once lies scattered over the heap when they have ended, and malloc keeps all
//! of it below what is in use still: 4,000 endless webhooks left 46 MiB behind. Looking for free pages takes
//! malloc's lock, so it is done only after a peak.

use std::sync::Arc;
use std::time::Duration;

use listen::context::ListenContext;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::heap;

/// Trims the heap after each peak of what clients hold, until `stop` changes.
pub(crate) async fn trim_after_peaks(context: Arc<ListenContext>, mut stop: watch::Receiver<bool>) {
    let mut peak = Peak::default();
    loop {
        tokio::select! {
            () = sleep(INTERVAL) => {}
            _ = stop.changed() => return,
        }
        let connections = context.announces.open() + context.site.open();
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let held =
            connections.saturating_mul(CONNECTION_BYTES).saturating_add(context.bytes.used());
        if peak.is_over(held) {
            let _ = spawn_blocking(heap::trim).await;
        }
    }
}

/// The most bytes that clients held since the heap was trimmed.
#[derive(Default)]
struct Peak(usize);

impl Peak {
    /// Whether half of a peak that is worth a trim was let go of.
    fn is_over(&mut self, held: usize) -> bool {
        let is_over = self.0 >= WORTHWHILE_BYTES && held <= self.0 / 2;
        self.0 = if is_over { held } else { self.0.max(held) };
        is_over
    }
}

const INTERVAL: Duration = Duration::from_secs(5);
/// What a connection takes beside its share of the byte budget: its task and what hyper or TLS keeps.
const CONNECTION_BYTES: usize = 8 << 10;
const WORTHWHILE_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fall_from_a_peak_is_worth_a_trim() {
        let mut peak = Peak::default();
        let steps = [0, 5, 2, 20, 11, 10, 9, 5, 2, 0].map(|mib| peak.is_over(mib << 20));
        assert_eq!(steps, [false, false, false, false, false, true, false, true, false, false]);
    }
}
