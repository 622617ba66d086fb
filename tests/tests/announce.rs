//! Announce and scrape, byte by byte: what each mistake is told, and what is not answered at all.

use std::net::{IpAddr, Ipv6Addr};

use tests::{Ask, Daemon, Http, MAGIC, Udp, Value, compact, head, peers_of};

const FILM: [u8; 20] = *b"film film film film ";
const BOOK: [u8; 20] = *b"book\xff\x00\x80&=? %\n\r+\xc3\x28/.#";
const RULES: &str = "  clients: {deny: ['-XL']}";

/// A daemon with a free film and a book for the club.
fn daemon() -> Daemon {
    let daemon = Daemon::start(RULES, "");
    daemon.item("film", FILM, "free");
    daemon.item("book", BOOK, "club");
    daemon
}

/// The failure's text; it must say, in every way there is, when to come back.
#[track_caller]
fn refusal(reply: &Value) -> String {
    let reason = reply.text("failure reason").unwrap_or_else(|| panic!("let in: {reply:?}"));
    assert!(reply.int("interval") > 0 && reply.int("min interval") > 0, "{reply:?}");
    assert!(reply.find("retry in").is_some() && reply.find("peers").is_none(), "{reply:?}");
    reason.to_owned()
}

/// Refused over HTTP and, with the same words, over UDP.
#[track_caller]
fn refuses(daemon: &Daemon, ask: &Ask, expected: &str) {
    let reason = refusal(&daemon.announce(ask));
    assert!(reason.starts_with(expected), "{reason:?} is not {expected:?}");
    let reply = Udp::to(daemon.listening().udp.port()).announce(ask);
    assert_eq!(reply[..4], 3_u32.to_be_bytes(), "{}", reply.escape_ascii());
    assert_eq!(String::from_utf8_lossy(&reply[8..]), reason);
}

#[test]
fn each_refusal_has_a_text_of_its_own() {
    let daemon = daemon();
    let ada = daemon.member("ada", "fan");
    let film = || Ask::of(FILM, 1);
    let book = || Ask::of(BOOK, 1);

    refuses(&daemon, &Ask::of([7; 20], 1), "unknown torrent");
    let unknown = Ask { passkey: Some("a".repeat(32)), ..film() };
    refuses(&daemon, &unknown, "unknown passkey");
    let xunlei = Ask { peer_id: *b"-XL0012-abcdefghijkl", ..film() };
    refuses(&daemon, &xunlei, "this client is not allowed");
    for port in [0, 80, 1023, 6346] {
        refuses(&daemon, &Ask { port, ..film() }, "this port is not allowed");
    }
    refuses(&daemon, &book(), "for members only");
    refuses(&daemon, &book().by(&ada), "your membership does not include this item");

    daemon.json(&["member", "suspend", "ada"]);
    refuses(&daemon, &film().by(&ada), "this account is suspended");
    daemon.json(&["member", "resume", "ada"]);
    daemon.json(&["member", "rotate", "ada"]);
    refuses(&daemon, &film().by(&ada), "this passkey was replaced");
    daemon.json(&["member", "remove", "ada"]);
    refuses(&daemon, &film().by(&ada), "this account was closed");
}

#[test]
fn a_right_that_ran_out_is_told_from_none() {
    let daemon = daemon();
    let ada = daemon.member("ada", "fan");
    let ask = Ask::of(BOOK, 1).by(&ada);
    daemon.json(&["grant", "ada", "book", "--until", "1s"]);
    tests::eventually("the right runs out", || {
        daemon.announce(&ask).text("failure reason").map(drop)
    });
    refuses(&daemon, &ask, "membership expired");
    daemon.json(&["grant", "ada", "book"]);
    assert_eq!(daemon.announce(&ask).text("failure reason"), None);
    daemon.json(&["revoke", "ada", "book"]);
    refusal(&daemon.announce(&ask));
    daemon.json(&["grant", "ada", "all", "--until", "30d"]);
    assert_eq!(daemon.announce(&ask).text("failure reason"), None);
}

#[test]
fn a_member_has_three_clients_and_no_fourth() {
    let daemon = daemon();
    daemon.item("song", [9; 20], "priority");
    let ada = daemon.member("ada", "fan");
    for peer in 1..=3 {
        let reply = daemon.announce(&Ask::of([9; 20], peer).by(&ada));
        assert_eq!(reply.text("failure reason"), None);
    }
    refuses(&daemon, &Ask::of([9; 20], 4).by(&ada), "too many of your clients");
    // One that stays is not the fourth, and one that left makes room.
    assert_eq!(daemon.announce(&Ask::of([9; 20], 3).by(&ada)).text("failure reason"), None);
    daemon.announce(&Ask { event: "stopped", ..Ask::of([9; 20], 2).by(&ada) });
    assert_eq!(daemon.announce(&Ask::of([9; 20], 4).by(&ada)).text("failure reason"), None);
}

