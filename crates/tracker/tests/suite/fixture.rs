//! A tracker with members, and clients that announce to it.

use std::net::IpAddr;
use std::sync::Arc;

use arrayvec::ArrayVec;
use policy::{
    Aliases, Entitlements, Generation, Headcount, ItemId, KeyGrant, Keyring, Label, MasterSecret,
    MemberId, MemberState, Notices, Roster, Rules, Standing, TierId,
};
use tracker::{Members, Nat, Now, Registration, Scratch, SessionTraffic, Settings, Tracker, Via};
use wire::{Announce, AnnounceEvent, InfoHash, Passkey, PeerId, PeerKey};

/// A tracker with one hybrid item under `priority`, and ada, a fan.
pub(crate) struct Fixture {
    pub(crate) tracker: Tracker,
    pub(crate) settings: Settings,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) rights: Arc<Entitlements>,
    pub(crate) scratch: Scratch,
    pub(crate) now: Now,
    pub(crate) booked: Vec<SessionTraffic>,
}

/// One announcing client.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) number: u8,
    pub(crate) hash: InfoHash,
    pub(crate) key: u32,
    pub(crate) passkey: Option<MemberId>,
    pub(crate) left: u64,
    pub(crate) uploaded: u64,
    pub(crate) event: AnnounceEvent,
}

/// What a client was told.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) complete: u32,
    pub(crate) incomplete: u32,
    pub(crate) peers: Vec<String>,
    pub(crate) warning: Option<String>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let keyring = Arc::new(Keyring::new(&MasterSecret::new([7; 32]), None));
        let roster = Arc::new(Roster::new());
        let rights = Arc::new(Entitlements::default());
        let settings = Settings {
            rules: Rules::default(),
            notices: Notices::new("https://club.example"),
            nat: Nat::default(),
            limits: swarm::SwarmLimits::default(),
            max_age_secs: 3700,
            probe_ports: false,
        };
        let members = Members {
            keyring: Arc::clone(&keyring),
            aliases: Arc::new(Aliases::default()),
            roster: Arc::clone(&roster),
            rights: Arc::clone(&rights),
        };
        let tracker = Tracker::new(settings.clone(), members, 42);
        roster.set(ADA, standing());
        let policy = settings.rules.policies.find("priority").unwrap();
        let hashes = ArrayVec::from([V1, V2]);
        assert!(tracker.register(&Registration {
            id: ITEM,
            hashes,
            policy: Some(policy),
            tier: None,
            size: 1000
        }));
        let scratch = tracker.scratch();
        Self {
            tracker,
            settings,
            keyring,
            roster,
            rights,
            scratch,
            now: start_now(),
            booked: Vec::new(),
        }
    }

    pub(crate) fn announce(&mut self, client: Client, from: &str) -> Result<Reply, String> {
        let passkey = client.passkey.map(|member| self.passkey(member));
        let announce = Announce {
            info_hash: client.hash,
            peer_id: PeerId([client.number; 20]),
            port: 6881,
            uploaded: client.uploaded,
            downloaded: 0,
            left: client.left,
            event: client.event,
            numwant: None,
            key: Some(PeerKey(client.key)),
            passkey,
            compact: true,
            no_peer_id: false,
        };
        let Self { tracker, scratch, now, .. } = self;
        match tracker.announce(&announce, ip(from), Via::Http, *now, scratch) {
            Ok(reply) => {
                let v4 = reply.peers.iter().map(|peer| format!("{}:{}", peer.ip(), peer.port()));
                let v6 = reply.peers6.iter().map(|peer| format!("[{}]:{}", peer.ip(), peer.port()));
                let mut peers: Vec<String> = v4.chain(v6).collect();
                peers.sort();
                let warning = reply.warning.map(str::to_owned);
                Ok(Reply { complete: reply.complete, incomplete: reply.incomplete, peers, warning })
            }
            Err(failure) => Err(failure.reason.to_owned()),
        }
    }

    pub(crate) fn passkey(&self, member: MemberId) -> Passkey {
        let grant = KeyGrant { member, generation: Generation(0), item: ItemId::ANY };
        self.keyring.issue(Label::Announce, grant)
    }

    pub(crate) fn pass(&mut self, secs: u32) {
        self.now = Now { secs: self.now.secs + secs, unix: self.now.unix + secs };
    }

    pub(crate) fn rules(&mut self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.settings.rules);
        self.tracker.set_settings(self.settings.clone());
    }

    pub(crate) fn tracker_members(&self, change: impl FnOnce(&Roster, &Entitlements)) {
        change(&self.roster, &self.rights);
    }

    pub(crate) fn drain(&mut self) -> Vec<SessionTraffic> {
        let mut counts = Vec::new();
        for part in 0..Tracker::COUNT_PARTS {
            self.tracker.drain_counts(part, self.now, &mut counts);
        }
        counts
    }

    /// What ada is credited with: the highest less the lowest of each run.
    pub(crate) fn credit(&mut self) -> u64 {
        let counts = self.drain();
        self.booked.extend(counts);
        let mut runs = std::collections::BTreeMap::new();
        for count in self.booked.iter().filter(|count| count.id.member == Some(ADA)) {
            let (low, high) = runs.entry((count.id.peer_id, count.epoch)).or_insert((u64::MAX, 0));
            *low = count.uploaded.min(*low);
            *high = count.uploaded.max(*high);
        }
        runs.values().map(|(low, high)| high - low).sum()
    }

    /// Inside seeders and leechers, then outside ones.
    #[track_caller]
    pub(crate) fn check_swarm(&self, expected: [usize; 4]) {
        let view = self.tracker.item_swarm(ITEM, self.now).unwrap();
        let sides = [
            view.inside_seeders,
            view.inside_leechers,
            view.outside_seeders,
            view.outside_leechers,
        ];
        assert_eq!(sides, expected);
        let counts = self.tracker.scrape_open(&V1).unwrap();
        let [is, il, os, ol] = expected.map(|count| u32::try_from(count).unwrap());
        assert_eq!((counts.complete, counts.incomplete), (is + os, il + ol));
        let people = self.tracker.open_headcount(&[V1]).unwrap();
        let Headcount { inside_seeders, inside_leechers, outside_seeders, outside_leechers } =
            people;
        let sides = [inside_seeders, inside_leechers, outside_seeders, outside_leechers];
        assert_eq!(sides, [is, il, os, ol]);
    }
}

