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
        if peak.is_due(held) {
            let _ = spawn_blocking(heap::trim).await;
        }
    }
}

/// The fall from a peak of what clients hold: the bytes at which the heap is trimmed next, or 0 after its end.
#[derive(Default)]
struct Peak(usize);

impl Peak {
    /// Whether to trim now that clients hold `held` bytes: once half of a peak that is worth it was let go
    /// of, and at each half of the rest until little is left.
    ///
    /// The last step matters. What is freed after a trim stays where it is until the next one, and on a busy
    /// machine the first one may come while a quarter of the connections are still open.
    fn is_due(&mut self, held: usize) -> bool {
        if held >= WORTHWHILE_BYTES {
            self.0 = self.0.max(held / 2);
        }
        let is_due = self.0 > 0 && held <= self.0;
        if is_due {
            self.0 = if held <= LITTLE_BYTES { 0 } else { LITTLE_BYTES.max(held / 2) };
        }
        is_due
    }
}

const INTERVAL: Duration = Duration::from_secs(5);
/// What a connection takes beside its share of the byte budget: its task and what hyper or TLS keeps.
const CONNECTION_BYTES: usize = 8 << 10;
const WORTHWHILE_BYTES: usize = 8 << 20;
/// What is freed below this is not worth another trim.
const LITTLE_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_from_a_peak_is_followed_to_its_end() {
        check(&[0, 5, 2, 7, 0], &[]);
        check(&[20, 11, 10, 9, 6, 5, 3, 2, 1, 0], &[10, 5, 2, 1]);
        // A sample every few seconds sees some of the steps alone.
        check(&[48, 7, 0, 0], &[7, 0]);
        check(&[48, 0, 0], &[0]);
        // What stays is not trimmed again and again, and a second peak is one like the first.
        check(&[48, 7, 7, 6, 48, 7, 0, 7, 0], &[7, 7, 0]);
    }

    /// Asserts at which of some MiB that are held one after another the heap is trimmed.
    #[track_caller]
    fn check(held_mib: &[usize], expected: &[usize]) {
        let mut peak = Peak::default();
        let trimmed = held_mib.iter().copied().filter(|mib| peak.is_due(mib << 20));
        assert_eq!(trimmed.collect::<Vec<_>>(), expected, "{held_mib:?}");
    }
}
