//! Real clients on the publisher's own copy: with a right they have all of it without a peer, and
//! without one the same torrent gets them nothing from it.

use std::time::Duration;

use tests::{Daemon, Goods, Kind, Program, Stopwatch, within};

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
        for (member, tier) in [("slow", "fan"), ("fast", "patron")] {
            let member = format!("{member}-{item}");
            daemon.member(&member, tier);
            daemon.json(&["grant", &member, item]);
            let begin = Stopwatch::start();
            let client = Program::download(kind, &goods.torrent(&daemon, &member, item));
            complete(&goods, &client);
            // 3 MiB at 700 KiB/s.
            let at_least = Duration::from_secs(if tier == "fan" { 4 } else { 0 });
            assert!(begin.elapsed() >= at_least, "{member}: {:?}", begin.elapsed());
        }
    }
}

#[test]
fn peers_and_the_web_seed_together() {
    let daemon = daemon();
    let goods = folder();
    goods.publish(&daemon, "folder", "club");
    for member in ["ada", "bob", "cleo"] {
        daemon.member(member, "fan");
        daemon.json(&["grant", member, "folder"]);
    }
    let torrents = ["ada", "bob", "cleo"].map(|name| goods.torrent(&daemon, name, "folder"));
    let _seeder = Program::seed(Kind::Libtorrent21, &torrents[0], &goods);
    let clients = [
        Program::download(Kind::Libtorrent21, &torrents[1]),
        Program::download(Kind::Transmission, &torrents[2]),
    ];
    for client in &clients {
        complete(&goods, client);
    }
}

#[test]
fn without_a_right_the_same_torrent_gets_nothing() {
    let daemon = daemon();
    let goods = file();
    goods.publish(&daemon, "file", "club");
    daemon.member("ada", "patron");
    daemon.json(&["grant", "ada", "file"]);
    let torrent = goods.torrent(&daemon, "ada", "file");
    daemon.json(&["revoke", "ada", "file"]);
    for (kind, words) in [(Kind::Libtorrent21, "url seed"), (Kind::Aria2, "403")] {
        let client = Program::download(kind, &torrent);
        within(Duration::from_secs(60), "the refusal", || {
            client.said().contains(words).then_some(())
        });
        assert!(!goods.are_in(client.folder()));
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
