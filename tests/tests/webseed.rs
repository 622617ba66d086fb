//! The publisher's own copy over HTTP: each byte of the connection decided here.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use tests::{Daemon, Goods, Http, Response, Stopwatch, eventually};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// A fan that is not paced, and one that is.
const FAST: &str = "tiers:
- {id: outsider}
- {id: fan, side: inside, webseed: {enabled: true, rate: 10GiB/s, concurrency: 6}}
";
const SLOW: &str = "tiers:
- {id: outsider}
- {id: fan, side: inside, webseed: {enabled: true, rate: 256KiB/s, concurrency: 2}}
";

/// A daemon that serves ada one item.
struct Served {
    daemon: Daemon,
    goods: Goods,
    /// Up to and with the name of the item's folder and a `/`.
    base: String,
}

impl Served {
    fn new(tiers: &str, files: &[(&str, usize)]) -> Self {
        let daemon = Daemon::start("  flush_interval: 1s", tiers);
        let goods = Goods::folder("album", files);
        goods.publish(&daemon, "album", "club");
        daemon.member("ada", "fan");
        daemon.json(&["grant", "ada", "album"]);
        let base = goods.target(&daemon, "ada", "album") + "album/";
        Self { daemon, goods, base }
    }

    fn connect(&self) -> Http {
        Http::to(self.daemon.listening().web.port())
    }

    fn get(&self, file: &str, headers: &str) -> Response {
        self.connect().get(&format!("{}{file}", self.base), headers)
    }

    /// Begins to download a file, and leaves it at that.
    fn begin(&self, file: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.daemon.listening().web).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let request = format!("GET {}{file} HTTP/1.1\r\nHost: t\r\n\r\n", self.base);
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a request");
        stream.read_exact(&mut [0; 1000]).expect("the first bytes");
        stream
    }
}

#[test]
fn ranges_are_answered_exactly() {
    let served = Served::new(FAST, &[("one.bin", 3 * MIB + 7), ("empty", 0)]);
    let bytes = served.goods.bytes("one.bin");
    let total = bytes.len();
    for (range, start, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=-5", total - 5, total),
        ("bytes=100-", 100, total),
        ("bytes=0-", 0, total),
        (&format!("bytes=0-{}", total - 1), 0, total),
        (&format!("bytes={MIB}-{}", 2 * MIB), MIB, 2 * MIB + 1),
    ] {
        let part = served.get("one.bin", &format!("Range: {range}\r\nAccept-Encoding: gzip\r\n"));
        assert_eq!(part.status, 206, "{range}");
        assert!(part.body == bytes[start..end], "{range}");
        assert_eq!(part.headers["content-range"], format!("bytes {start}-{}/{total}", end - 1));
        assert!(!part.headers.contains_key("content-encoding"));
        assert_eq!(part.headers["accept-ranges"], "bytes");
        assert_eq!(part.headers["cache-control"], "private, no-store");
        assert_eq!(part.headers["referrer-policy"], "no-referrer");
    }
    for range in ["bytes=5-2", "bytes=0-1,x", &format!("bytes={total}-"), "bytes=-0", "bytes=x"] {
        let refused = served.get("one.bin", &format!("Range: {range}\r\n"));
        let found = (refused.status, refused.headers["content-range"].as_str());
        assert_eq!(found, (416, format!("bytes */{total}").as_str()), "{range}");
        assert!(refused.body.is_empty());
    }
    let whole = served.get("one.bin", "");
    assert!((whole.status, whole.body.as_slice()) == (200, bytes));
    let etag = &whole.headers["etag"];
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 40, "{etag}");
    let same = served.get("one.bin", &format!("Range: bytes=1-2\r\nIf-Range: {etag}\r\n"));
    assert_eq!((same.status, same.body.as_slice()), (206, &bytes[1..3]));
    assert_eq!(served.get("one.bin", "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n").status, 200);
    let known = served.get("one.bin", &format!("If-None-Match: W/{etag}\r\nRange: bytes=1-2\r\n"));
    assert_eq!((known.status, known.headers["etag"].as_str()), (304, etag.as_str()));
    assert_eq!(served.get("one.bin", "If-Match: \"x\"\r\n").status, 412);
    assert_eq!(served.get("empty", "").body, b"");
    assert_eq!(served.get("empty", "Range: bytes=0-0\r\n").status, 416);
}

