//! Documents with realistic values.

use api::item::ItemView;
use api::ledger::{JournalEntry, PostingView};
use api::member::{MemberKey, MemberView, NamedId};
use api::money::Money;
use api::order::{Discounted, GiftView, OrderView, Taxed};
use api::product::{DeliveryMethod, ProductKind, ProductView};
use api::right::RightView;
use jiff::Timestamp;

pub(crate) fn named(id: u32, name: &str) -> NamedId {
    NamedId { id, name: name.to_owned() }
}

pub(crate) fn ada() -> NamedId {
    named(7, "ada")
}

pub(crate) fn reel() -> NamedId {
    named(3, "reel")
}

/// A time of a day in November 2026, such as `22T12:00:00`.
pub(crate) fn at(day_and_time: &str) -> Timestamp {
    format!("2026-11-{day_and_time}Z").parse().unwrap()
}

pub(crate) fn usd(minor: i64) -> Money {
    let (sign, minor_abs) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let amount = format!("{sign}{}.{:02}", minor_abs / 100, minor_abs % 100);
    Money { amount, currency: "usd".to_owned(), minor }
}

pub(crate) fn btc(amount: &str, minor: i64) -> Money {
    Money { amount: amount.to_owned(), currency: "btc".to_owned(), minor }
}

pub(crate) fn member(id: u32, name: &str) -> MemberView {
    MemberView {
        id,
        name: name.to_owned(),
        tier: "patron".to_owned(),
        tier_until: Some("2027-01-31T23:59:59Z".parse().unwrap()),
        state: "active".to_owned(),
        created: at("01T08:30:00"),
        email: Some(format!("{name}@example.org")),
        email_verified: Some(at("02T09:00:00")),
    }
}

pub(crate) fn member_key() -> MemberKey {
    MemberKey {
        member: member(7, "ada"),
        passkey: PASSKEY.to_owned(),
        announce_url: announce_url(),
    }
}

pub(crate) fn announce_url() -> String {
    format!("https://t.example.org/announce/{PASSKEY}")
}

pub(crate) fn right(item: NamedId) -> RightView {
    RightView { member: ada(), item, until: None, granted: at("20T10:00:00"), revoked: None }
}

pub(crate) fn item() -> ItemView {
    ItemView {
        id: 3,
        name: "reel".to_owned(),
        title: "The Reel".to_owned(),
        subtitle: "Film, 12 minutes".to_owned(),
        tags: vec!["film".to_owned(), "science-fiction".to_owned()],
        visibility: "published".to_owned(),
        released: Some("2026-11-01".parse().unwrap()),
        preview: Some("trailer.mp4".to_owned()),
        cover: Some("9f86d081884c7d659a2feaa0c55ad015".to_owned()),
        policy: "club".to_owned(),
        info_hash: Some(HASH.to_owned()),
        info_hashes: vec![HASH.to_owned()],
        size_bytes: Some(734_003_200),
        private: true,
        torrent_price: Some(usd(225)),
        direct_price: Some(usd(300)),
        tier: Some("patron".to_owned()),
        state: "published".to_owned(),
        broken: None,
        version: Some(2),
        minimum: Some(usd(100)),
        removed: false,
        created: at("01T09:00:00"),
    }
}

pub(crate) fn item_product(method: DeliveryMethod) -> ProductView {
    ProductView {
        product: ProductKind::Item,
        item: Some(reel()),
        method: Some(method),
        tier: None,
        days: None,
    }
}

pub(crate) fn tier_product(product: ProductKind, days: Option<u16>) -> ProductView {
    ProductView { product, item: None, method: None, tier: Some("patron".to_owned()), days }
}

pub(crate) fn topup_product() -> ProductView {
    ProductView { product: ProductKind::Topup, item: None, method: None, tier: None, days: None }
}

