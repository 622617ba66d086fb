//! One announce on its way through the tracker: the request, its origin, and the swarm's rules.

use std::net::IpAddr;

use policy::{Admission, ItemId, ItemPolicy, ItemRules, PeerLimit, Requester, Seating, Side};
use swarm::{Age, Endpoint, Families, Group, PeerEvent, PeerUpdate, SwarmLocation, Tick};
use wire::{Announce, AnnounceEvent};

use crate::items::{ItemEntry, SECOND_HASH};
use crate::session_update::{KnownClient, SessionUpdate};
use crate::settings::Settings;
use crate::{Now, Via};

/// One announce on its way through. Built once; what it becomes for the sessions and the swarm is
/// built from it, once each.
pub(crate) struct AnnounceContext<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) announce: &'a Announce,
    /// Where the announce came from.
    pub(crate) from: IpAddr,
    /// Where the peer can be reached.
    pub(crate) endpoint: Endpoint,
    pub(crate) via: Via,
    pub(crate) now: Now,
    pub(crate) swarm: SwarmLocation,
    /// The item that the swarm belongs to; `None` for an unknown torrent.
    pub(crate) item: Option<(ItemId, &'a ItemEntry)>,
    /// How the swarm is run, if it belongs to an item.
    pub(crate) policy: Option<&'a ItemPolicy>,
}

impl<'a> AnnounceContext<'a> {
    /// The item as the authorizer sees it; `None` for an unknown torrent, or an item that was just
    /// removed.
    pub(crate) fn item_view(&self) -> Option<ItemRules> {
        let (id, item) = self.item?;
        item.view(id)
    }

    /// How seats are shared: as the policy says, unless outsiders starve; everybody alike in the
    /// swarm of an unknown torrent.
    pub(crate) fn seating(&self) -> Seating {
        match (self.item, self.policy) {
            (Some((_, item)), Some(policy)) if !item.guard.is_active(self.now.secs) => policy.seats,
            _ => Seating::Uniform,
        }
    }

    /// Reports the client's progress to the guard that watches this swarm, if there is one.
    pub(crate) fn watch(&self, item: &ItemEntry, admission: &Admission, known: &KnownClient) {
        let rule = self.policy.and_then(|policy| policy.guard.as_ref());
        if let (Some(rule), Some(speed)) = (rule, known.progress) {
            let tier = self.settings.rules.tiers.tier(admission.tier);
            let interval_secs = tier.intervals.regular_secs();
            item.guard.record(rule, interval_secs, admission.side, speed, self.now.secs);
        }
    }

    /// The announce as the sessions of an item see it.
    pub(crate) fn session_update(&self, item: ItemId, admission: &Admission) -> SessionUpdate<'a> {
        SessionUpdate {
            item,
            member: admission.member,
            inside: admission.side == Side::Inside,
            announce: self.announce,
            second_hash: self.swarm.tag() & SECOND_HASH != 0,
            endpoint: self.endpoint,
            now: self.now,
            max_clients: self.policy.map_or(0, |policy| policy.max_clients_per_member),
            max_age_secs: self.settings.max_age_secs,
        }
    }

    /// The announce as the swarm sees it, counted, and with no other endpoints of its client.
    pub(crate) fn peer_update(&self, admission: &Admission) -> PeerUpdate<'static> {
        PeerUpdate {
            endpoint: self.endpoint,
            group: match (admission.side, self.announce.left) {
                (Side::Inside, 0) => Group::InsideSeeders,
                (Side::Inside, _) => Group::InsideLeechers,
                (Side::Outside, 0) => Group::OutsideSeeders,
                (Side::Outside, _) => Group::OutsideLeechers,
            },
            paused: self.announce.event == AnnounceEvent::Paused,
            held: admission.member.is_some(),
            second: false,
            event: match self.announce.event {
                AnnounceEvent::Completed => PeerEvent::Completed,
                AnnounceEvent::Stopped => PeerEvent::Left,
                AnnounceEvent::None | AnnounceEvent::Paused | AnnounceEvent::Started => {
                    PeerEvent::Present
                }
            },
            others: &[],
            families: self.families(),
            now: Tick::at(self.now.secs),
            max_age: Age::from_secs(self.settings.max_age_secs),
        }
    }

    pub(crate) fn requester(&self, admission: &Admission) -> Requester {
        Requester { side: admission.side, seeder: self.announce.left == 0 }
    }

    /// How many peers the reply has room for: a plan for more than a datagram holds would leave out
    /// one side's where the reply is cut.
    pub(crate) fn room(&self) -> u32 {
        match self.families() {
            Families::Both => PeerLimit::MAX,
            Families::V4 => MAX_UDP_V4,
            Families::V6 => MAX_UDP_V6,
        }
    }

    /// Whether the client comes back sooner than it was asked to, and the rules mind.
    pub(crate) fn is_early(&self, admission: &Admission, known: &KnownClient) -> bool {
        let min_secs = self.settings.rules.tiers.tier(admission.tier).intervals.min_secs();
        // An announce that reports what the tracker must know may come at any time.
        let is_news =
            matches!(self.announce.event, AnnounceEvent::Completed | AnnounceEvent::Stopped);
        self.settings.rules.enforce_min_interval
            && !is_news
            && known.since_last_secs.is_some_and(|since| since < min_secs)
    }

    /// What the reply can hold: UDP knows one family a packet (BEP 15).
    fn families(&self) -> Families {
        match (self.via, self.from.is_ipv4()) {
            (Via::Http, _) => Families::Both,
            (Via::Udp, true) => Families::V4,
            (Via::Udp, false) => Families::V6,
        }
    }
}

const MAX_UDP_V4: u32 = 200;
const MAX_UDP_V6: u32 = 67;

#[cfg(test)]
mod tests {
    use swarm::PeerList;
    use wire::udp::MAX_REPLY_LEN;
    use wire::{CompactV4, CompactV6};

    use super::*;

    #[test]
    fn a_plan_fits_its_reply() {
        let room = MAX_REPLY_LEN - 20;
        let fits = |peers: u32, len: usize| usize::try_from(peers).unwrap() * len <= room;
        assert!(fits(MAX_UDP_V4, CompactV4::LEN));
        assert!(fits(MAX_UDP_V6, CompactV6::LEN) && !fits(MAX_UDP_V6 + 1, CompactV6::LEN));
        assert!(usize::try_from(PeerLimit::MAX).unwrap() <= PeerList::MAX);
    }
}