#[test]
fn several_ranges_are_parts_of_one_response() {
    let served = Served::new(FAST, &[("one.bin", MIB)]);
    let bytes = served.goods.bytes("one.bin");
    let last = MIB - 2;
    let ranges = format!("Range: bytes=0-0, 5-6 ,,{MIB}-,100-70000,-2\r\n");
    let response = served.get("one.bin", &ranges);
    assert_eq!(response.status, 206);
    let kind = &response.headers["content-type"];
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
    assert!(!response.headers.contains_key("content-range"));
    let mut expected = Vec::new();
    for (start, end) in [(0, 1), (5, 7), (100, 70_001), (last, MIB)] {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n\
             Content-Range: bytes {start}-{}/{MIB}\r\n\r\n",
            end - 1
        );
        expected.extend(head.bytes());
        expected.extend(&bytes[start..end]);
    }
    expected.extend(format!("\r\n--{boundary}--\r\n").bytes());
    assert!(response.body == expected, "{} bytes, not {}", response.body.len(), expected.len());

    // One that is left of several is sent by itself.
    let one = served.get("one.bin", &format!("Range: bytes={MIB}-,3-4,\r\n"));
    let found = (one.status, one.headers["content-range"].as_str(), one.body.as_slice());
    assert_eq!(found, (206, format!("bytes 3-4/{MIB}").as_str(), &bytes[3..5]));
    let none = served.get("one.bin", &format!("Range: bytes={MIB}-,-0\r\n"));
    assert_eq!(none.status, 416);
}

#[test]
fn a_range_is_of_get_alone() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    for range in ["bytes=0-9", "bytes=0-0,5-6", "bytes=1000-"] {
        let mut http = served.connect();
        let request =
            format!("HEAD {}one.bin HTTP/1.1\r\nHost: t\r\nRange: {range}\r\n\r\n", served.base);
        http.send(request);
        let head = http.receive_head().expect("an answer");
        assert_eq!(
            (head.status, head.headers["content-length"].as_str()),
            (200, "1000"),
            "{range}"
        );
        assert!(!head.headers.contains_key("content-range"));
    }
}

#[test]
fn a_name_with_underscores_for_what_windows_forbids_is_the_files() {
    let files = [
        ("Episode 1: Intro.mkv", 10),
        ("a?b", 11),
        ("a*b", 12),
        ("plain_name", 13),
        ("con.txt", 14),
        ("dots...", 15),
        ("sub: 1/x|y", 16),
    ];
    let served = Served::new(FAST, &files);
    for (asked, length) in [
        ("Episode%201_%20Intro.mkv", 10),
        ("Episode%201:%20Intro.mkv", 10),
        ("plain_name", 13),
        ("_con.txt", 14),
        ("con_.txt", 14),
        ("dots", 15),
        ("sub_%201/x_y", 16),
    ] {
        let response = served.get(asked, "");
        assert_eq!((response.status, response.body.len()), (200, length), "{asked}");
    }
    // Two files could be meant, or none.
    for asked in ["a_b", "plain:name", "Episode_1_%20Intro.mkv", "sub_%201", "_"] {
        assert_eq!(served.get(asked, "").status, 404, "{asked}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let served = Served::new(FAST, &[("one.bin", MIB), ("two.bin", 100)]);
    let mut http = served.connect();
    let request = |file: &str, range: &str| {
        format!("GET {}{file} HTTP/1.1\r\nHost: t\r\nRange: bytes={range}\r\n\r\n", served.base)
    };
    let requests = [("one.bin", "0-"), ("two.bin", "5-9"), ("nothing", "0-"), ("one.bin", "10-12")];
    http.send(requests.map(|(file, range)| request(file, range)).concat());
    let answers: Vec<_> = requests.iter().map(|_| http.receive().expect("an answer")).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [206, 206, 404, 206]);
    assert!(answers[0].body == served.goods.bytes("one.bin"));
    assert_eq!(answers[1].body, &served.goods.bytes("two.bin")[5..10]);
    assert_eq!(answers[3].body, &served.goods.bytes("one.bin")[10..13]);
    // HEAD has no body, and a page may follow.
    http.send(format!("HEAD {}two.bin HTTP/1.1\r\nHost: t\r\n\r\n", served.base));
    http.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    let head = http.receive_head().expect("an answer");
    assert_eq!((head.status, head.headers["content-length"].as_str()), (200, "100"));
    let page = http.receive().expect("the page");
    assert!(String::from_utf8_lossy(&page.body).contains("<title>"));
}

#[test]
fn head_has_no_range() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    let mut http = served.connect();
    http.send(format!(
        "HEAD {}one.bin HTTP/1.1\r\nHost: t\r\nRange: bytes=1-2\r\n\r\n",
        served.base
    ));
    let head = http.receive_head().expect("a response");
    assert_eq!((head.status, head.headers["content-length"].as_str()), (200, "1000"));
    assert_eq!(head.headers["accept-ranges"], "bytes");
}

