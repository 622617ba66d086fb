//! The daemon from start to end: what it refuses to start with, what a change does at once, what
//! lasts over an end in order and over a power cut, and what never reaches its log.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::CertifiedKey;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tests::{Ask, Daemon, Http, Value, eventually};

const FILM: [u8; 20] = *b"film film film film ";
/// Snapshots and flushes come every second.
const OFTEN: &str = "  snapshot_interval: 1s\n  flush_interval: 1s";
/// Neither comes while a test runs, but at the end.
const SELDOM: &str = "  snapshot_interval: 1h\n  flush_interval: 1h";

#[track_caller]
fn refused(reply: &Value) -> bool {
    reply.text("failure reason").is_some()
}

fn seeders(daemon: &Daemon) -> (i64, i64) {
    let swarm = daemon.json(&["swarm", "film"]);
    let count = |key: &str| swarm[key].as_i64().expect("a count");
    (count("inside_seeders"), count("outside_seeders"))
}

fn uploaded(daemon: &Daemon) -> Option<u64> {
    daemon.json(&["member", "show", "ada"])["traffic"][0]["uploaded"].as_u64()
}

fn snapshot(daemon: &Daemon) -> PathBuf {
    daemon.folder().join("state/swarms.snapshot")
}

/// A swarm of ada inside, who uploads 500 bytes, and a stranger.
fn fill(daemon: &Daemon) -> Ask {
    daemon.item("film", FILM, "priority");
    let ada = Ask::of(FILM, 1).seeding().by(&daemon.member("ada", "fan"));
    daemon.announce(&ada);
    daemon.announce(&Ask { uploaded: 500, ..ada.clone() });
    daemon.announce(&Ask { port: 6882, ..Ask::of(FILM, 2).seeding() });
    ada
}

#[test]
fn a_restart_keeps_swarm_and_traffic() {
    let mut daemon = Daemon::start(SELDOM, "");
    let ada = fill(&daemon);
    assert_eq!(daemon.terminate().code(), Some(0));
    daemon.restart();
    assert_eq!((seeders(&daemon), uploaded(&daemon)), ((1, 1), Some(500)));
    // The session goes on where it was: only what came since is added.
    daemon.announce(&Ask { uploaded: 700, ..ada });
    assert_eq!(daemon.terminate().code(), Some(0));
    daemon.restart();
    assert_eq!((seeders(&daemon), uploaded(&daemon)), ((1, 1), Some(700)));
}

#[test]
fn a_power_cut_loses_no_more_than_it_may() {
    let mut daemon = Daemon::start(OFTEN, "");
    fill(&daemon);
    eventually("traffic is written", || (uploaded(&daemon) == Some(500)).then_some(()));
    eventually("a snapshot with both clients is written", || {
        let bytes = fs::read(snapshot(&daemon)).ok()?;
        let clients = bytes.windows(8).filter(|start| start == b"-XX0001-").count();
        (clients >= 2).then_some(())
    });
    daemon.kill();
    daemon.restart();
    assert_eq!((seeders(&daemon), uploaded(&daemon)), ((1, 1), Some(500)));
}

#[test]
fn a_damaged_snapshot_is_a_cold_start() {
    let mut daemon = Daemon::start(SELDOM, "");
    fill(&daemon);
    daemon.terminate();
    let path = snapshot(&daemon);
    let mut bytes = fs::read(&path).expect("a snapshot");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("it is damaged");
    daemon.restart();
    assert_eq!((seeders(&daemon), uploaded(&daemon)), ((0, 0), Some(500)));
    let log = daemon.log();
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains("snapshot")), "{log}");
}

#[test]
fn a_state_dir_has_one_daemon() {
    let daemon = Daemon::start("", "");
    let output = daemon.start_another();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("another usher runs in state_dir"), "{said}");
    daemon.json(&["stats"]);
}

