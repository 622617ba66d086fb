//! Who makes a change, and when.

use crate::values::error::Error;

/// Who makes a change, and when.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// A name for the record: `admin`, a provider's, a member's.
    pub who: String,
    /// Unix seconds.
    pub now_unix: u32,
}

impl Stamp {
    /// A change that the daemon makes of itself.
    pub(crate) fn of_daemon(now_unix: u32) -> Self {
        Self { who: "usher".to_owned(), now_unix }
    }

    /// Refuses an end that is not after this change.
    pub(crate) fn check_future(&self, until: Option<u32>) -> Result<(), Error> {
        match until {
            Some(until) if until <= self.now_unix => Err(Error::Ended { until }),
            _ => Ok(()),
        }
    }
}
