//! From a folder on disk to members' torrents, on the built daemon.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use metainfo::Torrent;
use serde_json::Value;
use tests::{Ask, Daemon, Http, Response, eventually};

#[test]
fn publish_makes_an_item_and_its_torrent() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("The Film.mp4");
    fs::write(&film, vec![7; 100_000]).unwrap();
    let published = publish(&daemon, &film, &["--policy", "club", "--title", "The Film"]);
    assert_eq!((&published["item"], &published["version"]), (&"The-Film".into(), &1.into()));
    assert_eq!(published["private"], true);
    let torrent = read(published["torrent_file"].as_str().unwrap());
    assert_eq!(published["info_hash"], torrent.info_hash_v1.unwrap().to_string());
    assert!(published.get("info_hash_v2").is_none());
    assert!(torrent.private && torrent.web_seeds.is_empty());
    let shown = daemon.json(&["item", "show", "The-Film"]);
    assert_eq!((&shown["title"], &shown["state"]), (&"The Film".into(), &"published".into()));

    let said = daemon.refuses(&["publish", film.to_str().unwrap(), "--name", "film"]);
    assert!(said.contains("`The-Film` has the info hash"), "{said}");
    for (field, text) in [("--title", "a\nb"), ("--description", "a\u{7}b")] {
        let path = film.to_str().unwrap();
        let said = daemon.refuses(&["publish", path, "--replaces", "The-Film", field, text]);
        let what = field.trim_start_matches('-');
        assert!(said.contains(&format!("can't be in a {what}")), "{said}");
    }
    let said = daemon.refuses(&["publish", "/nowhere/film.mp4"]);
    assert!(said.contains("/nowhere/film.mp4: No such file"), "{said}");
    let said = daemon.refuses(&["magnet", "The-Film"]);
    assert!(said.contains("is not free"), "{said}");
}

#[test]
fn what_can_be_refused_before_hashing_is() {
    let daemon = Daemon::start("", "");
    let (film, gone) = (daemon.folder().join("film.mp4"), daemon.folder().join("gone"));
    fs::write(&film, vec![7; 100_000]).unwrap();
    let film = film.to_str().unwrap();
    publish(&daemon, film.as_ref(), &[]);
    let said = daemon.refuses(&["publish", film, "--replaces", "film", "--tier", "nosuch"]);
    assert!(said.contains("nosuch"), "{said}");
    assert_eq!(daemon.json(&["item", "show", "film"])["version"], 1);

    // Nothing could be hashed here, so whatever else is wrong is told first.
    fs::create_dir(&gone).unwrap();
    let gone = gone.to_str().unwrap();
    let prices = ["--torrent-price", "3", "--direct-price", "2", "--currency", "usd"];
    let said = daemon.refuses(&[&["publish", gone][..], &prices].concat());
    assert!(said.contains("less"), "{said}");
    let said = daemon.refuses(&["publish", gone, "--tier", "nosuch"]);
    assert!(said.contains("nosuch"), "{said}");
    let said = daemon.refuses(&["publish", gone, "-o", "/nowhere/film.torrent"]);
    assert!(said.contains("cannot write /nowhere/film.torrent"), "{said}");
}

#[test]
fn what_holds_nothing_is_not_published() {
    let daemon = Daemon::start("", "");
    let folder = daemon.folder().join("season");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("film.mp4");
    fs::write(&file, "").unwrap();
    for path in [&folder, &file] {
        let said = daemon.refuses(&["publish", path.to_str().unwrap()]);
        assert!(said.contains("has no bytes") && said.contains("put something in"), "{said}");
    }
    assert_eq!(daemon.json(&["item", "list"]), Value::Array(Vec::new()));
}

