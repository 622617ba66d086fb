//! A database that goes away, and comes again: announces go on, nothing acknowledged is lost, nobody
//! restarts the daemon.

#![expect(clippy::disallowed_methods, reason = "an outage lasts so long")]

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use tests::{
    Ask, Daemon, Database, Http, Server, eventually, send_stripe_event, stripe_payments, within,
};

const REEL: [u8; 20] = *b"reel reel reel reel ";

#[test]
fn an_outage_of_5_seconds_fails_no_announce_and_loses_no_ledger_row() {
    check_outage(Duration::from_secs(5));
}

/// `scripts/outage` runs it.
#[test]
#[ignore = "takes more than a minute"]
fn an_outage_of_60_seconds_fails_no_announce_and_loses_no_ledger_row() {
    check_outage(Duration::from_secs(60));
}

#[test]
fn what_one_daemon_changes_is_in_force_on_the_other_within_5_seconds() {
    let database = Database::make();
    let here = Daemon::start("", &format!("database: {}", database.url()));
    let secret = here.folder().join("state/secret");
    let url = here.folder().join("url");
    fs::write(&url, database.url() + "\n").expect("a file");
    let both = format!("database_file: {}\nsecret_file: {}", url.display(), secret.display());
    let there = Daemon::start("", &both);

    here.item("reel", REEL, "club");
    let ada = Ask::of(REEL, 1).by(&here.member("ada", "outsider"));
    let refused = || there.announce(&ada).find("failure reason").is_some();
    let soon = Duration::from_secs(5);
    assert!(refused());
    here.json(&["grant", "ada", "reel"]);
    within(soon, "the right is there too", || (!refused()).then_some(()));
    here.json(&["revoke", "ada", "reel"]);
    within(soon, "the right is gone there too", || refused().then_some(()));
}

#[test]
fn traffic_that_an_end_can_not_write_is_told() {
    let database = Server::own().into_database();
    let rest = format!("database: {}", database.url());
    let mut daemon = Daemon::start("  flush_interval: 1h", &rest);
    daemon.item("reel", REEL, "priority");
    for (client, name) in [(1, "ada"), (2, "bob")] {
        let ask = Ask::of(REEL, client).seeding().by(&daemon.member(name, "fan"));
        daemon.announce(&ask);
        daemon.announce(&Ask { uploaded: 500, ..ask });
    }
    database.server().stop();
    assert_eq!(daemon.terminate().code(), Some(1));
    let log = daemon.log();
    let told = |line: &str| line.contains("ERROR") && line.contains("lost=2");
    assert!(log.lines().any(told), "{log}");
    assert!(log.contains("traffic of 2 clients could not be written and is lost"), "{log}");
}

#[test]
fn a_hangup_during_the_start_is_heeded_after_it() {
    let database = Database::make();
    let mut daemon = Daemon::start("", &format!("database: {}", database.url()));
    daemon.terminate();
    let lock = database.lock("_sqlx_migrations");
    daemon.restart_and(|pid| {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        eventually("the start waits", || (database.ask(waiting) == "1").then_some(()));
        kill(pid, Signal::SIGHUP).expect("the daemon takes a signal");
        drop(lock);
    });
    eventually("it is reloaded", || daemon.log().contains("reloaded").then_some(()));
}

#[track_caller]
fn check_outage(outage: Duration) {
    let database = Server::own().into_database();
    let secrets = tempfile::tempdir().expect("a folder");
    let rest = format!("database: {}\n{}", database.url(), stripe_payments(secrets.path()));
    let mut daemon = Daemon::start("  flush_interval: 1s", &rest);
    daemon.item("reel", REEL, "priority");
    let ada = Ask::of(REEL, 1).seeding().by(&daemon.member("ada", "fan"));
    let load = Load::default();

    let uploaded = std::thread::scope(|scope| {
        let announcing = scope.spawn(|| load.announce(&daemon, &ada));
        let paying = scope.spawn(|| load.pay(&daemon));
        eventually("money comes in", || (load.acknowledged() > 2).then_some(()));

        database.server().stop();
        let begun = Instant::now();
        let refused = daemon.refuses(&["member", "add", "bob"]);
        assert!(refused.contains("the database is down"), "{refused}");
        assert_eq!(send_stripe_event(&daemon, 1), Some(503), "the provider is to try again");
        assert!(daemon.run(&["stats"]).status.success());
        within(outage * 2, "the outage", || (begun.elapsed() > outage).then_some(()));
        database.server().start();

        let before = load.acknowledged();
        eventually("money comes in again", || (load.acknowledged() > before + 2).then_some(()));
        assert_eq!(send_stripe_event(&daemon, 1), Some(200));
        load.stop.store(true, Ordering::Relaxed);
        paying.join().expect("payments");
        announcing.join().expect("announces")
    });

    // What was in doubt may have been kept, what was acknowledged must be.
    let kept: u64 = database.ask("SELECT count(*) FROM journal").parse().expect("a number");
    let (acknowledged, refused) = (load.acknowledged(), load.refused.load(Ordering::Relaxed));
    assert!((acknowledged..=acknowledged + refused).contains(&kept), "{acknowledged} {kept}");
    assert!(refused > 0, "nothing was paid while the database was away");
    assert!(daemon.run(&["verify"]).status.success());
    // All that was uploaded meanwhile waited in memory.
    assert!(daemon.terminate().success());
    let highest = database.ask("SELECT max(high_uploaded) FROM session");
    assert_eq!(highest, uploaded.to_string());
    eprintln!("{uploaded} announces, {acknowledged} payments, {refused} refused");
}

/// What goes on while the database does not.
#[derive(Default)]
struct Load {
    acknowledged: AtomicU64,
    refused: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    /// Announces until told to stop, none of which may fail; returns how often.
    fn announce(&self, daemon: &Daemon, ada: &Ask) -> u64 {
        let mut http = Http::to(daemon.listening().http.port());
        let mut uploaded = 0;
        while !self.stop.load(Ordering::Relaxed) {
            uploaded += 1;
            let reply = http.announce(&Ask { uploaded, ..ada.clone() });
            assert!(reply.find("peers").is_some(), "{reply:?}");
            // A pause, so that the daemon has time for payments too.
            std::thread::sleep(Duration::from_millis(5));
        }
        uploaded
    }

    /// Pays until told to stop, each payment once.
    fn pay(&self, daemon: &Daemon) {
        for number in 0_u64.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let key = format!("payment {number}");
            let paid = ["topup", "ada", "--amount", "1.00", "--currency", "usd", "--memo", "fair"];
            let output = daemon.run(&[&paid[..], &["--key", &key]].concat());
            let count = if output.status.success() { &self.acknowledged } else { &self.refused };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }
}
