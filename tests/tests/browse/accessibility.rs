//! Every page as axe-core judges it: light and dark, on a phone and on a desktop.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::{Ask, Goods, free_port, skip_without};

use crate::browser::{Browser, Mode, Scheme};
use crate::desk;
use crate::shop::Shop;
use crate::stripe::Stripe;

#[test]
fn axe_finds_nothing_serious_on_what_a_visitor_sees() {
    let Some((browser, axe)) = start() else { return };
    let stripe = Stripe::start();
    let (shop, _goods) = shop(&stripe);
    let mut check = Check { browser: &browser, axe, faults: Vec::new() };
    check.is_no_blind_eye(&shop);
    let begin = ["/", "/?q=nothing+of+the+kind", "/sign-in/code", "/items/no-such-item"];
    let linked = [
        "/about",
        "/club",
        "/club/patron/buy",
        "/feeds",
        "/items/album",
        "/items/lights/buy",
        "/items/reel",
        "/items/secret",
        "/privacy",
        "/redeem",
        "/sign-in",
        "/terms",
        "/top-up",
        "/?tag=film",
    ];
    check.crawl(&shop, &begin, &linked);
    browser.open(&shop.page("/").replace("localhost", "elsewhere.localhost"));
    browser.sees("421");
    check.page("another host's name");

    // What forms answer.
    browser.open(&shop.page("/items/lights/buy"));
    browser.fill("#email", "eve@example.org");
    browser.fill("#voucher", "not a code");
    browser.click_at("[name=way][value=voucher]");
    browser.click_at("[name=consent]");
    browser.click("Show the price");
    browser.sees("It costs");
    browser.click("Buy for");
    browser.sees("Nothing was bought yet.");
    check.page("a voucher that is wrong");
    browser.fill("#voucher", &shop.voucher("5.00"));
    browser.click("Buy");
    browser.sees("Thank you");
    check.page("a receipt");
    browser.open(&shop.page("/items/lights/buy?gift=yes"));
    browser.click_at("[name=way][value=voucher]");
    browser.fill("#email", "eve@example.org");
    browser.fill("#voucher", &shop.voucher("5.00"));
    browser.click_at("[name=consent]");
    browser.click("Buy");
    browser.sees("Nobody has redeemed it yet.");
    check.page("a gift");
    browser.click("Page to print");
    browser.sees("works once");
    check.page("a gift to print");
    browser.open(&shop.page("/redeem"));
    browser.fill("#code", "not a code");
    browser.fill("#email", "eve@example.org");
    browser.click_at("[name=consent]");
    browser.click("Redeem");
    check.page("a code that is wrong");
    browser.open(&shop.page("/items/lights/buy"));
    browser.click_at("[name=way][value=stripe]");
    browser.fill("#email", "eve@example.org");
    browser.click_at("[name=consent]");
    browser.click("Buy");
    browser.click("Leave");
    browser.sees("You came back without having paid.");
    check.page("an order that waits");
    stripe.says_expired(&shop, 1);
    browser.open(browser.url().split('?').next().unwrap());
    browser.sees("Not paid");
    check.page("an order that failed");
    browser.open(&shop.page("/sign-in"));
    browser.fill("#email", "eve@example.org");
    browser.click("Mail me a link");
    browser.sees("Check your mail");
    check.page("a link that is mailed");
    browser.open(&shop.sign_in("ada").0);
    check.page("a link that signs in");
    browser.open(&shop.page("/sign-in/code"));
    browser.fill("#code", "ABCD-EFGH-JKMN-PQRS");
    browser.click("Sign in");
    browser.sees("This code does not work.");
    check.page("a code that does not sign in");
    check.is_clean();
}

