//! A member's feed in qBittorrent, to the file on its disk.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Daemon, Goods, Qbittorrent, eventually, free_port, within};

#[test]
fn a_rule_downloads_what_a_members_feed_brings() {
    let daemon = at_a_public_url();
    let reel = Goods::file("reel one.mp4", MIB);
    reel.publish(&daemon, "reel", "club");
    daemon.member("ada", "fan");
    daemon.json(&["grant", "ada", "all"]);
    let feed = text(&daemon.json(&["member", "links", "ada"])["club_feed"]);

    let client = Qbittorrent::start();
    client.post("rss/addFeed", &[("url", &feed), ("path", "club")]);
    let article = eventually("the feed is read", || {
        let feed = client.get("rss/items?withData=true")["club"].clone();
        assert_ne!(feed["hasError"], true, "{feed}");
        feed["articles"].as_array()?.first().cloned()
    });
    assert_eq!(article["title"], "reel one.mp4");
    let torrent_url = text(&article["torrentURL"]);
    assert!(torrent_url.contains("/t/") && torrent_url.ends_with("/reel.torrent"), "{article}");

    // By the link of an entry, as a person would add it.
    let downloads = client.downloads();
    let downloads_path = downloads.to_str().expect("a plain path");
    client.post("torrents/add", &[("urls", &torrent_url), ("savepath", downloads_path)]);
    within(Duration::from_secs(120), "the download", || reel.are_in(&downloads).then_some(()));

    // By a rule, which meets what the feed brings next.
    let season = Goods::folder("Season 1", &[("a b#1.mp4", MIB), ("sub/c.mp4", 5)]);
    let rule = json!({
        "enabled": true, "mustContain": "Season", "affectedFeeds": [feed],
        "savePath": downloads_path, "addPaused": false,
    });
    client.post("rss/setRule", &[("ruleName", "season"), ("ruleDef", &rule.to_string())]);
    season.publish(&daemon, "season", "club");
    client.post("rss/refreshItem", &[("itemPath", "club")]);
    within(Duration::from_secs(120), "the rule's download", || {
        season.are_in(&downloads).then_some(())
    });
    let torrents = client.get("torrents/info");
    assert_eq!(torrents.as_array().map(Vec::len), Some(2), "{torrents}");
    let titles = client.get("rss/items?withData=true")["club"]["articles"].clone();
    assert_eq!(titles.as_array().map(Vec::len), Some(2), "{titles}");
}

/// A daemon whose links lead to itself.
fn at_a_public_url() -> Daemon {
    let port = free_port();
    let rest = format!(
        "public_url: http://127.0.0.1:{port}\nweb: {{listen: '127.0.0.1:{port}'}}\n\
         tiers:\n- {{id: outsider, announce: {{interval: 2s, min_interval: 1s}}}}\n\
         - {{id: fan, side: inside, webseed: {{enabled: true, rate: 10MiB/s, concurrency: 4}}}}\n"
    );
    Daemon::start("", &rest)
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

const MIB: usize = 1 << 20;
