//! What the demonstration sells, and to whom: a table of items, and the commands that make the rest.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use api::admin::AdminSetUp;
use api::member::MemberKey;
use api::publish::Published;
use api::sign_in::SignInLink;
use api::voucher::VoucherCodeView;

use super::goods;
use super::peers::{DemoPeer, DemoSwarm};
use super::{DemoFolder, ShopError};

/// The shop, once it is made.
pub(super) struct Shop {
    /// Where peers announce.
    pub(super) swarms: Vec<DemoSwarm>,
    /// Whom each link signs in, and the link.
    sign_ins: Vec<(&'static str, String)>,
    /// The link that sets up the dashboard's admin.
    dashboard: String,
    /// What each voucher is worth, and its code.
    vouchers: Vec<(&'static str, String)>,
}

/// `tracker.yaml` of the demonstration.
pub(super) fn config(web_port: u16, tracker_port: u16) -> String {
    format!(
        "public_url: http://localhost:{web_port}
site:
  title: Lantern Street
  description: Films, records and comics, made here and sold by us.
  headline: Films, records and comics, made here and sold by us.
  tagline: Buy once and keep it. Take the torrent and pay less, because you help us carry it.
  author: Lantern Street
  about: Two people and a projector. We film on Lantern Street, and sell what we make ourselves.
  terms: >-
    What you buy is yours to keep: the files have no copy protection, and the links of your library go on working.
    **Sharing by torrent is welcome.** Whoever shares more than they took gets part of what our own server saved back
    as balance. If something does not play, write to us within 14 days and we pay you back.
  privacy: >-
    We keep your e-mail address, what you bought and how much you shared. Nobody else gets any of it. Under *Me* you can
    read all of it, and delete your account.
tracker:
  http: {{listen: ['127.0.0.1:{tracker_port}']}}
  udp: {{listen: ['127.0.0.1:{tracker_port}']}}
  announce_url: http://localhost:{tracker_port}/announce
admin: {{listen: '127.0.0.1:0'}}
web: {{listen: '127.0.0.1:{web_port}'}}
log: {{level: warn}}
"
    )
}

/// Writes the goods, publishes them, and lets people in, pay and download.
pub(super) fn make(place: &DemoFolder) -> Result<Shop, ShopError> {
    let mut swarms = Vec::new();
    for offer in OFFERS {
        let path = place.folder.join("goods").join(offer.name);
        (offer.write)(&path)?;
        swarms.push(DemoSwarm { peers: Vec::new(), ..publish(place, offer, &path)? });
    }
    for (host, (name, tier)) in (10..).zip(MEMBERS) {
        let words = ["member", "add", name, "--tier", tier, "--json"];
        let member: MemberKey = serde_json::from_str(&place.usher(&words)?)?;
        let path = format!("/announce/{}", member.passkey);
        for (swarm, offer) in swarms.iter_mut().zip(OFFERS) {
            let seat = offer.seats.iter().find(|(who, _)| *who == name);
            let has_percent = seat.map(|(_, has_percent)| *has_percent);
            swarm.peers.extend(has_percent.map(|has_percent| DemoPeer {
                path: path.clone(),
                host,
                has_percent,
                client: b"-qB5120-",
            }));
        }
    }
    for (swarm, offer) in swarms.iter_mut().zip(OFFERS) {
        swarm.peers.extend((100..100 + offer.strangers).map(|host| DemoPeer {
            path: "/announce".to_owned(),
            host,
            has_percent: if host % 3 == 0 { 100 } else { u64::from(host % 7) * 12 },
            client: if host % 2 == 0 { b"-TR4060-" } else { b"-DE2110-" },
        }));
    }
    for command in COMMANDS {
        place.usher(command)?;
    }
    let mut vouchers = Vec::new();
    for (worth, command) in VOUCHERS {
        let issued: Vec<VoucherCodeView> = serde_json::from_str(&place.usher(command)?)?;
        vouchers.extend(issued.into_iter().map(|voucher| (worth, voucher.code)));
    }
    let mut sign_ins = Vec::new();
    for (name, tier) in MEMBERS.into_iter().take(2) {
        let link = place.usher(&["sign-in", "link", name, "--json"])?;
        let link: SignInLink = serde_json::from_str(&link)?;
        sign_ins.push((tier, format!("{}  {name}", link.url)));
    }
    let admin = place.usher(&["admin", "add", ADMIN, "--role", "owner", "--json"])?;
    let dashboard = serde_json::from_str::<AdminSetUp>(&admin)?.url;
    Ok(Shop { swarms, sign_ins, vouchers, dashboard })
}

fn publish(place: &DemoFolder, offer: &DemoItem, path: &Path) -> Result<DemoSwarm, ShopError> {
    let path = path.display().to_string();
    let torrent = place.folder.join(offer.name).with_extension("torrent").display().to_string();
    let mut words = vec!["publish", &path, "--name", offer.name, "--title", offer.title];
    words.extend(["--description", offer.description, "--output", &torrent, "--json"]);
    words.extend(offer.terms);
    let published: Published = serde_json::from_str(&place.usher(&words)?)?;
    let mut words = vec!["item", "set", offer.name, "--subtitle", offer.subtitle];
    words.extend(offer.tags.iter().flat_map(|tag| ["--tag", *tag]));
    place.usher(&words)?;
    let mut info_hash = [0; 20];
    for (byte, digits) in info_hash.iter_mut().zip(published.info_hash.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    Ok(DemoSwarm { info_hash, size: published.size_bytes, peers: Vec::new() })
}

impl Shop {
    /// What the person at the terminal reads first.
    pub(super) fn welcome(&self, place: &DemoFolder) -> String {
        let mut text = format!("The demonstration is ready.\n\n  The shop   {}/\n", place.url());
        text.push_str("  Sign in once as:\n");
        for (tier, link) in &self.sign_ins {
            let _ = writeln!(text, "    {link}, {tier}");
        }
        let _ =
            writeln!(text, "  Choose a password for the dashboard, once:\n    {}", self.dashboard);
        text.push_str("  Vouchers to buy with:\n");
        for (worth, code) in &self.vouchers {
            let _ = writeln!(text, "    {code}  {worth}");
        }
        let _ = write!(
            text,
            "\nAsk it as you would your own, for example:\n  usher --config {config} swarm nothing-so-plain\n\n\
             Ctrl-C ends it and deletes {folder}.",
            config = place.config.display(),
            folder = place.folder.display(),
        );
        text
    }
}

/// An item of the demonstration.
struct DemoItem {
    name: &'static str,
    title: &'static str,
    subtitle: &'static str,
    tags: &'static [&'static str],
    description: &'static str,
    /// Options of `usher publish`.
    terms: &'static [&'static str],
    write: fn(&Path) -> io::Result<()>,
    /// Members in its swarm, and how much each has at first, in percent.
    seats: &'static [(&'static str, u64)],
    /// Peers without a passkey.
    strangers: u8,
}

