//! A shop with two members, a visitor, and a secret of each kind that there is in an address.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::{Daemon, Goods, Http, PlainBrowser, Response};

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    Visitor,
    Ada,
    Bob,
}

impl Who {
    pub(crate) const ALL: [Self; 3] = [Self::Visitor, Self::Ada, Self::Bob];

    /// The members who are not this one.
    fn others(self) -> impl Iterator<Item = &'static str> {
        let all = [(Self::Ada, "ada"), (Self::Bob, "bob")];
        all.into_iter().filter(move |(who, _)| *who != self).map(|(_, name)| name)
    }
}

pub(crate) struct Shop {
    pub(crate) daemon: Daemon,
    browsers: [PlainBrowser; 3],
    /// What stands in braces in the tables of paths and fields.
    words: BTreeMap<String, String>,
    _goods: Vec<Goods>,
}

impl Shop {
    /// ada bought the direct download of `film`, and bob the torrent of `album`; `reel` is free and `draft` is seen
    /// by nobody.
    pub(crate) fn open() -> Self {
        let daemon = Daemon::start("", SETTINGS);
        let mut goods = Vec::new();
        for (name, policy) in
            [("film", "club"), ("album", "club"), ("reel", "free"), ("draft", "free")]
        {
            let file = Goods::file(&format!("{name}.bin"), 3000);
            file.publish(&daemon, name, policy);
            goods.push(file);
        }
        for name in ["film", "album", "draft"] {
            let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
            daemon.json(&[&["item", "set", name][..], &prices].concat());
        }
        daemon.json(&["item", "set", "draft", "--visibility", "draft"]);
        let visitor = PlainBrowser::from_network(&daemon, 10);
        let browsers = [visitor.clone(), visitor.clone(), visitor];
        let mut shop = Self { daemon, browsers, words: BTreeMap::new(), _goods: goods };
        shop.add_members();
        shop.make_secrets();
        shop
    }

    fn add_members(&mut self) {
        for (place, (name, item, method)) in
            [("ada", "film", "direct"), ("bob", "album", "torrent")].into_iter().enumerate()
        {
            let daemon = &self.daemon;
            let added = daemon.member(name, "fan");
            daemon.json(&["member", "email", name, &format!("{name}@example.org")]);
            let paid = ["--amount", "20.00", "--currency", "usd", "--memo", "cash"];
            daemon.json(&[&["topup", name][..], &paid].concat());
            daemon.json(&["buy", name, item, "--as", method]);
            let old = daemon.json(&["member", "links", name]);
            for key in ["download", "feed", "webseed"] {
                daemon.json(&["member", "rotate", name, "--key", key]);
            }
            let new = daemon.json(&["member", "links", name]);
            let order = daemon.json(&["order", "list", name])[0]["token"].clone();
            let mut network = PlainBrowser::from_network(daemon, u8::try_from(11 + place).unwrap());
            network.sign_in(daemon, name);
            let cookie = network.cookie("__Host-usher-member").expect("a sign-in").to_owned();
            let sign_in = daemon.json(&["sign-in", "list", name])[0]["id"].to_string();
            self.browsers[1 + place] = network;
            let item_links = |links: &Value| {
                let item = &links["items"][0];
                let seed = item["web_seed"].as_str().unwrap_or("/ws/none/").to_owned();
                let direct = item["direct"][0].as_str().unwrap_or("/d/none/").to_owned();
                (token_of(&seed, "/ws/"), token_of(&direct, "/d/"))
            };
            let (old_seed, old_direct) = item_links(&old);
            let (seed, direct) = item_links(&new);
            for (word, value) in [
                ("order", text(&order)),
                ("cookie", cookie),
                ("sign-in", sign_in),
                ("passkey", text(&added["passkey"])),
                ("download", text(&new["download_token"])),
                ("old-download", text(&old["download_token"])),
                ("feed", text(&new["feed_token"])),
                ("old-feed", text(&old["feed_token"])),
                ("ws", seed),
                ("old-ws", old_seed),
                ("d", direct),
                ("old-d", old_direct),
                ("email", format!("{name}@example.org")),
            ] {
                self.words.insert(format!("{name}.{word}"), value);
            }
        }
    }

