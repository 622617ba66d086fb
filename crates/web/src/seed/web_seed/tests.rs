//! The web_seed on a real club, tracker and folder; connections are the daemon's matter.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;

use club::{
    Currency, DeliveryMethod, Details, NewGoods, NewListing, NewMember, Prices, Visibility,
};
use metainfo::{MakeOptions, TorrentPlan};
use policy::KeyGrant;
use tempfile::TempDir;
use tracker::Now;

use super::super::{FileError, FileResponse, PacingSettings, RequestHeaders, deny, respond};
use super::*;
use crate::catalog::fixture;

#[tokio::test]
async fn a_right_opens_its_own_files_and_nothing_else() {
    let fixture = Fixture::new().await;
    let token = fixture.web_seed(1, 1);
    for path in ["film/a%20b%231.bin", "film/sub/c.bin", "%66ilm/sub/c.bin", "film/sub/c.bin?x=1"] {
        assert!(fixture.authorize(&format!("/ws/{token}/{path}")).await.is_ok(), "{path}");
    }
    for path in [
        "",
        "film",
        "film/",
        "film/sub",
        "film/sub/",
        "film//sub/c.bin",
        "film/./sub/c.bin",
        "sub/c.bin",
        "film/../film/sub/c.bin",
        "film/%2e%2e/film/sub/c.bin",
        "film/%252e%252e/sub/c.bin",
        "../film/sub/c.bin",
        "/film/sub/c.bin",
        "film/sub/c.bin%00",
        "film/sub%5cc.bin",
        "film%2fsub%2f%2e%2e",
        "film/secret",
        "film/sub/C.bin",
        "etc/passwd",
        "%",
        "%zz",
    ] {
        let refused =
            fixture.authorize(&format!("/ws/{token}/{path}")).await.map(|file| file.index);
        assert_eq!(refused, Err(Denied::Missing), "{path}");
    }
}

#[tokio::test]
async fn tokens_of_others_and_for_other_things_open_nothing() {
    let fixture = Fixture::new().await;
    let file = "film/sub/c.bin";
    fixture.web_seed.club.grant(&stamp(), "ada", "other", None, "test").await.unwrap();
    let other_item = fixture.web_seed(1, 2);
    let grant =
        |item| KeyGrant { member: member(1), generation: Generation(0), item: ItemId(item) };
    let announce = fixture.token(Label::Announce, grant(1));
    let unbound = fixture.token(Label::WebSeed, grant(0));
    let download = fixture.token(Label::Download, grant(1));
    let refused = async |target: String| fixture.authorize(&target).await.map(|file| file.index);
    assert_eq!(refused(format!("/ws/{other_item}/{file}")).await, Err(Denied::Missing));
    for token in [&announce, &unbound, &download, &"a".repeat(32), &"a".repeat(31)] {
        let found = refused(format!("/ws/{token}/{file}")).await;
        assert_eq!(found, Err(Denied::Unknown), "{token}");
    }
    let web_seed = fixture.web_seed(1, 1);
    assert_eq!(refused(format!("/d/{web_seed}/{file}")).await, Err(Denied::Unknown));
    // Item 3 is free, but outsiders have no web seed by default.
    assert_eq!(refused("/ws/free/3/demo.bin".to_owned()).await, Err(Denied::Missing));
}

#[tokio::test]
async fn anybody_may_play_the_preview_and_nothing_else() {
    let fixture = Fixture::new().await;
    let club = &fixture.web_seed.club;
    let play = async |path: &str| fixture.authorize(&format!("/ws/free/1/film/{path}")).await;
    let refused = async |path: &str| play(path).await.map(|file| file.index);
    assert_eq!(refused("sub/c.bin").await, Err(Denied::Missing));
    let preview = |path: Option<&str>| Details {
        preview: Some(path.map(str::to_owned)),
        ..Details::default()
    };
    club.describe(&stamp(), "film", preview(Some("sub/c.bin"))).await.unwrap();
    let file = play("sub/c.bin").await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Ok(file.served()));
    assert_eq!(refused("a%20b%231.bin").await, Err(Denied::Missing));
    assert_eq!(refused("").await, Err(Denied::Missing));
    let draft = Details { visibility: Some(Visibility::Draft), ..Details::default() };
    club.describe(&stamp(), "film", draft).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Missing));
    assert_eq!(refused("sub/c.bin").await, Err(Denied::Missing));
    let unlisted = Details { visibility: Some(Visibility::Unlisted), ..Details::default() };
    club.describe(&stamp(), "film", unlisted).await.unwrap();
    assert!(play("sub/c.bin").await.is_ok());
    club.describe(&stamp(), "film", preview(None)).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Missing));
}

