//! Real clients find each other through the daemon, and carry a real file.

use std::time::Duration;

use tests::{Content, Daemon, Job, Kind, Program, within};

/// Clients come back every few seconds, so that who came first hears of who came later.
const HASTE: &str = "tiers:
- {id: outsider, announce: {interval: 2s, min_interval: 1s}}
- {id: patron, side: inside, entitles: all}
";
const PATIENT: &str = "  max_peer_age: 5m";
const MIB: usize = 1 << 20;

/// How the clients announce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Http,
    HttpPasskey,
    Udp,
    UdpPasskey,
}

#[test]
fn strangers_download_from_libtorrent_over_http() {
    transfer(By::Http, Kind::Libtorrent, &[Kind::Aria2, Kind::Transmission]);
}

#[test]
fn strangers_download_from_aria2_over_http() {
    transfer(By::Http, Kind::Aria2, &[Kind::Libtorrent]);
}

#[test]
fn strangers_download_from_transmission_over_http() {
    transfer(By::Http, Kind::Transmission, &[Kind::Libtorrent]);
}

#[test]
fn members_download_from_libtorrent_over_http() {
    transfer(By::HttpPasskey, Kind::Libtorrent, &[Kind::Aria2, Kind::Transmission]);
}

#[test]
fn members_download_from_aria2_over_http() {
    transfer(By::HttpPasskey, Kind::Aria2, &[Kind::Libtorrent]);
}

#[test]
fn members_download_from_transmission_over_http() {
    transfer(By::HttpPasskey, Kind::Transmission, &[Kind::Libtorrent]);
}

#[test]
fn strangers_download_from_libtorrent_over_udp() {
    transfer(By::Udp, Kind::Libtorrent, &[Kind::Aria2, Kind::Transmission]);
}

#[test]
fn strangers_download_from_aria2_over_udp() {
    transfer(By::Udp, Kind::Aria2, &[Kind::Libtorrent]);
}

#[test]
fn strangers_download_from_transmission_over_udp() {
    transfer(By::Udp, Kind::Transmission, &[Kind::Libtorrent]);
}

#[test]
fn members_download_over_udp_with_libtorrent() {
    transfer(By::UdpPasskey, Kind::Libtorrent, &[Kind::Libtorrent]);
}

/// One client seeds, others download, each as a member of its own where members are meant.
fn transfer(by: By, seeder: Kind, leechers: &[Kind]) {
    let daemon = Daemon::start(PATIENT, HASTE);
    let content = Content::new(3 * MIB + 4711, 7);
    let members = matches!(by, By::HttpPasskey | By::UdpPasskey);
    daemon.item("film", content.info_hash(), if members { "club" } else { "free" });
    let start = |kind, name: &str, seeding| {
        let announce = url(&daemon, by, name);
        let trackers = &[announce.as_str()];
        Program::start(
            kind,
            &Job { content: &content, trackers, seeding, addresses: &["127.0.0.1"] },
        )
    };
    let _seeder = start(seeder, "ada", true);
    // libtorrent asks a UDP tracker once a minute at most: it must find the seeder at once.
    let seeders = if members { "inside_seeders" } else { "outside_seeders" };
    await_seeders(&daemon, seeders, 1);
    let names = ["bob", "cleo"];
    let downloading: Vec<_> =
        leechers.iter().zip(names).map(|(kind, name)| start(*kind, name, false)).collect();
    for program in &downloading {
        within(Duration::from_secs(150), "the download", || {
            content.is_in(program.folder()).then_some(())
        });
    }

    let swarm = await_seeders(&daemon, seeders, leechers.len() + 1);
    // A client whose regular announce says that it is done before its `completed` does is not
    // counted, as who was a seeder already.
    let completed = swarm["completed"].as_u64().and_then(|count| usize::try_from(count).ok());
    assert!(completed.is_some_and(|count| count <= leechers.len()), "{swarm:#}");
    if members {
        for name in &names[..leechers.len()] {
            traffic(&daemon, name, content.length());
        }
    }
}

