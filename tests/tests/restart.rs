//! A start right after a kill, on the same ports: nothing that the dead daemon left needs a person.
//!
//! `scripts/restart` runs this with more rounds than a test takes by itself.

use tests::{Ask, Daemon};

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

const ROUNDS: &str = "USHER_RESTART_ROUNDS";