#[test]
fn an_address_has_one_daemon() {
    let daemon = Daemon::start("", "");
    let (http, udp) = (daemon.listening().http.port(), daemon.listening().udp.port());
    for (key, port) in [("http", http), ("udp", udp)] {
        let said = Daemon::fails_to_start(&format!("  {key}: {{listen: ['[::]:{port}']}}"), "");
        let expected =
            format!("cannot listen on [::]:{port} (tracker.{key}.listen): somebody does");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn a_reload_tries_again_what_could_not_be_published() {
    let items = tempfile::tempdir().unwrap();
    let rest = format!("items_dir: {}\nitems_settle: 200ms", items.path().display());
    let daemon = Daemon::start("", &rest);
    fs::write(items.path().join("film.usher.yaml"), "policy: late\n").unwrap();
    fs::write(items.path().join("film"), "film").unwrap();
    eventually("it is stuck", || daemon.log().contains("no policy `late`").then_some(()));
    daemon.reconfigure("", &format!("{rest}\npolicies: {{late: {{who: anyone}}}}"));
    eventually("it is published", || {
        daemon.run(&["item", "show", "film"]).status.success().then_some(())
    });
}

#[test]
fn a_hangup_puts_a_changed_file_in_force() {
    let daemon = Daemon::start("", "");
    assert!(refused(&daemon.announce(&Ask::of(FILM, 1))));
    daemon.reconfigure("  unknown_torrents: free", "");
    eventually("the change is in force", || {
        (!refused(&daemon.announce(&Ask::of(FILM, 1)))).then_some(())
    });
    daemon.reconfigure("  unknown_torrents: perhaps", "");
    eventually("the mistake is logged", || {
        daemon
            .log()
            .lines()
            .any(|line| line.contains("ERROR") && line.contains("unknown_torrents"))
            .then_some(())
    });
    assert!(!refused(&daemon.announce(&Ask::of(FILM, 1))));
}

#[test]
fn what_takes_effect_at_the_next_start_is_told_at_each_reload_until_then() {
    let daemon = Daemon::start("", "");
    let count = |word: &str| daemon.log().lines().filter(|line| line.contains(word)).count();
    let reload = |rest: &str, nth: usize| {
        daemon.reconfigure("", rest);
        eventually("a reload", || (count("reloaded") == nth).then_some(()));
        count("takes effect at the next start")
    };
    assert_eq!(reload("log: {format: json}", 1), 1);
    assert_eq!(reload("log: {format: json}", 2), 2, "it is still not in force");
    assert_eq!(reload("", 3), 2, "what is in force is what the file says again");
}

#[test]
fn nobody_need_hear_that_it_is_ready() {
    let mut daemon = Daemon::start("", "");
    daemon.terminate();
    daemon.restart_mute();
    eventually("it answers", || daemon.run(&["stats"]).status.success().then_some(()));
    assert!(daemon.runs());
    assert_eq!(daemon.terminate().code(), Some(0));
    assert!(daemon.log().contains("standard output does not take"), "{}", daemon.log());
}

#[test]
fn what_goes_wrong_is_counted() {
    let daemon = Daemon::start("", "");
    let metric = |name: &str| daemon.metric(name);
    for failures in ["flush", "snapshot", "backup", "reload"] {
        assert_eq!(metric(&format!("usher_{failures}_failures_total")), Some(0.0), "{failures}");
    }
    assert_eq!(metric("usher_database_up"), Some(1.0));
    eventually("the first backup is told of", || {
        (metric("usher_last_backup_timestamp_seconds")? > 1.7e9).then_some(())
    });
    daemon.reconfigure("  unknown_torrents: perhaps", "");
    eventually("a reload fails", || {
        (metric("usher_reload_failures_total") == Some(1.0)).then_some(())
    });
}

#[test]
fn check_finds_what_a_start_would() {
    let daemon = Daemon::start("", "");
    let check = |tracker: &str, rest: &str, expected: &str| {
        daemon.configure(tracker, rest);
        let said = daemon.refuses(&["check"]);
        assert!(said.contains(expected), "{said}");
    };
    let tls = "  http: {listen: ['[::]:0'], tls: {certificate: a.pem, key: b.pem}}";
    check(tls, "", "cannot read a certificate from");
    check("", "database_file: gone", "database_file: cannot read");
    fs::write(daemon.folder().join("short"), "hunter2").unwrap();
    fs::set_permissions(daemon.folder().join("short"), fs::Permissions::from_mode(0o600)).unwrap();
    check("", "secret_file: short", "holds 7 bytes");
    check("", "secret_file: state", "cannot read or make the secret file");
    check("", "items_dir: gone", "items_dir: cannot look into");
    fs::write(daemon.folder().join("url"), "club.db").unwrap();
    check("", "database_file: url", "no PostgreSQL URL");
}

#[test]
fn a_tier_that_members_have_and_the_file_has_not_is_warned_of() {
    let mut daemon = Daemon::start("", "");
    daemon.member("ada", "patron");
    daemon.member("bob", "patron");
    daemon.member("eve", "fan");
    let warned = |daemon: &Daemon| {
        let is_it = |line: &&str| line.contains("patron") && line.contains("members=2");
        daemon.log().lines().filter(is_it).count()
    };
    let fewer = "tiers: [{id: outsider}, {id: fan}]";
    daemon.reconfigure("", fewer);
    eventually("a reload warns", || (warned(&daemon) == 1).then_some(()));
    daemon.terminate();
    daemon.restart();
    eventually("a start warns", || (warned(&daemon) == 2).then_some(()));
}

#[test]
fn a_wrong_file_is_refused_by_key_and_line() {
    #[track_caller]
    fn check(tracker: &str, rest: &str, expected: &[&str]) {
        let said = Daemon::fails_to_start(tracker, rest);
        for part in expected {
            assert!(said.contains(part), "{part:?} is not in {said:?}");
        }
    }
    check("  colour: blue", "", &["colour", "line 9"]);
    check("", "colour: blue", &["colour", "line 10"]);
    check("  limits: {max_torrents: many}", "", &["max_torrents", "line 9"]);
    check("  max_peer_age: 1m", "", &["tracker.max_peer_age"]);
    check("", "tiers: [{id: fan}]", &["tiers", "outsider"]);
    check("  http: {listen: ['203.0.113.1:0']}", "", &["tracker.http.listen", "203.0.113.1"]);
}

#[test]
fn a_change_is_in_force_when_its_command_returns() {
    let daemon = Daemon::start("", "");
    daemon.item("film", FILM, "priority");
    let ask = Ask::of(FILM, 1).seeding().by(&daemon.member("ada", "outsider"));
    let seated = || {
        let reply = daemon.announce(&ask);
        (refused(&reply), if refused(&reply) { (0, 0) } else { seeders(&daemon) })
    };
    assert_eq!(seated(), (false, (0, 1)));
    daemon.json(&["member", "set", "ada", "--tier", "fan"]);
    assert_eq!(seated(), (false, (1, 0)));
    daemon.json(&["member", "suspend", "ada"]);
    assert!(seated().0);
    daemon.json(&["member", "resume", "ada"]);
    daemon.json(&["member", "set", "ada", "--tier", "outsider"]);
    assert_eq!(seated(), (false, (0, 1)));
    daemon.json(&["grant", "ada", "film"]);
    assert_eq!(seated(), (false, (1, 0)));
    daemon.json(&["revoke", "ada", "film"]);
    assert_eq!(seated(), (false, (0, 1)));

    let stranger = Ask { port: 6882, ..Ask::of(FILM, 2) };
    assert!(!refused(&daemon.announce(&stranger)));
    daemon.json(&["item", "set", "film", "--policy", "club"]);
    assert!(refused(&daemon.announce(&stranger)));
    daemon.json(&["grant", "ada", "all"]);
    assert_eq!(seated(), (false, (1, 0)));
    daemon.json(&["item", "remove", "film"]);
    assert!(refused(&daemon.announce(&ask)));
}

#[test]
fn documents_have_the_fields_that_are_promised() {
    let daemon = Daemon::start("", "");
    fill(&daemon);
    let has = |value: &serde_json::Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "no {key} in {value:#}");
        }
    };
    let shown = daemon.json(&["member", "show", "ada"]);
    has(&shown, &["id", "name", "tier", "passkey", "announce_url"]);
    let (url, passkey) = (shown["announce_url"].as_str(), shown["passkey"].as_str());
    let expected = format!("{}/{}", daemon.http_url(), passkey.expect("a passkey"));
    assert_eq!(url, Some(expected.as_str()));
    assert_eq!(daemon.json(&["member", "show", "1"]), shown, "by id");

    let swarm = daemon.json(&["swarm", "film"]);
    has(&swarm, &["inside_seeders", "inside_leechers", "outside_seeders", "outside_leechers"]);
    has(&swarm["peers"][0], &["side", "client", "progress", "age"]);
    let hash = swarm["info_hash"].as_str().expect("a hash");
    assert_eq!(daemon.json(&["swarm", hash])["peers"].as_array().map(Vec::len), Some(2));

    let why = daemon.json(&["why", "ada"]);
    assert_eq!(why["announces"].as_array().map(Vec::len), Some(2), "{why:#}");
    for (kind, name) in [("member", "ada"), ("item", "film")] {
        let listed = daemon.json(&[kind, "list"]);
        let names: Vec<_> =
            listed.as_array().expect("a list").iter().map(|it| &it["name"]).collect();
        assert_eq!(names, [name], "{listed:#}");
    }
}