/// Waits until the swarm has so many seeders on one side and nobody else, and returns it.
fn await_seeders(daemon: &Daemon, side: &str, count: usize) -> serde_json::Value {
    within(Duration::from_secs(150), "the seeders are there", || {
        let swarm = daemon.json(&["swarm", "film"]);
        let all = swarm["peers"].as_array()?.len();
        (swarm[side] == count && all == count).then_some(swarm)
    })
}

/// The member's account shows that so much was downloaded.
fn traffic(daemon: &Daemon, name: &str, length: usize) {
    within(Duration::from_secs(30), "the traffic in the books", || {
        let member = daemon.json(&["member", "show", name]);
        let downloaded = member["traffic"][0]["downloaded"].as_u64()?;
        (downloaded >= u64::try_from(length).ok()?).then_some(())
    });
}

fn url(daemon: &Daemon, by: By, name: &str) -> String {
    match by {
        By::Http => daemon.http_url(),
        By::Udp => daemon.udp_url(),
        By::HttpPasskey => {
            let member = daemon.member(name, "patron");
            member["announce_url"].as_str().expect("an announce URL").to_owned()
        }
        By::UdpPasskey => {
            let member = daemon.member(name, "patron");
            let passkey = member["passkey"].as_str().expect("a passkey");
            format!("{}/{passkey}", daemon.udp_url())
        }
    }
}

#[test]
fn a_wrong_passkey_downloads_nothing_and_says_why() {
    let daemon = Daemon::start(PATIENT, HASTE);
    let content = Content::new(MIB, 8);
    daemon.item("film", content.info_hash(), "free");
    let http = daemon.http_url();
    let trackers = &[http.as_str()];
    let seeder = Job { content: &content, trackers, seeding: true, addresses: &["127.0.0.1"] };
    let _seeder = Program::start(Kind::Libtorrent, &seeder);
    let wrong = format!("/{}", "a".repeat(32));
    let wrong_udp = daemon.udp_url() + &wrong;
    let wrong = http.clone() + &wrong;
    const WORDS: &str = "unknown passkey: get a fresh .torrent at";
    for (kind, announce, expected) in [
        (Kind::Libtorrent, &wrong, WORDS),
        (Kind::Transmission, &wrong, WORDS),
        // libtorrent shows no text of what it is refused over UDP.
        (Kind::Libtorrent, &wrong_udp, "tracker sent a failure message"),
    ] {
        let trackers = &[announce.as_str()];
        let leecher = Program::start(kind, &Job { trackers, seeding: false, ..seeder });
        within(Duration::from_secs(60), "the refusal is shown", || {
            leecher.said().contains(expected).then_some(())
        });
        assert!(!content.is_in(leecher.folder()));
    }
    let swarm = daemon.json(&["swarm", "film"]);
    assert_eq!(swarm["outside_leechers"], 0, "{swarm:#}");
}

#[test]
fn a_dual_stack_client_counts_once() {
    let daemon = Daemon::start(PATIENT, HASTE);
    let content = Content::new(MIB, 9);
    daemon.item("film", content.info_hash(), "club");
    let ada = daemon.member("ada", "patron");
    let passkey = ada["passkey"].as_str().expect("a passkey");
    // The daemon by an address of each family, as a name with both would have it.
    let port = daemon.listening().http.port();
    let [v4, v6] =
        ["127.0.0.1", "[::1]"].map(|address| format!("http://{address}:{port}/announce/{passkey}"));
    let job = Job {
        content: &content,
        trackers: &[&v4, &v6],
        seeding: true,
        addresses: &["127.0.0.1", "[::1]"],
    };
    let client = Program::start(Kind::Libtorrent, &job);
    let swarm = within(Duration::from_secs(60), "both addresses are known", || {
        let swarm = daemon.json(&["swarm", "film"]);
        (swarm["peers"][0]["addresses"].as_array()?.len() == 2).then_some(swarm)
    });
    assert_eq!(swarm["inside_seeders"], 1, "{swarm:#}");
    assert_eq!(daemon.json(&["stats"])["seeders"], 1);
    client.leave();
    within(Duration::from_secs(30), "it left", || {
        (daemon.json(&["swarm", "film"])["inside_seeders"] == 0).then_some(())
    });
}