#[test]
fn an_absolute_target_is_the_same_file() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    let target = format!("http://t.example{}one.bin", served.base);
    let response = served.connect().get(&target, "Range: bytes=1-2\r\n");
    assert_eq!((response.status, response.body.len()), (206, 2));
}

#[test]
fn a_request_that_is_too_long_is_told_so_however_long() {
    let served = Served::new(FAST, &[("a", 10)]);
    for bytes in [20_000, 300_000] {
        let mut http = served.connect();
        http.send(format!("GET {}?{} HTTP/1.1\r\n\r\n", served.base, "x".repeat(bytes)));
        assert_eq!(http.receive().expect("a response").status, 414, "{bytes} bytes");
        assert!(http.has_ended());
    }
}

#[test]
fn nothing_tells_which_part_of_a_url_was_wrong() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    let other = Goods::file("other.bin", 1000);
    other.publish(&served.daemon, "other", "club");
    served.daemon.member("bob", "fan");
    served.daemon.json(&["grant", "bob", "other"]);
    let bob = other.target(&served.daemon, "bob", "other");
    let mut answers = Vec::new();
    for target in [
        format!("/ws/{}/album/one.bin", "a".repeat(32)),
        "/ws/x/album/one.bin".to_owned(),
        format!("/d/{}/album/one.bin", "a".repeat(32)),
        format!("{bob}album/one.bin"),
        format!("{}two.bin", served.base),
        format!("{}../album/one.bin", served.base),
        format!("{}%2e%2e/album/one.bin", served.base),
        format!("{}%252e%252e/album/one.bin", served.base),
        format!("{}..%5cone.bin", served.base),
        format!("{}one.bin%00", served.base),
        format!("{}/etc/passwd", served.base),
        served.base.clone(),
    ] {
        let answer = served.connect().get(&target, "");
        assert_eq!(answer.status, 404, "{target}");
        let headers = answer.headers.into_iter().filter(|(name, _)| name != "date");
        let mut headers: Vec<_> = headers.collect();
        headers.sort();
        answers.push((headers, answer.body));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(served.connect().get(&served.base.replace("/ws/", "/t/"), "").status, 404);
}

#[test]
fn who_guesses_tokens_is_soon_not_answered() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    let guesses = 1..=200;
    let unanswered =
        guesses.map(|number| format!("/ws/{number:032}/album/one.bin")).find(|wrong| {
            let mut http = served.connect();
            http.send(format!("GET {wrong} HTTP/1.1\r\nHost: t\r\n\r\n"));
            http.receive().is_none()
        });
    assert!(unanswered.is_some());
    assert_eq!(served.get("one.bin", "").status, 200, "whoever has a right is not held up");
}