/// A paid order with a discount, tax and store credit.
pub(crate) fn order() -> OrderView {
    OrderView {
        id: 12,
        state: "paid".to_owned(),
        token: "3q2-7wECAwQFBgcI".to_owned(),
        member: Some(ada()),
        email: None,
        renews: None,
        product: item_product(DeliveryMethod::Direct),
        price: usd(300),
        discount: Some(Discounted { code: "FAIR-10".to_owned(), amount: usd(30) }),
        amount: usd(270),
        tax: Some(Taxed { label: "VAT".to_owned(), rate: 8_875, amount: usd(22) }),
        credit: usd(50),
        entry: Some(41),
        created: at("20T10:00:00"),
        paid: Some(at("20T10:00:01")),
        cancelled: None,
        paid_back: usd(0),
        refunded: None,
        gift: None,
    }
}

/// A visitor's order, which is not paid.
pub(crate) fn pending_order() -> OrderView {
    OrderView {
        id: 14,
        state: "pending".to_owned(),
        member: None,
        email: Some("bob@example.org".to_owned()),
        product: tier_product(ProductKind::Subscription, None),
        price: usd(500),
        discount: None,
        amount: usd(500),
        tax: None,
        credit: usd(0),
        entry: None,
        created: at("21T18:45:00"),
        paid: None,
        ..order()
    }
}

/// An order of which a part was refunded.
pub(crate) fn partly_refunded_order() -> OrderView {
    OrderView {
        id: 15,
        state: "partly_refunded".to_owned(),
        product: tier_product(ProductKind::Tier, Some(31)),
        discount: None,
        price: usd(500),
        amount: usd(500),
        tax: None,
        credit: usd(0),
        paid_back: usd(100),
        ..order()
    }
}

/// An order that was refunded.
pub(crate) fn refunded_order() -> OrderView {
    OrderView {
        id: 16,
        state: "refunded".to_owned(),
        product: item_product(DeliveryMethod::Torrent),
        paid_back: usd(270),
        refunded: Some(at("22T09:15:00")),
        ..order()
    }
}

/// A gift that bob redeemed before it was refunded.
pub(crate) fn gift_order() -> OrderView {
    let gift = GiftView {
        voucher: Some(3),
        state: "taken_back".to_owned(),
        member: Some(named(8, "bob")),
        order: Some(18),
    };
    OrderView { id: 17, gift: Some(gift), ..refunded_order() }
}

/// The entry that a purchase made.
pub(crate) fn purchase_entry() -> JournalEntry {
    JournalEntry {
        id: 41,
        key: "buy-1".to_owned(),
        kind: "purchase".to_owned(),
        member: Some(7),
        reverses: None,
        at: at("20T10:00:01"),
        who: "admin".to_owned(),
        memo: "reel as direct".to_owned(),
        postings: vec![
            posting("member:7:rebate", 50),
            posting("member:7:prepaid", 220),
            posting("revenue:item:3", -248),
            posting("tax:collected", -22),
        ],
    }
}

/// The entry that refunded it.
pub(crate) fn refund_entry() -> JournalEntry {
    JournalEntry {
        id: 44,
        key: "refund-1".to_owned(),
        kind: "refund".to_owned(),
        reverses: Some(41),
        at: at("22T09:15:00"),
        memo: "reel as direct, order 12".to_owned(),
        postings: vec![
            posting("revenue:item:3", 248),
            posting("tax:collected", 22),
            posting("member:7:prepaid", -220),
            posting("member:7:rebate", -50),
        ],
        ..purchase_entry()
    }
}

/// The fee of a dispute.
pub(crate) fn fee_entry() -> JournalEntry {
    JournalEntry {
        id: 45,
        key: "stripe:evt_9:fee".to_owned(),
        kind: "dispute.fee".to_owned(),
        at: at("22T10:00:00"),
        who: "stripe".to_owned(),
        memo: "ch_9".to_owned(),
        postings: vec![posting("expense:chargeback", 1500), posting("psp:stripe:clearing", -1500)],
        ..purchase_entry()
    }
}

pub(crate) fn posting(account: &str, minor: i64) -> PostingView {
    PostingView { account: account.to_owned(), amount: usd(minor) }
}

pub(crate) const HASH: &str = "c1463792a1ff36a237e3a0f68badeb0d3764e9bb";
pub(crate) const HASH_V2: &str = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb";
pub(crate) const PASSKEY: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