#[test]
fn a_stop_is_never_refused() {
    let daemon = daemon();
    let stop = Ask { event: "stopped", port: 0, ..Ask::of([7; 20], 1) };
    assert_eq!(daemon.announce(&stop).text("failure reason"), None);
}

#[test]
fn a_reply_has_what_a_client_looks_for() {
    let daemon = daemon();
    let mut http = Http::to(daemon.listening().http.port());
    let reply = http.announce(&Ask::of(FILM, 1));
    assert_eq!(
        (reply.int("complete"), reply.int("incomplete"), reply.int("downloaded")),
        (0, 1, 0)
    );
    assert!((1800..=1980).contains(&reply.int("interval")), "{reply:?}");
    assert_eq!(reply.int("min interval"), 900);
    assert_eq!((reply.bytes("peers"), reply.bytes("external ip")), (&[][..], &[127, 0, 0, 1][..]));

    http.announce(&Ask { event: "completed", ..Ask::of(FILM, 1).seeding() });
    let reply = http.announce(&Ask { port: 6882, ..Ask::of(FILM, 2) });
    assert_eq!((reply.int("complete"), reply.int("downloaded")), (1, 1));
    assert_eq!(peers_of(&reply), [([127, 0, 0, 1], 6881).into()]);
}

#[test]
fn ipv6_peers_stand_apart() {
    let daemon = daemon();
    let reply = daemon.announce_from(Ipv6Addr::LOCALHOST, &Ask::of(FILM, 1));
    assert_eq!(reply.bytes("external ip"), Ipv6Addr::LOCALHOST.octets());
    let reply = daemon.announce(&Ask::of(FILM, 2));
    assert_eq!(reply.bytes("peers"), b"");
    assert_eq!(peers_of(&reply), [(Ipv6Addr::LOCALHOST, 6881).into()]);
}

#[test]
fn compact_0_is_honoured() {
    let daemon = daemon();
    daemon.announce(&Ask::of(FILM, 1));
    let list = |extra| {
        let reply = daemon.announce(&Ask { extra, ..Ask::of(FILM, 2) });
        match reply.find("peers") {
            Some(Value::List(peers)) => peers.clone(),
            other => panic!("{other:?} is no list"),
        }
    };
    let [peer] = &list("&compact=0")[..] else { panic!("not one peer") };
    assert_eq!((peer.text("ip"), peer.int("port")), (Some("127.0.0.1"), 6881));
    assert_eq!(peer.bytes("peer id"), Ask::of(FILM, 1).peer_id);
    let [peer] = &list("&compact=0&no_peer_id=1")[..] else { panic!("not one peer") };
    assert_eq!(peer.find("peer id"), None);
}

#[test]
fn an_info_hash_needs_no_percent() {
    let hash = *b"\xff\xfe\x80\x00/abcdefghijklm;?";
    let daemon = Daemon::start("", "");
    daemon.item("raw", hash, "free");
    let mut http = Http::to(daemon.listening().http.port());
    // Only what would end the value or the line is coded.
    let mut request = b"GET /announce?info_hash=\xff\xfe\x80%00/abcdefghijklm%3b?".to_vec();
    request.extend(b"&peer_id=-XX0001-ada+bob+ada.&port=6881&left=0 HTTP/1.1\r\nHost: t\r\n\r\n");
    http.send(&request);
    let response = http.receive().expect("a response");
    assert_eq!((response.status, Value::read(&response.body).int("complete")), (200, 1));
}

#[test]
fn a_query_that_lacks_something_is_told_what() {
    let daemon = daemon();
    let mut http = Http::to(daemon.listening().http.port());
    for (target, expected) in [
        ("/announce", "info_hash is missing"),
        ("/announce?info_hash=short&peer_id=-XX0001-ada+bob+ada.&port=1", "info_hash must be"),
        ("/announce?info_hash=film+film+film+film+&port=1", "peer_id is missing"),
        ("/scrape", "info_hash is missing"),
    ] {
        let response = http.get(target, "");
        assert_eq!(response.status, 200);
        let reply = Value::read(&response.body);
        let reason = refusal(&reply);
        assert!(reason.starts_with(expected), "{target}: {reply:?}");
    }
}

