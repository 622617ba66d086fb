//! The one place where this crate reads the clock: a generator measures time, so it must.

use std::time::Instant;

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "everything else takes `now` as an argument")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
