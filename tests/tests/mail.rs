//! Mail through a real SMTP server: one that is down at first, one that refuses, one with a login.

use std::fs;

use serde_json::Value;
use tests::{Daemon, Http, Login, SmtpServer, eventually, free_port, skip_without};

#[test]
fn a_server_that_is_down_at_first_gets_the_mail_later() {
    if !is_installed() {
        return;
    }
    let port = free_port();
    let daemon = Daemon::start("", &mail(port, ""));
    daemon.member("ada", "fan");
    daemon.json(&["member", "email", "ada", "ada@example.org"]);
    let down = eventually("a try that fails", || {
        let mail = the_mail(&daemon);
        (mail["tries"] != 0 && mail["answer"] != "").then_some(mail)
    });
    assert_eq!(down["state"], "queued");
    let said = down["answer"].as_str().unwrap();
    assert!(said.starts_with(&format!("cannot send by 127.0.0.1:{port}: ")), "{said}");

    let server = SmtpServer::start(port, None);
    let message = server.message();
    assert_eq!((&message["from"], &message["to"][0]), (&"shop@example.org".into(), &ADA.into()));
    let content = message["content"].as_str().unwrap();
    for line in [
        "From: =?utf-8?b?QWRhJ3MgZmlsbXM=?= <shop@example.org>",
        "Reply-To: help@example.org",
        "To: ada@example.org",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(content.contains(line), "{line} is not in {content}");
    }
    let link = link_in(content);
    assert!(link.starts_with("http://127.0.0.1/sign-in/"), "{link}");
    let sent =
        eventually("it is sent", || Some(the_mail(&daemon)).filter(|mail| mail["state"] == "sent"));
    assert_eq!(sent["answer"], format!("127.0.0.1:{port} said: 250 2.0.0 queued as 7"));
    // What opens the library is nowhere but in the mail.
    let token = link.rsplit('/').next().unwrap();
    assert!(!daemon.log().contains(token));
    for file in ["club.db", "club.db-wal"] {
        let bytes = fs::read(daemon.folder().join("state").join(file)).unwrap_or_default();
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{file}");
    }
}

#[test]
fn tries_that_fail_void_no_link_that_was_handed_out() {
    // Nobody listens there.
    let daemon = Daemon::start("", &mail(free_port(), ""));
    daemon.member("ada", "fan");
    daemon.json(&["member", "email", "ada", ADA]);
    let handed_out = daemon.json(&["sign-in", "link", "ada"]);
    // More tries than links may be open, each of which makes one.
    for _ in 0..6 {
        eventually("a try that fails", || (the_mail(&daemon)["tries"] != 0).then_some(()));
        daemon.json(&["mail", "retry", "1"]);
    }
    eventually("the last try", || (the_mail(&daemon)["tries"] != 0).then_some(()));
    let (_, path) = handed_out["url"].as_str().unwrap().split_once("/sign-in/").unwrap();
    let page = Http::to(daemon.listening().web.port()).get(&format!("/sign-in/{path}"), "");
    assert_eq!(page.status, 200);
}

#[test]
fn a_refused_mail_bounces_and_a_greylisted_one_is_tried_again() {
    if !is_installed() {
        return;
    }
    let port = free_port();
    let server = SmtpServer::start(port, None);
    let daemon = Daemon::start("", &mail(port, ""));
    for name in ["refused", "busy"] {
        daemon.member(name, "fan");
        daemon.json(&["member", "email", name, &format!("{name}@example.org")]);
    }
    // The operator is told of the bounce meanwhile.
    let mut sent = std::iter::repeat_with(|| server.message()["to"][0].clone());
    assert_eq!(sent.find(|to| to != "help@example.org").expect("a mail"), "busy@example.org");
    let bounced = daemon.json(&["mail", "list", "--state", "bounced"]);
    let said = format!("127.0.0.1:{port} said: 550 5.1.1 no such user here");
    assert_eq!(
        (&bounced[0]["member"]["name"], &bounced[0]["answer"]),
        (&"refused".into(), &said.clone().into())
    );
    assert_eq!(bounced[0]["tries"], 1, "it is not tried again by itself");
    let alert = &daemon.json(&["alert", "list"])[0];
    assert_eq!((&alert["kind"], &alert["member"]["name"]), (&"mail".into(), &"refused".into()));
    assert_eq!(alert["evidence"], format!("mail 1 (sign-in) bounced: {said}"));
    let again = daemon.json(&["mail", "retry", "1"]);
    assert_eq!((&again["state"], &again["tries"]), (&"queued".into(), &0.into()));
    eventually("it bounces again", || {
        (daemon.json(&["mail", "list"])[0]["state"] == "bounced").then_some(())
    });
}

