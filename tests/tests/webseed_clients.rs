//! Real clients on the publisher's own copy: with a right they have all of it without a peer, and
//! without one the same torrent gets them nothing from it.

use std::time::Duration;

use tests::{Daemon, Goods, Kind, Program, Stopwatch, Witness, within};

/// Clients come back every few seconds, so that who came first hears of who came later.
const TIERS: &str = "tiers:
- {id: outsider, announce: {interval: 2s, min_interval: 1s}}
- {id: fan, side: inside, webseed: {enabled: true, rate: 700KiB/s, concurrency: 4}}
- {id: patron, webseed: {enabled: true, rate: 100MiB/s, concurrency: 8}}
";
const PATIENT: &str = "  max_peer_age: 5m";
const MIB: usize = 1 << 20;

#[test]
fn libtorrent_downloads_a_file_and_a_folder() {
    downloads(Kind::Libtorrent21);
}

#[test]
fn debians_libtorrent_downloads_a_file_and_a_folder() {
    downloads(Kind::Libtorrent);
}

#[test]
fn aria2_downloads_a_file_and_a_folder() {
    downloads(Kind::Aria2);
}

#[test]
fn transmission_downloads_a_file_and_a_folder() {
    downloads(Kind::Transmission);
}

/// Without any peer, by a slow tier and a fast one.
fn downloads(kind: Kind) {
    let daemon = daemon();
    for (goods, item) in [(file(), "file"), (folder(), "folder")] {
        goods.publish(&daemon, item, "club");
        let [slow, fast] = [("slow", "fan"), ("fast", "patron")].map(|(member, tier)| {
            let member = format!("{member}-{item}");
            daemon.member(&member, tier);
            daemon.json(&["grant", &member, item]);
            let begin = Stopwatch::start();
            let client = Program::download(kind, &goods.torrent(&daemon, &member, item));
            complete(&goods, &client);
            begin.elapsed()
        });
        // 3 MiB at 700 KiB/s.
        assert!(slow >= Duration::from_secs(4), "{item}: {slow:?}");
        assert!(fast < slow, "{item}: {fast:?}, and {slow:?} where the tier is slower");
    }
}

#[test]
fn transmission_downloads_names_that_it_changes() {
    let daemon = daemon();
    let goods = Goods::folder(
        "Talks: 2",
        &[
            ("Episode 1: Intro.mkv", MIB),
            ("What? \"Why\" <a|b> *.mkv", MIB),
            ("con.txt", 1000),
            ("dots...", 1000),
            ("sub: 1/x.mkv", 1000),
            (" space", 1000),
        ],
    );
    goods.publish(&daemon, "talks", "club");
    daemon.member("ada", "patron");
    daemon.json(&["grant", "ada", "talks"]);
    let witness = Witness::of(daemon.listening().web);
    let torrent = goods.torrent_by(witness.address(), &daemon, "ada", "talks");
    let client = Program::download(Kind::Transmission, &torrent);
    within(Duration::from_secs(120), "the download", || {
        client.said().contains("Seeding").then_some(())
    });
    let statuses = witness.statuses();
    assert!(
        !statuses.is_empty() && statuses.iter().all(|status| [200, 206].contains(status)),
        "{statuses:?}"
    );
}

#[test]
fn libtorrent_has_peers_and_the_web_seed_together() {
    downloads_beside_a_peer(Kind::Libtorrent21);
}

#[test]
fn aria2_has_peers_and_the_web_seed_together() {
    downloads_beside_a_peer(Kind::Aria2);
}

#[test]
fn transmission_has_peers_and_the_web_seed_together() {
    downloads_beside_a_peer(Kind::Transmission);
}

/// With a seeder in the swarm, by a slow tier and a fast one; the web seed gives some of it.
fn downloads_beside_a_peer(kind: Kind) {
    let daemon = daemon();
    for (goods, item) in [(file(), "file"), (folder(), "folder")] {
        goods.publish(&daemon, item, "club");
        daemon.member(&format!("seeder-{item}"), "fan");
        daemon.json(&["grant", &format!("seeder-{item}"), item]);
        let seeders = goods.torrent(&daemon, &format!("seeder-{item}"), item);
        let _seeder = Program::seed(Kind::Libtorrent21, &seeders, &goods);
        for (member, tier) in [("slow", "fan"), ("fast", "patron")] {
            let member = format!("{member}-{item}");
            daemon.member(&member, tier);
            daemon.json(&["grant", &member, item]);
            let witness = Witness::of(daemon.listening().web);
            let torrent = goods.torrent_by(witness.address(), &daemon, &member, item);
            let client = Program::download(kind, &torrent);
            complete(&goods, &client);
            let statuses = witness.statuses();
            assert!(!statuses.is_empty(), "{member} had nothing of the web seed");
            assert!(statuses.iter().all(|status| [200, 206].contains(status)), "{statuses:?}");
        }
    }
}

#[test]
fn libtorrent_without_a_right_gets_nothing() {
    gets_nothing(Kind::Libtorrent21);
}

#[test]
fn aria2_without_a_right_gets_nothing() {
    gets_nothing(Kind::Aria2);
}

#[test]
fn transmission_without_a_right_gets_nothing() {
    gets_nothing(Kind::Transmission);
}

/// The torrent is the one that would have been good the moment before; nor is there a peer.
fn gets_nothing(kind: Kind) {
    let daemon = daemon();
    daemon.member("ada", "patron");
    daemon.member("bob", "patron");
    for (goods, item) in [(file(), "file"), (folder(), "folder")] {
        goods.publish(&daemon, item, "club");
        for member in ["ada", "bob"] {
            daemon.json(&["grant", member, item]);
        }
        let _seeder =
            Program::seed(Kind::Libtorrent21, &goods.torrent(&daemon, "bob", item), &goods);
        let witness = Witness::of(daemon.listening().web);
        let torrent = goods.torrent_by(witness.address(), &daemon, "ada", item);
        daemon.json(&["revoke", "ada", item]);
        let client = Program::download(kind, &torrent);
        within(Duration::from_secs(60), "the web seed's refusal", || {
            witness.statuses().contains(&403).then_some(())
        });
        within(Duration::from_secs(60), "the tracker's refusal", || {
            let why = daemon.json(&["why", "ada"]);
            let heard = why["announces"].as_array()?.iter();
            let mut of_item = heard.filter(|heard| heard["item"]["name"] == item);
            of_item.any(|heard| heard["admitted"] == false).then_some(())
        });
        let statuses = witness.statuses();
        assert!(statuses.iter().all(|status| *status == 403), "{statuses:?}");
        assert!(!goods.are_in(client.folder()));
        assert_eq!(daemon.json(&["item", "show", item])["served_bytes"], 0);
    }
}

fn daemon() -> Daemon {
    Daemon::start(PATIENT, TIERS)
}

fn file() -> Goods {
    Goods::file("single one.bin", 3 * MIB + 7)
}

fn folder() -> Goods {
    Goods::folder("multi", &[("a b#1.bin", 2 * MIB + 11), ("sub/c.bin", MIB), ("sub/d.bin", 5)])
}

fn complete(goods: &Goods, client: &Program) {
    within(Duration::from_secs(120), "the download", || {
        goods.are_in(client.folder()).then_some(())
    });
}
