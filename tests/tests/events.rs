//! What the daemon tells others: history, the event stream and webhooks.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{Ask, Daemon, Provider, eventually};

const FILM: [u8; 20] = *b"film film film film ";

#[test]
fn history_lasts_over_a_restart() {
    let mut daemon = Daemon::start("", "");
    daemon.item("film", FILM, "priority");
    let ada = daemon.member("ada", "fan");
    daemon.announce(&Ask::of(FILM, 1).by(&ada));
    daemon.announce(&Ask { left: 0, event: "completed", ..Ask::of(FILM, 1).by(&ada) });
    daemon.announce(&Ask::of(*b"nobody's  nobody's  ", 2));
    daemon.terminate();
    daemon.restart();
    daemon.announce(&Ask::of(FILM, 2));
    daemon.terminate();
    daemon.restart();
    let sums = |range: &str, item: &str| {
        let history = get(&daemon, &format!("/api/v1/history?range={range}{item}"));
        let points = history["points"].as_array().expect("points").clone();
        let sum = |key: &str| points.iter().filter_map(|point| point[key].as_u64()).sum::<u64>();
        [sum("announces"), sum("refusals"), sum("completions")]
    };
    for range in ["day", "month", "all"] {
        assert_eq!(sums(range, ""), [4, 1, 1], "{range}");
    }
    assert_eq!(sums("all", "&item=film"), [0, 0, 1]);
}

#[test]
fn the_stream_tells_what_happens_until_the_daemon_ends() {
    let mut daemon = Daemon::start("", "");
    daemon.item("film", FILM, "priority");
    daemon.item("reel", *b"reel reel reel reel ", "priority");
    let ada = daemon.member("ada", "fan");
    let events = follow(&daemon, "/api/v1/stream?item=film");
    let (name, snapshot) = next(&events);
    assert!(name == "snapshot" && snapshot["peers"] == 0, "{snapshot}");

    let start = |info_hash, peer| Ask { event: "started", ..Ask::of(info_hash, peer) };
    daemon.announce(&start(*b"reel reel reel reel ", 3));
    daemon.announce(&start(FILM, 1).by(&ada));
    daemon.announce(&start(FILM, 2));
    let joins = [find(&events, "join"), find(&events, "join")];
    assert!(joins.iter().all(|join| join["item"]["name"] == "film"), "{joins:?}");
    let members: Vec<_> = joins.iter().filter_map(|join| join["member"]["name"].as_str()).collect();
    assert_eq!(members, ["ada"], "and a stranger");
    daemon.announce(&Ask { left: 0, event: "completed", ..Ask::of(FILM, 1).by(&ada) });
    assert_eq!(find(&events, "completion")["member"]["name"], "ada");
    daemon.terminate();
    assert!(events.iter().take(100).all(|(name, _)| name != "join"), "it ends");
}

#[test]
fn a_webhook_is_signed_and_tried_until_it_is_taken() {
    let calls = AtomicUsize::new(0);
    let receiver = Provider::start(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => (500, json!({})),
        _ => (200, json!({})),
    });
    let refused = Daemon::start("", "");
    let url = format!("{}/hook", receiver.url());
    let said = refused.refuses(&["webhook", "add", &url, "--event", "order"]);
    assert!(said.contains("webhooks.allow_private"), "{said}");

    let daemon = Daemon::start("", "webhooks: {allow_private: true}");
    let added = daemon.json(&["webhook", "add", &url, "--event", "order", "--event", "alert"]);
    let secret = added["secret"].as_str().expect("a secret").to_owned();
    daemon.json(&["webhook", "test", "1"]);
    let asked = eventually("it is tried again", || {
        let asked = receiver.asked();
        (asked.len() >= 2).then_some(asked)
    });
    let header = |at: usize, name: &str| {
        let headers = &asked[at].headers;
        headers.iter().find(|(other, _)| other == name).expect(name).1.clone()
    };
    assert_eq!(header(0, "webhook-id"), header(1, "webhook-id"));
    assert_eq!(asked[0].body, asked[1].body);
    let body: Value = serde_json::from_str(&asked[1].body).expect("JSON");
    assert_eq!((&body["type"], &body["data"]["webhook"]), (&json!("test"), &json!(1)));
    // As the specification's libraries verify it.
    let key = BASE64.decode(secret.strip_prefix("whsec_").expect("a prefix").as_bytes());
    for (at, asked) in asked.iter().enumerate().take(2) {
        let (id, time) = (header(at, "webhook-id"), header(at, "webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref().expect("base64")).expect("a key");
        mac.update(format!("{id}.{time}.{}", asked.body).as_bytes());
        let expected = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
        assert_eq!(header(at, "webhook-signature"), expected);
    }
    eventually("it is noted", || {
        let page = daemon.json(&["webhook", "deliveries", "1"]);
        (page["deliveries"][0]["state"] == "delivered").then_some(())
    });
    // No copy of the books forges a signature.
    let backup = daemon.folder().join("copy.db");
    daemon.json(&["backup", backup.to_str().expect("a path")]);
    let copy = std::fs::read(&backup).expect("a copy");
    let raw = key.expect("base64");
    assert!(!copy.windows(raw.len()).any(|bytes| bytes == raw));
    assert!(!copy.windows(20).any(|bytes| bytes == &secret.as_bytes()[6..26]));
}

fn request(daemon: &Daemon, path: &str) -> BufReader<UnixStream> {
    let socket = daemon.folder().join("state/admin.sock");
    let mut stream = UnixStream::connect(socket).expect("the admin socket");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let request = format!("GET {path} HTTP/1.1\r\nHost: usher\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    BufReader::new(stream)
}

fn get(daemon: &Daemon, path: &str) -> Value {
    let lines: Vec<String> = request(daemon, path).lines().map_while(Result::ok).collect();
    let body = lines.iter().find(|line| line.starts_with('{')).expect("a document");
    serde_json::from_str(body).expect("JSON")
}

/// The events of a stream, until it ends.
fn follow(daemon: &Daemon, path: &str) -> Receiver<(String, Value)> {
    let stream = request(daemon, path);
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut name = String::new();
        for line in stream.lines().map_while(Result::ok) {
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).expect("JSON");
                if sender.send((name.clone(), data)).is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

#[track_caller]
fn next(events: &Receiver<(String, Value)>) -> (String, Value) {
    events.recv_timeout(Duration::from_secs(20)).expect("an event")
}

/// The next event of a name.
#[track_caller]
fn find(events: &Receiver<(String, Value)>, wanted: &str) -> Value {
    for _ in 0..60 {
        let (name, data) = next(events);
        if name == wanted {
            return data;
        }
    }
    panic!("no {wanted} came");
}