#[test]
fn a_revocation_ends_a_running_stream() {
    let served = Served::new(SLOW, &[("one.bin", 20 * MIB)]);
    let mut stream = served.begin("one.bin");
    served.daemon.json(&["revoke", "ada", "album"]);
    let (mut bytes, mut more) = (vec![0; 64 * KIB], 0);
    let end = loop {
        match stream.read(&mut bytes) {
            Ok(0) => break None,
            Ok(read) => more += read,
            Err(error) => break Some(error.kind()),
        }
    };
    assert!(matches!(end, None | Some(ErrorKind::ConnectionReset)), "it stands still: {end:?}");
    // Some seconds' worth: the rate says how many bytes may pass until the right is looked at again.
    assert!(more < 5 * MIB, "{more} bytes of {} came after the revocation", 20 * MIB);
    let refused = served.get("one.bin", "");
    assert_eq!(refused.status, 403);
    assert!(refused.body.starts_with(b"this link opens nothing any more"));
}

#[test]
fn a_url_that_is_used_in_two_places_is_an_alert() {
    let judged = "leaks: {addresses: 1}\nrewards: {window: 2s}\n";
    let served = Served::new(&format!("{FAST}{judged}"), &[("a", 10)]);
    let port = served.daemon.listening().web.port();
    for place in [[127, 0, 0, 2], [127, 0, 0, 3]] {
        let response = Http::from(place.into(), port).get(&format!("{}a", served.base), "");
        assert_eq!(response.status, 200);
    }
    eventually("the leak shows", || {
        let alert = served.daemon.json(&["alert", "list"])[0].clone();
        (alert["kind"] == "leak" && alert["member"]["name"] == "ada").then_some(())
    });
}

#[test]
fn a_member_gets_the_rate_of_its_tier_and_nobody_is_sent_away() {
    let served = Served::new(SLOW, &[("one.bin", MIB)]);
    let begin = Stopwatch::start();
    // Four streams where two are served at once, at 256 KiB/s together.
    let parts: Vec<_> = (0..4)
        .map(|part| {
            let mut http = served.connect();
            let (start, end) = (part * 256 * KIB, (part + 1) * 256 * KIB - 1);
            http.send(format!(
                "GET {}one.bin HTTP/1.1\r\nHost: t\r\nRange: bytes={start}-{end}\r\n\r\n",
                served.base
            ));
            http
        })
        .map(|mut http| std::thread::spawn(move || http.receive().expect("a response")))
        .collect();
    let mut whole = Vec::new();
    for part in parts {
        let part = part.join().expect("a part");
        assert_eq!(part.status, 206);
        whole.extend(part.body);
    }
    assert!(whole == served.goods.bytes("one.bin"));
    // How slow it may be is the machine's matter as well; `web::seed::pace` is tested by its own clock.
    let took = begin.elapsed().as_secs_f64();
    assert!(took >= 3.5, "{took} s for 1 MiB at 256 KiB/s");
}

#[test]
fn a_file_that_shrinks_ends_its_stream_and_nothing_else() {
    let served = Served::new(SLOW, &[("one.bin", 20 * MIB), ("two.bin", 100)]);
    let other = Goods::file("other.bin", 1000);
    other.publish(&served.daemon, "other", "club");
    served.daemon.json(&["grant", "ada", "other"]);
    let target = other.target(&served.daemon, "ada", "other");
    let mut stream = served.begin("one.bin");
    File::options()
        .write(true)
        .open(served.goods.place("one.bin"))
        .and_then(|file| file.set_len(1000))
        .expect("the file shrinks");
    let mut bytes = vec![0; 64 * KIB];
    while stream.read(&mut bytes).is_ok_and(|read| read > 0) {}
    eventually("the item is broken", || {
        let item = served.daemon.json(&["item", "show", "album"]);
        item.to_string().contains("it ends after").then_some(())
    });
    let alert = served.daemon.json(&["alert", "list"])[0].clone();
    assert_eq!((&alert["kind"], &alert["item"]["name"]), (&"broken-item".into(), &"album".into()));
    let evidence = alert["evidence"].as_str().expect("evidence");
    assert!(evidence.contains("one.bin: it ends after"), "{evidence}");
    assert_eq!(served.get("two.bin", "").status, 404);
    assert_eq!(served.connect().get(&format!("{target}other.bin"), "").body.len(), 1000);
    assert!(served.daemon.log().contains("an item is broken"));
}

