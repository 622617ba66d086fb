//! The limits that every HTTP listener keeps to.

use std::time::Duration;

/// The header in which proxies say whom they speak for.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// A client that has not sent its whole request by then is cut off; so is a TLS handshake.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// The least that hyper takes. A scrape of 74 hashes, each byte percent-coded, stays under it.
pub const MAX_REQUEST_BYTES: usize = 8192;
/// Headers of one request.
pub const MAX_HEADERS: usize = 32;
/// How long a connection may say nothing between two requests.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long open requests may take once the daemon is told to stop.
pub const DRAIN: Duration = Duration::from_secs(5);
/// Bytes of answers that wait for a client to read them before its further requests are answered.
pub const MAX_UNSENT_BYTES: usize = 64 << 10;
