//! A shop as its publisher sets it up, and how its pages are used.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tests::{Daemon, Goods, PlainBrowser, Provider, post, stripe_signature};

pub(crate) struct Shop {
    pub(crate) daemon: Daemon,
}

impl Shop {
    pub(crate) fn open() -> Self {
        // It sends mail, to a server that is down.
        Self::with("mail: {server: 'smtp://127.0.0.1:9', from: shop@example.org}\n")
    }

    pub(crate) fn with(settings: &str) -> Self {
        let tracker = "  flush_interval: 200ms";
        Self { daemon: Daemon::start(tracker, &format!("{settings}{TIERS}")) }
    }

    /// A shop that takes cards at a provider of the test's.
    pub(crate) fn with_stripe(provider: &Provider) -> Self {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let [key, secret] = ["key", "secret"].map(|name| folder.join(name));
        fs::write(&key, "sk_test\n").expect("a key");
        fs::write(&secret, format!("{SECRET}\n")).expect("a secret");
        let (key, secret, url) = (key.display(), secret.display(), provider.url());
        Self::with(&format!(
            "payments:\n  stripe: {{base_url: '{url}', key_file: '{key}', webhook_secret_files: ['{secret}']}}\n"
        ))
    }

    /// The path of a member's own podcast feed.
    pub(crate) fn podcast_feed(&self, member: &str) -> String {
        let links = self.daemon.json(&["member", "links", member]);
        let url = links["podcast_feed"].as_str().expect("an address");
        url[url.find("/feed/").expect("a path")..].to_owned()
    }

    /// A browser in a network of its own.
    pub(crate) fn browser(&self, network: u8) -> PlainBrowser {
        PlainBrowser::from_network(&self.daemon, network)
    }

    pub(crate) fn publish(&self, item: &str, file: &str, policy: &str) -> Goods {
        let goods = Goods::file(file, 300_000);
        goods.publish(&self.daemon, item, policy);
        goods
    }

    /// Publishes an item with a price for each delivery.
    pub(crate) fn sell(&self, item: &str, file: &str, policy: &str) -> Goods {
        let goods = self.publish(item, file, policy);
        let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
        self.daemon.json(&[&["item", "set", item][..], &prices].concat());
        goods
    }

    /// A member with money to spend.
    pub(crate) fn member(&self, name: &str, balance: &str) {
        self.daemon.member(name, "outsider");
        let paid = ["--amount", balance, "--currency", "usd", "--memo", "cash"];
        self.daemon.json(&[&["topup", name][..], &paid].concat());
    }

    /// The path of a sign-in link for a member.
    pub(crate) fn sign_in_link(&self, member: &str) -> String {
        let made = self.daemon.json(&["sign-in", "link", member]);
        let url = made["url"].as_str().expect("a link");
        url[url.find("/sign-in/").expect("a path")..].to_owned()
    }

    /// The code of a new voucher.
    pub(crate) fn voucher(&self, worth: &[&str]) -> String {
        let issued = self.daemon.json(&[&["voucher", "issue"], worth].concat());
        issued[0]["code"].as_str().expect("a code").to_owned()
    }

    /// Buys as a visitor, with a voucher; returns the path of the order's page.
    pub(crate) fn buy(
        &self,
        browser: &mut PlainBrowser,
        item: &str,
        method: &'static str,
        email: &str,
    ) -> String {
        let code = self.voucher(&["--amount", "3.00", "--currency", "usd"]);
        let path = format!("/items/{item}/buy");
        browser.read(&path);
        let fields = [("method", method), ("way", "voucher"), ("voucher", &code), ("email", email)];
        browser.submit(&path, &buy_form(&fields))
    }

    /// Sends a webhook as the provider does.
    #[track_caller]
    pub(crate) fn hear(&self, event: &Value) {
        let body = event.to_string();
        let unix = event["created"].as_u64().expect("a time");
        let signature = stripe_signature(SECRET, unix, body.as_bytes());
        let port = self.daemon.listening().web.port();
        assert_eq!(post(port, "/webhooks/stripe", &signature, body.as_bytes()), Some(200));
    }
}

/// A filled-in form for the torrent, with these fields in place of its own.
pub(crate) fn buy_form<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [("method", "torrent"), ("consent", "yes")];
    let is_named = |name: &str| fields.iter().any(|(known, _)| *known == name);
    let usual = usual.into_iter().filter(|(name, _)| !is_named(name));
    usual.chain(fields.iter().copied()).collect()
}

/// The first link of a page that holds a text.
#[track_caller]
pub(crate) fn link_to(page: &str, text: &str) -> String {
    let mut links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links
        .find(|link| link.contains(text))
        .unwrap_or_else(|| panic!("no {text} in {page}"))
        .to_owned()
}

/// A mail server that takes nothing.
pub(crate) fn refusing_mail_server(port: u16) -> JoinHandle<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"220 mail\r\n");
            let mut lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
            while let Some(Ok(line)) = lines.next() {
                let answer: &[u8] = match line.split(' ').next() {
                    Some("EHLO" | "HELO") => b"250 mail\r\n",
                    Some("QUIT") => break,
                    _ => b"554 no mail from you today\r\n",
                };
                if stream.write_all(answer).is_err() {
                    break;
                }
            }
        }
    })
}

const SECRET: &str = "whsec_expected";
const TIERS: &str = "tiers:
- {id: outsider}
- {id: patron, side: inside, webseed: {enabled: true, rate: 10GiB/s, concurrency: 6}}
";
