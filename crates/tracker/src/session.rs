//! What is remembered of one client in one item's swarm.
//!
//! A session is one client whatever way it announces: over IPv4 and IPv6, and under both hashes of
//! a hybrid torrent. There may be millions, so the fields are packed to 84 bytes; the counters are
//! absolute, as the client said them, and only ever rise within an epoch.

use std::num::NonZeroU32;

use policy::{ItemId, MemberId};
use swarm::Endpoint;
use wire::{CompactV4, CompactV6, PeerId, PeerKey};

/// One client of a member or stranger in an item's swarm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ClientSession {
    pub(crate) peer_id: PeerId,
    /// The client's own session number; 0 where it sent none.
    pub(crate) key: u32,
    item: NonZeroU32,
    /// 0 for a stranger.
    pub(crate) member: u32,
    /// Unix time at which these counters began; a client whose counters start over opens another.
    pub(crate) epoch: u32,
    v4: CompactV4,
    v6: CompactV6,
    left: U48,
    uploaded: U48,
    downloaded: U48,
    v4_seen: SeenAt,
    v6_seen: SeenAt,
    flags: u8,
    /// What of it the books do not know yet.
    pub(crate) news: News,
}

impl ClientSession {
    pub(crate) fn new(id: SessionId, epoch: u32) -> Self {
        Self {
            peer_id: id.peer_id,
            key: id.key,
            item: NonZeroU32::new(id.item.0).unwrap_or(NonZeroU32::MAX),
            member: id.member.map_or(0, MemberId::value),
            epoch,
            v4: NO_V4,
            v6: NO_V6,
            left: U48::MAX,
            uploaded: U48::ZERO,
            downloaded: U48::ZERO,
            v4_seen: SeenAt(0),
            v6_seen: SeenAt(0),
            flags: 0,
            news: News::None,
        }
    }

    pub(crate) fn id(&self) -> SessionId {
        SessionId {
            item: self.item(),
            member: MemberId::new(self.member),
            peer_id: self.peer_id,
            key: self.key,
        }
    }

    pub(crate) fn item(&self) -> ItemId {
        ItemId(self.item.get())
    }

    /// Whether this is the client that calls itself by `peer_id` and `key`.
    pub(crate) fn is(&self, id: &SessionId) -> bool {
        self.peer_id == id.peer_id
            && self.key == id.key
            && self.item() == id.item
            && self.member == id.member.map_or(0, MemberId::value)
    }

    /// Bytes missing; `None` where the client did not know.
    pub(crate) fn left(&self) -> Option<u64> {
        (self.left != U48::MAX).then(|| self.left.get())
    }

    pub(crate) fn uploaded(&self) -> u64 {
        self.uploaded.get()
    }

    pub(crate) fn downloaded(&self) -> u64 {
        self.downloaded.get()
    }

    pub(crate) fn set_left(&mut self, left: u64) {
        self.left = U48::saturating(left);
    }

    pub(crate) fn set_counters(&mut self, uploaded: u64, downloaded: u64) {
        self.uploaded = U48::saturating(uploaded);
        self.downloaded = U48::saturating(downloaded);
    }

    /// Raises both counters to what is given.
    pub(crate) fn raise_counters(&mut self, uploaded: u64, downloaded: u64) {
        self.set_counters(uploaded.max(self.uploaded()), downloaded.max(self.downloaded()));
    }

    /// Whether the books would be told the same of both.
    pub(crate) fn counts_as(&self, other: &Self) -> bool {
        let counts =
            |session: &Self| (session.epoch, session.uploaded, session.downloaded, session.left);
        counts(self) == counts(other)
    }