#[tokio::test]
async fn a_direct_download_is_for_who_bought_it_as_one() {
    let fixture = Fixture::new().await;
    let club = &fixture.web_seed.club;
    let grant = KeyGrant { member: member(1), generation: Generation(0), item: ItemId(1) };
    let target = format!("/d/{}/film/sub/c.bin", fixture.token(Label::Download, grant));
    let refused = || async { fixture.authorize(&target).await.map(|file| file.index) };
    // A right to the item is one to its torrent.
    assert_eq!(refused().await, Err(Denied::Expired));
    let usd = |minor| Currency::parse("usd").unwrap().minor(minor);
    let prices = Prices { torrent: Some(usd(225)), direct: Some(usd(300)) };
    club.set_prices(&stamp(), "film", prices).await.unwrap();
    club.give_credit(&stamp(), "1", "ada", usd(525), "a present").await.unwrap();
    club.buy(&stamp(), "2", "ada", "film", DeliveryMethod::Torrent).await.unwrap();
    assert_eq!(refused().await, Err(Denied::Expired));
    let bought = club.buy(&stamp(), "3", "ada", "film", DeliveryMethod::Direct).await.unwrap();
    let file = fixture.authorize(&target).await.unwrap();
    assert_eq!(file.download_name(), Some(&b"c.bin"[..]));
    assert_eq!(file.content_type(), "application/octet-stream");
    assert_eq!(fixture.web_seed.recheck(&file).await, Ok(file.served()));
    club.refund(&stamp(), "4", bought.id, None).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Expired));
}

#[tokio::test]
async fn what_is_over_is_forbidden_at_once() {
    let fixture = Fixture::new().await;
    let target = format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1));
    let file = fixture.authorize(&target).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Ok(file.served()));
    fixture.web_seed.club.revoke(&stamp(), "ada", "film").await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Expired));
    fixture.web_seed.club.grant(&stamp(), "ada", "film", Some(NOW.unix + 1), "test").await.unwrap();
    assert!(fixture.web_seed.recheck(&file).await.is_ok());

    fixture.web_seed.club.suspend(&stamp(), "ada").await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Expired));
    fixture.web_seed.club.resume(&stamp(), "ada").await.unwrap();
    fixture.web_seed.club.rotate_key(&stamp(), "ada", Key::WebSeed).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Expired));
    let grant = KeyGrant { member: member(1), generation: Generation(1), item: ItemId(1) };
    let target = format!("/ws/{}/film/sub/c.bin", fixture.token(Label::WebSeed, grant));
    let file = fixture.authorize(&target).await.unwrap();
    // The torrent that a passkey of this item is in has this key as well.
    fixture.web_seed.club.rotate_bound(&stamp(), "ada", "film", None).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Expired));
    // bob never had a right.
    let bob = format!("/ws/{}/film/sub/c.bin", fixture.web_seed(2, 1));
    assert_eq!(fixture.authorize(&bob).await.map(|file| file.index), Err(Denied::Expired));
}

#[tokio::test]
async fn a_stream_of_a_version_that_was_replaced_ends_and_says_nothing_of_the_new_one() {
    let fixture = Fixture::new().await;
    let target = format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1));
    let file = fixture.authorize(&target).await.unwrap();
    let (club, goods) = (&fixture.web_seed.club, &file.goods);
    let options = MakeOptions { source: Some("2".to_owned()), ..MakeOptions::default() };
    let plan = TorrentPlan::scan(&goods.root, &options).unwrap();
    let torrent = plan.make(NonZeroUsize::MIN, &|_| ControlFlow::Continue(())).unwrap();
    let new = NewGoods { root: goods.root.clone(), torrent };
    club.replace(&stamp(), "film", new).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Missing));
    fixture.web_seed.mark_broken(&file, "it ends after 3 bytes").await;
    let file = fixture.authorize(&target).await.unwrap();
    assert_eq!(fixture.web_seed.recheck(&file).await, Ok(file.served()));
}

