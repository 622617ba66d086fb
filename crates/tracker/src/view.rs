//! What goes on in a swarm, for the publisher's eyes. Costs a pass over all sessions.

use std::collections::HashSet;
use std::net::SocketAddr;

use policy::{ItemId, MemberId, Side};
use swarm::Tick;
use wire::InfoHash;

use crate::Now;
use crate::client::client_name;
use crate::session::{ClientSession, Flag};
use crate::tracker::Tracker;

/// One swarm, or both swarms of a hybrid torrent.
#[derive(Clone, Debug, PartialEq)]
pub struct SwarmView {
    /// Whose swarm it is; `None` for a torrent that is no item.
    pub item: Option<ItemId>,
    /// One info hash, or the two of a hybrid torrent.
    pub info_hashes: Vec<InfoHash>,
    /// Clients with all pieces in the club.
    pub inside_seeders: usize,
    /// Clients with pieces missing in the club.
    pub inside_leechers: usize,
    /// Clients with all pieces outside.
    pub outside_seeders: usize,
    /// Clients with pieces missing outside.
    pub outside_leechers: usize,
    /// Completions counted.
    pub downloaded: u32,
    /// Whether the guard against starving outsiders stands.
    pub guard_active: bool,
    /// The clients, insiders first, seeders first on each side.
    pub peers: Vec<PeerView>,
}

/// One client in a swarm.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerView {
    /// Where it sits.
    pub side: Side,
    /// Whether it has all pieces.
    pub seeder: bool,
    /// Whether it is a partial seed.
    pub paused: bool,
    /// What it calls itself; `None` in the swarm of an unknown torrent.
    pub client: Option<String>,
    /// Whose it is; `None` for a stranger's.
    pub member: Option<MemberId>,
    /// How much it has, in thousandths; `None` where it did not say, or the size is not known.
    pub progress_permille: Option<u16>,
    /// Bytes missing, by its word.
    pub left: Option<u64>,
    /// Bytes sent to peers, by its word.
    pub uploaded: Option<u64>,
    /// Bytes received, by its word.
    pub downloaded: Option<u64>,
    /// Seconds since it was last heard.
    pub age_secs: u32,
    /// Where it can be reached.
    pub addresses: Vec<SocketAddr>,
    /// Whether its port was found open; `None` where that was not tried.
    pub reachable: Option<bool>,
}

impl Tracker {
    /// Shows an item's swarm, or both where its torrent is a hybrid; `None` where there is no such
    /// item.
    pub fn item_swarm(&self, id: ItemId, now: Now) -> Option<SwarmView> {
        let item = self.items.get(id)?;
        let info_hashes = item.hashes().to_vec();
        let downloaded = self.completed(&info_hashes);
        let mut peers = Vec::new();
        self.sessions.for_each(|session| {
            if session.item() == id {
                peers.push(of_session(session, item.size(), now));
            }
        });
        drop_taken_over(&mut peers);
        let guard_active = item.guard.is_active(now.secs);
        Some(view(Some(id), info_hashes, downloaded, guard_active, peers))
    }

    /// Shows a member's clients in the swarms of items, at most `limit` of them.
    pub fn clients_of(&self, member: MemberId, limit: usize, now: Now) -> Vec<(ItemId, PeerView)> {
        let mut clients = Vec::new();
        self.sessions.for_each(|session| {
            if clients.len() < limit && session.id().member == Some(member) {
                let item = session.item();
                let size = self.items.get(item).and_then(|found| found.size());
                clients.push((item, of_session(session, size, now)));
            }
        });
        clients.sort_by_key(|(item, peer)| (*item, peer.age_secs));
        clients
    }

