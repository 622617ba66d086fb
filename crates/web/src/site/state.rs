//! What the site stands on.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use club::Club;
use policy::Keyring;
use tracker::{Now, Tracker};

use super::masthead::Masthead;
use crate::catalog::PublicUrls;
use crate::http::TimeSource;

/// What every page, feed and hook may use.
pub struct Site {
    /// The durable truth.
    pub club: Arc<Club>,
    /// Judges who may have what.
    pub tracker: Arc<Tracker>,
    /// Issues and verifies the secrets that URLs hold.
    pub keyring: Arc<Keyring>,
    urls: ArcSwap<PublicUrls>,
    masthead: ArcSwap<Masthead>,
    clock: TimeSource,
}

impl Site {
    /// Joins the parts.
    pub fn new(
        club: Arc<Club>,
        tracker: Arc<Tracker>,
        keyring: Arc<Keyring>,
        urls: PublicUrls,
        clock: TimeSource,
    ) -> Self {
        Self {
            club,
            tracker,
            keyring,
            urls: ArcSwap::from_pointee(urls),
            masthead: ArcSwap::from_pointee(Masthead::default()),
            clock,
        }
    }

    /// Replaces the URLs, after a reload of the configuration.
    pub fn set_urls(&self, urls: PublicUrls) {
        self.urls.store(Arc::new(urls));
    }

    /// Calls the publisher otherwise from now on.
    pub fn set_masthead(&self, masthead: Masthead) {
        self.masthead.store(Arc::new(masthead));
    }

    pub(super) fn masthead(&self) -> Arc<Masthead> {
        self.masthead.load_full()
    }

    /// Where the publisher can be reached now.
    pub fn urls(&self) -> Arc<PublicUrls> {
        self.urls.load_full()
    }

    /// The time.
    pub fn now(&self) -> Now {
        (self.clock)()
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").finish_non_exhaustive()
    }
}