#[test]
fn a_command_that_cannot_says_so_with_1() {
    let daemon = Daemon::start("", "");
    daemon.member("ada", "fan");
    for (arguments, expected) in [
        (&["member", "show", "bob"][..], "bob"),
        (&["member", "add", "ada", "--tier", "fan"], "ada"),
        (&["member", "add", "bob", "--tier", "king"], "king"),
        (&["swarm", "film"], "film"),
        (&["grant", "ada", "film"], "film"),
    ] {
        let said = daemon.refuses(arguments);
        assert!(said.contains(expected) && said.trim().lines().count() == 1, "{said:?}");
    }
}

#[test]
fn health_and_metrics_are_served() {
    let mut daemon = Daemon::start("", "");
    fill(&daemon);
    let port = daemon.listening().admin.port();
    let get = |target: &str| {
        let response = Http::to(port).get(target, "");
        (response.status, String::from_utf8(response.body).expect("text"))
    };
    assert_eq!((get("/livez").0, get("/readyz").0, get("/nothing").0), (200, 200, 404));
    let (status, metrics) = get("/metrics");
    assert_eq!(status, 200);
    let line =
        metrics.lines().find(|line| line.starts_with("usher_") && line.contains("announces"));
    assert!(line.is_some(), "{metrics}");
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[test]
fn announces_go_over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, cert.pem()).expect("a file");
    fs::write(&key, signing_key.serialize_pem()).expect("a file");
    let daemon = Daemon::start(
        &format!(
            "  http: {{listen: ['[::]:0'], tls: {{certificate: '{}', key: '{}'}}}}",
            certificate.display(),
            key.display()
        ),
        "",
    );
    daemon.item("film", FILM, "free");

    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(("127.0.0.1", daemon.listening().http.port()));
    let mut http = Http::over(StreamOwned::new(client, stream.expect("somebody listens")));
    let response = http.get(&Ask::of(FILM, 1).seeding().target(), "");
    assert_eq!(Value::read(&response.body).int("complete"), 1);
}

#[test]
fn no_secret_reaches_the_log() {
    let mut daemon = Daemon::start("", "log: {level: trace}");
    let ask = fill(&daemon);
    daemon.announce(&Ask { port: 80, ..ask.clone() });
    tests::Udp::to(daemon.listening().udp.port()).announce(&ask);
    daemon.refuses(&["member", "show", "bob"]);
    daemon.json(&["member", "show", "ada"]);
    let rotated = daemon.json(&["member", "rotate", "ada"]);
    daemon.announce(&ask);
    daemon.announce(&Ask::of(FILM, 3).by(&rotated));
    daemon.terminate();
    let secret = fs::read(daemon.folder().join("state/secret")).expect("the master secret");
    let log = fs::read(daemon.folder().join("log")).expect("a log");
    assert!(!log.is_empty());
    let secret = String::from_utf8_lossy(&secret).trim().to_owned();
    let keys = [ask.passkey, rotated["passkey"].as_str().map(str::to_owned), Some(secret)];
    for key in keys.iter().flatten() {
        assert!(key.len() >= 32);
        let found = log.windows(key.len()).any(|bytes| bytes == key.as_bytes());
        assert!(!found, "{}", String::from_utf8_lossy(&log));
    }
}