#[test]
fn a_hash_is_called_what_it_is() {
    let daemon = Daemon::start("", "");
    for (format, expected) in [
        ("v1", &["info hash    "][..]),
        ("v2", &["announced as ", "info hash v2 "]),
        ("hybrid", &["info hash    ", "info hash v2 "]),
    ] {
        let film = daemon.folder().join(format!("{format}.mp4"));
        fs::write(&film, vec![7; 1000]).unwrap();
        let torrent = film.with_extension("torrent");
        let [film, torrent] = [&film, &torrent].map(|path| path.to_str().unwrap());
        let output = daemon.run(&["publish", film, "--format", format, "-o", torrent]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let labels: Vec<&str> = said
            .lines()
            .filter_map(|line| line.get(..13))
            .filter(|label| ["info hash    ", "info hash v2 ", "announced as "].contains(label))
            .collect();
        assert_eq!(labels, expected, "{said}");
    }
}

#[test]
fn every_format_and_a_free_magnet() {
    let daemon = Daemon::start("", "");
    for (format, halves) in [("v1", (true, false)), ("v2", (false, true)), ("hybrid", (true, true))]
    {
        let folder = daemon.folder().join(format);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a"), format.repeat(30_000)).unwrap();
        fs::write(folder.join("b"), format).unwrap();
        let published = publish(&daemon, &folder, &["--policy", "free", "--format", format]);
        let torrent = read(published["torrent_file"].as_str().unwrap());
        let found = (torrent.info_hash_v1.is_some(), torrent.info_hash_v2.is_some());
        assert_eq!((found, torrent.private), (halves, false), "{format}");
        let first = torrent.info_hashes().next().unwrap();
        assert_eq!(published["info_hash"], first.to_string());
        let v2 = torrent.info_hash_v2.map(|hash| hash.to_string());
        assert_eq!(published["info_hash_v2"].as_str(), v2.as_deref());
        let magnet = daemon.json(&["magnet", format])["magnet"].as_str().unwrap().to_owned();
        assert!(magnet.starts_with("magnet:?xt=urn:bt"), "{magnet}");
        let ask = Ask::of(first.0, 1);
        assert_eq!(daemon.announce(&ask).int("complete"), 0);
    }
}

#[test]
fn a_members_torrent_differs_outside_of_info_alone() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("film.mp4");
    fs::write(&film, vec![7; 100_000]).unwrap();
    let published = publish(&daemon, &film, &["--policy", "club"]);
    daemon.member("ada", "fan");
    let said = daemon.refuses(&["torrent", "ada", "film"]);
    assert!(said.contains("`usher grant ada film`"), "{said}");
    daemon.json(&["grant", "ada", "film"]);

    let links = daemon.json(&["member", "links", "ada"]);
    let own = torrent_of(&daemon, "ada");
    let bytes = fs::read(published["torrent_file"].as_str().unwrap()).unwrap();
    let shared = Torrent::read(&bytes).unwrap();
    assert_eq!(own.info_hash_v1, shared.info_hash_v1);
    let [tracker] = own.trackers.as_slice() else { panic!("{:?}", own.trackers) };
    assert!(tracker.starts_with("http://127.0.0.1:") && tracker.contains("/announce/"));
    assert_eq!(own.web_seeds, [links["items"][0]["web_seed"].as_str().unwrap()]);
    assert_eq!(own.comment.as_deref(), Some("http://127.0.0.1/items/film"));

    // Its passkey is good for that item, and for no other.
    let passkey = tracker.rsplit('/').next().unwrap().to_owned();
    let hash = own.info_hash_v1.unwrap().0;
    let ask = Ask { passkey: Some(passkey), ..Ask::of(hash, 1) };
    assert_eq!(daemon.announce(&ask).int("incomplete"), 1);
    daemon.item("other", [9; 20], "free");
    let refused = daemon.announce(&Ask { info_hash: [9; 20], ..ask.clone() });
    assert!(refused.find("failure reason").is_some());

    let rotated = daemon.json(&["member", "rotate", "ada", "--key", "webseed"]);
    assert_ne!(rotated["items"][0]["web_seed"], links["items"][0]["web_seed"]);
    assert_eq!(rotated["items"][0]["torrent"], links["items"][0]["torrent"]);
    assert_eq!(rotated["club_feed"], links["club_feed"]);
    let rotated = daemon.json(&["member", "rotate", "ada", "--key", "download"]);
    assert_ne!(rotated["download_token"], links["download_token"]);
    assert_eq!(rotated["announce_url"], links["announce_url"]);
}

