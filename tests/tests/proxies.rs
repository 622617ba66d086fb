//! Whose word on a client's address is taken: nobody's but a trusted proxy's.

use std::net::SocketAddr;

use tests::{Ask, Daemon, Http, Response, Value};

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
