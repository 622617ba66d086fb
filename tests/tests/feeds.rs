//! Feeds and the watched folder, on the built daemon, as readers of feeds see them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use metainfo::Torrent;
use serde_json::Value;
use tests::{Daemon, Http, Response, eventually};

#[test]
fn a_members_feed_leads_to_torrents_of_their_own() {
    let daemon = Daemon::start("", "site: {title: Nothing So Strange}");
    publish(&daemon, "reel.mp4", "club");
    publish(&daemon, "trailer.mp4", "free");
    daemon.member("ada", "patron");
    daemon.member("bob", "outsider");

    let links = daemon.json(&["member", "links", "ada"]);
    let response = get(&daemon, &links["club_feed"], "");
    assert_eq!(response.headers["content-type"], "application/rss+xml; charset=utf-8");
    assert_eq!(response.headers["x-robots-tag"], "noindex");
    assert!(response.headers["cache-control"].starts_with("private"));
    let feed = parse(&response);
    assert_eq!((&feed["wrong"], &feed["title"]), (&false.into(), &"Nothing So Strange".into()));
    assert_eq!(feed["entries"].as_array().unwrap().len(), 2);
    let entry = feed["entries"].as_array().unwrap().iter();
    let entry = entry.clone().find(|entry| entry["title"] == "reel.mp4").unwrap();
    assert_eq!(entry["size"], "100000");
    let [enclosure] = entry["enclosures"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(enclosure["type"], "application/x-bittorrent");
    assert_eq!(entry["link"], enclosure["href"], "where there is something");
    let torrent = get(&daemon, &enclosure["href"], "");
    assert_eq!(enclosure["length"], torrent.body.len().to_string(), "BEP 36");
    let torrent = Torrent::read(&torrent.body).unwrap();
    let hash = torrent.info_hash_v1.unwrap();
    assert_eq!(entry["id"], format!("urn:btih:{hash}"));
    assert!(torrent.trackers[0].contains("/announce/") && torrent.web_seeds.len() == 1);

    let feed = parse(&get(&daemon, &links["podcast_feed"], ""));
    let enclosure = &feed["entries"][0]["enclosures"][0];
    assert_eq!((&enclosure["type"], &enclosure["length"]), (&"video/mp4".into(), &"100000".into()));
    assert!(enclosure["href"].as_str().unwrap().contains("/ws/"));

    // Who has no right has the free one, and everybody has.
    let links = daemon.json(&["member", "links", "bob"]);
    let public: Value = "http://127.0.0.1/feed/public.xml".into();
    for url in [&links["club_feed"], &public] {
        let feed = parse(&get(&daemon, url, ""));
        let titles: Vec<_> = feed["entries"].as_array().unwrap().iter().collect();
        assert_eq!((titles.len(), &titles[0]["title"]), (1, &"trailer.mp4".into()), "{url}");
        let torrent = get(&daemon, &titles[0]["enclosures"][0]["href"], "");
        assert!(!Torrent::read(&torrent.body).unwrap().private);
    }
}

#[test]
fn a_feed_is_known_until_it_changes() {
    let daemon = Daemon::start("", "");
    publish(&daemon, "reel.mp4", "club");
    daemon.member("ada", "patron");
    let url = daemon.json(&["member", "links", "ada"])["club_feed"].clone();
    let first = get(&daemon, &url, "");
    let known = format!("If-None-Match: {}\r\n", first.headers["etag"]);
    let again = get(&daemon, &url, &known);
    assert_eq!((again.status, again.body.len()), (304, 0));
    publish(&daemon, "reel-2.mp4", "club");
    let second = get(&daemon, &url, &known);
    assert_eq!(second.status, 200);
    assert_ne!(parse(&second)["updated"], parse(&first)["updated"]);

    daemon.json(&["member", "rotate", "ada", "--key", "feed"]);
    assert_eq!(get(&daemon, &url, "").status, 404);
    let url = daemon.json(&["member", "links", "ada"])["club_feed"].clone();
    assert_eq!(get(&daemon, &url, "").status, 200);
    daemon.json(&["member", "suspend", "ada"]);
    assert_eq!(get(&daemon, &url, "").status, 403);
}

#[test]
fn each_link_of_a_feed_is_served_as_the_type_that_the_feed_promises() {
    let daemon = Daemon::start("", "");
    daemon.member("ada", "patron");
    let types = [
        ("book.m4b", "audio/mp4"),
        ("clip.mkv", "video/x-matroska"),
        ("film.mp4", "video/mp4"),
        ("lecture.ts", "video/mp2t"),
        ("song.mp3", "audio/mpeg"),
        ("talk.m4a", "audio/mp4"),
        ("voice.opus", "audio/ogg"),
    ];
    for (name, _) in types {
        publish(&daemon, name, "club");
    }
    let links = daemon.json(&["member", "links", "ada"]);
    for feed in ["club_feed", "podcast_feed"] {
        let feed = parse(&get(&daemon, &links[feed], ""));
        let entries = feed["entries"].as_array().unwrap();
        assert_eq!(entries.len(), types.len());
        for enclosure in entries.iter().map(|entry| &entry["enclosures"][0]) {
            let served = get(&daemon, &enclosure["href"], "");
            assert_eq!(served.status, 200, "{enclosure}");
            assert_eq!(enclosure["type"], served.headers["content-type"], "{enclosure}");
        }
    }
    let feed = parse(&get(&daemon, &links["podcast_feed"], ""));
    for (name, expected) in types {
        let entry = feed["entries"].as_array().unwrap().iter();
        let entry = entry.clone().find(|entry| entry["title"] == name).unwrap();
        assert_eq!(entry["enclosures"][0]["type"], expected, "{name}");
        let served = get(&daemon, &entry["enclosures"][0]["href"], "");
        assert_eq!(served.headers["x-content-type-options"], "nosniff");
    }
}

#[test]
fn a_compressing_proxy_does_not_make_a_feed_unknown() {
    let daemon = Daemon::start("", "");
    publish(&daemon, "reel.mp4", "free");
    let public: Value = "http://127.0.0.1/feed/public.xml".into();
    let tag = get(&daemon, &public, "").headers["etag"].clone();
    let suffixed = format!("{}-gzip\"", tag.trim_end_matches('"'));
    for known in [
        format!("If-None-Match: {tag}\r\n"),
        format!("If-None-Match: W/{tag}\r\n"),
        format!("If-None-Match: \"a\", W/\"b\" ,W/{tag}\r\n"),
        format!("If-None-Match: \"a b\", {tag}\r\n"),
        format!("If-None-Match: \"a\"\r\nIf-None-Match: {tag}\r\n"),
        format!("If-None-Match: {suffixed}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
    ] {
        assert_eq!(get(&daemon, &public, &known).status, 304, "{known}");
    }
    for unknown in ["\"a\"", "W/", "", tag.trim_matches('"')] {
        let unknown = format!("If-None-Match: {unknown}\r\n");
        assert_eq!(get(&daemon, &public, &unknown).status, 200, "{unknown}");
    }
}

#[test]
fn what_is_empty_is_left_out_of_a_feed() {
    for site in [
        "",
        "site: {title: '', description: ' ', author: '', language: '', image: '', category: ''}",
    ] {
        let daemon = Daemon::start("", site);
        let path = daemon.folder().join("reel.mp4");
        fs::write(&path, [7; 1000]).unwrap();
        let (path, file) = (path.to_str().unwrap(), daemon.folder().join("out.torrent"));
        let options = ["--title", "", "--description", " ", "-o", file.to_str().unwrap()];
        daemon.json(&[&["publish", path][..], &options].concat());
        daemon.member("ada", "patron");
        let links = daemon.json(&["member", "links", "ada"]);
        for feed in ["club_feed", "podcast_feed"] {
            let feed = get(&daemon, &links[feed], "");
            assert_eq!(parse(&feed)["wrong"], false);
            let text = String::from_utf8(feed.body).unwrap();
            assert!(!text.contains("=\"\""), "{text}");
            for element in text.split('<').skip(1) {
                let (tag, content) = element.split_once('>').unwrap();
                let has_content = tag.contains('"') || !content.trim().is_empty();
                let has_children = ["rss", "channel", "item"].contains(&tag);
                let is_end = tag.starts_with('/') || tag.starts_with('!');
                assert!(has_content || has_children || is_end, "<{tag}> in {text}");
            }
            for required in ["title", "link", "description"] {
                assert!(text.contains(&format!("<{required}>")), "{required} in {text}");
            }
        }
    }
}

#[test]
fn a_tier_without_a_web_seed_gets_no_link_to_it() {
    let tiers = "tiers:
- {id: outsider}
- {id: listener, side: inside, entitles: all, webseed: {enabled: false}}
- {id: patron, webseed: {enabled: true}}
";
    let daemon = Daemon::start("", tiers);
    publish(&daemon, "reel.mp4", "club");
    let with_web_seed = |member: &str| {
        let links = daemon.json(&["member", "links", member]);
        let item = &links["items"][0];
        let torrent = Torrent::read(&get(&daemon, &item["torrent"], "").body).unwrap();
        let podcast = parse(&get(&daemon, &links["podcast_feed"], ""));
        let found = [
            !torrent.web_seeds.is_empty(),
            item["web_seed"].is_string(),
            podcast["entries"].as_array().unwrap().len() == 1,
        ];
        let served = torrent.web_seeds.first().map(|url| get(&daemon, &url.as_str().into(), ""));
        assert!(served.is_none_or(|served| served.status == 200));
        assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
        found[0]
    };
    daemon.member("ada", "listener");
    assert!(!with_web_seed("ada"));
    daemon.json(&["member", "set", "ada", "--tier", "patron"]);
    assert!(with_web_seed("ada"));
    // An outsider who bought the item is served it whatever the tier says.
    daemon.member("bob", "outsider");
    daemon.json(&["grant", "bob", "reel"]);
    assert!(with_web_seed("bob"));
    // Which tiers are served may change.
    daemon.reconfigure("", &tiers.replace("{enabled: false}", "{enabled: true}"));
    daemon.member("cyd", "listener");
    eventually("the reload", || daemon.log().contains("reloaded").then_some(()));
    assert!(with_web_seed("cyd"));
}

#[test]
fn a_wrong_token_and_a_wrong_item_look_alike() {
    let daemon = Daemon::start("", "");
    publish(&daemon, "reel.mp4", "club");
    daemon.member("ada", "fan");
    let token = daemon.json(&["member", "links", "ada"])["download_token"].clone();
    let token = token.as_str().unwrap();
    let nobody = "a".repeat(32);
    let mut answers = Vec::new();
    for target in [
        format!("/t/{nobody}/reel.torrent"),
        format!("/t/{token}/other.torrent"),
        format!("/t/{token}/reel"),
        "/t/free/reel.torrent".to_owned(),
        format!("/feed/{token}/club.xml"),
    ] {
        let answer = Http::to(daemon.listening().web.port()).get(&target, "");
        answers.push((answer.status, answer.body));
    }
    assert!(
        answers.iter().all(|answer| *answer == (404, b"nothing here\n".to_vec())),
        "{answers:?}"
    );
    let target = format!("/t/{token}/reel.torrent");
    assert_eq!(Http::to(daemon.listening().web.port()).get(&target, "").status, 403);
}

#[test]
fn what_lands_in_the_folder_is_published_once_it_is_described() {
    let items = tempfile::tempdir().unwrap();
    let setting = format!("items_dir: {}\nitems_settle: 200ms", items.path().display());
    let daemon = Daemon::start("", &setting);
    fs::write(items.path().join("reel.mp4"), vec![7; 100_000]).unwrap();
    eventually("it waits", || {
        let list = String::from_utf8(daemon.run(&["item", "list"]).stdout).unwrap();
        list.contains("waits for").then_some(())
    });
    let side_car = items.path().join("reel.mp4.usher.yaml");
    fs::write(&side_car, "policy: nonsense\n").unwrap();
    eventually("it says why not", || {
        let list = String::from_utf8(daemon.run(&["item", "list"]).stdout).unwrap();
        list.contains("no policy").then_some(())
    });
    fs::write(&side_car, "policy: club\ntitle: Reel 1\n").unwrap();
    let item = eventually("it is published", || {
        daemon.json(&["item", "list"]).as_array()?.first().cloned()
    });
    assert_eq!(
        (&item["name"], &item["title"], &item["policy"]),
        (&"reel".into(), &"Reel 1".into(), &"club".into())
    );
}

#[test]
fn a_side_car_that_changes_presents_its_item_anew_and_once() {
    let items = tempfile::tempdir().unwrap();
    let setting = format!("items_dir: {}\nitems_settle: 200ms", items.path().display());
    let daemon = Daemon::start("", &setting);
    fs::write(items.path().join("reel.mp4"), vec![7; 100_000]).unwrap();
    let side_car = items.path().join("reel.mp4.usher.yaml");
    fs::write(&side_car, "policy: free\ntags: [film]\nvisibility: draft\n").unwrap();
    let shown = || daemon.json(&["item", "show", "reel"]);
    let is_published = || daemon.json(&["item", "list"]).as_array()?.first().cloned();
    let item = eventually("it is published", is_published);
    assert_eq!((&item["visibility"], &item["tags"][0]), (&"draft".into(), &"film".into()));
    let public = || {
        let feed = Http::to(daemon.listening().web.port()).get("/feed/public.xml", "");
        String::from_utf8(feed.body).unwrap()
    };
    let torrent = || Http::to(daemon.listening().web.port()).get("/t/free/reel.torrent", "").status;
    assert_eq!((public().contains("reel"), torrent()), (false, 404), "a draft is nobody's");

    fs::write(&side_car, "policy: free\nvisibility: unlisted\npreview: reel.mp4\n").unwrap();
    eventually("it is unlisted", || (shown()["visibility"] == "unlisted").then_some(()));
    assert_eq!((public().contains("reel"), torrent()), (false, 200), "it is not listed");
    let item = shown();
    assert_eq!((&item["tags"][0], &item["preview"]), (&"film".into(), &"reel.mp4".into()));

    // What is set by hand stays, until the side-car says something else.
    daemon.json(&["item", "set", "reel", "--visibility", "published", "--title", "By hand"]);
    assert!(public().contains("By hand"));
    fs::write(items.path().join("reel.mp4.usher.jpg"), "no image").unwrap();
    eventually("a bad cover is said", || {
        let list = String::from_utf8(daemon.run(&["item", "list"]).stdout).unwrap();
        list.contains("is not an image").then_some(())
    });
    fs::remove_file(items.path().join("reel.mp4.usher.jpg")).unwrap();
    fs::write(&side_car, "policy: free\ndescription: A *quiet* night\n").unwrap();
    eventually("it is described", || (shown()["description"] != "").then_some(()));
    assert_eq!(shown()["title"], "By hand");
    assert!(public().contains("A quiet night"), "{}", public());
}

#[track_caller]
fn publish(daemon: &Daemon, name: &str, policy: &str) {
    let path = daemon.folder().join(name);
    fs::write(&path, name.repeat(100_000).as_bytes().get(..100_000).unwrap()).unwrap();
    let file = daemon.folder().join("out.torrent");
    let (path, file) = (path.to_str().unwrap(), file.to_str().unwrap());
    daemon.json(&["publish", path, "-o", file, "--policy", policy]);
}

/// Asks the site for a URL of its own, whatever port that names.
#[track_caller]
fn get(daemon: &Daemon, url: &Value, headers: &str) -> Response {
    let path = url.as_str().unwrap().splitn(4, '/').nth(3).unwrap();
    Http::to(daemon.listening().web.port()).get(&format!("/{path}"), headers)
}

/// What feedparser makes of it.
#[track_caller]
fn parse(feed: &Response) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/read_feed.py");
    let mut reader = Command::new("/usr/bin/python3");
    let reader = reader.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut reader = reader.spawn().expect("python3");
    reader.stdin.take().unwrap().write_all(&feed.body).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "scripts/test installs python3-feedparser");
    serde_json::from_slice(&output.stdout).unwrap()
}