#[test]
fn a_direct_download_is_another_purchase_than_the_torrent() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("a film.mp4");
    fs::write(&film, vec![7; 100_000]).unwrap();
    let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
    publish(&daemon, &film, &[&["--policy", "club", "--name", "film"][..], &prices].concat());
    let mut items = Vec::new();
    for (member, way, price) in [("ada", "torrent", "2.25"), ("bob", "direct", "3.00")] {
        daemon.member(member, "outsider");
        let cash = ["--amount", price, "--currency", "usd", "--memo", "cash"];
        daemon.json(&[&["topup", member][..], &cash].concat());
        daemon.json(&["buy", member, "film", "--as", way]);
        items.push(daemon.json(&["member", "links", member])["items"][0].clone());
    }
    assert!(items.iter().all(|item| item["web_seed"].is_string() && item["torrent"].is_string()));
    assert_eq!(items[0]["direct"], Value::Array(Vec::new()));
    let url = items[1]["direct"][0].as_str().unwrap();
    let shown = String::from_utf8(daemon.run(&["member", "links", "bob"]).stdout).unwrap();
    assert!(shown.contains("DIRECT DOWNLOAD") && shown.contains(url), "{shown}");

    let saved = get(&daemon, url);
    assert_eq!((saved.status, saved.body.len()), (200, 100_000));
    assert_eq!(saved.headers["content-type"], "video/mp4");
    let name = "attachment; filename*=UTF-8''a%20film%2Emp4";
    assert_eq!(saved.headers["content-disposition"], name);
    daemon.json(&["refund", "2"]);
    assert_eq!(get(&daemon, url).status, 403);
}

