//! The site's listener: what anybody gets there, and how it ends.

use std::net::TcpStream;

use nix::sys::signal::Signal;
use tests::{Daemon, Database, Http, eventually};

#[test]
fn the_site_answers_and_keeps_its_address_to_itself() {
    let daemon = Daemon::start("", "");
    let mut http = Http::to(daemon.listening().web.port());
    let landing = http.get("/", "");
    assert_eq!(landing.status, 200, "{landing:?}");
    assert_eq!(landing.headers["referrer-policy"], "no-referrer");
}

#[test]
fn a_nul_in_a_path_is_nothing_that_is_there() {
    let database = Database::make();
    let daemon = Daemon::start("", &format!("database: {}", database.url()));
    daemon.member("ada", "patron");
    let links = daemon.json(&["member", "links", "ada"]);
    let token = |key: &str| links[key].as_str().expect("a token").to_owned();
    let (download, feed) = (token("download_token"), token("feed_token"));
    for target in [
        format!("/t/{download}/%00.torrent"),
        format!("/t/{download}/a%00b.torrent"),
        format!("/t/{download}%00/a.torrent"),
        "/t/free/%00.torrent".to_owned(),
        format!("/feed/{feed}/%00.xml"),
        format!("/feed/{feed}%00/club.xml"),
        format!("/ws/{download}/%00"),
        "/ws/free/1/%00".to_owned(),
        format!("/d/{download}/%00"),
        "/%00".to_owned(),
    ] {
        assert_eq!(
            Http::to(daemon.listening().web.port()).get(&target, "").status,
            404,
            "{target}"
        );
    }
    let mut api = Http::at(&daemon.folder().join("state/admin.sock")).expect("a daemon");
    for (target, expected) in [
        ("/members/%00", 404),
        ("/members/ada/rights/%00", 404),
        ("/items/%00", 404),
        ("/swarms/%00", 404),
        ("/audit?member=%00", 400),
        ("/audit?item=a%00b", 400),
    ] {
        let response = api.get(&format!("/api/v1{target}"), "");
        assert_eq!(response.status, expected, "{target}");
    }
    assert!(!daemon.log().contains("ERROR"), "{}", daemon.log());
}

#[test]
fn a_reload_keeps_the_site_and_an_end_closes_it() {
    let mut daemon = Daemon::start("", "");
    let port = daemon.listening().web.port();
    daemon.signal(Signal::SIGHUP);
    eventually("the reload", || daemon.log().contains("reloaded").then_some(()));
    assert_eq!(Http::to(port).get("/nonsense", "").status, 404);
    assert!(daemon.terminate().success());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_taken_address_is_named_by_its_key() {
    let daemon = Daemon::start("", "");
    let taken = daemon.listening().web;
    let said = Daemon::fails_to_start("", &format!("web: {{listen: '{taken}'}}"));
    assert!(said.contains("(web.listen)"), "{said}");
}