    /// The endpoint of each family that is known, IPv4 first.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        let v4 = (self.v4 != NO_V4).then_some(Endpoint::V4(self.v4));
        let v6 = (self.v6 != NO_V6).then_some(Endpoint::V6(self.v6));
        v4.into_iter().chain(v6)
    }

    /// The endpoint of the family that `endpoint` is not of.
    pub(crate) fn other_family(&self, endpoint: Endpoint) -> Option<Endpoint> {
        self.endpoints().find(|own| family(*own) != family(endpoint))
    }

    /// The endpoint of the family that `endpoint` is of.
    pub(crate) fn same_family(&self, endpoint: Endpoint) -> Option<Endpoint> {
        self.endpoints().find(|own| family(*own) == family(endpoint))
    }

    pub(crate) fn has_endpoint(&self, endpoint: Endpoint) -> bool {
        self.endpoints().any(|own| own == endpoint)
    }

    /// Notes that the client announced from `endpoint` at `now` seconds.
    pub(crate) fn see(&mut self, endpoint: Endpoint, now: u32) {
        match endpoint {
            Endpoint::V4(v4) => (self.v4, self.v4_seen) = (v4, SeenAt::at(now)),
            Endpoint::V6(v6) => (self.v6, self.v6_seen) = (v6, SeenAt::at(now)),
        }
    }

    /// Forgets the endpoint of that family; true where none is left.
    pub(crate) fn forget(&mut self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::V4(_) => {
                self.v4 = NO_V4;
                self.set_flag(Flag::CountedByV4, false);
                self.set_flag(Flag::CountedByV4InSecond, false);
            }
            Endpoint::V6(_) => self.v6 = NO_V6,
        }
        self.endpoints().next().is_none()
    }

    /// Seconds since the client was last heard on that family; `None` where it never was.
    pub(crate) fn family_age_secs(&self, endpoint: Endpoint, now: u32) -> Option<u32> {
        match endpoint {
            Endpoint::V4(_) => (self.v4 != NO_V4).then(|| self.v4_seen.age(now)),
            Endpoint::V6(_) => (self.v6 != NO_V6).then(|| self.v6_seen.age(now)),
        }
    }

    /// Seconds since the client was last heard on any family.
    pub(crate) fn age_secs(&self, now: u32) -> u32 {
        self.endpoints()
            .filter_map(|own| self.family_age_secs(own, now))
            .min()
            .unwrap_or(LONG_AGO_SECS)
    }

    /// Forgets an endpoint that was not heard of for longer than `max_age`; true where none is left.
    pub(crate) fn forget_older(&mut self, max_age: u32, now: u32) -> bool {
        let (v4, v6) = (Endpoint::V4(self.v4), Endpoint::V6(self.v6));
        for own in [v4, v6] {
            if self.family_age_secs(own, now).is_some_and(|age| age > max_age) {
                self.forget(own);
            }
        }
        self.endpoints().next().is_none()
    }

    /// The flag that says whether it is counted by its IPv4 endpoint in the swarm of that hash.
    pub(crate) fn counted_by_v4(second_hash: bool) -> Flag {
        if second_hash { Flag::CountedByV4InSecond } else { Flag::CountedByV4 }
    }

    pub(crate) fn flag(&self, flag: Flag) -> bool {
        self.flags & flag.bit() != 0
    }

    /// Sets the flag; true where that changed it.
    pub(crate) fn set_flag(&mut self, flag: Flag, on: bool) -> bool {
        let before = self.flags;
        self.flags = if on { before | flag.bit() } else { before & !flag.bit() };
        before != self.flags
    }

    /// All flags, to be kept for a restart.
    pub(crate) fn flags(&self) -> u8 {
        self.flags
    }

    /// Sets all flags as they were kept.
    pub(crate) fn set_flags(&mut self, flags: u8) {
        self.flags = flags;
    }

    /// Whether the client's port could be reached; `None` where that was not tried.
    pub(crate) fn reachable(&self) -> Option<bool> {
        self.flag(Flag::Probed).then(|| self.flag(Flag::Reachable))
    }
}

/// What tells sessions apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SessionId {
    /// The item whose swarm it is in.
    pub item: ItemId,
    /// Whose client it is; `None` for a stranger's.
    pub member: Option<MemberId>,
    /// The client's own name for itself.
    pub peer_id: PeerId,
    /// The client's session number; 0 where it sent none.
    pub key: u32,
}

impl SessionId {
    pub(crate) fn new(
        item: ItemId,
        member: Option<MemberId>,
        peer_id: PeerId,
        key: Option<PeerKey>,
    ) -> Self {
        Self { item, member, peer_id, key: key.map_or(0, |key| key.0) }
    }
}

/// What of a member's session is to be told to the books.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// Nothing: they know it, or it is a stranger's.
    None,
    /// It is new, or has begun another epoch; its counters have not risen since.
    Opened,
    /// Its counters rose, or what it misses changed.
    Rose,
}