#[test]
fn who_takes_over_an_endpoint_stands_there_alone() {
    let daemon = daemon();
    let ada = daemon.member("ada", "fan");
    daemon.announce(&Ask { peer_id: *b"-XX0001-before-ada-.", ..Ask::of(FILM, 1) });
    daemon.announce(&Ask::of(FILM, 1).by(&ada));
    let swarm = daemon.json(&["swarm", "film"]);
    let peers = swarm["peers"].as_array().expect("peers");
    assert_eq!(peers.len(), 1, "{swarm}");
    assert_eq!((&swarm["inside_leechers"], &swarm["outside_leechers"]), (&1.into(), &0.into()));
}

#[test]
fn a_scrape_counts() {
    let daemon = daemon();
    daemon.announce(&Ask::of(FILM, 1).seeding());
    daemon.announce(&Ask::of(FILM, 2));
    daemon.announce(&Ask { event: "paused", ..Ask::of(FILM, 3) });
    let mut http = Http::to(daemon.listening().http.port());
    let response = http
        .get("/scrape?info_hash=film%20film%20film%20film%20&info_hash=abcdefghijklmnopqrst", "");
    let reply = Value::read(&response.body);
    let Some(Value::Dict(files)) = reply.find("files") else { panic!("{reply:?}") };
    let film = &files[&FILM.to_vec()];
    let counts = ["complete", "downloaded", "downloaders", "incomplete"].map(|key| film.int(key));
    assert_eq!(counts, [1, 0, 1, 2]);
    let unknown = &files[&b"abcdefghijklmnopqrst".to_vec()];
    assert_eq!(["complete", "downloaded", "incomplete"].map(|key| unknown.int(key)), [0, 0, 0]);

    let udp = Udp::to(daemon.listening().udp.port());
    let mut scrape = head(udp.connection_id, 2, 5);
    scrape.extend(FILM);
    scrape.extend([7; 20]);
    let reply = udp.exchange(&scrape);
    let words: Vec<u32> =
        reply.chunks(4).map(|word| u32::from_be_bytes(word.try_into().expect("4 bytes"))).collect();
    assert_eq!(words, [2, 5, 1, 0, 2, 0, 0, 0]);
}

#[test]
fn a_scrape_with_a_passkey_that_fails_is_refused_as_an_announce_is() {
    let daemon = daemon();
    let member = daemon.member("ada", "fan");
    let ada = member["passkey"].as_str().expect("a passkey").to_owned();
    daemon.json(&["member", "suspend", "ada"]);
    let mut http = Http::to(daemon.listening().http.port());
    for passkey in [ada, "0123456789abcdef0123456789abcdef".to_owned()] {
        let announced =
            daemon.announce(&Ask { passkey: Some(passkey.clone()), ..Ask::of(FILM, 1) });
        let path = format!("/scrape/{passkey}?info_hash=film%20film%20film%20film%20");
        let scraped = Value::read(&http.get(&path, "").body);
        let reason = scraped.text("failure reason");
        assert!(reason.is_some() && reason == announced.text("failure reason"), "{scraped:?}");
    }
}

#[test]
fn a_scrape_of_what_the_asker_may_not_see_shows_nobody_on_both_transports() {
    let daemon = daemon();
    daemon.item("secret", [9; 20], "club");
    let member = daemon.member("ada", "fan");
    let ada = member["passkey"].as_str().expect("a passkey");
    daemon.json(&["grant", "ada", "secret"]);
    daemon.announce(&Ask::of([9; 20], 1).by(&member));
    let mut http = Http::to(daemon.listening().http.port());
    let hash = "%09".repeat(20);
    for (path, leechers) in [("/scrape".to_owned(), 0), (format!("/scrape/{ada}"), 1)] {
        let reply = Value::read(&http.get(&format!("{path}?info_hash={hash}"), "").body);
        let Some(Value::Dict(files)) = reply.find("files") else { panic!("{reply:?}") };
        assert_eq!(files[&vec![9; 20]].int("incomplete"), leechers, "{path}");
    }
    let udp = Udp::to(daemon.listening().udp.port());
    let scrape = [head(udp.connection_id, 2, 5), vec![9; 20]].concat();
    assert_eq!(udp.exchange(&scrape)[8..], [0; 12]);
}