#[tokio::test]
async fn withdrawn_and_broken_goods_are_missing() {
    let fixture = Fixture::new().await;
    let target = format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1));
    let file = fixture.authorize(&target).await.unwrap();
    fixture.web_seed.mark_broken(&file, "it ends after 3 bytes").await;
    assert_eq!(fixture.web_seed.recheck(&file).await, Err(Denied::Missing));
    let item = fixture.web_seed.club.item("film").await.unwrap();
    assert_eq!(item.offer.unwrap().broken.unwrap(), "sub/c.bin: it ends after 3 bytes");
    fixture.web_seed.club.set_broken(&stamp(), "film", None).await.unwrap();
    assert!(fixture.authorize(&target).await.is_ok());
    fixture.web_seed.club.withdraw(&stamp(), "film").await.unwrap();
    assert_eq!(fixture.authorize(&target).await.map(|file| file.index), Err(Denied::Missing));
}

#[tokio::test]
async fn files_that_are_not_what_they_were_do_not_open() {
    let fixture = Fixture::new().await;
    let film = fixture.folder.path().join("film");
    let file =
        fixture.authorize(&format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1))).await.unwrap();
    assert_eq!(file.open().unwrap().metadata().unwrap().len(), 1000);

    fs::write(film.join("sub/c.bin"), [0; 999]).unwrap();
    assert!(matches!(file.open(), Err(FileError::Length { found: 999, expected: 1000 })));
    fs::remove_file(film.join("sub/c.bin")).unwrap();
    assert!(matches!(file.open(), Err(FileError::Unreadable(_))));
    fs::create_dir(film.join("sub/c.bin")).unwrap();
    assert!(matches!(file.open(), Err(FileError::NotAFile)));
    fs::remove_dir(film.join("sub/c.bin")).unwrap();
    nix::unistd::mkfifo(&film.join("sub/c.bin"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(file.open(), Err(FileError::NotAFile)));
    fs::remove_file(film.join("sub/c.bin")).unwrap();

    // A link within the root is the publisher's own way; one out of it never is.
    fs::write(film.join("elsewhere"), [0; 1000]).unwrap();
    symlink("../elsewhere", film.join("sub/c.bin")).unwrap();
    assert!(file.open().is_ok());
    fs::write(fixture.folder.path().join("outside"), [0; 1000]).unwrap();
    for outside in ["../../outside", "/etc/passwd"] {
        fs::remove_file(film.join("sub/c.bin")).unwrap();
        symlink(outside, film.join("sub/c.bin")).unwrap();
        assert!(matches!(file.open(), Err(FileError::NotAFile)), "{outside}");
    }
    // Nor is the root itself one.
    fs::rename(&film, fixture.folder.path().join("moved")).unwrap();
    assert!(matches!(file.open(), Err(FileError::Unreadable(_))));
    symlink("moved", &film).unwrap();
    assert!(matches!(file.open(), Err(FileError::NotAFile)));
}

#[tokio::test]
async fn only_what_a_file_is_breaks_its_item() {
    let fixture = Fixture::new().await;
    let target = format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1));
    let file = fixture.authorize(&target).await.unwrap();
    let club = &fixture.web_seed.club;
    for code in [libc::ENOENT, libc::EACCES, libc::ESTALE, libc::EIO, libc::ENODEV] {
        let error = io::Error::from_raw_os_error(code);
        assert!(FileError::is_of_the_disk(&error));
        let denied = fixture.web_seed.report(&file, &error.into()).await;
        assert_eq!(denied, Denied::Unavailable, "{code}");
        assert!(fixture.authorize(&target).await.is_ok(), "{code}");
    }
    let alerts = club.alerts(false, club::Page::FIRST).await.unwrap();
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.times), (AlertKind::UnreadableItem, 1), "one a minute");
    assert!(alert.evidence.starts_with("sub/c.bin: cannot be read: No such file"), "{alert:?}");
    for (code, is_ours) in [(libc::EMFILE, true), (libc::ENOENT, false)] {
        assert_eq!(FileError::from(io::Error::from_raw_os_error(code)).is_ours(), is_ours);
    }
    for code in [libc::EPIPE, libc::ECONNRESET, libc::ETIMEDOUT] {
        assert!(!FileError::is_of_the_disk(&io::Error::from_raw_os_error(code)), "{code}");
    }

    let denied = fixture.web_seed.report(&file, &FileError::NotAFile).await;
    assert_eq!(denied, Denied::Missing);
    assert_eq!(fixture.authorize(&target).await.map(|file| file.index), Err(Denied::Missing));
}

