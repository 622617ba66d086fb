//! What the publisher's URLs begin with.

/// Where the publisher can be reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicUrls {
    /// What the site's URLs begin with, without a last `/`.
    pub site: String,
    /// What members' announce URLs begin with; `/` and the passkey follow.
    pub announce: String,
    /// Whether strangers are served free items by the web seed.
    pub open_web_seed: bool,
}
