//! What follows from what members do: verified traffic and rewards, earned tiers, alerts, the
//! record, passkeys of one item, and erasure.

#![expect(clippy::panic, reason = "a test may panic")]

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tests::{Ask, Daemon, eventually};

#[test]
fn upload_that_a_buyer_confirms_is_credited_and_earns_a_tier() {
    let daemon = Daemon::start(TRACKER, JUDGED);
    let hash = daemon_item(&daemon);
    let [ada, bob] = ["ada", "bob"].map(|name| daemon.member(name, "outsider"));
    daemon.json(&["topup", "ada", "--amount", "2.25", "--currency", "usd", "--memo", "cash"]);
    daemon.json(&["buy", "ada", "reel", "--as", "torrent"]);
    let buyer = Ask { left: 700 * MIB, ..Ask::of(hash, 1).by(&ada) };
    let seed = Ask { uploaded: 9 * MIB, ..Ask::of(hash, 2).by(&bob).seeding() };
    for ask in [&buyer, &seed] {
        daemon.announce(ask);
    }
    // A second goes by in between, as it must for bytes to be carried at all.
    eventually("the first words are in the books", || {
        let traffic = daemon.json(&["member", "traffic", "bob"]);
        (!array(&traffic["items"]).is_empty()).then_some(())
    });
    eventually("no window is about to close", far_from_a_close);
    daemon.announce(&Ask { left: 0, downloaded: 700 * MIB, ..buyer.clone() });
    daemon.announce(&Ask { uploaded: 709 * MIB, ..seed.clone() });

    let traffic = eventually("the window closes", || {
        let traffic = daemon.json(&["member", "traffic", "bob"]);
        (!array(&traffic["credited"]).is_empty()).then_some(traffic)
    });
    let item = &traffic["items"][0];
    assert_eq!(
        (&item["uploaded"], &item["verified"]),
        (&Value::from(700 * MIB), &Value::from(700 * MIB))
    );
    assert_eq!(
        (&traffic["credited"][0]["minor"], &traffic["earned"]),
        (&75.into(), &"seeder".into())
    );
    let rewards = daemon.json(&["reward", "list", "bob"]);
    assert_eq!(
        (&rewards[0]["state"], array(&daemon.json(&["reward", "list"])).len()),
        (&"credited".into(), 1)
    );
    let verify = daemon.json(&["verify"]);
    assert_eq!(verify["clean"], true);
    daemon.json(&["reward", "reverse", "1"]);
    assert_eq!(daemon.json(&["reward", "list", "bob"])[0]["state"], "reversed");
    assert_eq!(daemon.json(&["verify"])["clean"], true);
    // Inside without having paid.
    daemon.announce(&seed);
    assert_eq!(daemon.json(&["swarm", "reel"])["inside_seeders"], 2, "the buyer and the earner");
    assert!(daemon.refuses(&["reward", "reverse", "1"]).contains("no reward 1 stands"));
}

#[test]
fn a_passkey_in_two_places_is_an_alert_until_somebody_looked() {
    let daemon = Daemon::start(TRACKER, &format!("{JUDGED}leaks: {{addresses: 1}}\n"));
    let hash = daemon_item(&daemon);
    let ada = daemon.member("ada", "fan");
    for (place, peer) in [([127, 0, 0, 2], 1), ([127, 0, 0, 3], 2)] {
        daemon.announce_from(place, &Ask::of(hash, peer).by(&ada));
    }
    let alerts = eventually("the alert is there", || {
        let alerts = daemon.json(&["alert", "list"]);
        (!array(&alerts).is_empty()).then_some(alerts)
    });
    assert_eq!((&alerts[0]["kind"], &alerts[0]["member"]["name"]), (&"leak".into(), &"ada".into()));
    let id = alerts[0]["id"].to_string();
    assert!(daemon.json(&["alert", "ack", &id])["acked"].is_string());
    assert!(daemon.refuses(&["alert", "ack", &id]).contains("is open: `usher alert list` shows"));
    assert!(!array(&daemon.json(&["alert", "list", "--all"])).is_empty());
    let shown = daemon.run(&["alert", "list", "--all"]).stdout;
    assert!(String::from_utf8_lossy(&shown).contains("closed by "));
    let reply = daemon.announce_from([127, 0, 0, 2], &Ask::of(hash, 1).by(&ada));
    assert!(reply.find("failure reason").is_none(), "an alert is no ban");
}

#[test]
fn a_passkey_of_one_item_is_rotated_by_itself() {
    let daemon = Daemon::start(TRACKER, "");
    let hash = daemon_item(&daemon);
    let ada = daemon.member("ada", "fan");
    let [first, second] =
        ["7d", "7d"].map(|grace| daemon.json(&["rotate", "ada", "reel", "--grace", grace]));
    let warning = |key: &Value| {
        let reply = daemon.announce(&Ask::of(hash, 1).by(key));
        assert!(reply.find("failure reason").is_none());
        reply.find("warning message").is_some()
    };
    assert!(warning(&first) && !warning(&second) && !warning(&ada));
    daemon.json(&["rotate", "ada", "reel"]);
    assert!(daemon.announce(&Ask::of(hash, 1).by(&second)).find("failure reason").is_some());

    let record = daemon.json(&["audit", "--member", "ada", "--item", "reel"]);
    assert!(array(&record).iter().all(|row| row["what"] == "entitlement.rotate"));
    assert_eq!(array(&record).len(), 3);
    assert!(array(&daemon.json(&["audit"])).len() > 3);
}

#[test]
fn an_erased_member_is_nobody_and_the_books_balance() {
    let daemon = Daemon::start(TRACKER, "");
    let hash = daemon_item(&daemon);
    let ada = daemon.member("ada", "fan");
    daemon.json(&["topup", "ada", "--amount", "2.25", "--currency", "usd", "--memo", "cash"]);
    daemon.json(&["buy", "ada", "reel", "--as", "torrent"]);
    let erased = daemon.json(&["member", "erase", "ada"]);
    assert_eq!((&erased["name"], &erased["state"]), (&"erased-1".into(), &"removed".into()));
    assert!(daemon.announce(&Ask::of(hash, 1).by(&ada)).find("failure reason").is_some());
    assert!(daemon.refuses(&["member", "show", "ada"]).contains("no member `ada`"));
    let record = daemon.json(&["audit", "--member", "1"]);
    assert!(array(&record).len() > 1 && array(&record).iter().all(|row| row["detail"] == ""));
    assert_eq!(daemon.json(&["verify"])["clean"], true);
    assert_eq!(daemon.json(&["ledger", "trial"])[0]["sum"], 0);
}

/// Windows of 5 s close a second after their end, and up to a quarter of one later.
#[expect(clippy::disallowed_methods, reason = "windows end by the wall clock")]
fn far_from_a_close() -> Option<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let phase = now.as_millis() % 5000;
    (2500..4500).contains(&phase).then_some(())
}

fn daemon_item(daemon: &Daemon) -> [u8; 20] {
    let hash = [8; 20];
    daemon.item("reel", hash, "priority");
    let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
    daemon.json(&[&["item", "set", "reel"][..], &prices].concat());
    hash
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

const MIB: u64 = 1 << 20;
const TRACKER: &str = "  flush_interval: 100ms\n";
const JUDGED: &str = "\
rewards: {window: 5s, hold: 0s, line_rate: 1GiB/s}
tiers:
  - {id: outsider, announce: {interval: 1s, min_interval: 1s}}
  - {id: fan, side: inside}
  - {id: seeder, earn: {verified_upload_30d: 600MiB}}
";