#[tokio::test]
async fn the_head_says_what_follows() {
    let fixture = Fixture::new().await;
    let file =
        fixture.authorize(&format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1))).await.unwrap();
    let check = |asked: RequestHeaders<'_>, status: &str, range: Option<&str>, span: (u64, u64)| {
        let FileResponse { head, parts, end } = respond(&file, &asked, NOW.unix);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
        let found = head.lines().find_map(|line| line.strip_prefix("Content-Range: bytes "));
        assert_eq!(found, range, "{head}");
        let spans: Vec<_> = parts.iter().map(|part| (part.bytes.start, part.bytes.end)).collect();
        assert_eq!(spans, if span == (0, 0) { vec![] } else { vec![span] });
        assert!(end.is_empty() && parts.iter().all(|part| part.head.is_empty()));
        assert!(head.contains("\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n"), "{head}");
        head
    };
    let range = |range| RequestHeaders { range: Some(range), ..RequestHeaders::default() };
    check(RequestHeaders::default(), "200 OK", None, (0, 1000));
    check(range(b"bytes=0-"), "206 Partial Content", Some("0-999/1000"), (0, 1000));
    check(range(b"bytes=0-0"), "206 Partial Content", Some("0-0/1000"), (0, 1));
    check(range(b"bytes=-5"), "206 Partial Content", Some("995-999/1000"), (995, 1000));
    check(range(b"bytes=1000-"), "416 Range Not Satisfiable", Some("*/1000"), (0, 0));
    let head = RequestHeaders { head: true, ..range(b"bytes=5-6") };
    let text = check(head, "200 OK", None, (0, 0));
    assert!(text.contains("\r\nContent-Length: 1000\r\n"), "{text}");

    let etag = file.etag().to_string();
    let same = RequestHeaders { if_range: Some(etag.as_bytes()), ..range(b"bytes=5-6") };
    check(same, "206 Partial Content", Some("5-6/1000"), (5, 7));
    for other in ["\"other\"", "Sun, 22 Nov 2026 12:00:00 GMT", &format!("W/{etag}"), ""] {
        let other = RequestHeaders { if_range: Some(other.as_bytes()), ..range(b"bytes=5-6") };
        check(other, "200 OK", None, (0, 1000));
    }
    for (tags, weak) in [
        ("*", false),
        (etag.as_str(), false),
        (&format!("\"x\", {etag} ,\"y\""), false),
        (&format!("W/{etag}"), true),
    ] {
        let tags = Some(tags.as_bytes());
        let known =
            RequestHeaders { if_none_match: tags, if_range: Some(b"\"x\""), ..range(b"bytes=5-6") };
        let text = check(known, "304 Not Modified", None, (0, 0));
        assert!(
            text.contains(&format!("\r\nETag: {etag}\r\nCache-Control: private, no-store\r\n")),
            "{text}"
        );
        assert!(!text.contains("Content-Length"), "{text}");
        let wanted = RequestHeaders { if_match: tags, ..range(b"bytes=5-6") };
        if weak {
            check(wanted, "412 Precondition Failed", None, (0, 0));
        } else {
            check(wanted, "206 Partial Content", Some("5-6/1000"), (5, 7));
        }
    }
    for tags in ["\"other\"", "", etag.trim_matches('"'), etag.trim_end_matches('"'), "\"*\""] {
        let tags = Some(tags.as_bytes());
        let unknown = RequestHeaders { if_none_match: tags, ..range(b"bytes=5-6") };
        check(unknown, "206 Partial Content", Some("5-6/1000"), (5, 7));
        let other =
            RequestHeaders { if_match: tags, if_none_match: Some(b"*"), ..range(b"bytes=5-6") };
        let text = check(other, "412 Precondition Failed", None, (0, 0));
        assert!(text.contains("\r\nContent-Length: 0\r\n"), "{text}");
    }
    let bodies = [Denied::Missing, Denied::Expired].map(|refused| deny(refused, &head, 0));
    assert!(bodies[0].starts_with("HTTP/1.1 404 ") && bodies[0].ends_with("\r\n\r\n"));
    assert!(bodies[1].starts_with("HTTP/1.1 403 "));
    assert_eq!(deny(Denied::Unavailable, &head, 0), "");
}

