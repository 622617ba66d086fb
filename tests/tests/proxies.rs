//! Whose word on a client's address is taken: nobody's but a trusted proxy's.

use std::net::SocketAddr;

use tests::{Ask, Daemon, Http, Response, Value, eventually};

const FILM: [u8; 20] = *b"film film film film ";
/// 127.0.0.1 is trusted, the rest of the loopback network is not.
const PROXY: [u8; 4] = [127, 0, 0, 1];
const STRANGER: [u8; 4] = [127, 0, 0, 2];

fn daemon() -> Daemon {
    let daemon = Daemon::start("  trusted_proxies: [127.0.0.1, 10.0.0.0/8]", "");
    daemon.item("film", FILM, "free");
    daemon
}

/// Where the swarm has the client that announced from `source` with this header.
fn seen_at(source: [u8; 4], header: &str) -> SocketAddr {
    let daemon = daemon();
    let mut http = Http::from(source.into(), daemon.listening().http.port());
    assert_eq!(http.get(&Ask::of(FILM, 1).target(), header).status, 200);
    only_peer(&daemon)
}

fn only_peer(daemon: &Daemon) -> SocketAddr {
    let swarm = daemon.json(&["swarm", "film"]);
    assert_eq!(swarm["outside_leechers"], 1, "{swarm:#}");
    let address = swarm["peers"][0]["addresses"][0].as_str();
    address.and_then(|address| address.parse().ok()).expect("an address")
}

#[test]
fn a_forged_header_is_ignored() {
    let seen = seen_at(STRANGER, "X-Forwarded-For: 203.0.113.5\r\n");
    assert_eq!(seen, (STRANGER, 6881).into());
}

#[test]
fn the_right_most_untrusted_hop_is_the_client() {
    let header = "X-Forwarded-For: 198.51.100.1, 203.0.113.5, 10.1.2.3\r\n";
    assert_eq!(seen_at(PROXY, header), ([203, 0, 113, 5], 6881).into());
    let headers = "X-Forwarded-For: 198.51.100.1\r\nx-forwarded-for: 203.0.113.5\r\n";
    assert_eq!(seen_at(PROXY, headers), ([203, 0, 113, 5], 6881).into());
}

#[test]
fn a_proxy_that_says_nothing_is_the_client() {
    assert_eq!(seen_at(PROXY, ""), (PROXY, 6881).into());
}

#[test]
fn a_header_beside_other_options_of_a_connection_counts_alike() {
    let header = "Connection: keep-alive, te\r\nX-Forwarded-For: 203.0.113.5\r\n";
    assert_eq!(seen_at(PROXY, header), ([203, 0, 113, 5], 6881).into());
    assert_eq!(seen_at(STRANGER, header), (STRANGER, 6881).into());
}

#[test]
fn a_parameter_is_nobodys_word() {
    let daemon = daemon();
    daemon.announce(&Ask { extra: "&ip=203.0.113.5&ipv6=2001:db8::5", ..Ask::of(FILM, 1) });
    assert_eq!(only_peer(&daemon), (PROXY, 6881).into());
}

#[test]
fn a_proxy_v2_header_from_a_proxy_names_the_client() {
    let daemon = daemon();
    let mut http = Http::from(PROXY.into(), daemon.listening().http.port());
    let response = after_header(&mut http).expect("a response");
    assert_eq!(Value::read(&response.body).bytes("external ip"), [203, 0, 113, 5]);
    assert_eq!(only_peer(&daemon), ([203, 0, 113, 5], 6881).into());
    // The header speaks for the connection, so for its next request, too.
    let reply = http.announce(&Ask::of(FILM, 1));
    assert_eq!(reply.bytes("external ip"), [203, 0, 113, 5]);
}

#[test]
fn a_proxy_v2_header_from_a_stranger_ends_the_connection() {
    let daemon = daemon();
    let mut http = Http::from(STRANGER.into(), daemon.listening().http.port());
    let response = after_header(&mut http);
    assert!(response.is_none_or(|response| response.status == 400));
    assert!(http.has_ended());
    assert_eq!(daemon.json(&["stats"])["leechers"], 0);
}

#[test]
fn a_proxy_has_as_many_connections_as_it_likes() {
    let limits = "  trusted_proxies: [127.0.0.1]\n  limits: {connections_per_prefix: 2}";
    let daemon = Daemon::start(limits, "");
    daemon.item("film", FILM, "free");
    let port = daemon.listening().http.port();
    let mut held: Vec<_> = (0..5).map(|_| Http::from(PROXY.into(), port)).collect();
    for http in &mut held {
        let header = "X-Forwarded-For: 203.0.113.5\r\n";
        assert_eq!(http.get(&Ask::of(FILM, 1).target(), header).status, 200);
    }
    // One that says whom it speaks for is counted for them.
    let mut named: Vec<_> = (0..3).map(|_| Http::from(PROXY.into(), port)).collect();
    for http in &mut named {
        assert!(after_header(http).is_some());
    }
    // The oldest made room for the newest.
    assert!(named[0].has_ended());
    for http in &mut named[1..] {
        assert_eq!(http.get(&Ask::of(FILM, 1).target(), "").status, 200);
    }
}

