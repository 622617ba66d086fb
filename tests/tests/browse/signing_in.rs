//! Signing in by a link that is mailed.

use tests::{SmtpServer, eventually, free_port, skip_without};

use crate::browser::{Browser, Mode};
use crate::shop::Shop;

#[test]
fn a_link_is_mailed_once_the_mail_server_is_up_and_signs_in_once() {
    if !SmtpServer::is_installed() {
        skip_without("aiosmtpd");
        return;
    }
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let port = free_port();
    let shop = Shop::open(&format!(
        "mail: {{server: 'smtp://127.0.0.1:{port}', from: shop@example.org}}\n"
    ));
    shop.member("ada", "fan");
    shop.json(&["member", "email", "ada", ADA]);
    let ask = |address| {
        browser.open(&shop.page("/sign-in"));
        browser.fill("#email", address);
        browser.click("Mail me a link");
        browser.sees("Check your mail");
        browser.text("main").replace(address, "ADDRESS")
    };
    // Nobody learns by asking whose address is known.
    assert_eq!(ask(ADA), ask("nobody@example.org"));
    eventually("a try that fails for each mail", || {
        let mail = shop.json(&["mail", "list"]);
        let mail = mail.as_array()?;
        let failed = mail.iter().filter(|one| one["tries"] != 0 && one["state"] == "queued");
        (failed.count() == 2 && mail.len() == 2).then_some(())
    });

    let server = SmtpServer::start(port, None);
    // The one that the publisher caused and the one that was asked for: both are ada's.
    let links = [(); 2].map(|()| {
        let message = server.message();
        assert_eq!(message["to"][0], ADA);
        link_in(message["content"].as_str().unwrap())
    });
    let link = &links[1];
    assert!(link.starts_with(&shop.page("/sign-in/")), "{link}");
    // Opening it changes nothing, as whoever reads along for viruses opens it.
    for _ in 0..2 {
        browser.open(link);
        browser.sees("You are about to sign in as ada.");
    }
    browser.open(&shop.page("/library"));
    browser.is_at("/sign-in");
    browser.open(link);
    browser.click("Sign in");
    browser.is_at("/library");
    assert_eq!(browser.text(".who"), "ada");

    browser.forget();
    browser.open(link);
    browser.sees("This link does not work");
    browser.open(&shop.page("/library"));
    browser.is_at("/sign-in");
    assert!(!shop.log().contains(link.rsplit('/').next().unwrap()));
}

/// The link in a message, whose lines quoted-printable may have broken.
#[track_caller]
fn link_in(content: &str) -> String {
    let whole = content.replace("=\r\n", "").replace("=3D", "=");
    let link = whole.split_whitespace().find(|word| word.contains("/sign-in/"));
    link.expect("a link in the mail").to_owned()
}

const ADA: &str = "ada@example.org";