/// The admin of the dashboard.
const ADMIN: &str = "olga";
const OFFERS: &[DemoItem] = &[
    DemoItem {
        name: "night-bus-sessions",
        title: "Night bus sessions",
        subtitle: "Podcast, 2 episodes",
        tags: &["podcast"],
        description: "A podcast recorded on the last bus home.",
        terms: &["--policy", "free"],
        write: |path| {
            goods::music(&path.join("1 - Depot.wav"), 110.0, 24)?;
            goods::music(&path.join("2 - Terminus.wav"), 123.5, 24)
        },
        seats: &[("ada", 100)],
        strangers: 9,
    },
    DemoItem {
        name: "trailer-reel-2026",
        title: "Trailer reel 2026",
        subtitle: "Video, 36 seconds",
        tags: &["film"],
        description: "What we are working on this year.",
        terms: &["--policy", "free"],
        write: |path| goods::film(&path.join("Trailer reel 2026.webm")),
        seats: &[("bob", 100)],
        strangers: 14,
    },
    DemoItem {
        name: "making-of-harbour",
        title: "Making of Harbour",
        subtitle: "Film, for members",
        tags: &["film"],
        description: "Two winters on a pier, for members.",
        terms: &["--policy", "club", "--tier", "fan"],
        write: |path| goods::film(&path.join("Making of Harbour.webm")),
        seats: &[("ada", 100), ("carol", 40)],
        strangers: 0,
    },
    DemoItem {
        name: "paper-comets",
        title: "Paper Comets",
        subtitle: "Comic, 12 pages",
        tags: &["comics"],
        description: "A comic of twelve pages about a comet that is late.",
        terms: &["--policy", "priority", "--torrent-price", "1.50", "--currency", "usd"],
        write: paper_comets,
        seats: &[("dan", 100)],
        strangers: 3,
    },
    DemoItem {
        name: "signal",
        title: "Signal",
        subtitle: "Album, 5 pieces and a booklet",
        tags: &["music"],
        description: "Five pieces for a transmitter and an empty hall.",
        terms: &[
            "--policy",
            "priority",
            "--torrent-price",
            "5.00",
            "--direct-price",
            "6.50",
            "--currency",
            "usd",
        ],
        write: signal,
        seats: &[("ada", 100), ("bob", 60), ("dan", 100)],
        strangers: 8,
    },
    DemoItem {
        name: "a-year-on-lantern-street",
        title: "A year on Lantern Street",
        subtitle: "Collection, 3 works",
        tags: &["collections"],
        description: "The film, the album and the comic of this year, in one torrent.",
        terms: &[
            "--policy",
            "priority",
            "--torrent-price",
            "7.00",
            "--direct-price",
            "9.50",
            "--currency",
            "usd",
        ],
        write: |path| {
            nothing_so_plain(&path.join("Nothing So Plain"))?;
            signal(&path.join("Signal"))?;
            paper_comets(&path.join("Paper Comets"))
        },
        seats: &[("ada", 100)],
        strangers: 2,
    },
    DemoItem {
        name: "harbour-lights",
        title: "Harbour Lights",
        subtitle: "Series, 2 parts",
        tags: &["film", "series"],
        description: "A series in two parts about the people who light a harbour.",
        terms: &[
            "--policy",
            "club",
            "--tier",
            "patron",
            "--torrent-price",
            "6.00",
            "--direct-price",
            "8.00",
            "--currency",
            "usd",
        ],
        write: |path| {
            goods::film(&path.join("Part 1.webm"))?;
            goods::music(&path.join("Part 2 (radio version).wav"), 82.4, 24)
        },
        seats: &[("ada", 100), ("carol", 100)],
        strangers: 0,
    },
    DemoItem {
        name: "nothing-so-plain",
        title: "Nothing So Plain",
        subtitle: "Film, with a booklet",
        tags: &["film"],
        description: "A projectionist inherits a cinema that has not opened in thirty years, and a locked box of \
                      reels that nobody remembers shooting. Shot on two streets in eleven nights.",
        terms: &[
            "--policy",
            "priority",
            "--torrent-price",
            "2.25",
            "--direct-price",
            "3.00",
            "--currency",
            "usd",
        ],
        write: nothing_so_plain,
        seats: &[("ada", 100), ("bob", 100), ("carol", 25), ("dan", 70)],
        strangers: 24,
    },
];