#[test]
fn axe_finds_nothing_serious_on_what_a_member_sees() {
    let Some((browser, axe)) = start() else { return };
    let stripe = Stripe::start();
    let (shop, goods) = shop(&stripe);
    shop.json(&["topup", "ada", "--amount", "20.00", "--currency", "usd"]);
    shop.json(&["buy", "ada", "lights", "--as", "direct"]);
    let mut check = Check { browser: &browser, axe, faults: Vec::new() };
    browser.open(&shop.sign_in("ada").0);
    browser.click("Sign in");
    browser.is_at("/library");
    let begin = ["/library", "/library?q=nothing+of+the+kind", "/me"];
    check.crawl(
        &shop,
        &begin,
        &["/items/lights", "/items/album/buy", "/library?source=", "/me/delete", "/orders/"],
    );
    browser.open(&shop.page("/library"));
    browser.click("Watch");
    browser.click("Download");
    check.page("a library whose files are shown");
    browser.open(&shop.page("/me"));
    browser.click("Show it");
    check.page("a passkey that is shown");
    browser.click("Replace it");
    check.page("a passkey that was replaced");
    browser.fill("#email", "ada@elsewhere.example");
    browser.click("Mail a link to it");
    browser.sees("a link is on its way");
    check.page("an address that is to change");
    for (button, answer) in [
        ("Mail me my links", "are on their way"),
        ("Replace my feed addresses", "Your addresses are new"),
    ] {
        browser.open(&shop.page("/library"));
        browser.click(button);
        browser.sees(answer);
        check.page(answer);
    }
    browser.open(&shop.page("/me"));
    browser.click("Delete my account");
    browser.fill("#word", "no");
    browser.click("Delete my account");
    browser.sees("Nothing was deleted");
    check.page("a word that was not the one to type");
    browser.fill("#word", "delete");
    browser.click("Delete my account");
    browser.sees("Your account is deleted");
    check.page("an account that was deleted");
    browser.open(&shop.page("/library"));
    browser.is_at("/sign-in");
    drop(goods);
    check.is_clean();
}

#[test]
fn axe_finds_nothing_serious_on_the_dashboard() {
    let Some((browser, axe)) = start() else { return };
    let stripe = Stripe::start();
    let (shop, goods) = shop(&stripe);
    stripe.says_expired(&shop, 1);
    let mut check = Check { browser: &browser, axe, faults: Vec::new() };
    browser.open(&desk::page(&shop, "/sign-in"));
    check.page("signing in to the dashboard");
    browser.fill("#name", "olga");
    browser.fill("#password", "wrong");
    browser.fill("#code", "000000");
    browser.click("Sign in");
    browser.sees("Name, password or code is wrong.");
    check.page("a password that is wrong");
    desk::sign_in(&browser, &shop, "olga", "owner");
    for path in [
        "/",
        "/account",
        "/admins",
        "/alerts",
        "/audit",
        "/checkouts",
        "/confirm",
        "/events",
        "/events/1",
        "/items",
        "/items/lights",
        "/ledger",
        "/members",
        "/members/ada",
        "/no-such-page/at/all",
        "/orders",
        "/swarms/reel",
        "/vouchers",
    ] {
        browser.open(&desk::page(&shop, path));
        check.page(path);
    }
    drop(goods);
    check.is_clean();
}

/// Pages, and what is wrong with them.
struct Check<'a> {
    browser: &'a Browser,
    axe: String,
    faults: Vec<String>,
}

impl Check<'_> {
    /// Judges these pages, and all that are linked from there on this site; those of the second list are among them.
    #[track_caller]
    fn crawl(&mut self, shop: &Shop, begin: &[&str], must: &[&str]) {
        let mut pages: Vec<String> = begin.iter().map(|path| shop.page(path)).collect();
        let mut kinds: BTreeSet<String> = pages.iter().map(|page| kind(page)).collect();
        let mut next = 0;
        while let Some(page) = pages.get(next).cloned() {
            next += 1;
            self.browser.open(&page);
            self.page(&page);
            let links = self.browser.run(LINKS);
            for link in links.as_array().expect("links").iter().filter_map(Value::as_str) {
                if kinds.insert(kind(link)) {
                    pages.push(link.to_owned());
                }
            }
        }
        for path in must {
            let is_there = pages.iter().any(|page| page.contains(path));
            assert!(is_there, "{path} is not among what was judged: {pages:?}");
        }
    }

    /// What a page gets wrong is found in the scheme that it is wrong in.
    fn is_no_blind_eye(&mut self, shop: &Shop) {
        self.browser.open(&shop.page("/"));
        self.browser.run(FAINT);
        self.page("a page with a fault");
        let found: Vec<_> = self.faults.drain(..).collect();
        let is_as_expected =
            |fault: &String| fault.contains("color-contrast") && fault.contains("Light");
        assert!(found.len() == 2 && found.iter().all(is_as_expected), "{found:?}");
    }

    /// Judges the page that is shown.
    fn page(&mut self, name: &str) {
        self.browser.run(&self.axe);
        for width in [1280, 390] {
            for scheme in [Scheme::Light, Scheme::Dark] {
                self.browser.look(width, scheme);
                let faults = self.browser.run_until_done(JUDGE);
                for fault in faults.as_array().expect("faults") {
                    self.faults.push(format!("{name}, {width} px, {scheme:?}: {fault}"));
                }
                let wide = self.browser.run("return document.documentElement.scrollWidth");
                if wide.as_u64() > Some(width.into()) {
                    self.faults.push(format!("{name}, {width} px: the page is {wide} wide"));
                }
            }
        }
        let errors = self.browser.errors();
        self.faults.extend(errors.into_iter().map(|error| format!("{name}: {error}")));
    }

    #[track_caller]
    fn is_clean(&self) {
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
    }
}