#[test]
fn a_direct_download_has_the_type_of_its_file_and_is_never_a_page() {
    let daemon = Daemon::start("", "");
    let folder = daemon.folder().join("album");
    fs::create_dir(&folder).unwrap();
    let types = [
        ("cover.jpg", "image/jpeg"),
        ("cover.svg", "application/octet-stream"),
        ("notes.html", "application/octet-stream"),
        ("talk.m4a", "audio/mp4"),
        ("unknown.zzz", "application/octet-stream"),
    ];
    for (name, _) in types {
        fs::write(folder.join(name), name).unwrap();
    }
    let price = ["--direct-price", "3.00", "--currency", "usd"];
    publish(&daemon, &folder, &price);
    daemon.member("ada", "outsider");
    let cash = ["--amount", "3.00", "--currency", "usd", "--memo", "cash"];
    daemon.json(&[&["topup", "ada"][..], &cash].concat());
    daemon.json(&["buy", "ada", "album", "--as", "direct"]);
    let item = daemon.json(&["member", "links", "ada"])["items"][0].clone();
    let web_seed = item["web_seed"].as_str().unwrap();
    for (name, expected) in types {
        let mut urls = item["direct"].as_array().unwrap().iter();
        let direct = urls.find_map(|url| url.as_str().filter(|url| url.ends_with(name))).unwrap();
        for url in [direct, &format!("{web_seed}album/{name}")] {
            let answer = get(&daemon, url);
            assert_eq!(answer.headers["content-type"], expected, "{url}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
    }
}

#[test]
fn a_torrent_says_when_and_by_what_it_was_made_and_says_it_again() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("film.mp4");
    fs::write(&film, vec![7; 1000]).unwrap();
    publish(&daemon, &film, &["--policy", "club"]);
    daemon.member("ada", "patron");
    let item = daemon.json(&["member", "links", "ada"])["items"][0].clone();
    let made = get(&daemon, item["torrent"].as_str().unwrap()).body;
    let shown = daemon.json(&["item", "show", "film"]);
    let created: jiff::Timestamp = shown["created"].as_str().unwrap().parse().unwrap();
    let expected = format!("10:created by5:usher13:creation datei{}e4:info", created.as_second());
    let has = made.windows(expected.len()).any(|bytes| bytes == expected.as_bytes());
    assert!(has, "{expected} in {}", String::from_utf8_lossy(&made));
    daemon.json(&["item", "set", "film", "--title", "Another"]);
    assert_eq!(get(&daemon, item["torrent"].as_str().unwrap()).body, made);
}

#[test]
fn publish_names_the_clients_that_stumble() {
    let daemon = Daemon::start("", "");
    let folder = daemon.folder().join("Talks");
    fs::create_dir(&folder).unwrap();
    for name in ["Episode 1: Intro.mkv", "Episode 1? Intro.mkv"] {
        fs::write(folder.join(name), name).unwrap();
    }
    let published = publish(&daemon, &folder, &[]);
    let warnings: Vec<_> = published["warnings"].as_array().unwrap().iter().collect();
    for expected in ["Transmission saves it with _ for", "are one file to Transmission"] {
        let has = |warning: &&Value| warning.as_str().unwrap().contains(expected);
        assert!(warnings.iter().any(has), "{warnings:?}");
    }
}

#[test]
fn a_free_items_torrent_has_the_web_seed_that_is_everybodys() {
    let open = "tiers:\n- {id: outsider, webseed: {enabled: true, rate: 1MiB/s, concurrency: 4}}\n";
    let daemon = Daemon::start("", open);
    let clip = daemon.folder().join("clip.mp4");
    fs::write(&clip, vec![7; 1000]).unwrap();
    let published = publish(&daemon, &clip, &["--policy", "free"]);
    let torrent = read(published["torrent_file"].as_str().unwrap());
    let [url] = torrent.web_seeds.as_slice() else { panic!("{:?}", torrent.web_seeds) };
    assert!(url.ends_with("/ws/free/1/clip.mp4"), "{url}");
    let answer = get(&daemon, url);
    assert_eq!((answer.status, answer.body), (200, vec![7; 1000]));
    assert_eq!(answer.headers["content-type"], "video/mp4");
    let magnet = daemon.json(&["magnet", "clip"])["magnet"].clone();
    assert!(magnet.as_str().unwrap().contains("&ws=http"), "{magnet}");
    let film = daemon.folder().join("film.mp4");
    fs::write(&film, vec![8; 1000]).unwrap();
    let published = publish(&daemon, &film, &["--policy", "club"]);
    assert!(read(published["torrent_file"].as_str().unwrap()).web_seeds.is_empty());
}

#[test]
fn the_seed_box_seeds_what_is_for_members_alone() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("film.mp4");
    fs::write(&film, vec![7; 100_000]).unwrap();
    publish(&daemon, &film, &["--policy", "club"]);
    let said = daemon.refuses(&["member", "add", "seedbox"]);
    assert!(said.contains("usher keeps the name `seedbox`"), "{said}");
    let file = daemon.folder().join("seed.torrent");
    daemon.json(&["torrent", "--seed", "film", "-o", file.to_str().unwrap()]);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "it holds a passkey");
    let printed = daemon.run(&["torrent", "--seed", "film", "-o", "-"]);
    assert!(printed.status.success());
    assert_eq!(printed.stdout, fs::read(&file).unwrap());
    let torrent = read(file.to_str().unwrap());
    assert!(torrent.web_seeds.is_empty());
    let passkey = torrent.trackers[0].rsplit('/').next().unwrap().to_owned();
    let hash = torrent.info_hash_v1.unwrap().0;
    daemon.announce(&Ask { passkey: Some(passkey), ..Ask::of(hash, 1) }.seeding());
    let swarm = daemon.json(&["swarm", "film"]);
    assert_eq!(
        (&swarm["inside_seeders"], &swarm["peers"][0]["member"]["name"]),
        (&1.into(), &"seedbox".into())
    );
    daemon.json(&["revoke", "seedbox", "all"]);
    let said = daemon.refuses(&["torrent", "--seed", "film"]);
    assert!(said.contains("`usher grant seedbox all` if it is your seed box"), "{said}");
}

