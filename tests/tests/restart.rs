//! A start right after a kill, on the same ports: nothing that the dead daemon left needs a person.
//!
//! `scripts/restart` runs this with more rounds than a test takes by itself.

use std::fs;
use std::net::TcpListener;

use tests::{Ask, Daemon, eventually};

const FILM: [u8; 20] = *b"film film film film ";

#[test]
fn a_start_right_after_a_kill_is_not_refused() {
    let rounds = std::env::var(ROUNDS).map_or(3, |rounds| rounds.parse().expect("a number"));
    for io in ["auto", "recvmmsg"] {
        let mut daemon =
            Daemon::start(&format!("  udp: {{listen: ['127.0.0.1:0'], io: {io}}}"), "");
        daemon.item("film", FILM, "free");
        // The same ports from now on.
        let [http, udp, admin, web] = {
            let here = daemon.listening();
            [here.http, here.udp, here.admin, here.web].map(|address| address.port())
        };
        daemon.configure(
            &format!(
                "  http: {{listen: ['127.0.0.1:{http}']}}\n  \
                 udp: {{listen: ['127.0.0.1:{udp}'], io: {io}}}"
            ),
            &format!("web: {{listen: '127.0.0.1:{web}'}}\nadmin: {{listen: '127.0.0.1:{admin}'}}"),
        );
        for round in 0..rounds {
            for peer in 0..20 {
                daemon.announce(&Ask::of(FILM, peer));
            }
            if let Err(log) = daemon.kill_and_restart() {
                panic!("{io}, round {round}: the start was refused:\n{log}");
            }
        }
        assert_eq!(daemon.json(&["item", "show", "film"])["name"], "film");
    }
}

#[test]
fn a_start_says_at_once_what_it_waits_for() {
    let mut daemon = Daemon::start("", "");
    daemon.terminate();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    daemon.configure(&format!("  http: {{listen: ['{address}']}}"), "");
    let log = daemon.folder().join("log");
    daemon.restart_and(|_| {
        let said = format!("another process holds {address}");
        eventually("it says that it waits", || {
            fs::read_to_string(&log).expect("a log").contains(&said).then_some(())
        });
        drop(taken);
    });
    assert_eq!(daemon.listening().http, address);
}

const ROUNDS: &str = "USHER_RESTART_ROUNDS";