/// Sends a PROXY v2 header for 203.0.113.5 and an announce.
fn after_header(http: &mut Http) -> Option<Response> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    bytes.extend([203, 0, 113, 5, 127, 0, 0, 1, 0x1a, 0xe1, 0, 80]);
    let target = Ask::of(FILM, 1).target();
    bytes.extend(format!("GET {target} HTTP/1.1\r\nHost: t\r\n\r\n").bytes());
    http.send(bytes);
    http.receive()
}

#[test]
fn a_proxy_that_hides_its_clients_is_named_with_what_to_write() {
    let daemon = daemon();
    let check = |source: [u8; 4], header: &str, expected: &[&str]| {
        let mut http = Http::from(source.into(), daemon.listening().http.port());
        let fault = eventually("the proxy is noticed", || {
            assert_eq!(http.get(&Ask::of(FILM, 1).target(), header).status, 200);
            let stats = daemon.json(&["stats"]);
            let faults = stats["proxy_faults"].as_array().expect("faults");
            let texts = faults.iter().filter_map(|fault| fault.as_str().map(str::to_owned));
            texts.into_iter().find(|text| expected.iter().all(|part| text.contains(part)))
        });
        assert!(daemon.log().contains(&fault), "{fault}: {}", daemon.log());
        let shown = daemon.run(&["stats"]).stdout;
        assert!(String::from_utf8_lossy(&shown).contains(&fault));
        fault
    };
    let untrusted = ["127.0.0.2 sends X-Forwarded-For", "trusted_proxies", "tracker.yaml"];
    let fault = check(STRANGER, "X-Forwarded-For: 203.0.113.5\r\n", &untrusted);
    // It is said once, in the log and in the alert.
    assert_eq!(daemon.log().matches(&fault).count(), 1);
    let alert = eventually("there is an alert", || {
        let alerts = daemon.json(&["alert", "list"]);
        alerts.as_array()?.first().cloned()
    });
    assert_eq!((&alert["kind"], &alert["times"]), (&"proxy".into(), &1.into()));
    assert!(
        alert["evidence"].as_str().is_some_and(|evidence| evidence.contains(&fault)),
        "{alert}"
    );

    check(
        PROXY,
        "X-Real-IP: 203.0.113.5\r\n",
        &["trusted proxy 127.0.0.1 sends X-Real-IP", "nginx"],
    );
    check(PROXY, "X-Forwarded-For: unix:\r\n", &["trusted proxy 127.0.0.1", "not an IP address"]);
    assert_eq!(daemon.json(&["alert", "list"]).as_array().map(Vec::len), Some(1), "one for all");
    for proxy in ["untrusted", "trusted"] {
        let count =
            daemon.metric(&format!("usher_hidden_client_requests_total{{proxy=\"{proxy}\"}}"));
        assert!(count.is_some_and(|count| count >= 1.0), "{proxy}: {count:?}");
    }
}

#[test]
fn a_trusted_proxy_that_passes_on_many_and_names_none_is_noticed() {
    let daemon = daemon();
    let mut http = Http::from(PROXY.into(), daemon.listening().http.port());
    for peer in 1..=8 {
        http.announce(&Ask::of(FILM, peer));
    }
    eventually("the proxy is noticed", || {
        let faults = daemon.json(&["stats"])["proxy_faults"].to_string();
        faults.contains("127.0.0.1 passes on several clients").then_some(())
    });
}

#[test]
fn a_proxy_header_that_is_not_read_is_noticed_on_each_listener() {
    let daemon = daemon();
    let listening = daemon.listening();
    for (source, port, version, expected) in [
        (
            STRANGER,
            listening.http.port(),
            &b"\r\n\r\n\0\r\nQUIT\n\x21\x11"[..],
            "127.0.0.2 sends a PROXY header and",
        ),
        (
            [127, 0, 0, 3],
            listening.web.port(),
            b"PROXY TCP4 1.1.1.1 1.1.1.2 1 2\r\n",
            "127.0.0.3 sends a PROXY header of version 1",
        ),
        (
            PROXY,
            listening.http.port(),
            b"PROXY TCP4 1.1.1.1 1.1.1.2 1 2\r\n",
            "trusted proxy 127.0.0.1 sends a PROXY header of version 1",
        ),
    ] {
        eventually(expected, || {
            let mut http = Http::from(source.into(), port);
            http.send(version);
            assert!(http.receive().is_none_or(|response| response.status == 400));
            daemon.json(&["stats"])["proxy_faults"].to_string().contains(expected).then_some(())
        });
    }
}