#[test]
fn a_new_version_keeps_rights_and_a_broken_one_is_found() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("film.mp4");
    fs::write(&film, vec![7; 100_000]).unwrap();
    let first = publish(&daemon, &film, &["--policy", "club", "--tier", "fan"]);
    daemon.member("ada", "fan");
    torrent_of(&daemon, "ada");
    assert_eq!(daemon.json(&["item", "verify", "film"])["whole"], true);

    fs::write(&film, vec![8; 100_000]).unwrap();
    let said = daemon.refuses(&["item", "verify", "film"]);
    assert!(said.contains("film.mp4"), "{said}");
    assert_eq!(daemon.json(&["item", "show", "film"])["state"], "broken");

    let second = publish(&daemon, &film, &["--replaces", "film"]);
    assert_eq!((&second["id"], &second["version"]), (&first["id"], &2.into()));
    assert_ne!(second["info_hash"], first["info_hash"]);
    assert_eq!(daemon.json(&["item", "show", "film"])["state"], "published");
    assert_eq!(daemon.json(&["alert", "list"]), Value::Array(Vec::new()));
    let own = torrent_of(&daemon, "ada");
    assert_eq!(second["info_hash"], own.info_hash_v1.unwrap().to_string());

    daemon.json(&["item", "unpublish", "film"]);
    let said = daemon.refuses(&["torrent", "ada", "film"]);
    assert!(said.contains("is unpublished"), "{said}");
    let again = publish(&daemon, &film, &["--replaces", "film"]);
    assert_eq!((&again["version"], &again["info_hash"]), (&2.into(), &second["info_hash"]));

    let id = daemon.json(&["item", "remove", "film"])["id"].to_string();
    let said = daemon.refuses(&["item", "verify", &id]);
    assert!(said.contains("was removed, for good") && !said.contains("--replaces"), "{said}");
}

#[test]
fn what_the_daemon_keeps_to_itself_is_not_published() {
    let secrets = tempfile::tempdir().unwrap();
    let token = secrets.path().join("kofi");
    fs::write(&token, "token").unwrap();
    let kofi = "tier: fan, days: 35, amount: '3.00', currency: usd";
    let rest = format!(
        "secret_file: master\nbackup: {{folder: copies}}\nitems_dir: drop\nitems_settle: 200ms\n\
         payments: {{kofi: {{token_files: [{}], {kofi}}}}}",
        token.display()
    );
    let daemon = Daemon::start("", &rest);
    let home = daemon.folder();
    for folder in ["drop", "copies", "films"] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    symlink(home.join("state"), home.join("films/link")).unwrap();
    fs::write(home.join("copies/club.db"), "books").unwrap();
    let refused = ["", "state", "state/club.db", "films/link", "master", "copies/club.db"];
    let payments = [secrets.path().to_owned(), token];
    for path in refused.map(|path| home.join(path)).into_iter().chain(payments) {
        let said = daemon.refuses(&["publish", path.to_str().unwrap(), "--name", "x"]);
        assert!(said.contains("what the daemon keeps to itself in"), "{said}");
    }
    fs::write(home.join("films/a.mp4"), vec![7; 1000]).unwrap();
    publish(&daemon, &home.join("films"), &[]);
}

#[test]
fn items_dir_publishes_nothing_through_a_link() {
    let (outside, drop) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rest = format!("items_dir: {}\nitems_settle: 200ms", drop.path().display());
    let daemon = Daemon::start("", &rest);
    let (outside, drop) = (outside.path(), drop.path());
    fs::create_dir(outside.join("folder")).unwrap();
    fs::write(outside.join("folder/a"), "secret").unwrap();
    fs::write(outside.join("secret.mkv"), "secret").unwrap();
    fs::write(outside.join("side-car"), "title: secret\n").unwrap();
    for (link, to) in [("folder", "folder"), ("link.mkv", "secret.mkv")] {
        symlink(outside.join(to), drop.join(link)).unwrap();
        fs::write(drop.join(format!("{link}.usher.yaml")), "").unwrap();
    }
    // Its side-car is a link, that of the other a pipe that nobody writes to.
    fs::write(drop.join("film.mkv"), "film").unwrap();
    symlink(outside.join("side-car"), drop.join("film.mkv.usher.yaml")).unwrap();
    fs::write(drop.join("clip.mkv"), "clip").unwrap();
    let pipe = drop.join("clip.mkv.usher.yaml");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let stuck = eventually("all are stuck", || {
        let list = String::from_utf8(daemon.run(&["item", "list"]).stdout).unwrap();
        let names = ["folder", "link.mkv", "film.mkv", "clip.mkv"];
        names.iter().all(|name| list.contains(&format!("/{name}"))).then_some(list)
    });
    assert!(!stuck.contains("title") && stuck.contains("is a symbolic link"), "{stuck}");
    assert_eq!(daemon.json(&["item", "list"]), Value::Array(Vec::new()));

    // The watch goes on, and a plain file is published.
    fs::write(drop.join("plain.mkv"), "plain").unwrap();
    fs::write(drop.join("plain.mkv.usher.yaml"), "").unwrap();
    eventually("it is published", || {
        daemon.run(&["item", "show", "plain"]).status.success().then_some(())
    });
}

