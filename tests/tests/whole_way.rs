//! One item from the publisher's disk to a member's, and what a leaked torrent is worth then.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};
use tests::{Ask, Daemon, Goods, Kind, Program, eventually, within};

#[test]
fn published_bought_downloaded_counted_and_leaked() {
    let daemon = Daemon::start(TRACKER, CLUB);
    let goods = Goods::folder("Season 1", &[("1.bin", 6 * MIB + 11), ("extra/2.bin", 2 * MIB)]);
    let published = goods.publish(&daemon, "season", "club");
    for member in ["ada", "bob"] {
        daemon.member(member, "fan");
        daemon.json(&["grant", member, "season"]);
    }
    let [torrent, bobs] = ["ada", "bob"].map(|name| goods.torrent(&daemon, name, "season"));

    // The web seed alone at first, which is slow, and then a seeder beside it.
    let ada = Program::download(Kind::Libtorrent21, &torrent);
    let web_seed = daemon.listening().web.to_string();
    eventually("the web seed gives", || gave(&ada).contains_key(&web_seed).then_some(()));
    let _bob = Program::seed(Kind::Libtorrent21, &bobs, &goods);
    within(Duration::from_secs(120), "the download", || goods.are_in(ada.folder()).then_some(()));
    eventually("the seeder gave, too", || (gave(&ada).len() == 2).then_some(()));

    // Both are in the books: what ada took, and who sent it.
    let size = published["size_bytes"].as_u64().expect("a size");
    eventually("the traffic is counted", || {
        let of = |member| daemon.json(&["member", "traffic", member])["items"][0].clone();
        let (ada, bob) = (of("ada"), of("bob"));
        let [took, by_web_seed, sent] =
            [&ada["downloaded"], &ada["web_seed"], &bob["uploaded"]].map(Value::as_u64);
        let (took, by_web_seed, sent) = (took?, by_web_seed?, sent?);
        (took >= size && by_web_seed > 0 && sent > 0 && by_web_seed + sent >= size).then_some(())
    });
    let item = daemon.json(&["item", "show", "season"]);
    assert_eq!(
        item["served_bytes"],
        daemon.json(&["member", "traffic", "ada"])["items"][0]["web_seed"]
    );

    // Somebody else has ada's torrent, and announces while she does.
    let hash = published["info_hash"].as_str().expect("an info hash");
    let ask = Ask { passkey: Some(passkey(&torrent)), ..Ask::of(bytes(hash), 9) };
    daemon.announce_from([127, 0, 0, 9], &ask);
    eventually("the leak shows", || {
        let alerts = daemon.json(&["alert", "list"]);
        let leak = alerts.as_array()?.iter().find(|alert| alert["kind"] == "leak")?;
        (leak["member"]["name"] == "ada").then_some(())
    });
    ada.leave();
    daemon.json(&["rotate", "ada", "season"]);
    let outsider = Program::download(Kind::Libtorrent21, &torrent);
    says(&outsider, &["passkey", "url seed"]);
    assert!(!goods.are_in(outsider.folder()));
    assert_eq!(gave(&outsider), Map::new());
    drop(outsider);

    // Her next torrent is as good as the first was.
    let ada = Program::download(Kind::Libtorrent21, &goods.torrent(&daemon, "ada", "season"));
    within(Duration::from_secs(120), "the download", || goods.are_in(ada.folder()).then_some(()));
}

#[test]
fn where_strangers_are_let_in_a_torrent_without_a_right_is_a_strangers() {
    let daemon = Daemon::start(TRACKER, CLUB);
    let goods = Goods::file("film.bin", MIB);
    goods.publish(&daemon, "film", "priority");
    daemon.member("ada", "fan");
    daemon.json(&["grant", "ada", "film"]);
    let torrent = goods.torrent(&daemon, "ada", "film");
    daemon.json(&["revoke", "ada", "film"]);
    daemon.json(&["member", "set", "ada", "--tier", "outsider"]);
    let outsider = Program::download(Kind::Libtorrent21, &torrent);
    says(&outsider, &["url seed"]);
    eventually("it is seated outside", || {
        let swarm = daemon.json(&["swarm", "film"]);
        (swarm["outside_leechers"] == 1 && swarm["inside_leechers"] == 0).then_some(())
    });
    assert!(!goods.are_in(outsider.folder()));
}

/// How many blocks a client had from each address, as it says.
fn gave(client: &Program) -> Map<String, Value> {
    let said = client.said();
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["gave"].as_object().cloned()).next_back().unwrap_or_default()
}

/// Waits until a client said all of these.
#[track_caller]
fn says(client: &Program, words: &[&str]) {
    within(Duration::from_secs(60), "the refusal", || {
        let said = client.said();
        words.iter().all(|word| said.contains(word)).then_some(())
    });
}

#[track_caller]
fn passkey(torrent: &Path) -> String {
    let bytes = std::fs::read(torrent).expect("a torrent");
    let torrent = metainfo::Torrent::read(&bytes).expect("a torrent");
    let url = torrent.trackers.first().expect("a tracker");
    url.rsplit('/').next().expect("a passkey").to_owned()
}

#[track_caller]
fn bytes(hash: &str) -> [u8; 20] {
    let bytes = data_encoding::HEXLOWER.decode(hash.as_bytes()).expect("hexadecimal");
    bytes.try_into().expect("20 bytes")
}

const MIB: usize = 1 << 20;
const TRACKER: &str = "  flush_interval: 200ms\n  max_peer_age: 5m";
/// Clients come back every few seconds; a passkey at two addresses is a leak,
/// looked for a few times a window.
const CLUB: &str = "rewards: {window: 5s, hold: 0s, line_rate: 1GiB/s}
leaks: {addresses: 1}
tiers:
- {id: outsider, announce: {interval: 2s, min_interval: 1s}}
- {id: fan, side: inside, webseed: {enabled: true, rate: 700KiB/s, concurrency: 4}}
";
