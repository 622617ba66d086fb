//! HTTP on the announce listener, by either way that a connection is served: by a worker's epoll, or
//! by a runtime (as all that a proxy passes on); and on the site, which reads requests alike.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::Duration;

use tests::{Ask, Daemon, Http, Value};

const FILM: [u8; 20] = *b"film film film film ";
const FAN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));
const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9));

fn daemon() -> Daemon {
    let daemon = Daemon::start("  trusted_proxies: [127.0.0.9/32]", "");
    daemon.item("film", FILM, "free");
    daemon
}

/// Runs the same against both ways.
fn either_way(check: impl Fn(&dyn Fn() -> Http)) {
    let daemon = daemon();
    let port = daemon.listening().http.port();
    for source in [FAN, PROXY] {
        check(&|| Http::from(source, port));
    }
}

fn request(peer: u32) -> String {
    format!("GET {} HTTP/1.1\r\nHost: t\r\n\r\n", Ask::of(FILM, peer).target())
}

#[test]
fn what_is_no_announce_has_a_status() {
    either_way(|connect| {
        let status = |request: &str| {
            let mut http = connect();
            http.send(request);
            http.receive().unwrap_or_else(|| panic!("{request:?} got no response")).status
        };
        assert_eq!(status("GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n"), 404);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: t\r\n\r\n"), 404);
        assert_eq!(status("POST /announce HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n"), 405);
        assert_eq!(status("GET /announce HTTP/1.1\r\nno colon here\r\n\r\n"), 400);
        assert_eq!(status("nonsense\r\n\r\n"), 400);
        assert_eq!(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    });
}

#[test]
fn a_request_that_is_too_long_is_told_so_however_long() {
    either_way(|connect| {
        for bytes in [20_000, 300_000] {
            let mut http = connect();
            http.send(format!("GET /announce?{} HTTP/1.1\r\n\r\n", "x".repeat(bytes)));
            assert_eq!(http.receive().expect("a response").status, 414, "{bytes} bytes");
            assert!(http.has_ended());
        }
    });
}

#[test]
fn a_request_may_have_8_kib_and_no_more_however_its_packets_fall() {
    either_way(|connect| {
        for (bytes, status) in [(8192, 200), (8193, 431)] {
            let start = format!("{} HTTP/1.1\r\nHost: t\r\n", Ask::of(FILM, 1).target());
            let end = "\r\n\r\n";
            let rest = bytes - "GET ".len() - start.len() - "Pad: ".len() - end.len();
            let request = format!("GET {start}Pad: {}{end}", "x".repeat(rest));
            assert_eq!(request.len(), bytes);
            let mut whole = connect();
            whole.send(&request);
            assert_eq!(whole.receive().expect("a response").status, status, "{bytes} at once");
            let mut parts = connect();
            for part in request.as_bytes().chunks(3000) {
                parts.send(part);
                std::thread::sleep(Duration::from_millis(50));
            }
            assert_eq!(parts.receive().expect("a response").status, status, "{bytes} in parts");
        }
    });
}

#[test]
fn requests_that_are_malformed_or_ambiguous_are_refused_on_every_listener() {
    let daemon = daemon();
    let listening = daemon.listening().clone();
    let (announce, page) = (Ask::of(FILM, 1).target(), "/".to_owned());
    for (port, source, target) in [
        (listening.http.port(), FAN, &announce),
        (listening.http.port(), PROXY, &announce),
        (listening.web.port(), FAN, &page),
        (listening.web.port(), FAN, &"/ws/free/1/film".to_owned()),
    ] {
        for (lines, status) in [
            ("", 400),
            ("Host: t\r\nHost: t\r\n", 400),
            ("Host: t/x\r\n", 400),
            ("Host: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400),
            ("Host: t\r\nContent-Length: 0\r\nContent-Length: 0\r\n", 400),
            ("Host: t\r\nContent-Length: -1\r\n", 400),
            ("Host: t\nAccept: */*\r\n", 400),
            ("Host: t\r\nAccept : */*\r\n", 400),
            ("Host: t\r\n Accept: */*\r\n", 400),
            ("Host: t\r\nTransfer-Encoding: gzip\r\n", 501),
        ] {
            let mut http = Http::from(source, port);
            http.send(format!("GET {target} HTTP/1.1\r\n{lines}\r\n"));
            assert_eq!(http.receive().expect("a response").status, status, "{target} {lines:?}");
            assert!(http.has_ended(), "{target} {lines:?}");
        }
        let mut http = Http::from(source, port);
        http.send(format!("GET {target} HTTP/1.1\nHost: t\r\n\r\n"));
        assert_eq!(http.receive().expect("a response").status, 400, "{target}");
        let mut http = Http::from(source, port);
        http.send(format!("GET {target} HTTP/3.0\r\nHost: t\r\n\r\n"));
        assert_eq!(http.receive().expect("a response").status, 505, "{target}");
        let mut http = Http::from(source, port);
        http.send(format!("GET /{} HTTP/1.1\r\nHost: t\r\n\r\n", "x".repeat(9000)));
        assert_eq!(http.receive().expect("a response").status, 414, "{target}");
        let many = "A: b\r\n".repeat(33);
        let mut http = Http::from(source, port);
        http.send(format!("GET {target} HTTP/1.1\r\nHost: t\r\n{many}\r\n"));
        assert_eq!(http.receive().expect("a response").status, 431, "{target}");
    }
}

#[test]
fn an_absolute_target_and_an_empty_line_before_it_are_understood() {
    let daemon = daemon();
    let (http, web) = (daemon.listening().http.port(), daemon.listening().web.port());
    for (port, target) in [(http, Ask::of(FILM, 1).target()), (web, "/".to_owned())] {
        let mut connection = Http::to(port);
        connection.send(format!("\r\nGET http://t.example:80{target} HTTP/1.1\r\nHost: t\r\n\r\n"));
        assert_eq!(connection.receive().expect("a response").status, 200, "{target}");
    }
}

#[test]
fn options_name_the_methods() {
    let daemon = daemon();
    let (http, web) = (daemon.listening().http.port(), daemon.listening().web.port());
    for (port, target, allowed) in [
        (http, "/", "GET, HEAD, OPTIONS"),
        (http, "/announce", "GET, HEAD, OPTIONS"),
        (http, "*", "GET, HEAD, OPTIONS"),
        (web, "*", "GET, HEAD, POST, OPTIONS"),
        (web, "/", "GET,HEAD,OPTIONS"),
        (web, "/webhooks/stripe", "POST,OPTIONS"),
        (web, "/ws/free/1/film", "GET,HEAD,OPTIONS"),
    ] {
        let mut connection = Http::to(port);
        connection.send(format!("OPTIONS {target} HTTP/1.1\r\nHost: t\r\n\r\n"));
        let response = connection.receive().expect("a response");
        assert_eq!(
            (response.status, response.headers["allow"].as_str()),
            (204, allowed),
            "{target}"
        );
        assert!(!response.headers.contains_key("content-length"), "{response:?}");
    }
    // Other methods hear the same, by a 405.
    for (port, target) in [(http, "/announce"), (web, "/"), (web, "/ws/free/1/film")] {
        let mut connection = Http::to(port);
        connection.send(format!("DELETE {target} HTTP/1.1\r\nHost: t\r\n\r\n"));
        let response = connection.receive().expect("a response");
        assert_eq!(response.status, 405, "{target}");
        assert!(response.headers["allow"].contains("GET"), "{response:?}");
    }
}

#[test]
fn head_says_what_get_says_without_the_body() {
    either_way(|connect| {
        let mut http = connect();
        http.send(request(1).replacen("GET", "HEAD", 1) + "GET /no HTTP/1.1\r\nHost: t\r\n\r\n");
        let head = http.receive_head().expect("a response");
        assert_eq!(head.status, 200);
        assert_ne!(head.headers["content-length"], "0");
        assert_eq!(http.receive().expect("a response").status, 404);
    });
}

#[test]
fn a_body_that_nobody_wants_ends_the_connection_after_the_answer() {
    either_way(|connect| {
        for body in [
            "Content-Length: 30\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            for (method, status) in [("GET", 200), ("POST", 405)] {
                let mut http = connect();
                let target = Ask::of(FILM, 1).target();
                http.send(format!("{method} {target} HTTP/1.1\r\nHost: t\r\n{body}"));
                assert_eq!(http.receive().expect("a response").status, status, "{method} {body:?}");
                assert!(http.has_ended(), "{method} {body:?}");
            }
        }
    });
}

#[test]
fn announce_urls_of_php_trackers_work() {
    let daemon = daemon();
    let ada = daemon.member("ada", "fan");
    let passkey = ada["passkey"].as_str().expect("a passkey");
    let mut http = Http::to(daemon.listening().http.port());
    let (_, query) = Ask::of(FILM, 1)
        .target()
        .split_once('?')
        .map(|(path, query)| (path.to_owned(), query.to_owned()))
        .expect("a query");
    let reply = http.get(&format!("/announce.php?passkey={passkey}&{query}"), "");
    assert!(Value::read(&reply.body).text("failure reason").is_none(), "{reply:?}");
    assert_eq!(daemon.json(&["swarm", "film"])["peers"][0]["member"]["name"], "ada");
    let hash: String = FILM.iter().map(|byte| format!("%{byte:02x}")).collect();
    let reply = http.get(&format!("/scrape.php?passkey={passkey}&info_hash={hash}"), "");
    assert!(Value::read(&reply.body).text("failure reason").is_none(), "{reply:?}");
    let reply = http.get(&format!("/announce.php?passkey=nonsense&{query}"), "");
    assert!(Value::read(&reply.body).text("failure reason").is_some(), "{reply:?}");
}

#[test]
fn requests_in_one_write_are_answered_in_order() {
    either_way(|connect| {
        let mut http = connect();
        http.send(request(1) + "GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n" + &request(2));
        let statuses = [(); 3].map(|()| http.receive().expect("a response").status);
        assert_eq!(statuses, [200, 404, 200]);
    });
}

#[test]
fn a_request_may_come_byte_by_byte() {
    either_way(|connect| {
        let mut http = connect();
        for _ in 0..2 {
            for byte in request(1).bytes() {
                http.send([byte]);
            }
            assert_eq!(http.receive().expect("a response").status, 200);
        }
    });
}

#[test]
fn the_end_of_one_request_may_come_with_the_next() {
    either_way(|connect| {
        let mut http = connect();
        let both = request(1) + &request(2);
        let (first, rest) = both.split_at(50);
        http.send(first);
        std::thread::sleep(Duration::from_millis(20));
        http.send(rest);
        for _ in 0..2 {
            assert_eq!(http.receive().expect("a response").status, 200);
        }
    });
}

#[test]
fn who_reads_late_gets_every_answer() {
    let daemon = daemon();
    for source in [FAN, PROXY] {
        let mut http = Http::from(source, daemon.listening().http.port());
        // The answers are far more than the sockets' buffers hold.
        let head = "GET /scrape?info_hash=short HTTP/1.1\r\nHost: t\r\n\r\n";
        let many = head.repeat(MANY);
        let writer = http.writer();
        let sending = std::thread::spawn(move || (&writer).write_all(many.as_bytes()));
        std::thread::sleep(Duration::from_millis(300));
        for number in 0..MANY {
            let response = http.receive().unwrap_or_else(|| panic!("no answer {number}"));
            assert!(Value::read(&response.body).text("failure reason").is_some());
        }
        sending.join().expect("a thread").expect("all is sent");
    }
}

#[test]
fn connections_last_as_long_as_they_should() {
    either_way(|connect| {
        let target = Ask::of(FILM, 1).target();
        for (version, header, stays) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
        ] {
            let mut http = connect();
            let request = format!("GET {target} HTTP/{version}\r\nHost: t\r\n{header}\r\n");
            http.send(&request);
            assert_eq!(http.receive().expect("a response").status, 200);
            if stays {
                http.send(&request);
                assert!(http.receive().is_some(), "HTTP/{version} {header}");
            } else {
                assert!(http.has_ended(), "HTTP/{version} {header}");
            }
        }
    });
}

