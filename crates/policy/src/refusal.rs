//! What a person reads in their client when an announce is refused, or let in with a word.
//!
//! A text says what to do next and never holds a secret. `{site}` in it stands for the publisher's
//! address; [`Notices`](crate::Notices) puts it in.

use wire::RetryIn;

/// Why an announce is refused.
///
/// Some are found by [`Authorizer::admit`](crate::Authorizer::admit), the others (of clients and room) where
/// sessions and swarms are kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// The account was closed.
    AccountRemoved,
    /// The account is suspended.
    AccountSuspended,
    /// The client is not on the publisher's list.
    ClientForbidden,
    /// The item's policy is no longer in the configuration.
    ItemClosed,
    /// The passkey was made for another item's torrent.
    KeyOfAnotherItem,
    /// The item is for members, and no passkey was sent.
    MembersOnly,
    /// Swarms and sessions take all the memory that they may.
    MemoryFull,
    /// The right to the item, by tier or by itself, has run out.
    MembershipExpired,
    /// Too many peers of one network are in this swarm.
    NetworkFull,
    /// The member never had a right to the item.
    NotEntitled,
    /// The passkey was rotated, and its grace is over.
    PasskeyReplaced,
    /// The passkey is nobody's.
    PasskeyUnknown,
    /// The port is one that no client should listen on.
    PortForbidden,
    /// The right to the item was taken back.
    RightRevoked,
    /// The swarm is as large as the publisher allows.
    SwarmFull,
    /// The member has too many clients in this swarm.
    TooManyClients,
    /// Nobody offers this torrent here.
    TorrentUnknown,
    /// The tracker has as many swarms as the publisher allows.
    TrackerFull,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::AccountRemoved,
        Self::AccountSuspended,
        Self::ClientForbidden,
        Self::ItemClosed,
        Self::KeyOfAnotherItem,
        Self::MembersOnly,
        Self::MembershipExpired,
        Self::MemoryFull,
        Self::NetworkFull,
        Self::NotEntitled,
        Self::PasskeyReplaced,
        Self::PasskeyUnknown,
        Self::PortForbidden,
        Self::RightRevoked,
        Self::SwarmFull,
        Self::TooManyClients,
        Self::TorrentUnknown,
        Self::TrackerFull,
    ];

    /// The reason's name in metrics and in the API, which never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountRemoved => "account_removed",
            Self::AccountSuspended => "account_suspended",
            Self::ClientForbidden => "client_forbidden",
            Self::ItemClosed => "item_closed",
            Self::KeyOfAnotherItem => "key_of_another_item",
            Self::MembersOnly => "members_only",
            Self::MembershipExpired => "membership_expired",
            Self::MemoryFull => "memory_full",
            Self::NetworkFull => "network_full",
            Self::NotEntitled => "not_entitled",
            Self::PasskeyReplaced => "passkey_replaced",
            Self::PasskeyUnknown => "passkey_unknown",
            Self::PortForbidden => "port_forbidden",
            Self::RightRevoked => "right_revoked",
            Self::SwarmFull => "swarm_full",
            Self::TooManyClients => "too_many_clients",
            Self::TorrentUnknown => "torrent_unknown",
            Self::TrackerFull => "tracker_full",
        }
    }

    /// The text, with `{site}` in it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::AccountRemoved => "this account was closed: ask at {site}",
            Self::AccountSuspended => "this account is suspended: ask at {site}",
            Self::ClientForbidden => "this client is not allowed here: use another one",
            Self::ItemClosed => "this item is closed for now: ask at {site}",
            Self::KeyOfAnotherItem => {
                "this passkey is for another item: get this item's .torrent at {site}"
            }
            Self::MembersOnly => "for members only: join, and get your own .torrent, at {site}",
            Self::MembershipExpired => "membership expired: renew at {site}",
            Self::MemoryFull => "the tracker has no room for more: try again later",
            Self::NetworkFull => "too many peers of your network share this: try again later",
            Self::NotEntitled => "your membership does not include this item: get it at {site}",
            Self::PasskeyReplaced => "this passkey was replaced: get a fresh .torrent at {site}",
            Self::PasskeyUnknown => "unknown passkey: get a fresh .torrent at {site}",
            Self::PortForbidden => {
                "this port is not allowed: set another in your client, such as 51413"
            }
            Self::RightRevoked => "your right to this item was withdrawn: ask at {site}",
            Self::SwarmFull => "too many peers share this already: try again later",
            Self::TooManyClients => "too many of your clients share this item: stop one of them",
            Self::TorrentUnknown => "unknown torrent: see what is offered at {site}",
            Self::TrackerFull => "the tracker is full: try again later",
        }
    }

    /// Whether, and when, a client should try again (BEP 31).
    ///
    /// What a payment or the publisher can put right at any time is worth trying again; what only
    /// another torrent, client or setting puts right is not.
    pub const fn retry_in(self) -> RetryIn {
        match self {
            Self::AccountRemoved
            | Self::ClientForbidden
            | Self::KeyOfAnotherItem
            | Self::MembersOnly
            | Self::PasskeyReplaced
            | Self::PasskeyUnknown
            | Self::PortForbidden => RetryIn::Never,
            Self::MembershipExpired
            | Self::MemoryFull
            | Self::NetworkFull
            | Self::NotEntitled
            | Self::SwarmFull
            | Self::TooManyClients => RetryIn::Minutes(30),
            Self::AccountSuspended
            | Self::ItemClosed
            | Self::RightRevoked
            | Self::TorrentUnknown
            | Self::TrackerFull => RetryIn::Minutes(60),
        }
    }
}

/// What else a client that is let in should know.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Warning {
    /// It announced sooner than it may, and gets no peers this time.
    EarlyAnnounce,
    /// The membership has run out, and its grace will.
    MembershipEnding,
    /// Its address has the maximum number of peers in the swarm: it is served, and given to nobody.
    NotListed,
    /// The passkey was rotated, and answers for a while yet.
    PasskeyReplaced,
    /// It may seed, but has no right to download, and so gets no peers.
    SeedingOnly,
}

impl Warning {
    /// Every warning.
    pub const ALL: [Self; 5] = [
        Self::EarlyAnnounce,
        Self::MembershipEnding,
        Self::NotListed,
        Self::PasskeyReplaced,
        Self::SeedingOnly,
    ];

    /// The text, with `{site}` in it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::EarlyAnnounce => "announced too early: no peers this time",
            Self::MembershipEnding => "membership ending: renew at {site}",
            Self::NotListed => "too many peers at your address: others cannot find you",
            Self::PasskeyReplaced => "passkey replaced: get a fresh .torrent at {site}",
            Self::SeedingOnly => "thank you for seeding; to download, renew at {site}",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_reason_has_a_text_of_its_own() {
        let texts: HashSet<_> = Refusal::ALL.map(Refusal::text).into();
        assert_eq!(texts.len(), Refusal::ALL.len());
        let texts: HashSet<_> = Warning::ALL.map(Warning::text).into();
        assert_eq!(texts.len(), Warning::ALL.len());
    }

    #[test]
    fn texts_are_short() {
        for text in Refusal::ALL.map(Refusal::text) {
            assert!(text.len() <= 80, "{text}");
        }
        for text in Warning::ALL.map(Warning::text) {
            assert!(text.len() <= 64, "{text}");
        }
    }
}
