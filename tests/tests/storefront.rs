//! The storefront of the built daemon, as a browser without scripts sees it.

use metainfo::Torrent;
use tests::{Ask, Daemon, Goods, Http, PlainBrowser, Response};

#[test]
fn a_visitor_buys_with_a_voucher_and_downloads_the_torrent() {
    let daemon = Daemon::start("", "site: {title: Nothing So Strange}");
    let goods = Goods::file("reel.mp4", 100_000);
    goods.publish(&daemon, "reel", "priority");
    let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
    daemon.json(&[&["item", "set", "reel"][..], &prices].concat());
    let issue = ["voucher", "issue", "--amount", "5.00", "--currency", "usd", "--count", "1"];
    let issued = daemon.json(&issue);
    let code = issued[0]["code"].as_str().expect("a code").to_owned();

    let form = get(&daemon, "/items/reel/buy");
    let page = text(&form);
    let cookie = form.headers["set-cookie"].split(';').next().expect("a cookie").to_owned();
    let field = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect(name);
        rest.split('"').next().expect("a value").to_owned()
    };
    let body = format!(
        "form_token={}&key={}&method=torrent&email=eve%40example.org&way=voucher&voucher={code}&consent=yes",
        field("form_token"),
        field("key")
    );
    let bought = post(&daemon, "/items/reel/buy", &cookie, &body);
    assert_eq!(bought.status, 303, "{}", text(&bought));
    let path = bought.headers["location"].clone();
    let receipt = get(&daemon, &path);
    assert!(text(&receipt).contains("Thank you"), "{}", text(&receipt));
    assert_eq!(receipt.headers["referrer-policy"], "no-referrer");
    assert_eq!(receipt.headers["cache-control"], "private, no-store");
    let torrent = get(&daemon, &format!("{path}/reel.torrent"));
    let torrent = Torrent::read(&torrent.body).expect("a torrent");
    assert_eq!(torrent.length, 100_000);

    // The account is there, has the item, and holds what was left of the voucher.
    let orders = daemon.json(&["order", "list", "buyer-1"]);
    assert_eq!((&orders[0]["amount"], &orders[0]["state"]), (&"2.25".into(), &"paid".into()));
    assert!(!daemon.log().contains(path.trim_start_matches("/orders/")), "no log names a secret");
}

/// A member sees what their own clients were told, and nothing of anybody else's.
#[test]
fn a_member_sees_what_their_clients_were_told_and_why() {
    let daemon = Daemon::start("  limits: {max_peers_per_address: 0}", "");
    daemon.item("reel", [7; 20], "priority");
    let [ada, bob] = ["ada", "bob"].map(|name| daemon.member(name, "fan"));
    daemon.announce(&Ask::of([7; 20], 1).by(&ada).seeding());
    daemon.announce(&Ask::of([9; 20], 2).by(&ada));
    daemon.announce(&Ask::of([11; 20], 3).by(&bob));

    let page = signed_in(&daemon, "ada").read("/me/traffic");
    let unknown = "unknown torrent: see what is offered at";
    for expected in ["Seated in the club, 0 peers", ">reel<", unknown, &"09".repeat(20)] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains(&"0b".repeat(20)), "bob's torrents are bob's");
    let page = signed_in(&daemon, "bob").read("/me/traffic");
    assert!(page.contains(&"0b".repeat(20)) && !page.contains(">reel<"), "{page}");
}

fn signed_in(daemon: &Daemon, member: &str) -> PlainBrowser {
    let mut browser = PlainBrowser::new(daemon);
    let link = daemon.json(&["sign-in", "link", member]);
    browser.use_link(link["url"].as_str().expect("a link"));
    browser
}

fn get(daemon: &Daemon, path: &str) -> Response {
    Http::to(daemon.listening().web.port()).get(path, "Accept: text/html\r\nConnection: close\r\n")
}

fn post(daemon: &Daemon, path: &str, cookie: &str, body: &str) -> Response {
    let mut line = Http::to(daemon.listening().web.port());
    line.send(format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    line.receive().expect("an answer")
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}