#[test]
fn a_relative_items_dir_publishes() {
    let rest = "items_dir: drop\nitems_settle: 200ms";
    let daemon = Daemon::start_in_its_folder("", rest);
    let drop = daemon.folder().join("drop");
    fs::create_dir(&drop).unwrap();
    fs::write(drop.join("clip#1.mp4"), vec![7; 1000]).unwrap();
    fs::write(drop.join("clip#1.mp4.usher.yaml"), "name: clip\npolicy: free\n").unwrap();
    eventually("it is published", || {
        daemon.run(&["item", "show", "clip"]).status.success().then_some(())
    });
    // What `usher publish` would have warned of.
    eventually("a warning", || daemon.log().contains("holds # % or ?").then_some(()));
}

#[test]
fn a_torrent_takes_no_other_files_place() {
    let daemon = Daemon::start("", "");
    let film = daemon.folder().join("film.mp4");
    let notes = daemon.folder().join("notes");
    fs::write(&film, vec![7; 1000]).unwrap();
    fs::write(&notes, "mine").unwrap();
    let (path, file) = (film.to_str().unwrap(), notes.to_str().unwrap());
    let check = |arguments: &[&str]| {
        let said = daemon.refuses(arguments);
        assert!(said.contains("is not a torrent: name another file with `-o FILE`"), "{said}");
        assert_eq!(fs::read(&notes).unwrap(), b"mine");
    };
    check(&["publish", path, "-o", file]);
    assert_eq!(daemon.json(&["item", "list"]), Value::Array(Vec::new()));

    publish(&daemon, &film, &["--policy", "free"]);
    publish(&daemon, &film, &["--replaces", "film"]);
    daemon.member("ada", "fan");
    check(&["torrent", "ada", "film", "-o", file]);
}

#[test]
fn a_name_that_is_not_utf_8_is_said_to_be() {
    let daemon = Daemon::start("", "");
    let path = daemon.folder().join(OsStr::from_bytes(b"bad\xff.mkv"));
    fs::write(&path, "film").unwrap();
    let output = daemon.run(&[OsStr::new("publish"), path.as_os_str()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is not UTF-8") && said.contains("rename it"), "{said}");
}

#[track_caller]
fn publish(daemon: &Daemon, path: &Path, options: &[&str]) -> Value {
    let name = path.file_name().unwrap().to_str().unwrap();
    let file = daemon.folder().join(format!("{name}.torrent"));
    let (path, file) = (path.to_str().unwrap(), file.to_str().unwrap());
    daemon.json(&[&["publish", path, "-o", file], options].concat())
}

/// Asks the site for a URL of its own, whatever port that names.
#[track_caller]
fn get(daemon: &Daemon, url: &str) -> Response {
    let path = url.splitn(4, '/').nth(3).unwrap();
    Http::to(daemon.listening().web.port()).get(&format!("/{path}"), "")
}

#[track_caller]
fn torrent_of(daemon: &Daemon, member: &str) -> Torrent {
    let file = daemon.folder().join(format!("{member}.torrent"));
    daemon.json(&["torrent", member, "film", "-o", file.to_str().unwrap()]);
    read(file.to_str().unwrap())
}

#[track_caller]
fn read(file: &str) -> Torrent {
    Torrent::read(&fs::read(file).unwrap()).unwrap()
}