#[tokio::test]
async fn several_parts_are_as_long_as_their_head_says() {
    let fixture = Fixture::new().await;
    let target = format!("/ws/{}/film/sub/c.bin", fixture.web_seed(1, 1));
    let file = fixture.authorize(&target).await.unwrap();
    let asked = RequestHeaders { range: Some(b"bytes=0-0,990-"), ..RequestHeaders::default() };
    let FileResponse { head, parts, end } = respond(&file, &asked, NOW.unix);
    let framing: usize = parts.iter().map(|part| part.head.len()).sum::<usize>() + end.len();
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", framing + 11)), "{head}");
    assert_eq!(parts.iter().map(|part| part.bytes.clone()).collect::<Vec<_>>(), [0..1, 990..1000]);
    assert!(parts[1].head.contains("\r\nContent-Range: bytes 990-999/1000\r\n\r\n"));
}

struct Fixture {
    web_seed: WebSeed,
    folder: TempDir,
}

impl Fixture {
    /// ada, a fan, may have the items 1 (`film`, a folder); nobody has 2 (`other.bin`); 3 is free.
    async fn new() -> Self {
        let fixture = fixture::Fixture::new(NOW).await;
        let folder = fixture.folder.path();
        let film = folder.join("film");
        fs::create_dir_all(film.join("sub")).unwrap();
        fs::write(film.join("a b#1.bin"), [1; 100]).unwrap();
        fs::write(film.join("sub/c.bin"), [2; 1000]).unwrap();
        fs::write(folder.join("other.bin"), [3; 10]).unwrap();
        fs::write(folder.join("demo.bin"), [4; 10]).unwrap();

        let fixture::Fixture { club, tracker, keyring, folder, .. } = fixture;
        let tier = |enabled| TierPacing { enabled, rate: 1 << 20, concurrency: 6 };
        let tiers = [false, true, true, true].map(tier);
        let tiers = (0..).filter_map(TierId::new).zip(tiers).collect();
        let pace = Arc::new(Pacer::new(PacingSettings { tiers, rate: None }));
        let web_seed = WebSeed::new(club, tracker, keyring, pace, Arc::default(), Box::new(|| NOW));
        let fixture = Self { web_seed, folder };
        for (name, tier) in [("ada", "fan"), ("bob", "fan")] {
            let new = NewMember { name: name.to_owned(), tier: tier.to_owned(), tier_until: None };
            fixture.web_seed.club.add_member(&stamp(), new).await.unwrap();
        }
        fixture.publish("film", "film", "club").await;
        fixture.publish("other.bin", "other", "club").await;
        fixture.publish("demo.bin", "demo", "free").await;
        fixture.web_seed.club.grant(&stamp(), "ada", "film", None, "test").await.unwrap();
        fixture
    }

    async fn publish(&self, file: &str, name: &str, policy: &str) {
        let root = self.folder.path().join(file);
        let plan = TorrentPlan::scan(&root, &MakeOptions::default()).unwrap();
        let torrent = plan.make(NonZeroUsize::MIN, &|_| ControlFlow::Continue(())).unwrap();
        let listing = NewListing {
            name: name.to_owned(),
            title: name.to_owned(),
            policy: policy.to_owned(),
            prices: Prices::default(),
            details: Details::default(),
        };
        self.web_seed.club.publish(&stamp(), listing, NewGoods { root, torrent }).await.unwrap();
    }

    async fn authorize(&self, target: &str) -> Result<AuthorizedFile, Denied> {
        self.web_seed.authorize(target.as_bytes(), [192, 0, 2, 1].into()).await
    }

    fn web_seed(&self, number: u32, item: u32) -> String {
        let grant =
            KeyGrant { member: member(number), generation: Generation(0), item: ItemId(item) };
        self.token(Label::WebSeed, grant)
    }

    fn token(&self, label: Label, grant: KeyGrant) -> String {
        String::from_utf8(self.web_seed.keyring.issue(label, grant).expose().to_vec()).unwrap()
    }
}

fn member(number: u32) -> MemberId {
    MemberId::new(number).unwrap()
}

fn stamp() -> Stamp {
    Stamp { who: "test".to_owned(), now_unix: NOW.unix }
}

/// 22 November 2026, noon, a minute after the start.
const NOW: Now = Now { secs: 60, unix: 1_795_348_800 };
