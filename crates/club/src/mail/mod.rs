//! Mail: committed with what it reports, and sent later by whoever has a server.

pub(crate) mod delivery;
pub(crate) mod queue;
pub(crate) mod report;
