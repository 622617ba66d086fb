//! What a run asks of its clients, whatever the transport.

use std::time::Instant;

use crate::tally::LoadTally;

/// The clients of one thread.
pub(crate) trait ClientPool {
    /// Takes what has come and, while `asking`, sends what is due; says whether there was anything.
    fn pass(&mut self, now: Instant, asking: bool) -> bool;
    /// Whether all who announce once have done so, and were answered.
    fn is_done(&self) -> bool;
    /// How many requests are out.
    fn out(&self) -> usize;
    /// What was seen so far.
    fn tally(&mut self) -> &mut LoadTally;
    /// What was seen.
    fn into_tally(self) -> LoadTally;
}