    fn make_secrets(&mut self) {
        let link = |daemon: &Daemon, name: &str| {
            let made = daemon.json(&["sign-in", "link", name]);
            (token_of(&text(&made["url"]), "/sign-in/"), text(&made["code"]))
        };
        let (used, used_code) = link(&self.daemon, "ada");
        PlainBrowser::from_network(&self.daemon, 20).use_link(&format!("/sign-in/{used}"));
        let (open, _) = link(&self.daemon, "ada");
        let issue = ["voucher", "issue", "--amount", "9.00", "--currency", "usd", "--count", "2"];
        let issued = self.daemon.json(&issue);
        let codes = [0, 1].map(|place: usize| text(&issued[place]["code"]));
        self.daemon.json(&["voucher", "redeem", &codes[0], "--member", "bob"]);
        let gift = text(&self.daemon.json(&issue)[0]["code"]);
        let mut giver = PlainBrowser::from_network(&self.daemon, 21);
        giver.read("/items/film/buy?gift=yes");
        let fields = [
            ("method", "torrent"),
            ("way", "voucher"),
            ("voucher", gift.as_str()),
            ("email", "giver@example.org"),
            ("consent", "yes"),
            ("gift", "yes"),
        ];
        let order = giver.submit("/items/film/buy", &fields);
        let given = giver.read(&format!("{order}/gift"));
        let is_code = |word: &&str| word.len() == 32 && word.matches('-').count() == 5;
        let code = given.split(['<', '>', ' ', '\n']).find(is_code).expect("the gift's code");
        self.words.insert("gift.code".to_owned(), code.to_owned());
        self.words.insert("gift.order".to_owned(), token_of(&order, "/orders/"));
        let asset = self.browsers[0].read("/");
        let asset =
            asset.split('"').find(|part| part.ends_with("/style.css")).expect("a style sheet");
        for (word, value) in [
            ("used.link", used),
            ("used.code", used_code),
            ("open.link", open),
            ("used.voucher", codes[0].clone()),
            ("open.voucher", codes[1].clone()),
            ("asset", asset.to_owned()),
        ] {
            self.words.insert(word.to_owned(), value);
        }
        // What has the shape of each secret and is none.
        for kind in ["order", "download", "feed", "ws", "d"] {
            let real = self.word(&format!("ada.{kind}")).to_owned();
            self.words.insert(format!("made-up.{kind}"), another(&real));
        }
        let open = another(self.word("open.link"));
        self.words.insert("made-up.link".to_owned(), open);
    }

    pub(crate) fn word(&self, name: &str) -> &str {
        self.words.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    /// Puts the words in place of their names.
    pub(crate) fn fill(&self, template: &str) -> String {
        let mut text = template.to_owned();
        for (name, value) in &self.words {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        assert!(!text.contains('{'), "{text}");
        text
    }

    pub(crate) fn browser(&mut self, who: Who) -> &mut PlainBrowser {
        match who {
            Who::Visitor => &mut self.browsers[0],
            Who::Ada => &mut self.browsers[1],
            Who::Bob => &mut self.browsers[2],
        }
    }

    /// How many changes were recorded so far.
    pub(crate) fn changes(&self) -> u64 {
        // Numbers rise by one in the order of the commits, and the list is by number.
        let audit = self.daemon.json(&["audit"]);
        audit.as_array().expect("a list").last().map_or(0, |row| row["id"].as_u64().expect("an id"))
    }

    /// Asserts that an answer holds nothing of a member whom the asker is not and whose secret the request did not
    /// have.
    pub(crate) fn check_nobody_elses(&self, who: Who, request: &str, answer: &Response) {
        let body = answer.text();
        for name in who.others() {
            let word = |kind: &str| self.word(&format!("{name}.{kind}"));
            let has = |kind: &str| request.contains(word(kind));
            let opens_account = has("feed") || has("download");
            let opens_order = has("order") || has("ws") || has("d");
            for kind in ["passkey", "cookie", "download", "feed"] {
                assert!(
                    !body.contains(word(kind)) || opens_account || has(kind),
                    "{who:?} {request} shows {name}'s {kind}"
                );
            }
            for kind in ["ws", "d", "email", "order"] {
                let shows = word(kind) != "none" && body.contains(word(kind));
                assert!(
                    !shows || opens_account || opens_order || has(kind),
                    "{who:?} {request} shows {name}'s {kind}"
                );
            }
        }
    }

    /// Asserts that no secret was logged.
    pub(crate) fn check_log(&self) {
        let log = self.daemon.log();
        for word in ["order", "cookie", "passkey", "download", "feed", "ws", "d"] {
            for name in ["ada", "bob"] {
                let secret = self.word(&format!("{name}.{word}"));
                assert!(secret == "none" || !log.contains(secret), "the log has {name}'s {word}");
            }
        }
        for word in [
            "gift.code",
            "gift.order",
            "used.link",
            "open.link",
            "used.code",
            "used.voucher",
            "open.voucher",
        ] {
            assert!(!log.contains(self.word(word)), "the log has {word}");
        }
    }

    /// What the admin's own API answers, over its socket.
    pub(crate) fn api(&self, target: &str) -> Response {
        let socket = self.daemon.folder().join("state/admin.sock");
        Http::at(&socket).expect("the admin's socket").get(target, "")
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The segment behind a marker in a URL.
fn token_of(url: &str, marker: &str) -> String {
    let (_, rest) = url.split_once(marker).unwrap_or_else(|| panic!("no {marker} in {url}"));
    rest.split('/').next().expect("a token").to_owned()
}

/// A text of the same shape that differs in its last character.
fn another(token: &str) -> String {
    if token == "none" {
        return token.to_owned();
    }
    let (rest, last) = token.split_at(token.len() - 1);
    format!("{rest}{}", if last == "a" { "b" } else { "a" })
}

const SETTINGS: &str = "log: {level: debug}
site: {about: About us, contact: shop@example.org}
mail: {server: 'smtp://127.0.0.1:9', from: shop@example.org}
tiers:
- {id: outsider, webseed: {enabled: true, rate: 10GiB/s, concurrency: 6}}
- {id: fan, side: inside, webseed: {enabled: true, rate: 10GiB/s, concurrency: 6}}
- {id: patron, side: inside, price: {amount: '5.00', currency: usd, per: month}}
";