fn nothing_so_plain(path: &Path) -> io::Result<()> {
    goods::film(&path.join("Nothing So Plain.webm"))?;
    goods::booklet(&path.join("Booklet.pdf"), "Nothing So Plain")
}

fn signal(path: &Path) -> io::Result<()> {
    for (number, root) in (1..).zip([98.0, 110.0, 87.3, 130.8, 73.4]) {
        goods::music(&path.join(format!("{number:02} - Part {number}.wav")), root, 20)?;
    }
    goods::booklet(&path.join("Booklet.pdf"), "Signal")
}

fn paper_comets(path: &Path) -> io::Result<()> {
    (1..=12).try_for_each(|page| goods::comic_page(&path.join(format!("Page {page:02}.svg")), page))
}

const MEMBERS: [(&str, &str); 4] =
    [("ada", "patron"), ("bob", "fan"), ("carol", "patron"), ("dan", "outsider")];

const COMMANDS: &[&[&str]] = &[
    &["member", "email", "ada", "ada@example.org"],
    &[
        "item",
        "set",
        "a-year-on-lantern-street",
        "--part",
        "nothing-so-plain",
        "--part",
        "signal",
        "--part",
        "paper-comets",
    ],
    &["topup", "ada", "--amount", "20.00", "--currency", "usd", "--memo", "a card from the fair"],
    &["topup", "bob", "--amount", "10.00", "--currency", "usd"],
    &["topup", "dan", "--amount", "10.00", "--currency", "usd"],
    &["buy", "ada", "nothing-so-plain", "--as", "direct"],
    &["buy", "ada", "signal", "--as", "torrent"],
    &["buy", "bob", "nothing-so-plain", "--as", "torrent"],
    &["buy", "bob", "signal", "--as", "torrent"],
    &["buy", "dan", "nothing-so-plain", "--as", "torrent"],
    &["buy", "dan", "paper-comets", "--as", "torrent"],
    &["grant", "carol", "nothing-so-plain", "--until", "30d"],
    &["discount", "add", "FAIR-10", "--percent", "10"],
];

const VOUCHERS: [(&str, &[&str]); 2] = [
    ("Nothing So Plain", &["voucher", "issue", "--item", "nothing-so-plain", "--json"]),
    ("$10.00", &["voucher", "issue", "--amount", "10.00", "--currency", "usd", "--json"]),
];
