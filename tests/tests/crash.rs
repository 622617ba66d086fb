//! Killed while money and traffic move: what was acknowledged is in the books, and once.
//!
//! `scripts/crash` runs this with more rounds than a test takes by itself.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Sender, channel};

use fastrand::Rng;
use serde_json::{Value, json};
use tests::{Ask, Daemon, Http, eventually};

#[test]
fn what_was_acknowledged_is_there_after_a_kill_and_once() {
    let rounds = std::env::var(ROUNDS).map_or(10, |rounds| rounds.parse().expect("a number"));
    let secrets = tempfile::tempdir().expect("a folder");
    let token = secrets.path().join("token");
    fs::write(&token, TOKEN).expect("a file");
    let kofi = format!(
        "payments: {{kofi: {{token_files: ['{}'], tier: fan, days: 35, amount: '3.00', \
         currency: usd}}}}",
        token.display()
    );
    let mut daemon = Daemon::start("  flush_interval: 100ms", &kofi);
    daemon.item("reel", FILM, "priority");
    daemon.json(&["item", "set", "reel", "--torrent-price", "2.00", "--currency", "usd"]);
    let passkey = daemon.member("carol", "fan")["passkey"].as_str().expect("a passkey").to_owned();
    for member in ["ada", "bob", "dora", "eve"] {
        daemon.member(member, "outsider");
    }
    let mut crew = Crew::new(passkey);
    crew.carrier.begin(&daemon);
    let seed =
        std::env::var(SEED).map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect(SEED));
    println!("to kill it at the same moments again: {SEED}={seed}");
    let mut random = Rng::with_seed(seed);
    for round in 0..rounds {
        crew.work_until_killed(&mut daemon, round, &mut random);
        daemon.restart();
        crew.look(&daemon);
        assert_eq!(daemon.json(&["verify"])["clean"], true, "round {round}");
    }
    crew.finish(&daemon);
    crew.look(&daemon);
    println!("{rounds} rounds, {}", crew.summary());
    let trial = daemon.json(&["ledger", "trial"]);
    let sums: Vec<_> = trial.as_array().expect("sums").iter().map(|one| &one["sum"]).collect();
    assert!(!sums.is_empty() && sums.iter().all(|sum| **sum == 0), "{trial}");
}

/// Those who keep the daemon busy. What one was not answered it asks again, word for word.
struct Crew {
    topper: Topper,
    buyer: Buyer,
    redeemer: Redeemer,
    donor: Donor,
    carrier: Carrier,
}

impl Crew {
    fn new(passkey: String) -> Self {
        Self {
            topper: Topper::default(),
            buyer: Buyer::default(),
            redeemer: Redeemer::default(),
            donor: Donor::default(),
            carrier: Carrier { passkey, carried: 0, kept: 0 },
        }
    }

    /// Kills the daemon after some answers, wherever it is then with the others.
    fn work_until_killed(&mut self, daemon: &mut Daemon, round: u32, random: &mut Rng) {
        self.redeemer.stock(daemon, round);
        let socket = daemon.folder().join("state/admin.sock");
        // Before anybody works, as the kill may come at the first answer.
        let (http, web) = (daemon.listening().http.port(), daemon.listening().web.port());
        let http = Http::to(http);
        let (told, answers) = channel();
        let admin = || Http::at(&socket);
        std::thread::scope(|scope| {
            let Self { topper, buyer, redeemer, donor, carrier } = self;
            let sender = || told.clone();
            let (a, b, c, d) = (sender(), sender(), sender(), sender());
            // Announces come by the thousand and are not what is waited for.
            let (e, _) = channel();
            drop(told);
            scope.spawn(move || admin().map(|line| work(line, a, |line| topper.step(line))));
            scope.spawn(move || admin().map(|line| work(line, b, |line| buyer.step(line))));
            scope.spawn(move || admin().map(|line| work(line, c, |line| redeemer.step(line))));
            scope.spawn(move || work(web, d, |port| donor.step(*port)));
            scope.spawn(move || work(http, e, |line| carrier.step(line)));
            let enough = random.usize(1..60);
            assert_eq!(answers.iter().take(enough).count(), enough, "the daemon ended by itself");
            (0..random.u32(..SPINS)).for_each(|_| std::hint::spin_loop());
            daemon.kill();
        });
    }

    /// Asks again what was not answered, until everything was.
    fn finish(&mut self, daemon: &Daemon) {
        let mut line = Http::at(&daemon.folder().join("state/admin.sock")).expect("a daemon");
        self.topper.step(&mut line).expect("an answer");
        self.buyer.step(&mut line).expect("an answer");
        self.redeemer.step(&mut line).expect("an answer");
        self.donor.step(daemon.listening().web.port()).expect("an answer");
        self.carrier.finish(daemon);
    }