    /// Shows the swarm of an info hash; `None` where there is none.
    pub fn swarm(&self, info_hash: &InfoHash, now: Now) -> Option<SwarmView> {
        if let Some((id, _)) = self.item_of(self.swarms.find(info_hash).tag()) {
            return self.item_swarm(id, now);
        }
        let downloaded = self.swarms.scrape(info_hash)?.completed;
        let mut peers = Vec::new();
        self.swarms.peers(info_hash, Tick::at(now.secs), |peer| peers.push(of_table(peer)));
        Some(view(None, vec![*info_hash], downloaded, false, peers))
    }
}

fn view(
    item: Option<ItemId>,
    info_hashes: Vec<InfoHash>,
    downloaded: u32,
    guard_active: bool,
    mut peers: Vec<PeerView>,
) -> SwarmView {
    peers.sort_by_key(|peer| (peer.side == Side::Outside, !peer.seeder, peer.age_secs));
    let count = |side, seeder| {
        peers.iter().filter(|peer| peer.side == side && peer.seeder == seeder).count()
    };
    SwarmView {
        inside_seeders: count(Side::Inside, true),
        inside_leechers: count(Side::Inside, false),
        outside_seeders: count(Side::Outside, true),
        outside_leechers: count(Side::Outside, false),
        item,
        info_hashes,
        downloaded,
        guard_active,
        peers,
    }
}

/// An endpoint is one client's: a member's before a stranger's, then who was heard last. Whoever had
/// it before is in the swarm no more, though their session lasts until it is swept.
fn drop_taken_over(peers: &mut Vec<PeerView>) {
    peers.sort_by_key(|peer| (peer.member.is_none(), peer.age_secs));
    let mut taken = HashSet::new();
    peers.retain(|peer| {
        let own = peer.addresses.iter().filter(|address| taken.insert(**address)).count();
        own > 0 || peer.addresses.is_empty()
    });
}

fn of_session(session: &ClientSession, size: Option<u64>, now: Now) -> PeerView {
    let left = session.left();
    PeerView {
        side: if session.flag(Flag::Inside) { Side::Inside } else { Side::Outside },
        seeder: left == Some(0),
        paused: session.flag(Flag::Paused),
        client: Some(client_name(&session.peer_id)),
        member: session.id().member,
        progress_permille: left.and_then(|left| progress_permille(left, size)),
        left,
        uploaded: Some(session.uploaded()),
        downloaded: Some(session.downloaded()),
        age_secs: session.age_secs(now.secs),
        addresses: session.endpoints().map(|own| SocketAddr::new(own.ip(), own.port())).collect(),
        reachable: session.reachable(),
    }
}

fn of_table(peer: &swarm::PeerEntry) -> PeerView {
    let seeder = peer.group.is_seeders();
    PeerView {
        side: if peer.group.is_inside() { Side::Inside } else { Side::Outside },
        seeder,
        paused: peer.paused,
        client: None,
        member: None,
        progress_permille: seeder.then_some(1000),
        left: seeder.then_some(0),
        uploaded: None,
        downloaded: None,
        age_secs: peer.age.secs(),
        addresses: vec![SocketAddr::new(peer.endpoint.ip(), peer.endpoint.port())],
        reachable: None,
    }
}

/// How much of `size` bytes is there when `left` are missing, rounded down: only a seeder has all.
fn progress_permille(left: u64, size: Option<u64>) -> Option<u16> {
    if left == 0 {
        return Some(1000);
    }
    let size = size?;
    let have = u128::from(size.saturating_sub(left)) * 1000 / u128::from(size.max(1));
    u16::try_from(have).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_rounded_down_and_never_guessed() {
        assert_eq!(progress_permille(0, None), Some(1000));
        assert_eq!(progress_permille(1, None), None);
        assert_eq!(progress_permille(1, Some(1_000_000)), Some(999));
        assert_eq!(progress_permille(1_000_000, Some(1_000_000)), Some(0));
        assert_eq!(progress_permille(u64::MAX - 1, Some(u64::MAX)), Some(0));
        assert_eq!(progress_permille(500, Some(7)), Some(0));
    }
}
