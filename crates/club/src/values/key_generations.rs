//! The generations of a member's keys to downloads, feeds, logins and the web seed.
//!
//! The passkey's generation is the member's own, and that of a passkey bound to an item the
//! entitlement's. Deliberately absent: the keys, which are derived and not stored.

use policy::Generation;

/// A kind of key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// To torrents and direct downloads.
    Download,
    /// To feeds.
    Feed,
    /// To the member's own pages.
    Login,
    /// To the web seed, in each of the member's torrents.
    WebSeed,
}

/// Which generation of each key is valid. A rotation revokes the generations before it at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyGenerations {
    /// Of the key to torrents and direct downloads.
    pub download: Generation,
    /// Of the key to feeds.
    pub feed: Generation,
    /// Of the key to the member's own pages.
    pub login: Generation,
    /// Of all keys to the web seed.
    pub web_seed: Generation,
}

impl KeyGenerations {
    /// The generation of one key.
    pub const fn of(self, key: Key) -> Generation {
        match key {
            Key::Download => self.download,
            Key::Feed => self.feed,
            Key::Login => self.login,
            Key::WebSeed => self.web_seed,
        }
    }

    pub(crate) fn rotate(&mut self, key: Key) {
        let generation = match key {
            Key::Download => &mut self.download,
            Key::Feed => &mut self.feed,
            Key::Login => &mut self.login,
            Key::WebSeed => &mut self.web_seed,
        };
        *generation = generation.next();
    }
}
