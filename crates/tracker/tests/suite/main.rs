//! The whole line of an announce, without sockets.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod announce;
mod changes;
mod crowds;
mod families;
mod fixture;
mod flood;
