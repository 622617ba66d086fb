//! The commands under the heading Items.

use api::error::ProblemKind;
use api::item::{ItemBytes, ItemDetail, ItemView, Verified};
use api::links::Magnet;
use api::publish::{ProgressLine, Published, Stuck};
use api::right::RightView;
use serde::Serialize;

use super::samples::{HASH, HASH_V2, at, item, named, reel, right};
use super::typed::typed;

#[test]
fn items() {
    let bare = ItemView {
        id: 4,
        name: "trailer".to_owned(),
        title: "trailer.mp4".to_owned(),
        subtitle: String::new(),
        tags: Vec::new(),
        visibility: "draft".to_owned(),
        released: None,
        preview: None,
        cover: None,
        policy: "free".to_owned(),
        info_hashes: vec![HASH.to_owned(), HASH_V2[..40].to_owned()],
        size_bytes: None,
        private: false,
        torrent_price: None,
        direct_price: None,
        tier: None,
        state: "tracked".to_owned(),
        version: None,
        minimum: None,
        ..item()
    };
    let broken = ItemView {
        id: 5,
        name: "short".to_owned(),
        direct_price: None,
        minimum: None,
        state: "broken".to_owned(),
        broken: Some("short/1.mp4 has 7 bytes instead of 700".to_owned()),
        ..item()
    };
    let stuck = Stuck {
        path: "/srv/items/new.mp4".to_owned(),
        error: "the name `new` is another item's".to_owned(),
        at: at("22T11:00:00"),
    };
    let items = vec![item(), bare.clone(), broken.clone()];
    let none = Vec::<Stuck>::new();
    let list = || typed("item list").list("GET /items", "items", &items);
    list().answer("GET /stuck", &none).check();
    list().answer("GET /stuck", &vec![stuck]).check_with("stuck");
    typed("item list")
        .list("GET /items", "items", &none)
        .answer("GET /stuck", &none)
        .check_with("none");

    let rights = vec![
        right(reel()),
        RightView { member: named(8, "bob"), until: Some(at("30T23:59:59")), ..right(reel()) },
        RightView { member: named(9, "cleo"), revoked: Some(at("21T07:00:00")), ..right(reel()) },
    ];
    let detail = ItemDetail {
        item: item(),
        description: "Twelve *quiet* minutes.\n\nOn a pier.\n".to_owned(),
        preview_url: Some("https://c.example.org/ws/free/3/reel/trailer.mp4".to_owned()),
        served_bytes: 2_202_009_600,
        completed: 42,
        traffic: ItemBytes {
            taken_bytes: 24_000_000_000,
            saved_bytes: 21_797_990_400,
            reported_bytes: 19_000_000_000,
            verified_bytes: 18_500_000_000,
        },
        parts: vec!["short".to_owned(), "trailer".to_owned()],
        rights,
    };
    typed("item show reel").answer("GET /items/reel", &detail).check();
    let description = String::new();
    let detail = ItemDetail {
        item: broken,
        description,
        preview_url: None,
        served_bytes: 0,
        completed: 0,
        traffic: ItemBytes { taken_bytes: 0, saved_bytes: 0, reported_bytes: 0, verified_bytes: 0 },
        parts: Vec::new(),
        rights: Vec::new(),
    };
    typed("item show short").answer("GET /items/short", &detail).check_with("broken");

    let add = format!("item add --name trailer --policy free --info-hash {HASH}");
    typed(&add).answer("POST /items", &bare).check();
    typed("item set reel --policy club --torrent-price 2.25 --minimum 1.00 --tier patron")
        .answer("PUT /items/reel/policy", &item())
        .answer("PUT /items/reel/prices", &item())
        .answer("PUT /items/reel/details", &item())
        .check();
    let draft = ItemView { visibility: "draft".to_owned(), cover: None, ..item() };
    typed("item set reel --tag film --tag 4k --visibility draft --released 2026-11-01 --no-cover")
        .answer("PUT /items/reel/details", &draft)
        .answer("DELETE /items/reel/cover", &draft)
        .check_with("texts");
    let unpublished = ItemView { state: "unpublished".to_owned(), ..item() };
    typed("item unpublish reel").answer("POST /items/reel/unpublish", &unpublished).check();
    let removed = ItemView { info_hash: None, info_hashes: Vec::new(), removed: true, ..item() };
    typed("item remove reel").answer("DELETE /items/reel", &removed).check();
}

#[test]
fn item_verify() {
    let whole = Verified { item: item(), whole: true, bad_files: Vec::new() };
    let bad_files = vec!["reel/1.mp4".to_owned(), "reel/2.mp4".to_owned()];
    let changed = Verified { whole: false, bad_files, ..whole.clone() };
    let verify = || typed("item verify reel");
    let progress = ProgressLine::<Verified>::Hashed { bytes: 1, of: 2 };
    let lines = lines(&[progress, ProgressLine::Done(whole)]);
    verify().bytes("POST /items/reel/verify", lines).check();
    let lines = self::lines(&[ProgressLine::Done(changed)]);
    verify().bytes("POST /items/reel/verify", lines).check_with("changed");
}

#[test]
fn publish() {
    let published = Published {
        item: "reel".to_owned(),
        id: 3,
        version: 1,
        info_hash: HASH.to_owned(),
        info_hash_v2: None,
        policy: "club".to_owned(),
        private: true,
        size_bytes: 734_003_200,
        page: Some("https://c.example.org/items/reel".to_owned()),
        warnings: Vec::new(),
    };
    let publish = |published: &Published| {
        let done = lines(&[ProgressLine::Done(published.clone())]);
        typed("publish FOLDER/reel.mp4 --policy club -o FOLDER/reel.torrent")
            .bytes("POST /publish", done)
            .bytes("GET /items/reel/torrent", TORRENT.to_vec())
    };
    publish(&published).check();
    let hybrid = Published {
        info_hash_v2: Some(HASH_V2.to_owned()),
        warnings: vec!["reel/.DS_Store was left out, because it is hidden".to_owned()],
        ..published.clone()
    };
    publish(&hybrid).check_with("hybrid");
    let v2 = Published { info_hash: HASH_V2[..40].to_owned(), page: None, ..hybrid };
    publish(&v2).check_with("v2");
    let failed = ProblemKind::Conflict.because("the name `reel` is another item's");
    let failed = lines(&[ProgressLine::<Published>::Failed(failed)]);
    publish(&published).bytes("POST /publish", failed).check_with("failed");
}

#[test]
fn links() {
    let magnet = Magnet {
        item: "trailer".to_owned(),
        magnet: format!("magnet:?xt=urn:btih:{HASH}&dn=trailer&tr=https://t.example.org/announce"),
    };
    typed("magnet trailer").answer("GET /items/trailer/magnet", &magnet).check();
    typed("torrent ada reel -o FOLDER/ada.torrent")
        .bytes("GET /members/ada/torrents/reel", TORRENT.to_vec())
        .check();
}

/// An answer that comes in lines.
fn lines<T: Serialize>(lines: &[ProgressLine<T>]) -> Vec<u8> {
    let text = |line| serde_json::to_string(line).unwrap() + "\n";
    lines.iter().map(text).collect::<String>().into_bytes()
}

const TORRENT: &[u8] = b"d4:infod6:lengthi7e4:name4:reelee";
