//! A shop at `http://localhost`, where browsers take the cookies that sign members in.

use std::ops::Deref;

use data_encoding::HEXLOWER;
use serde_json::Value;
use tests::{Daemon, Goods, free_port};

/// A daemon with pages, whose links lead to itself.
pub(crate) struct Shop {
    daemon: Daemon,
    url: String,
}

impl Deref for Shop {
    type Target = Daemon;

    fn deref(&self) -> &Daemon {
        &self.daemon
    }
}

impl Shop {
    /// Opens a shop, with these lines of `tracker.yaml` besides; the first may belong to `site`.
    #[track_caller]
    pub(crate) fn open(rest: &str) -> Self {
        let (web, tracker) = (free_port(), free_port());
        let url = format!("http://localhost:{web}");
        let listens = format!(
            "  http: {{listen: ['127.0.0.1:{tracker}']}}\n  announce_url: http://127.0.0.1:{tracker}/announce\n"
        );
        let site = format!(
            "public_url: {url}\nweb: {{listen: '127.0.0.1:{web}'}}\nsite:\n  title: Lantern Street\n{rest}"
        );
        Self { daemon: Daemon::start(&listens, &site), url }
    }

    /// The address of a page.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Publishes goods for $2.25 as a torrent and $3.00 as a direct download.
    #[track_caller]
    pub(crate) fn sell(&self, goods: &Goods, name: &str, title: &str) {
        goods.publish(self, name, "priority");
        let texts = ["--title", title, "--tag", "film", "--subtitle", "Film, 30 seconds"];
        let description = ["--description", "A *lighthouse* is for sale."];
        let prices = ["--torrent-price", "2.25", "--direct-price", "3.00", "--currency", "usd"];
        self.json(&[&["item", "set", name][..], &texts, &description, &prices].concat());
    }

    /// The info hash of an item.
    #[track_caller]
    pub(crate) fn info_hash(&self, name: &str) -> [u8; 20] {
        let hash = text(&self.json(&["item", "show", name])["info_hashes"][0]);
        let bytes = HEXLOWER.decode(hash.as_bytes()).expect("hexadecimal");
        bytes.try_into().expect("20 bytes")
    }

    /// Issues a voucher of so much money.
    #[track_caller]
    pub(crate) fn voucher(&self, amount: &str) -> String {
        let issued = self.json(&["voucher", "issue", "--amount", amount, "--currency", "usd"]);
        text(&issued[0]["code"])
    }

    /// A link that signs a member in once, and a code that does.
    #[track_caller]
    pub(crate) fn sign_in(&self, member: &str) -> (String, String) {
        let made = self.json(&["sign-in", "link", member]);
        (text(&made["url"]), text(&made["code"]))
    }
}

/// A text in a document.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
