//! Money by hand, from the command line: paid in, spent, paid back, given away on vouchers.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use serde_json::{Value, json};
use tests::{Ask, Daemon};

#[test]
fn what_is_bought_is_in_force_at_the_next_announce_and_ends_with_the_refund() {
    let daemon = shop();
    let ada = daemon.member("ada", "outsider");
    let refused = daemon.announce(&Ask::of(HASH, 1).by(&ada));
    assert!(refused.find("failure reason").is_some());
    assert!(daemon.refuses(&["buy", "ada", "reel", "--as", "torrent"]).contains("usher topup"));

    let topup = ["topup", "ada", "--amount", "10.00", "--currency", "usd", "--memo", "at the fair"];
    daemon.json(&[&topup[..], &["--key", "fair-1"]].concat());
    daemon.json(&[&topup[..], &["--key", "fair-1"]].concat());
    let order = daemon.json(&["buy", "ada", "reel", "--as", "torrent"]);
    assert_eq!(held(&daemon, "ada"), "7.75");
    assert!(daemon.announce(&Ask::of(HASH, 1).by(&ada)).find("failure reason").is_none());

    let id = order["id"].to_string();
    daemon.json(&["refund", &id, "--amount", "1.00"]);
    assert_eq!(daemon.json(&["order", "show", &id])["paid_back"]["amount"], "1.00");
    let shown = String::from_utf8(daemon.run(&["order", "show", &id]).stdout).expect("text");
    assert!(shown.contains("refunded") && shown.contains("1.00 usd"), "{shown}");
    assert!(daemon.refuses(&["refund", &id, "--amount", "1.26"]).contains("1.25 usd of order 1"));
    daemon.json(&["refund", &id]);
    assert!(daemon.refuses(&["refund", &id]).contains("paid back already, all 2.25 usd"));
    assert_eq!(held(&daemon, "ada"), "10.00");
    assert!(daemon.announce(&Ask::of(HASH, 1).by(&ada)).find("failure reason").is_some());

    let journal = daemon.json(&["ledger", "journal"]);
    let kinds: Vec<_> = array(&journal).iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["topup", "purchase", "refund", "refund"]);
    assert_eq!(journal[0]["memo"], "at the fair");
    assert_eq!(array(&daemon.json(&["ledger", "statement", "ada"])).len(), 4);
    let trial = daemon.json(&["ledger", "trial"]);
    assert_eq!((&trial[0]["currency"], &trial[0]["sum"]), (&json!("usd"), &json!(0)));
}

#[test]
fn a_voucher_is_redeemed_once_by_whoever_is_first() {
    let daemon = shop();
    daemon.member("ada", "outsider");
    let amount = ["voucher", "issue", "--amount", "10.00", "--currency", "usd"];
    let issued = daemon.json(&[&amount[..], &["--count", "2"]].concat());
    let code = issued[0]["code"].as_str().expect("a code");
    let redeem = ["voucher", "redeem", code, "--member", "ada"];
    let codes = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..8).map(|_| scope.spawn(|| daemon.run(&redeem).status.code())).collect();
        runs.into_iter().map(|run| run.join().expect("a run")).collect::<Vec<_>>()
    });
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(held(&daemon, "ada"), "10.00");
    daemon.json(&["voucher", "void", &issued[1]["id"].to_string()]);
    let states: Vec<Value> =
        array(&daemon.json(&["voucher", "list"])).iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["redeemed", "void"]);
    let stored = std::fs::read(daemon.folder().join("state/club.db-wal")).expect("a log");
    assert!(!stored.windows(code.len()).any(|part| part == code.as_bytes()));
}

#[test]
fn a_sheet_is_printed_with_every_code() {
    let daemon = shop();
    let issue = ["voucher", "issue", "--item", "reel", "--count", "3"];
    for (print, cards) in [("--print", "Voucher for reel"), ("--print=html", "<section>")] {
        let sheet = daemon.run(&[&issue[..], &[print]].concat());
        let sheet = String::from_utf8(sheet.stdout).expect("text");
        assert_eq!(sheet.matches(cards).count(), 3, "{sheet}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let daemon = shop();
    daemon.member("ada", "outsider");
    for (arguments, expected) in [
        (&["topup", "ada", "--amount", "1.001", "--currency", "usd"][..], "finer than usd"),
        (&["topup", "ada", "--amount", "1", "--currency", "xyz"], "no currency `xyz`"),
        (&["refund", "7"], "no order 7"),
        (&["voucher", "redeem", "x", "--member", "ada"], "no voucher's code"),
        (&["item", "set", "reel", "--direct-price", "1.00"], "costs less than the torrent"),
        (&["balance", "bob"], "no member `bob`"),
    ] {
        let said = daemon.refuses(arguments);
        assert!(said.contains(expected) && said.lines().count() == 1, "{said}");
    }
}

/// A daemon with an item for sale.
fn shop() -> Daemon {
    let daemon = Daemon::start("", "");
    daemon.item("reel", HASH, "club");
    let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
    daemon.json(&[&["item", "set", "reel"][..], &prices].concat());
    daemon
}

#[track_caller]
fn held(daemon: &Daemon, member: &str) -> String {
    let balances = daemon.json(&["balance", member]);
    balances[0]["prepaid"]["amount"].as_str().expect("an amount").to_owned()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| panic!("no list: {value}"), Vec::as_slice)
}

const HASH: [u8; 20] = *b"a torrent, sha-1 it ";
