//! Clients that announce over both families in the same instant.

use std::net::IpAddr;
use std::sync::{Arc, Barrier};

use arrayvec::ArrayVec;
use policy::{
    Aliases, Entitlements, ItemId, Keyring, MasterSecret, Notices, PolicyId, Roster, Rules,
};
use tracker::{Members, Nat, Now, Registration, Settings, Tracker, Via};
use wire::{Announce, AnnounceEvent, InfoHash, PeerId, PeerKey};

#[test]
fn a_client_counts_once_though_both_its_families_come_at_once() {
    let tracker = tracker();
    let together = Barrier::new(2);
    std::thread::scope(|scope| {
        for from in ["203.0.113.1", "2001:db8::1"] {
            let (tracker, together) = (&tracker, &together);
            scope.spawn(move || announce_all(tracker, from.parse().unwrap(), together));
        }
    });
    let counts = tracker.scrape_open(&FILM).unwrap();
    assert_eq!((counts.complete, counts.incomplete), (0, u32::from(CLIENTS)));
    assert_eq!(tracker.totals(NOW).leechers(), u32::from(CLIENTS));
}

/// Each client a moment after the other thread was ready to do the same.
fn announce_all(tracker: &Tracker, from: IpAddr, together: &Barrier) {
    let mut scratch = tracker.scratch();
    for client in 1..=CLIENTS {
        let mut peer_id = [7; 20];
        peer_id[..2].copy_from_slice(&client.to_be_bytes());
        let announce = Announce {
            info_hash: FILM,
            peer_id: PeerId(peer_id),
            port: 10_000 + client,
            uploaded: 0,
            downloaded: 0,
            left: 500,
            event: AnnounceEvent::Started,
            numwant: Some(0),
            key: Some(PeerKey(client.into())),
            passkey: None,
            compact: true,
            no_peer_id: false,
        };
        together.wait();
        assert!(tracker.announce(&announce, from, Via::Http, NOW, &mut scratch).is_ok());
    }
}

fn tracker() -> Tracker {
    let settings = Settings {
        rules: Rules::default(),
        notices: Notices::new("https://club.example"),
        nat: Nat::default(),
        limits: swarm::SwarmLimits::default(),
        max_age_secs: 3700,
        probe_ports: false,
    };
    let policy: PolicyId = settings.rules.policies.find("priority").unwrap();
    let members = Members {
        keyring: Arc::new(Keyring::new(&MasterSecret::new([7; 32]), None)),
        aliases: Arc::new(Aliases::default()),
        roster: Arc::new(Roster::new()),
        rights: Arc::new(Entitlements::default()),
    };
    let tracker = Tracker::new(settings, members, 42);
    let film = Registration {
        id: ItemId(3),
        hashes: ArrayVec::from_iter([FILM]),
        policy: Some(policy),
        tier: None,
        size: 1,
    };
    assert!(tracker.register(&film));
    tracker
}

/// Enough that some of them are interrupted between one step and the next.
const CLIENTS: u16 = 20_000;
const FILM: InfoHash = InfoHash([1; 20]);
const NOW: Now = Now { secs: 100, unix: 1_800_000_000 };
