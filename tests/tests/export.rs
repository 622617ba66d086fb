//! What the accountant gets: orders, refunds, fees and tax as CSV, of a daemon that sold something.

use std::collections::HashMap;

use tests::Daemon;

#[test]
fn what_was_sold_and_paid_back_is_exported() {
    let daemon = Daemon::start("", "tax: {label: VAT, rate: 19%}\n");
    sell(&daemon);

    let orders = rows(&daemon, &["orders"]);
    assert_eq!(orders.len(), 2);
    let sold = &orders[0];
    for (column, expected) in [
        ("order", "1"),
        ("member", "ada"),
        ("item", "reel"),
        ("as", "torrent"),
        ("currency", "usd"),
        ("price", "2.25"),
        ("paid", "2.25"),
        ("of_it_tax", "0.36"),
        ("tax", "VAT"),
        ("tax_percent", "19"),
    ] {
        assert_eq!(sold[column], expected, "{column}");
    }
    assert_eq!(sold["refunded"], "");
    assert_ne!(orders[1]["refunded"], "");

    let refunds = rows(&daemon, &["refunds"]);
    let member = refunds.iter().find(|row| row["account"].starts_with("member"));
    assert_eq!(member.map(|row| row["kind"].as_str()), Some("refund"), "{refunds:?}");
    let tax = rows(&daemon, &["tax"]);
    assert_eq!((tax.len(), tax[0]["collected_minor"].as_str()), (1, "36"));

    let json = daemon.json(&["export", "orders"]);
    assert_eq!((&json[0]["paid"], &json[1]["member"]), (&"2.25".into(), &"bob".into()));
}

#[test]
fn an_export_of_nothing_has_its_header() {
    let daemon = Daemon::start("", "");
    for (what, header) in [
        ("orders", "order,at,member,item,as,currency,price,discount,discount_code,paid,"),
        ("refunds", "entry,at,kind,reverses,account,currency,amount,memo\n"),
        ("fees", "entry,at,kind,reverses,account,currency,amount,memo\n"),
        ("tax", "month,currency,collected_minor\n"),
    ] {
        let csv = csv(&daemon, &[what]);
        assert!(csv.starts_with(header) && csv.lines().count() == 1, "{what}: {csv}");
        assert_eq!(daemon.json(&["export", what]), serde_json::json!([]), "{what}");
    }
}

#[test]
fn the_header_is_the_same_with_rows_and_without() {
    let daemon = Daemon::start("", "");
    sell(&daemon);
    for what in ["orders", "refunds", "tax"] {
        let header = |csv: String| csv.lines().next().map(str::to_owned);
        let of_nothing = header(csv(&daemon, &[what, "--to", "1999-12-31"]));
        assert_eq!(header(csv(&daemon, &[what])), of_nothing, "{what}");
    }
    let backwards =
        daemon.refuses(&["export", "orders", "--from", "2027-02-01", "--to", "2027-01-31"]);
    assert!(backwards.contains("--from 2027-02-01 is after --to 2027-01-31"), "{backwards}");
}

/// Sells an item to ada, and to bob, who is paid back.
fn sell(daemon: &Daemon) {
    daemon.item("reel", *b"a torrent, sha-1 it ", "club");
    let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
    daemon.json(&[&["item", "set", "reel"][..], &prices].concat());
    for (member, way) in [("ada", "torrent"), ("bob", "direct")] {
        daemon.member(member, "outsider");
        daemon.json(&["topup", member, "--amount", "10.00", "--currency", "usd"]);
        daemon.json(&["buy", member, "reel", "--as", way]);
    }
    daemon.json(&["refund", "2"]);
}

/// What an export prints, line by line, by column; none of the cells has a comma in it.
#[track_caller]
fn rows(daemon: &Daemon, what: &[&str]) -> Vec<HashMap<String, String>> {
    let csv = csv(daemon, what);
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut lines = csv.lines().map(cells);
    let header = lines.next().unwrap_or_default();
    lines.map(|line| header.iter().cloned().zip(line).collect()).collect()
}

#[track_caller]
fn csv(daemon: &Daemon, what: &[&str]) -> String {
    let output = daemon.run(&[&["export"], what].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
