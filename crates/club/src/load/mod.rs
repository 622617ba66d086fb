//! Reading the store into memory: at the start, after other processes wrote, and erasure.

pub(crate) mod entitlements;
pub(crate) mod erase;
pub(crate) mod replication;
pub(crate) mod restore;
pub(crate) mod standings;
pub(crate) mod startup;
pub(crate) mod verify;
