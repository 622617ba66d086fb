//! What the site stands on.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use club::{Club, Member, Stamp};
use policy::Keyring;
use tracker::{Now, Tracker};

use super::masthead::Masthead;
use super::pages::{Appearance, Look};
use super::taken::TakenCache;
use crate::catalog::PublicUrls;
use crate::http::{RateLimits, TimeSource, TokenLimits};
use crate::mail::Mailer;
use crate::pay::Payments;

/// What every page, feed and hook may use.
pub struct Site {
    /// The durable truth.
    pub club: Arc<Club>,
    /// Judges who may have what.
    pub tracker: Arc<Tracker>,
    /// Issues and verifies the secrets that URLs hold.
    pub keyring: Arc<Keyring>,
    /// How often one network, or one account, may do what costs or what could be a guess.
    pub limits: RateLimits,
    /// How often a member's program may ask for the member's numbers.
    pub(super) token_limits: TokenLimits,
    /// What members took of items, for their pages.
    pub(super) taken: TakenCache,
    urls: ArcSwap<PublicUrls>,
    masthead: ArcSwap<Masthead>,
    look: ArcSwap<Look>,
    clock: TimeSource,
    mailer: Option<Arc<Mailer>>,
    payments: Option<Arc<Payments>>,
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
        let masthead = Masthead::default();
        let look = Look::new(Appearance::default(), &masthead, &urls);
        Self {
            club,
            tracker,
            keyring,
            limits: RateLimits::new(),
            token_limits: TokenLimits::new(1),
            taken: TakenCache::default(),
            urls: ArcSwap::from_pointee(urls),
            masthead: ArcSwap::from_pointee(masthead),
            look: ArcSwap::from_pointee(look),
            clock,
            mailer: None,
            payments: None,
        }
    }

    /// With a mailer, where the site mails links.
    #[must_use]
    pub fn with_mailer(self, mailer: Arc<Mailer>) -> Self {
        Self { mailer: Some(mailer), ..self }
    }

    /// Whether mail is sent.
    pub(super) fn has_mail(&self) -> bool {
        self.mailer.as_ref().is_some_and(|mailer| mailer.is_on())
    }

    /// For the record of a change that somebody makes.
    pub(super) fn stamp(&self, who: &str) -> Stamp {
        Stamp { who: who.to_owned(), now_unix: self.now().unix }
    }

    /// For what a member does: by number, because records outlast the name of a member who is erased.
    pub(super) fn stamp_of(&self, member: &Member) -> Stamp {
        self.stamp(&format!("member {}", member.id))
    }

    /// With payment providers, where there are any to pay at.
    #[must_use]
    pub fn with_payments(self, payments: Arc<Payments>) -> Self {
        Self { payments: Some(payments), ..self }
    }

    pub(super) fn payments(&self) -> Option<&Payments> {
        self.payments.as_deref()
    }

    /// Has another URL, name and appearance from now on, after a reload of the configuration.
    pub fn set_face(&self, urls: PublicUrls, masthead: Masthead, appearance: Appearance) {
        self.look.store(Arc::new(Look::new(appearance, &masthead, &urls)));
        self.urls.store(Arc::new(urls));
        self.masthead.store(Arc::new(masthead));
    }

    pub(super) fn masthead(&self) -> Arc<Masthead> {
        self.masthead.load_full()
    }

    pub(crate) fn look(&self) -> Arc<Look> {
        self.look.load_full()
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