/// An address without the values of its query, which make no other kind of page.
fn kind(url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let keys: Vec<_> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{path}?{}", keys.join("&"))
}

#[track_caller]
fn start() -> Option<(Browser, String)> {
    let Some(axe) = axe() else {
        skip_without("axe-core");
        return None;
    };
    Some((Browser::start(Mode::Usual)?, fs::read_to_string(axe).expect("axe-core")))
}

/// The script, where `scripts/test` puts it.
fn axe() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/lib");
    let pythons = fs::read_dir(venv).ok()?.map_while(Result::ok);
    let places =
        pythons.map(|python| python.path().join("site-packages/axe_playwright_python/axe.min.js"));
    places.into_iter().find(|place| place.exists())
}

/// A shop with something on every page.
#[track_caller]
fn shop(stripe: &Stripe) -> (Shop, Vec<Goods>) {
    let mail =
        format!("mail: {{server: 'smtp://127.0.0.1:{}', from: shop@example.org}}\n", free_port());
    let shop = Shop::open(&format!("{TEXTS}{}{mail}", stripe.settings()));
    let film = Goods::folder("Harbour Lights", &[("Film.webm", 300_000), ("Booklet.pdf", 20_000)]);
    shop.sell(&film, "lights", "Harbour Lights");
    let album = Goods::folder("Album", &[("1 - One.mp3", 90_000), ("2 - Two.mp3", 90_000)]);
    album.publish(&shop, "album", "priority");
    shop.json(&["item", "set", "album", "--title", "An Album", "--preview", "1 - One.mp3"]);
    shop.json(&[
        "item",
        "set",
        "album",
        "--torrent-price",
        "4.00",
        "--minimum",
        "1.00",
        "--currency",
        "usd",
    ]);
    let reel = Goods::file("reel.webm", 90_000);
    reel.publish(&shop, "reel", "free");
    shop.json(&[
        "item",
        "set",
        "reel",
        "--title",
        "Trailer Reel",
        "--tag",
        "film",
        "--tag",
        "short",
    ]);
    let secret = Goods::file("secret.webm", 90_000);
    secret.publish(&shop, "secret", "club");
    shop.json(&["item", "set", "secret", "--title", "For Members", "--tier", "patron"]);
    let ada = shop.member("ada", "fan");
    shop.json(&["member", "email", "ada", "ada@example.org"]);
    shop.announce(&Ask::of(shop.info_hash("reel"), 1).by(&ada));
    (shop, vec![film, album, reel, secret])
}

const TEXTS: &str = "  about: 'Who *we* are.'\n  terms: \"# Terms\\n\\n> A quotation, and `code`.\"\n  privacy: 'Nothing is kept.'\n  footer: 'Lantern Street, a studio.'\n  contact: ada@example.org\n";
/// A text that can be read on a dark page and hardly on a light one.
const FAINT: &str = "document.querySelector('.lead').style.color = '#c8c4ba'";
/// Links to other pages of this site.
const LINKS: &str = "
    return [...document.querySelectorAll('a[href]')]
        .filter(link => link.origin === location.origin && !link.hasAttribute('download'))
        .map(link => link.href.split('#')[0])
        .filter(link => !/[.](torrent|xml|csv|json)([?]|$)|[/](ws|d|t|feed)[/]/.test(link));";
const JUDGE: &str = "
    const done = arguments[arguments.length - 1];
    const bad = found => found.impact === 'serious' || found.impact === 'critical';
    axe.run({resultTypes: ['violations']}).then(
        result => done(result.violations.filter(bad).map(found =>
            `${found.id} (${found.impact}): ` + found.nodes.map(node => node.html + ' ' + node.failureSummary).join('; '))),
        error => done([String(error)]));";
