//! What the tracker is doing: swarms, announces, sums and alerts.

mod alert;
mod swarm;

pub(crate) use alert::ALERT;
pub use alert::AlertCommand;
pub(crate) use swarm::{STATS, SWARM, WHY, stats, swarm, why};