    /// Compares what the books say with what was acknowledged; of each of the crew, one request
    /// more may have come through than was.
    fn look(&mut self, daemon: &Daemon) {
        let mut entries = BTreeMap::new();
        let mut line = Http::at(&daemon.folder().join("state/admin.sock")).expect("a daemon");
        let mut all = |path: &str, list: &str| {
            let (mut found, mut query) = (Vec::new(), String::new());
            loop {
                let body = line.get(&format!("/api/v1/{path}{query}"), "").body;
                let page: Value = serde_json::from_slice(&body).expect("a page");
                found.extend(page[list].as_array().expect("a list").iter().cloned());
                let Some(next) = page["next"].as_str() else { return found };
                query = format!("?after={next}");
            }
        };
        for entry in all("ledger/journal", "entries") {
            let key = entry["key"].as_str().expect("a key").to_owned();
            assert!(entries.insert(key.clone(), entry).is_none(), "{key} stands twice");
        }
        let made = |prefix: &str| entries.keys().filter(|key| key.starts_with(prefix)).count();
        let is = |found: usize, acknowledged: usize, what: &str| {
            assert!(
                (acknowledged..=acknowledged + 1).contains(&found),
                "{what}: {found}, {acknowledged}"
            );
        };
        is(made("top-"), self.topper.done, "top-ups");
        is(made("buy-"), self.buyer.bought, "purchases");
        is(made("back-"), self.buyer.returned, "refunds");
        assert_eq!(held(daemon, "ada"), 100 * i64::try_from(made("top-")).expect("few"));

        let redeemed = held(daemon, "eve") / 100;
        is(usize::try_from(redeemed).expect("few"), self.redeemer.done, "vouchers");

        let events = all("events", "events");
        assert!(events.iter().all(|event| event["verdict"] == "applied"), "{events:?}");
        is(events.len(), self.donor.done, "webhooks");
        assert_eq!(held(daemon, "dora"), 0);
        self.carrier.look(daemon);
    }

    fn summary(&self) -> String {
        format!(
            "{} top-ups, {} purchases, {} refunds, {} vouchers, {} webhooks, {} bytes acknowledged",
            self.topper.done,
            self.buyer.bought,
            self.buyer.returned,
            self.redeemer.done,
            self.donor.done,
            self.carrier.carried
        )
    }
}

/// Repeats a step until the daemon is gone, and tells of each that was answered.
fn work<L>(mut line: L, told: Sender<()>, mut step: impl FnMut(&mut L) -> Option<()>) {
    while step(&mut line).is_some() {
        // Whoever counts may have counted enough.
        let _ = told.send(());
    }
}

/// Pays a dollar into ada's balance.
#[derive(Default)]
struct Topper {
    done: usize,
}

impl Topper {
    fn step(&mut self, line: &mut Http<UnixStream>) -> Option<()> {
        let body = json!({
            "key": format!("top-{}", self.done), "amount": "1.00", "currency": "usd",
        });
        tell(line, "/api/v1/members/ada/topups", &body)?;
        self.done += 1;
        Some(())
    }
}

/// Buys the reel with what was paid in for it, and gives it back.
#[derive(Default)]
struct Buyer {
    has_money: bool,
    order: Option<u64>,
    bought: usize,
    returned: usize,
}

impl Buyer {
    fn step(&mut self, line: &mut Http<UnixStream>) -> Option<()> {
        if !self.has_money {
            let body = json!({"key": "purse", "amount": "2.00", "currency": "usd"});
            tell(line, "/api/v1/members/bob/topups", &body)?;
            self.has_money = true;
        } else if let Some(order) = self.order {
            let body = json!({"key": format!("back-{}", self.returned)});
            tell(line, &format!("/api/v1/orders/{order}/refunds"), &body)?;
            self.order = None;
            self.returned += 1;
        } else {
            let body = json!({"key": format!("buy-{}", self.bought), "product": {"item": {"item": "reel", "as": "torrent"}}});
            let order = tell(line, "/api/v1/members/bob/orders", &body)?;
            self.order = order["id"].as_u64();
            self.bought += 1;
        }
        Some(())
    }
}

/// Redeems vouchers of a dollar for eve. One that was redeemed as the daemon died says so.
#[derive(Default)]
struct Redeemer {
    codes: Vec<String>,
    done: usize,
}