#[test]
fn a_disk_that_is_away_for_a_moment_breaks_nothing() {
    let served = Served::new(FAST, &[("one.bin", 1000), ("sub/two.bin", 100)]);
    let single = Goods::file("single.bin", 50);
    single.publish(&served.daemon, "single", "club");
    served.daemon.json(&["grant", "ada", "single"]);
    let single_url = single.target(&served.daemon, "ada", "single") + "single.bin";
    let album = |file: &str| format!("{}{file}", served.base);
    let cases = [
        (served.goods.place("one.bin"), album("one.bin"), "album"),
        (served.goods.place("sub"), album("sub/two.bin"), "album"),
        (served.goods.place(""), album("one.bin"), "album"),
        (single.place(""), single_url.clone(), "single"),
    ];
    let mut seen = Vec::new();
    for (place, target, item) in cases {
        let away = place.with_extension("away");
        fs::rename(&place, &away).expect("it goes away");
        let mut http = served.connect();
        http.send(format!("GET {target} HTTP/1.1\r\nHost: t\r\n\r\n"));
        assert!(
            http.receive().is_none(),
            "a client takes any status for final: {}",
            place.display()
        );
        // The first request for an item in a minute is an alert, and each check of all its files.
        if !seen.contains(&item) {
            assert_eq!(alert_of(&served.daemon, item)["kind"], "unreadable-item");
            seen.push(item);
        }
        assert_eq!(served.daemon.json(&["item", "show", item])["state"], "published");
        let said = served.daemon.refuses(&["item", "verify", item]);
        assert!(said.contains("cannot be read"), "{said}");
        assert_eq!(alert_of(&served.daemon, item)["kind"], "unreadable-item");
        assert_eq!(served.daemon.json(&["item", "show", item])["state"], "published");

        fs::rename(&away, &place).expect("it comes back");
        assert_eq!(served.connect().get(&target, "").status, 200, "{}", place.display());
        assert_eq!(served.daemon.json(&["item", "verify", item])["whole"], true);
        assert_eq!(
            served.daemon.json(&["alert", "list"]),
            serde_json::json!([]),
            "all is well again"
        );
    }
}

/// The open alert about an item.
#[track_caller]
fn alert_of(daemon: &Daemon, item: &str) -> serde_json::Value {
    let alerts = daemon.json(&["alert", "list"]);
    let found =
        alerts.as_array().expect("alerts").iter().find(|alert| alert["item"]["name"] == item);
    found.unwrap_or_else(|| panic!("no alert of {item}: {alerts}")).clone()
}

#[test]
fn a_root_that_became_a_link_is_not_followed() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    let (place, moved) = (served.goods.place(""), served.goods.root().join("elsewhere"));
    fs::rename(&place, &moved).expect("the folder goes");
    std::os::unix::fs::symlink(&moved, &place).expect("a link");
    assert_eq!(served.get("one.bin", "").status, 404);
}

#[test]
fn a_link_out_of_the_root_is_not_followed() {
    let served = Served::new(FAST, &[("one.bin", 1000)]);
    let outside = served.goods.root().join("outside");
    fs::write(&outside, vec![1; 1000]).expect("a file");
    fs::remove_file(served.goods.place("one.bin")).expect("the file goes");
    std::os::unix::fs::symlink(&outside, served.goods.place("one.bin")).expect("a link");
    assert_eq!(served.get("one.bin", "").status, 404);
}

#[test]
fn tokens_are_in_no_log() {
    let served = Served::new(&format!("log: {{level: trace}}\n{FAST}"), &[("one.bin", 1000)]);
    assert_eq!(served.get("one.bin", "").status, 200);
    assert_eq!(served.get("nothing", "").status, 404);
    let token = served.base.split('/').nth(2).expect("a token");
    assert!(!served.daemon.log().contains(token));
}
