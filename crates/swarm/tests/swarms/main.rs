//! The directory of swarms from outside.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that fails panics")]

mod addresses;
mod announce;
mod common;
mod listing;
mod memory;
mod shares;
