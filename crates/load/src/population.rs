//! Who announces: peers by number, everything else about them computed from it.
//!
//! Nothing is kept for a peer, so that ten million of them cost the generator nothing, and two
//! runs with the same settings send the same requests.

use wire::{InfoHash, Passkey, PeerId, PeerKey};

use crate::spread::Spread;

/// Peers 0 to `peers` over torrents 0 to `torrents`.
#[derive(Clone, Debug)]
pub struct Population {
    /// How many peers there are: pairs of address and port.
    pub peers: u32,
    /// How many torrents they meet in.
    pub torrents: u32,
    /// How many meet where.
    pub spread: Spread,
    /// The share of peers that have all pieces, 0 to 1.
    pub seeders: f64,
    /// The share of peers that announce with a passkey, 0 to 1; 0 in effect without passkeys.
    pub members: f64,
    /// The members' passkeys; neighbouring peers have different ones.
    pub passkeys: Vec<Passkey>,
    /// How many source addresses peers come from: peer by peer in turn.
    pub sources: u32,
    /// Another seed, other info hashes and another set of seeders and members.
    pub seed: u64,
}

impl Population {
    /// The info hash of the torrent that a peer is in.
    pub fn info_hash(&self, peer: u32) -> InfoHash {
        self.hash_of(self.spread.torrent(peer, self.peers, self.torrents))
    }

    /// The info hash of a torrent by its number.
    pub fn hash_of(&self, torrent: u32) -> InfoHash {
        let mut bytes = [0; InfoHash::LEN];
        let (words, rest) = bytes.as_chunks_mut();
        let mut word = mix(self.seed ^ mix(u64::from(torrent)));
        for place in words {
            *place = word.to_be_bytes();
            word = mix(word);
        }
        let (rest_len, word) = (rest.len(), word.to_be_bytes());
        rest.copy_from_slice(word.get(..rest_len).unwrap_or_default());
        InfoHash(bytes)
    }

    /// All info hashes, torrent by torrent.
    pub fn info_hashes(&self) -> impl Iterator<Item = InfoHash> + '_ {
        (0..self.torrents).map(|torrent| self.hash_of(torrent))
    }

    /// Whether a peer has all pieces.
    pub fn seeds(&self, peer: u32) -> bool {
        self.is_among(peer, b's', self.seeders)
    }

    /// The passkey that a peer announces with, if it is a member.
    pub fn passkey(&self, peer: u32) -> Option<Passkey> {
        if !self.is_among(peer, b'm', self.members) {
            return None;
        }
        let count = u32::try_from(self.passkeys.len()).ok()?;
        let place = peer.checked_rem(count)?;
        self.passkeys.get(usize::try_from(place).ok()?).copied()
    }

    /// The port that a peer listens on: no two of one source share one.
    pub fn port(&self, peer: u32) -> u16 {
        let place = peer / self.sources.max(1) % u32::from(u16::MAX - FIRST_PORT);
        FIRST_PORT.saturating_add(u16::try_from(place).unwrap_or_default())
    }

    /// The client: of a name that no deny list holds.
    pub fn peer_id(&self, peer: u32) -> PeerId {
        let mut id = PeerId(*b"-UL0100-000000000000");
        let mut rest = peer;
        for digit in id.0.iter_mut().rev().take(10) {
            *digit += u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        id
    }

    /// The client's own session number.
    pub fn key(&self, peer: u32) -> PeerKey {
        let [_, _, _, _, bytes @ ..] = mix(self.seed ^ u64::from(peer)).to_be_bytes();
        PeerKey(u32::from_be_bytes(bytes))
    }

    /// How many peers come from a source.
    pub(crate) fn peers_of(&self, source: u32) -> u32 {
        self.first_of(source, self.peers)
    }

    /// How many of the first `peers` peers come from a source.
    pub(crate) fn first_of(&self, source: u32, peers: u32) -> u32 {
        peers.saturating_sub(source).div_ceil(self.sources.max(1))
    }

    /// The highest number of peers that have a port each, from so many sources.
    pub fn most_peers(sources: u32) -> u32 {
        sources.saturating_mul(u32::from(u16::MAX - FIRST_PORT))
    }

    fn is_among(&self, peer: u32, label: u8, share: f64) -> bool {
        let [a, b, c, d, ..] =
            mix(self.seed ^ u64::from(peer) << 8 ^ u64::from(label)).to_be_bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) < share * f64::from(u32::MAX)
    }
}

/// SplitMix64's finish: one number in, another out, every bit of it moved by every bit.
const fn mix(number: u64) -> u64 {
    let a = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    c ^ (c >> 31)
}

/// Trackers refuse the ports of well-known services.
const FIRST_PORT: u16 = 10_000;

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashSet;

    use super::*;

    /// A hundred peers in ten torrents from four sources, half of them members.
    pub(crate) fn population() -> Population {
        Population {
            peers: 100,
            torrents: 10,
            spread: Spread::Zipf(0.0),
            seeders: 0.25,
            members: 0.5,
            passkeys: [b"ada", b"bob"].iter().filter_map(|key| Passkey::new(*key)).collect(),
            sources: 4,
            seed: 7,
        }
    }

    #[test]
    fn no_two_peers_share_source_and_port() {
        let all = population();
        let endpoints: HashSet<_> =
            (0..all.peers).map(|p| (p % all.sources, all.port(p))).collect();
        assert_eq!(endpoints.len(), 100);
    }

    #[test]
    fn sources_part_the_peers_among_them() {
        for peers in [0, 1, 4, 99, 100] {
            let all = Population { peers, ..population() };
            assert_eq!((0..all.sources).map(|source| all.peers_of(source)).sum::<u32>(), peers);
        }
    }

    #[test]
    fn shares_are_kept_over_many() {
        let all = Population { peers: 100_000, ..population() };
        let seeders = (0..all.peers).filter(|peer| all.seeds(*peer)).count();
        let members = (0..all.peers).filter(|peer| all.passkey(*peer).is_some()).count();
        assert!((24_000..26_000).contains(&seeders), "{seeders}");
        assert!((49_000..51_000).contains(&members), "{members}");
    }

    #[test]
    fn a_share_of_none_and_of_all_is_exact() {
        let none = Population { seeders: 0.0, members: 0.0, ..population() };
        let all = Population { seeders: 1.0, members: 1.0, ..population() };
        assert!((0..100).all(|peer| !none.seeds(peer) && none.passkey(peer).is_none()));
        assert!((0..100).all(|peer| all.seeds(peer) && all.passkey(peer).is_some()));
    }

    #[test]
    fn without_passkeys_nobody_is_a_member() {
        let all = Population { passkeys: Vec::new(), members: 1.0, ..population() };
        assert_eq!(all.passkey(0), None);
    }

    #[test]
    fn torrents_have_names_of_their_own() {
        let hashes: HashSet<_> = population().info_hashes().collect();
        assert_eq!(hashes.len(), 10);
        let other: Vec<_> = Population { seed: 8, ..population() }.info_hashes().collect();
        assert!(other.iter().all(|hash| !hashes.contains(hash)));
    }

    #[test]
    fn a_peer_id_holds_the_number() {
        assert_eq!(population().peer_id(4_294_967_295).0, *b"-UL0100-004294967295");
    }
}