/// What is either so or not so of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flag {
    /// Seated inside the club at the last announce.
    Inside,
    /// A partial seed (BEP 21).
    Paused,
    /// A connection to its port was tried.
    Probed,
    /// That connection was accepted.
    Reachable,
    /// The last announce was for the second hash of a hybrid torrent.
    SecondHash,
    /// It is counted by its IPv4 endpoint in the swarm of the first hash.
    CountedByV4,
    /// And in that of the second.
    CountedByV4InSecond,
    /// A member's whose counters the books are not told of: too many runs were begun of late.
    Unbooked,
}

impl Flag {
    const fn bit(self) -> u8 {
        match self {
            Self::Unbooked => 1,
            Self::Inside => 1 << 1,
            Self::Paused => 1 << 2,
            Self::Probed => 1 << 3,
            Self::Reachable => 1 << 4,
            Self::SecondHash => 1 << 5,
            Self::CountedByV4 => 1 << 6,
            Self::CountedByV4InSecond => 1 << 7,
        }
    }
}

/// A byte count up to 256 TiB in six bytes; more is cut to that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct U48([u8; 6]);

impl U48 {
    const ZERO: Self = Self([0; 6]);
    const MAX: Self = Self([0xff; 6]);

    fn saturating(value: u64) -> Self {
        let [high, low, bytes @ ..] = value.to_be_bytes();
        if high == 0 && low == 0 { Self(bytes) } else { Self::MAX }
    }

    fn get(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

/// Seconds on a ring of 18.2 hours. Sessions are swept long before half of it has gone by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct SeenAt(u16);

impl SeenAt {
    fn at(secs: u32) -> Self {
        let [_, _, high, low] = secs.to_be_bytes();
        Self(u16::from_be_bytes([high, low]))
    }

    fn age(self, now: u32) -> u32 {
        u32::from(Self::at(now).0.wrapping_sub(self.0))
    }
}

const fn family(endpoint: Endpoint) -> u8 {
    match endpoint {
        Endpoint::V4(_) => 4,
        Endpoint::V6(_) => 6,
    }
}

/// Older than any session is kept.
const LONG_AGO_SECS: u32 = 0xffff;

/// Port 0 is nobody's, so these stand for no endpoint.
const NO_V4: CompactV4 = CompactV4([0; CompactV4::LEN]);
const NO_V6: CompactV6 = CompactV6([0; CompactV6::LEN]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_84_bytes_also_in_a_place_that_may_be_free() {
        assert_eq!(size_of::<Option<ClientSession>>(), 84);
    }

    #[test]
    fn counters_only_rise() {
        let mut session = session();
        session.raise_counters(500, 0);
        session.raise_counters(300, 0);
        session.raise_counters(300, 7);
        assert_eq!((session.uploaded(), session.downloaded()), (500, 7));
    }

    #[test]
    fn a_count_past_48_bits_is_cut() {
        assert_eq!(U48::saturating((1 << 48) - 2).get(), (1 << 48) - 2);
        assert_eq!(U48::saturating(1 << 48), U48::MAX);
        assert_eq!(U48::saturating(u64::MAX), U48::MAX);
    }

    #[test]
    fn left_is_unknown_until_told() {
        let mut session = session();
        assert_eq!(session.left(), None);
        session.set_left(u64::MAX);
        assert_eq!(session.left(), None);
        session.set_left(0);
        assert_eq!(session.left(), Some(0));
    }

    #[test]
    fn each_family_ages_by_itself_across_the_ring() {
        let mut session = session();
        let (v4, v6) = (Endpoint::V4(CompactV4([1; 6])), Endpoint::V6(CompactV6([1; 18])));
        session.see(v4, 65_530);
        session.see(v6, 65_560);
        assert_eq!(session.family_age_secs(v4, 65_590), Some(60));
        assert_eq!(session.age_secs(65_590), 30);
        assert!(!session.forget_older(40, 65_590));
        assert_eq!(session.endpoints().collect::<Vec<_>>(), [v6]);
        assert!(session.forget_older(20, 65_590));
    }

    fn session() -> ClientSession {
        let id = SessionId::new(ItemId(1), None, PeerId([7; 20]), None);
        ClientSession::new(id, 1_700_000_000)
    }
}