impl Client {
    pub(crate) fn seeding(self) -> Self {
        Self { left: 0, ..self }
    }

    pub(crate) fn uploaded(self, uploaded: u64) -> Self {
        Self { uploaded, ..self }
    }

    pub(crate) fn of(self, hash: InfoHash) -> Self {
        Self { hash, ..self }
    }
}

pub(crate) fn ada(number: u8) -> Client {
    Client { passkey: Some(ADA), ..stranger(number) }
}

pub(crate) fn stranger(number: u8) -> Client {
    let key = number.into();
    Client {
        number,
        key,
        hash: V1,
        passkey: None,
        left: 500,
        uploaded: 0,
        event: AnnounceEvent::None,
    }
}

pub(crate) fn standing() -> Standing {
    Standing {
        tier: TierId::new(1).unwrap(),
        until: u32::MAX,
        then: TierId::OUTSIDER,
        state: MemberState::Active,
        generation: Generation(0),
        old_key_until: 0,
    }
}

pub(crate) fn start_now() -> Now {
    Now { secs: 100, unix: 1_800_000_000 }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) const ADA: MemberId = match MemberId::new(7) {
    Some(member) => member,
    None => unreachable!(),
};
pub(crate) const ITEM: ItemId = ItemId(3);
pub(crate) const V1: InfoHash = InfoHash([1; 20]);
pub(crate) const V2: InfoHash = InfoHash([2; 20]);