#[test]
fn who_does_not_finish_a_request_is_cut_off() {
    either_way(|connect| {
        let mut http = connect();
        http.send("GET /announce?info_hash=");
        assert!(http.has_ended());
        assert!(connect().has_ended(), "one that asks nothing");
    });
}

#[test]
fn who_has_asked_all_and_said_so_is_let_go_at_once() {
    either_way(|connect| {
        // One that is forgotten stays open for longer than the client's patience.
        for _ in 0..50 {
            let mut http = connect();
            std::thread::sleep(Duration::from_millis(5));
            http.send(request(1));
            http.finish();
            assert_eq!(http.receive().expect("a response").status, 200);
            assert!(http.has_ended());
        }
    });
}

#[test]
fn who_sends_no_more_gets_its_answer_all_the_same() {
    either_way(|connect| {
        for (line, status) in [("GET /nothing", 404), ("POST /announce", 405)] {
            let mut http = connect();
            http.send(format!("{line} HTTP/1.1\r\nHost: t\r\n\r\n"));
            http.finish();
            assert_eq!(http.receive().expect("a response").status, status, "{line}");
            assert!(http.has_ended());
        }
    });
}

#[test]
fn the_site_answers_who_sends_no_more() {
    let daemon = daemon();
    let mut http = Http::from(FAN, daemon.listening().web.port());
    http.send("GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n");
    http.finish();
    assert_eq!(http.receive().expect("a response").status, 404);
    assert!(http.has_ended());
}

#[test]
fn a_network_has_so_many_connections_at_once() {
    let daemon = Daemon::start("  limits: {connections_per_prefix: 2}", "");
    daemon.item("film", FILM, "free");
    let port = daemon.listening().http.port();
    let mut held = [Http::to(port), Http::to(port)];
    for http in &mut held {
        http.announce(&Ask::of(FILM, 1));
    }
    // One that waits makes room for the next.
    Http::to(port).announce(&Ask::of(FILM, 1));
    assert_eq!(held.iter_mut().filter_map(|http| http.ends_within(SOON).then_some(())).count(), 1);
    // Those that have begun a request do not.
    let mut begun = [Http::to(port), Http::to(port)];
    for http in &mut begun {
        http.send("GET /announce?");
        std::thread::sleep(SOON);
    }
    assert!(Http::to(port).has_ended());
    drop(begun);
    tests::eventually("there is room again", || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(request(1).as_bytes()).ok()?;
        let mut byte = [0];
        (stream.read(&mut byte).ok()? == 1).then_some(())
    });
}

/// Far longer than a connection takes to end, and shorter than a request may take.
const SOON: Duration = Duration::from_millis(300);
/// Some 10 MiB of answers.
const MANY: usize = 60_000;
