//! What the tracker is doing: swarms, announces, sums and alerts.

mod alert;
mod stats;
mod swarm;

pub(crate) use alert::ALERT;
pub use alert::AlertCommand;
pub(crate) use stats::{STATS, stats};
pub(crate) use swarm::{SWARM, WHY, swarm, why};
