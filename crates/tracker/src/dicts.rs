//! Replies for the few clients that want peers as dictionaries (`compact=0`).

use std::collections::HashMap;
use std::net::IpAddr;

use swarm::Endpoint;
use wire::http::encode_announce_dicts;
use wire::{Announce, AnnounceReply, PeerId};

use crate::tracker::Tracker;

impl Tracker {
    /// Appends a reply with its peers as dictionaries (BEP 3).
    ///
    /// Peer ids are left out where the client does not want them, in swarms that are no item's, and
    /// where there are more than ten thousand sessions: they are found by a pass over all.
    pub fn encode_dicts(&self, announce: &Announce, reply: &AnnounceReply<'_>, out: &mut Vec<u8>) {
        let peer_ids = if announce.no_peer_id { HashMap::new() } else { self.peer_ids(announce) };
        let peer_id_of = |ip: IpAddr, port| peer_ids.get(&Endpoint::new(ip, port)).copied();
        encode_announce_dicts(reply, peer_id_of, out);
    }

    /// The peer id at each endpoint of an item's swarm.
    fn peer_ids(&self, announce: &Announce) -> HashMap<Endpoint, PeerId> {
        let mut peer_ids = HashMap::new();
        let item = self.item_of(self.swarms.find(&announce.info_hash).tag());
        if let Some((id, _)) = item
            && self.sessions.len() <= MAX_SESSIONS
        {
            self.sessions.for_each(|session| {
                if session.item() == id {
                    peer_ids.extend(session.endpoints().map(|own| (own, session.peer_id)));
                }
            });
        }
        peer_ids
    }
}

/// Some 50 us of looking, which anybody can ask for.
const MAX_SESSIONS: usize = 10_000;