#[test]
fn udp_is_silent_to_what_is_not_verified() {
    let daemon = daemon();
    let udp = Udp::to(daemon.listening().udp.port());
    for length in 0..16 {
        udp.is_silent_to(&head(MAGIC, 0, 1)[..length]);
    }
    udp.is_silent_to(&head(MAGIC + 1, 0, 1));
    udp.is_silent_to(&Ask::of(FILM, 1).datagram(udp.connection_id ^ 1, 1));
    udp.is_silent_to(&Ask::of(FILM, 1).datagram(0, 1));
    udp.is_silent_to(&head(udp.connection_id ^ 1, 9, 1));
    // Another address has not shown that it receives there.
    let other = Udp::from([127, 0, 0, 2].into(), daemon.listening().udp.port());
    other.is_silent_to(&Ask::of(FILM, 1).datagram(udp.connection_id, 1));
    assert_eq!(daemon.json(&["stats"])["leechers"], 0);
}

#[test]
fn udp_tells_the_verified_what_is_wrong() {
    let daemon = daemon();
    let udp = Udp::to(daemon.listening().udp.port());
    let whole = Ask::of(FILM, 1).datagram(udp.connection_id, 0x0102_0304);
    let mut with_half_option = whole.clone();
    with_half_option.extend([2, 9, b'/']);
    for malformed in [
        head(udp.connection_id, 9, 0x0102_0304),
        head(udp.connection_id, 2, 0x0102_0304),
        whole[..97].to_vec(),
        with_half_option,
    ] {
        let reply = udp.exchange(&malformed);
        assert_eq!(reply[..8], [0, 0, 0, 3, 1, 2, 3, 4], "{}", malformed.escape_ascii());
        assert!(std::str::from_utf8(&reply[8..]).is_ok_and(|text| !text.is_empty()));
    }
}

#[test]
fn udp_peers_are_of_the_packets_family() {
    let daemon = daemon();
    let port = daemon.listening().udp.port();
    for (source, stride) in [(IpAddr::from([127, 0, 0, 1]), 6), (Ipv6Addr::LOCALHOST.into(), 18)] {
        let udp = Udp::from(source, port);
        udp.announce(&Ask { port: 7001, ..Ask::of(FILM, 1) }.seeding());
        let reply = udp.announce(&Ask { port: 7002, ..Ask::of(FILM, 2) });
        assert_eq!(reply[..4], 1_u32.to_be_bytes());
        assert!((1800..=1980).contains(&u32::from_be_bytes(reply[8..12].try_into().expect("4"))));
        assert_eq!(reply[12..20], [0, 0, 0, 1, 0, 0, 0, 1], "leechers, then seeders");
        assert_eq!(compact(&reply[20..], stride), [(source, 7001).into()]);
    }
}

#[test]
fn a_passkey_goes_over_udp() {
    let daemon = daemon();
    let ada = daemon.member("ada", "patron");
    let udp = Udp::to(daemon.listening().udp.port());
    let reply = udp.announce(&Ask::of(BOOK, 1).by(&ada));
    assert_eq!(reply[..4], 1_u32.to_be_bytes(), "{}", reply.escape_ascii());
    let swarm = daemon.json(&["swarm", "book"]);
    assert_eq!(
        (&swarm["inside_leechers"], &swarm["peers"][0]["member"]["name"]),
        (&1.into(), &"ada".into())
    );
}

#[test]
fn one_client_on_both_families_counts_once() {
    let daemon = daemon();
    let ada = daemon.member("ada", "patron");
    let ask = Ask { uploaded: 0, downloaded: 0, ..Ask::of(BOOK, 1).by(&ada) };
    let later = Ask { uploaded: 500, downloaded: 200, ..ask.clone() };
    for ask in [&ask, &later] {
        daemon.announce(ask);
        let reply = daemon.announce_from(Ipv6Addr::LOCALHOST, ask);
        assert_eq!((reply.int("incomplete"), peers_of(&reply)), (1, vec![]));
    }
    let swarm = daemon.json(&["swarm", "book"]);
    assert_eq!(
        (&swarm["inside_leechers"], swarm["peers"][0]["addresses"].as_array().map(Vec::len)),
        (&1.into(), Some(2))
    );
    tests::eventually("the traffic is in the books", || {
        let traffic = daemon.json(&["member", "show", "ada"])["traffic"][0].clone();
        let counts = (traffic["uploaded"].as_u64()?, traffic["downloaded"].as_u64()?);
        assert!(counts <= (500, 200), "{counts:?} were counted twice");
        (counts == (500, 200)).then_some(())
    });
}
