//! What buyers expect to find in their mail and in their feeds.

use serde_json::Value;
use tests::{SmtpServer, eventually, free_port, skip_without};

use super::shop::{Shop, buy_form, link_to};

/// The receipt comes by mail. Its link leads to the order's page, to download again, and it says whom to write to.
#[test]
fn the_receipt_has_a_link_to_try_again_and_a_contact() {
    let Some((shop, server)) = shop() else { return };
    shop.sell("film", "film.mp4", "club");
    let mut eve = shop.browser(1);
    let order = shop.buy(&mut eve, "film", "torrent", "eve@example.org");
    let mail = letter(&server, "eve@example.org", &["receipt"]);
    assert!(mail.contains("hello@example.org"), "{mail}");
    let path = path_in(&mail, "/orders/");
    assert_eq!(path, order);
    let page = shop.browser(2).read(&path);
    assert!(page.contains("href=\"mailto:hello@example.org\""), "{page}");
    let torrent = shop.browser(2).get(&link_to(&page, "/film.torrent"));
    assert_eq!(torrent.status, 200);
}

/// A member has all links mailed by a button, and staff mail them again, to the member's own address.
#[test]
fn mail_me_my_links_is_a_button_and_staff_can_send_them_again() {
    let Some((shop, server)) = shop() else { return };
    shop.sell("film", "film.mp4", "club");
    shop.member("ada", "20.00");
    shop.daemon.json(&["member", "email", "ada", ADA]);
    let mut ada = shop.browser(1);
    ada.sign_in(&shop.daemon, "ada");
    ada.read("/items/film/buy");
    let order = ada.submit("/items/film/buy", &buy_form(&[("way", "balance")]));
    let library = ada.read("/library");
    assert!(library.contains("Mail me my links"), "{library}");
    let answer = ada.post("/library/mail", &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let check = |what: &str| {
        let mail = letter(&server, ADA, &[&order, "/sign-in/"]);
        assert!(mail.contains("http://127.0.0.1/orders/"), "{what}: {mail}");
        path_in(&mail, "/sign-in/")
    };
    let link = check("the button");
    let mut elsewhere = shop.browser(2);
    elsewhere.use_link(&link);
    assert!(elsewhere.read("/library").contains("/items/film\""));
    // By the command, and by the API that it uses.
    assert_eq!(shop.daemon.json(&["member", "mail", "ada"])["to"], ADA);
    check("the command");
    let number = shop.daemon.json(&["order", "list", "ada"])[0]["id"].to_string();
    assert_eq!(shop.daemon.json(&["order", "mail", &number])["to"], ADA);
    assert!(letter(&server, ADA, &["receipt"]).contains(&order));
}

/// A buyer mistyped the address. The publisher corrects it in one act: the library moves, and the receipt is sent.
#[test]
fn a_mistyped_address_is_corrected_in_one_act_that_sends_the_receipt() {
    let Some((shop, server)) = shop() else { return };
    shop.sell("film", "film.mp4", "club");
    let mut eve = shop.browser(1);
    let order = shop.buy(&mut eve, "film", "torrent", "eve@exmaple.org");
    letter(&server, "eve@exmaple.org", &["receipt"]);
    let buyer = shop.daemon.json(&["order", "list"])[0]["member"]["name"].clone();
    let buyer = buyer.as_str().expect("a member");
    shop.daemon.json(&["member", "email", buyer, "eve@example.org"]);
    let mails = [next(&server), next(&server)];
    assert!(mails.iter().all(|(to, _)| to == "eve@example.org"), "{mails:?}");
    let receipt = mails.iter().find(|(_, text)| text.contains("receipt")).expect("the receipt");
    // Whoever has the wrong address got the old one's page, which is gone.
    let moved = path_in(&receipt.1, "/orders/");
    let status = |path: &str| shop.browser(3).get(path).status;
    assert_eq!((status(&order), status(&moved)), (404, 200), "{mails:?}");
    let link = mails.iter().find(|(_, text)| text.contains("/sign-in/")).expect("a link");
    let mut right = shop.browser(2);
    right.use_link(&path_in(&link.1, "/sign-in/"));
    assert!(right.read("/library").contains("/items/film\""));
}

/// Whoever was signed in before the owner of an address used a link is signed out by that link: they may be anybody.
#[test]
fn the_first_mailed_link_ends_sign_ins_from_before_the_address_was_verified() {
    let Some((shop, server)) = shop() else { return };
    shop.sell("film", "film.mp4", "club");
    shop.buy(&mut shop.browser(1), "film", "torrent", "eve@example.org");
    let buyer = shop.daemon.json(&["order", "list"])[0]["member"]["name"].clone();
    let mut before = shop.browser(2);
    before.sign_in(&shop.daemon, buyer.as_str().expect("a member"));
    assert_eq!(before.get("/me").status, 200);
    let mut owner = shop.browser(3);
    let mut use_mailed_link = || {
        owner.read("/sign-in");
        assert_eq!(owner.post("/sign-in", &[("email", "eve@example.org")]).status, 200);
        owner.use_link(&path_in(&letter(&server, "eve@example.org", &["/sign-in/"]), "/sign-in/"));
    };
    use_mailed_link();
    assert_eq!(before.get("/me").status, 303, "signed out");
    // Once it is verified, another device is welcome.
    use_mailed_link();
    let mut other = shop.browser(4);
    other.sign_in(&shop.daemon, buyer.as_str().expect("a member"));
    use_mailed_link();
    assert_eq!(other.get("/me").status, 200);
}

/// The feed of a member whose membership ended stays where it is, and its first entry says how to renew.
#[test]
fn a_lapsed_members_feed_stays_valid_and_says_how_to_renew() {
    let shop = Shop::with("membership: {grace: 0s}\n");
    shop.sell("episode", "episode.mp3", "club");
    shop.sell("bought", "bought.mp3", "club");
    shop.daemon.json(&["item", "set", "episode", "--tier", "patron"]);
    shop.member("ada", "20.00");
    shop.daemon.json(&["buy", "ada", "bought", "--as", "torrent"]);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(4);
    shop.daemon.json(&["member", "set", "ada", "--tier", "patron", "--until", &soon.to_string()]);
    let links = shop.daemon.json(&["member", "links", "ada"]);
    let url = links["podcast_feed"].as_str().expect("an address");
    let path = &url[url.find("/feed/").expect("a path")..];
    let app = shop.browser(1);
    let before = app.request("GET", path, "", "").text();
    assert!(before.contains("episode") && !before.contains("renew"), "{before}");
    let after = eventually("the membership ends", || {
        let feed = app.request("GET", path, "", "");
        assert_eq!(feed.status, 200);
        Some(feed.text()).filter(|text| text.contains("renew"))
    });
    assert!(after.contains("/club</link>"), "{after}");
    assert!(after.contains("bought.mp3") && !after.contains("episode.mp3"), "{after}");
}

/// A member whose feed address leaked gets another by a button, and nobody else's changes.
#[test]
fn a_leaked_feed_is_replaced_by_its_member_alone() {
    let shop = Shop::open();
    shop.sell("episode", "episode.mp3", "club");
    let feed = |member: &str| shop.podcast_feed(member);
    for member in ["ada", "bob"] {
        shop.member(member, "1.00");
        shop.daemon.json(&["grant", member, "episode"]);
    }
    let (adas, bobs) = (feed("ada"), feed("bob"));
    let mut ada = shop.browser(1);
    ada.sign_in(&shop.daemon, "ada");
    assert!(ada.read("/library").contains(&adas));
    assert_eq!(ada.post("/library/feeds", &[]).status, 200);
    let next = feed("ada");
    assert!(ada.read("/library").contains(&next) && next != adas);
    let status = |path: &str| shop.browser(2).get(path).status;
    assert_eq!([status(&adas), status(&next), status(&bobs)], [404, 200, 200]);
}

/// A shop that mails through a server of the test's; `None` where that is not installed.
fn shop() -> Option<(Shop, SmtpServer)> {
    if !SmtpServer::is_installed() {
        skip_without("aiosmtpd");
        return None;
    }
    let port = free_port();
    let server = SmtpServer::start(port, None);
    let shop = Shop::with(&format!(
        "site: {{title: Ada's films, contact: hello@example.org}}\n\
         mail: {{server: 'smtp://127.0.0.1:{port}', from: shop@example.org}}\n"
    ));
    Some((shop, server))
}

/// The next message: whom it goes to, and its text with its lines whole again.
fn next(server: &SmtpServer) -> (String, String) {
    let message: Value = server.message();
    let text =
        message["content"].as_str().expect("a text").replace("=\r\n", "").replace("=3D", "=");
    (message["to"][0].as_str().expect("an address").to_owned(), text.replace("\r\n", "\n"))
}

/// The next message to an address that holds these texts.
#[track_caller]
fn letter(server: &SmtpServer, to: &str, texts: &[&str]) -> String {
    // A member gets a few others first.
    let mut messages = std::iter::repeat_with(|| next(server)).take(6);
    let found =
        messages.find(|(whom, text)| whom == to && texts.iter().all(|part| text.contains(part)));
    found.unwrap_or_else(|| panic!("no mail to {to} with {texts:?}")).1
}

/// The path in a text that begins so.
#[track_caller]
fn path_in(text: &str, start: &str) -> String {
    let path = text.find(start).unwrap_or_else(|| panic!("no {start} in {text}"));
    text[path..].split_whitespace().next().expect("a path").to_owned()
}

const ADA: &str = "ada@example.org";
