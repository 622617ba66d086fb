//! What the publisher's URLs begin with.

use policy::TierId;

/// Where the publisher can be reached, and which URLs are in use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicUrls {
    /// What the site's URLs begin with, without a last `/`.
    pub site: String,
    /// What members' announce URLs begin with; `/` and the passkey follow.
    pub announce: String,
    /// The tiers that the web seed serves. If outsiders are among them, everybody is served free items.
    pub web_seed_tiers: Vec<TierId>,
}

impl PublicUrls {
    /// Whether the web seed serves a tier.
    pub(super) fn has_web_seed(&self, tier: TierId) -> bool {
        self.web_seed_tiers.contains(&tier)
    }
}
