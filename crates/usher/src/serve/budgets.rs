//! What the budgets of memory hold, and a word in the log where one of them is reached.

use std::sync::Arc;
use std::time::Duration;

use api::stats::MemoryUse;
use bytesize::ByteSize;
use listen::admission::ByteBudget;
use listen::context::ListenContext;
use listen::shortage::Shortage;
use tokio::sync::watch;
use tokio::time::sleep;
use tracker::Tracker;

/// What connections hold.
pub(crate) fn of_buffers(budget: &ByteBudget) -> MemoryUse {
    let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    MemoryUse { held: bytes(budget.used()), max: bytes(budget.max()), refused: budget.cut_offs() }
}

/// What swarms and sessions hold.
pub(crate) fn of_swarms(tracker: &Tracker) -> MemoryUse {
    let memory = tracker.memory();
    MemoryUse { held: memory.used(), max: memory.max(), refused: memory.refused() }
}

/// Says in the log that a budget is reached, at most once a minute for each, until `stop` changes.
///
/// It looks at the counters, so that whoever is refused pays for one addition and no more.
pub(crate) async fn warn_at_maximum(context: Arc<ListenContext>, mut stop: watch::Receiver<bool>) {
    let (mut swarms, mut buffers) = (Growth::default(), Growth::default());
    loop {
        tokio::select! {
            () = sleep(INTERVAL) => {}
            _ = stop.changed() => return,
        }
        let now_secs = context.clock.now().secs;
        let used = of_swarms(&context.tracker);
        if let Some(refused) = swarms.news(used.refused, now_secs) {
            tracing::warn!(
                refused,
                max = %ByteSize::b(used.max).display().iec(),
                "swarms and sessions have reached their maximum memory: new peers of torrents that are no \
                 items are refused; raise tracker.limits.max_memory_mib where that is not an attack"
            );
        }
        let used = of_buffers(&context.bytes);
        if let Some(refused) = buffers.news(used.refused, now_secs) {
            tracing::warn!(
                refused,
                max = %ByteSize::b(used.max).display().iec(),
                "clients' buffers have reached their maximum memory, or one network its eighth of it: \
                 connections were cut off or answered with 503; raise tracker.limits.buffer_memory where that \
                 is not an attack"
            );
        }
    }
}

/// A counter that is told of while it grows.
#[derive(Default)]
struct Growth {
    told: u64,
    shortage: Shortage,
}

impl Growth {
    /// By how much the counter grew since it was last told of; nothing where it did not, or it was told of a
    /// moment ago.
    fn news(&mut self, count: u64, now_secs: u32) -> Option<u64> {
        let more = count.saturating_sub(self.told);
        if more == 0 || !self.shortage.is_news(now_secs) {
            return None;
        }
        self.told = count;
        Some(more)
    }
}

const INTERVAL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_of_at_most_once_a_minute() {
        let mut growth = Growth::default();
        let steps = [(0, 0), (3, 1), (5, 2), (9, 60), (9, 61), (9, 130), (10, 131)];
        let told = steps.map(|(count, now_secs)| growth.news(count, now_secs));
        assert_eq!(told, [None, Some(3), None, None, Some(6), None, Some(1)]);
    }
}