#[test]
fn who_paid_gets_a_receipt_and_who_was_paid_back_is_told() {
    if !is_installed() {
        return;
    }
    let port = free_port();
    let server = SmtpServer::start(port, None);
    let contact = "site: {title: \"Ada's films\", contact: hello@example.org}\n";
    let daemon =
        Daemon::start("", &mail(port, "").replace("site: {title: \"Ada's films\"}\n", contact));
    daemon.item("reel", [7; 20], "club");
    daemon.json(&["item", "set", "reel", "--torrent-price", "2.25", "--currency", "usd"]);
    daemon.member("ada", "outsider");
    daemon.json(&["member", "email", "ada", ADA]);
    assert!(whole(&server.message()).contains("/sign-in/"));
    daemon.json(&["topup", "ada", "--amount", "10.00", "--currency", "usd"]);
    let order = daemon.json(&["buy", "ada", "reel", "--as", "torrent"]);
    let receipt = server.message();
    assert_eq!(receipt["to"][0], ADA);
    let (text, url) = (whole(&receipt), format!("/orders/{}", order["token"].as_str().unwrap()));
    for line in [
        "Subject: Your receipt from Ada's films: order 1",
        "Order: 1",
        "Product: reel, torrent",
        "Total: $2.25",
        &format!("http://127.0.0.1{url}"),
        "http://127.0.0.1/sign-in",
        "Questions? Write to hello@example.org.",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    daemon.json(&["order", "refund", "1", "--amount", "1.00"]);
    let text = whole(&server.message());
    for line in ["Your refund from Ada's films: order 1", "$1.00 of your order", "Paid back: $1.00"]
    {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    // Again for who lost it, and all of them with a link that signs in.
    assert_eq!(daemon.json(&["order", "mail", "1"])["to"], ADA);
    assert!(whole(&server.message()).contains("Your receipt from Ada's films: order 1"));
    assert_eq!(daemon.json(&["member", "mail", "ada"])["to"], ADA);
    let links = whole(&server.message());
    assert!(links.contains(&url) && links.contains("http://127.0.0.1/sign-in/"), "{links}");
    assert!(links.contains("reel, torrent, $2.25, paid back in part"), "{links}");

    // The address was mistyped: one command moves the library, and mails the receipt.
    daemon.json(&["member", "email", "ada", "ada@example.net"]);
    let moved = [server.message(), server.message()];
    assert!(moved.iter().all(|message| message["to"][0] == "ada@example.net"), "{moved:?}");
    assert!(moved.iter().any(|message| whole(message).contains("Your receipt from")), "{moved:?}");
    eventually("all of it is sent, once each", || {
        let mail = daemon.json(&["mail", "list"]);
        let mail = mail.as_array().unwrap();
        (mail.len() == 7 && mail.iter().all(|mail| mail["state"] == "sent")).then_some(())
    });
    assert!(!daemon.log().contains(&url));
}

#[test]
fn a_test_message_shows_what_the_server_says() {
    if !is_installed() {
        return;
    }
    let port = free_port();
    let daemon = Daemon::start("", "");
    let said = daemon.refuses(&["mail", "test", "ada@example.org"]);
    assert!(said.contains("no mail server is configured: set mail.server"), "{said}");
    fs::write(daemon.folder().join("password"), "wrong\n").unwrap();
    daemon.reconfigure("", &mail(port, LOGIN));
    let refused = |expected: &str| {
        let said = eventually("another configuration", || {
            Some(daemon.refuses(&["mail", "test", "ada@example.org"]))
                .filter(|said| !said.contains("no mail server"))
        });
        assert!(said.contains(expected), "{said}");
    };
    refused(&format!("cannot send by 127.0.0.1:{port}: Connection error"));
    let server = SmtpServer::start(port, Some(Login { user: "shop", password: RIGHT }));
    refused(&format!("127.0.0.1:{port} said: 535 5.7.8"));
    // A login that is wrong is no fault of a mail: it waits.
    daemon.member("ada", "fan");
    daemon.json(&["member", "email", "ada", ADA]);
    eventually("a try that fails", || {
        the_mail(&daemon)["answer"].as_str().unwrap().contains("535").then_some(())
    });
    assert_eq!(the_mail(&daemon)["state"], "queued");
    fs::write(daemon.folder().join("password"), RIGHT).unwrap();
    daemon.reconfigure("", &mail(port, LOGIN));
    assert_eq!(server.message()["to"][0], ADA);
    let sent = daemon.json(&["mail", "test", "bob@example.org"]);
    assert_eq!(sent["answer"], format!("127.0.0.1:{port} said: 250 2.0.0 queued as 7"));
    let message = server.message();
    assert_eq!(message["to"][0], "bob@example.org");
    assert!(message["content"].as_str().unwrap().contains("Subject: Test message of Ada's films"));
    let said = daemon.refuses(&["mail", "test", "refused@example.org"]);
    assert!(said.contains("550 5.1.1 no such user here"), "{said}");
    let said = daemon.refuses(&["mail", "test", "ada"]);
    assert!(said.contains("`ada`: this is not an e-mail address"), "{said}");
    assert!(!daemon.log().contains(RIGHT));
}

fn is_installed() -> bool {
    let is_there = SmtpServer::is_installed();
    if !is_there {
        skip_without("aiosmtpd");
    }
    is_there
}

fn mail(port: u16, login: &str) -> String {
    format!(
        "site: {{title: \"Ada's films\"}}\n\
         mail:\n  server: smtp://127.0.0.1:{port}\n  from: shop@example.org\n  \
         contact: help@example.org\n{login}"
    )
}

#[track_caller]
fn the_mail(daemon: &Daemon) -> Value {
    let mail = daemon.json(&["mail", "list"]);
    assert_eq!(mail.as_array().unwrap().len(), 1);
    mail[0].clone()
}

/// A message, with its lines whole again.
fn whole(message: &Value) -> String {
    message["content"].as_str().unwrap().replace("=\r\n", "").replace("=3D", "=")
}

/// The link in a message, whose lines quoted-printable may have broken.
fn link_in(content: &str) -> String {
    let whole = content.replace("=\r\n", "").replace("=3D", "=");
    let link = whole.split_whitespace().find(|word| word.contains("/sign-in/"));
    link.expect("a link in the mail").to_owned()
}

const RIGHT: &str = "correct-horse";
const ADA: &str = "ada@example.org";
const LOGIN: &str = "  user: shop\n  password_file: password\n";
