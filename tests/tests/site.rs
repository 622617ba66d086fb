//! The site's listener: what anybody gets there, and how it ends.

use std::net::TcpStream;

use nix::sys::signal::Signal;
use tests::{Daemon, Http, eventually};

#[test]
fn the_site_answers_and_keeps_its_address_to_itself() {
    let daemon = Daemon::start("", "");
    let mut http = Http::to(daemon.listening().web.port());
    let landing = http.get("/", "");
    assert_eq!(landing.status, 200, "{landing:?}");
    assert_eq!(landing.headers["referrer-policy"], "no-referrer");
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
