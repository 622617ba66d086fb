//! Who is in sight: how each member's passkey is used now, and of what strangers take.
//!
//! Costs a pass over all sessions; nothing of it is on the announce path.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use policy::{ItemId, MemberId};

use crate::client::client_name;
use crate::tracker::Tracker;

/// What a pass over all sessions sees.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PresenceReport {
    /// Members whose clients are there.
    pub members: BTreeMap<MemberId, MemberPresence>,
    /// ItemTable of which people without a passkey take something.
    pub taken_by_strangers: BTreeSet<ItemId>,
}

/// How a member's passkey is used.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MemberPresence {
    /// Clients, one for each address and port, whatever the number of items; IPv4 alone where a
    /// client has both. At most 64.
    pub clients: BTreeSet<SocketAddr>,
    /// Addresses, and what the client there calls itself. At most 64.
    pub addresses: BTreeSet<(IpAddr, String)>,
}

impl Tracker {
    /// Looks at all sessions.
    pub fn sight(&self) -> PresenceReport {
        let mut sight = PresenceReport::default();
        self.sessions.for_each(|session| {
            let Some(member) = session.id().member else {
                if session.left() != Some(0) {
                    sight.taken_by_strangers.insert(session.item());
                }
                return;
            };
            let presence = sight.members.entry(member).or_default();
            for (place, own) in session.endpoints().enumerate() {
                if place == 0 && presence.clients.len() < MOST {
                    presence.clients.insert(SocketAddr::new(own.ip(), own.port()));
                }
                if presence.addresses.len() < MOST {
                    presence.addresses.insert((own.ip(), client_name(&session.peer_id)));
                }
            }
        });
        sight
    }
}

const MOST: usize = 64;