impl Redeemer {
    fn stock(&mut self, daemon: &Daemon, round: u32) {
        let key = format!("stock-{round}");
        let issue = ["voucher", "issue", "--amount", "1.00", "--currency", "usd", "--count", "100"];
        let issued = daemon.json(&[&issue[..], &["--key", &key]].concat());
        for voucher in issued.as_array().expect("vouchers") {
            self.codes.insert(0, voucher["code"].as_str().expect("a code").to_owned());
        }
    }

    fn step(&mut self, line: &mut Http<UnixStream>) -> Option<()> {
        let code = self.codes.last()?;
        let body = json!({"code": code, "member": "eve"}).to_string();
        let response = line.hand("POST", "/api/v1/vouchers/redeem", JSON, &body)?;
        let text = String::from_utf8_lossy(&response.body);
        assert!(response.status == 200 || text.contains("was redeemed"), "{text}");
        self.codes.pop();
        self.done += 1;
        Some(())
    }
}

/// Pays for dora's tier at Ko-fi, which delivers each payment until it is told that it came.
#[derive(Default)]
struct Donor {
    done: usize,
}

impl Donor {
    fn step(&mut self, port: u16) -> Option<()> {
        // The site ends a connection with its page.
        let mut line = Http::over(TcpStream::connect(("127.0.0.1", port)).ok()?);
        let payment = json!({
            "verification_token": TOKEN,
            "message_id": format!("message-{}", self.done),
            "kofi_transaction_id": format!("payment-{}", self.done),
            "type": "Donation", "from_name": "dora", "message": "dora",
            "amount": "3.00", "currency": "USD",
        });
        let payment = percent_encoding::utf8_percent_encode(
            &payment.to_string(),
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string();
        let body = format!("data={payment}");
        let response = line.hand("POST", "/webhooks/kofi", FORM, &body)?;
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        self.done += 1;
        Some(())
    }
}

/// Announces for carol a hundred bytes more each time, as one client all along.
struct Carrier {
    passkey: String,
    carried: u64,
    /// What the books had at last.
    kept: u64,
}

impl Carrier {
    /// The first announce counts nothing: what it says is the start of the client's run.
    fn begin(&mut self, daemon: &Daemon) {
        let mut line = Http::to(daemon.listening().http.port());
        self.step(&mut line).expect("an answer");
        eventually("the run is in the books", || uploaded(daemon).map(drop));
    }

    /// Whatever kills cut short, the last announce says all that was carried since the first.
    fn finish(&mut self, daemon: &Daemon) {
        let mut line = Http::to(daemon.listening().http.port());
        self.step(&mut line).expect("an answer");
        let all = self.carried - STEP;
        eventually("all traffic is in the books", || (uploaded(daemon)? == all).then_some(()));
    }

    fn step(&mut self, line: &mut Http) -> Option<()> {
        let carried = self.carried + STEP;
        let ask =
            Ask { uploaded: carried, passkey: Some(self.passkey.clone()), ..Ask::of(FILM, 1) };
        let response = line.hand("GET", &ask.target(), "text/plain", "")?;
        assert_eq!(response.status, 200);
        self.carried = carried;
        Some(())
    }

    /// The books never forget traffic, and never have more than was announced.
    fn look(&mut self, daemon: &Daemon) {
        let kept = uploaded(daemon).expect("the run is in the books");
        // The one that was not answered may count.
        assert!((self.kept..=self.carried).contains(&kept), "{kept} of {}", self.carried);
        self.kept = kept;
    }
}

/// What the books say that carol uploaded; `None` before they know her client.
fn uploaded(daemon: &Daemon) -> Option<u64> {
    daemon.json(&["member", "show", "carol"])["traffic"][0]["uploaded"].as_u64()
}

/// Tells the admin API something that it must take.
fn tell(line: &mut Http<UnixStream>, target: &str, body: &Value) -> Option<Value> {
    let response = line.hand("POST", target, JSON, &body.to_string())?;
    let text = String::from_utf8_lossy(&response.body);
    assert!((200..300).contains(&response.status), "{target}: {text}");
    serde_json::from_str(&text).ok()
}

/// A member's balance in cents.
fn held(daemon: &Daemon, member: &str) -> i64 {
    let balances = daemon.json(&["balance", member]);
    balances[0]["prepaid"]["minor"].as_i64().unwrap_or(0)
}

const FILM: [u8; 20] = *b"film film film film ";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const ROUNDS: &str = "USHER_CRASH_ROUNDS";
const SEED: &str = "USHER_CRASH_SEED";
/// Some milliseconds: longer than a commit takes.
const SPINS: u32 = 300_000;
/// Bytes from one announce to the next.
const STEP: u64 = 100;
const TOKEN: &str = "the token of a shop in a test";
