//! What one network, or ten, can take from everybody else.

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, SystemTime};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tests::{
    Ask, Daemon, Goods, Http, MemoryLimit, eventually, invent_peers, send_stripe_event,
    stripe_payments,
};

const FILM: [u8; 20] = *b"film film film film ";

#[test]
fn endless_webhook_bodies_exhaust_no_memory_and_keep_no_provider_out() {
    raise_open_files();
    let folder = tempfile::tempdir().expect("a folder");
    let limit = MemoryLimit::of(LIMIT_MIB);
    let daemon = Daemon::start_within(&limit, "", &stripe_payments(folder.path()));
    let plausible = format!("Stripe-Signature: t={},v1={}\r\n", now(), "ab".repeat(32));
    let kinds = [
        // As in the attack: no signature, and a length that is never reached.
        "Content-Length: 256000\r\n".to_owned(),
        "Content-Length: 60000\r\n".to_owned(),
        // A signature that might be one, and no end.
        format!("{plausible}Content-Length: 60000\r\n"),
        format!("{plausible}Transfer-Encoding: chunked\r\n"),
    ];
    let before = memory(&daemon, "VmRSS");
    let first = flood_webhooks(&daemon, &kinds);
    let most = memory(&daemon, "VmHWM");
    assert!(most < before + 128 * MIB, "{} MiB before, {} MiB at most", before / MIB, most / MIB);
    let at_peak = memory(&daemon, "RssAnon");
    drop(first);
    assert_eq!(send_stripe_event(&daemon, 1), Some(200));
    nothing_is_held(&daemon);
    // Another wave finds what the first one left.
    let second = flood_webhooks(&daemon, &kinds);
    let again = memory(&daemon, "VmHWM");
    assert!(again < most + 16 * MIB, "{} MiB at most, then {} MiB", most / MIB, again / MIB);
    drop(second);
    nothing_is_held(&daemon);
    assert_eq!(send_stripe_event(&daemon, 2), Some(200));
    println!("{} MiB at the peak, {} MiB now", at_peak / MIB, memory(&daemon, "RssAnon") / MIB);
}

/// Sends 4,000 webhooks that do not end, from ten networks, and genuine ones between them.
fn flood_webhooks(daemon: &Daemon, kinds: &[String]) -> Vec<TcpStream> {
    let port = daemon.listening().web.port();
    let send = |number: usize| {
        let network = u8::try_from(number % 10).expect("a byte");
        let stream = Http::from([127, 0, network, 9].into(), port).writer();
        stream.set_nonblocking(true).expect("a socket that does not block");
        let headers = &kinds[number / 10 % kinds.len()];
        let head = format!("POST /webhooks/stripe HTTP/1.1\r\nHost: t\r\n{headers}\r\n");
        let body = vec![b'7'; 250_000];
        let begin = if headers.contains("chunked") { head + "fffff\r\n" } else { head };
        // As much of it as the kernel takes.
        let _ = (&stream).write_all(begin.as_bytes()).and_then(|()| (&stream).write_all(&body));
        if number % 1000 == 500 {
            let event = u64::try_from(number).expect("a number");
            assert_eq!(send_stripe_event(daemon, event), Some(200));
            assert_eq!(Http::from([127, 0, 77, 1].into(), port).get("/", "").status, 200);
        }
        stream
    };
    (0..4000).map(send).collect()
}

/// The part of the swarms that is there again after a restart. Tables that are filled in another order grow
/// at other times, and so fill the same budget with fewer swarms.
const MOST: f64 = 0.75;

/// Waits until the daemon holds nothing for clients.
fn nothing_is_held(daemon: &Daemon) {
    let held = "usher_memory_bytes{budget=\"buffers\"}";
    eventually("nothing is held", || (daemon.metric(held)? < 1.0).then_some(()));
}

#[test]
fn invented_torrents_exhaust_no_memory_and_the_daemon_starts_again() {
    let number = |name: &str, otherwise| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect(name))
    };
    let peers = number("USHER_ATTACK_TORRENTS", 250_000);
    let limit_mib = number("USHER_ATTACK_MIB", 40);
    let limit = MemoryLimit::of(u64::from(limit_mib));
    let mut daemon = Daemon::start_within(&limit, "  unknown_torrents: free", "");
    daemon.item("film", FILM, "free");
    let ada = daemon.member("ada", "fan");
    for addresses in [1, 1000] {
        let answered = invent_peers(&daemon, peers, addresses, u64::from(addresses));
        assert_eq!(answered, u64::from(peers), "from {addresses} addresses");
    }
    let metric = |daemon: &Daemon, name: &str| daemon.metric(name).expect("a metric");
    let (held, max) = (metric(&daemon, HELD), metric(&daemon, MAX));
    assert!(metric(&daemon, REFUSED) > 0.0, "{held} of {max} bytes are held");
    assert!(held < max * 1.125, "{held} of {max} bytes are held");
    eventually("the log says so", || {
        daemon.log().contains("have reached their maximum memory").then_some(())
    });
    let stats = daemon.run(&["stats"]);
    let stats = String::from_utf8_lossy(&stats.stdout).into_owned();
    assert!(stats.contains("See tracker.limits.max_memory_mib in tracker.yaml."), "{stats}");
    // A member is let in.
    let reply = daemon.announce(&Ask::of(FILM, 1).by(&ada));
    assert_eq!(reply.text("failure reason"), None);

    let swarms = metric(&daemon, "usher_swarms");
    assert!(daemon.terminate().success(), "{}", daemon.log());
    daemon.restart();
    let loaded = metric(&daemon, "usher_swarms");
    assert!(loaded > swarms * MOST, "{loaded} of {swarms} swarms are loaded");
    daemon.kill();
    daemon.restart();
    assert!(metric(&daemon, "usher_swarms") > swarms * MOST);
    let reply = daemon.announce(&Ask::of(FILM, 2).by(&ada));
    assert_eq!(reply.text("failure reason"), None);
}

#[test]
fn one_network_leaves_announces_to_others() {
    let daemon = Daemon::start_with_open_files(600, "", "");
    daemon.item("film", FILM, "free");
    let port = daemon.listening().http.port();
    let held = hold(port, [127, 0, 0, 1], "GET /announce?");
    // Half of the places are the site's; of the other 242 one network has 30.
    let open = held.into_iter().filter(|stream| !has_ended(stream)).count();
    assert!((20..=30).contains(&open), "{open}");
    for network in 1..100 {
        let reply = daemon.announce_from([127, 0, network, 1], &Ask::of(FILM, network.into()));
        assert!(reply.text("failure reason").is_none());
    }
}

#[test]
fn idle_tls_connections_make_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("cert.pem"), cert.pem()).expect("a file");
    std::fs::write(path("key.pem"), signing_key.serialize_pem()).expect("a file");
    let tls = format!(
        "  http: {{listen: ['127.0.0.1:0'], tls: {{certificate: '{}', key: '{}'}}}}",
        path("cert.pem"),
        path("key.pem")
    );
    let daemon = Daemon::start_with_open_files(600, &tls, "");
    let port = daemon.listening().http.port();
    // More than there are places, from as many networks as it takes.
    let mut idle = Vec::new();
    for network in 0..20 {
        idle.extend(hold_some(30, port, [127, 0, network, 1], ""));
    }
    eventually("they are accepted", || (daemon.open_files() > 250).then_some(()));
    // A handshake that is answered: a TLS alert for what is not a hello.
    for network in 100..110 {
        let mut http = Http::from([127, 0, network, 1].into(), port);
        http.send("GET / HTTP/1.1\r\n\r\n");
        assert!(http.is_answered_within(Duration::from_secs(4)), "{network}");
    }
    drop(idle);
}

#[test]
fn one_members_url_leaves_the_site_to_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let tiers = "tiers:
- {id: outsider}
- {id: fan, side: inside, webseed: {enabled: true, rate: 64KiB/s, concurrency: 2}}
";
    let rest = format!("{tiers}{}", stripe_payments(folder.path()));
    let tracker = "  trusted_proxies: [127.0.0.9]";
    let daemon = Daemon::start_with_open_files(600, tracker, &rest);
    let goods = Goods::folder("album", &[("one.bin", 8 << 20)]);
    goods.publish(&daemon, "album", "club");
    for name in ["ada", "bob"] {
        daemon.member(name, "fan");
        daemon.json(&["grant", name, "album"]);
    }
    let port = daemon.listening().web.port();
    let proxy = IpAddr::from([127, 0, 0, 9]);
    let begin = |name: &str, client: u8| {
        let target = goods.target(&daemon, name, "album") + "album/one.bin";
        let mut http = Http::from(proxy, port);
        http.send(format!(
            "GET {target} HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 203.0.{client}.5\r\n\r\n"
        ));
        http
    };
    let _held: Vec<Http> =
        (0..400).map(|number| begin("ada", u8::try_from(number % 200).expect("a byte"))).collect();
    assert_eq!(send_stripe_event(&daemon, 1), Some(200));
    assert_eq!(Http::from([127, 0, 5, 1].into(), port).get("/", "").status, 200);
    assert_eq!(begin("bob", 201).receive_head().expect("an answer").status, 200);
    // Nobody was refused by a status: older streams of ada's gave way.
    assert_eq!(begin("ada", 202).receive_head().expect("an answer").status, 200);
    // And the daemon holds no more of them than an eighth.
    assert!(daemon.open_files() < 250, "{}", daemon.open_files());
}

#[test]
fn pipelined_requests_whose_answers_nobody_reads_hold_little() {
    raise_open_files();
    let daemon = Daemon::start("", "");
    let port = daemon.listening().http.port();
    let many = "GET /scrape?info_hash=short HTTP/1.1\r\nHost: t\r\n\r\n".repeat(4000);
    let before = memory(&daemon, "VmRSS");
    let held: Vec<TcpStream> = (0..500_u16)
        .map(|number| {
            let network = u8::try_from(number % 20).expect("a byte");
            let stream = Http::from([127, 0, network, 1].into(), port).writer();
            stream.set_nonblocking(true).expect("a socket that does not block");
            let _ = (&stream).write_all(many.as_bytes());
            stream
        })
        .collect();
    let most = memory(&daemon, "VmHWM");
    assert!(most < before + 32 * MIB, "{} MiB before, {} MiB at most", before / MIB, most / MIB);
    let mut http = Http::from([127, 0, 99, 1].into(), port);
    assert_eq!(http.get("/nothing", "").status, 404);
    drop(held);
}

/// Connects 300 times from an address, and sends the beginning of a request on each.
fn hold(port: u16, source: [u8; 4], begin: &str) -> Vec<TcpStream> {
    hold_some(300, port, source, begin)
}

fn hold_some(count: usize, port: u16, source: [u8; 4], begin: &str) -> Vec<TcpStream> {
    let connect = |_| {
        let stream = Http::from(source.into(), port).writer();
        let _ = (&stream).write_all(begin.as_bytes());
        stream
    };
    (0..count).map(connect).collect()
}

fn has_ended(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a timeout");
    match stream.peek(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// Bytes of a daemon's memory, by a line of its `/proc/…/status`.
fn memory(daemon: &Daemon, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid()));
    let status = status.expect("a status");
    let found = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|found| found.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("a number of KiB") << 10
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is set").as_secs()
}

fn raise_open_files() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the hard limit");
}

const HELD: &str = "usher_memory_bytes{budget=\"swarms\"}";
const MAX: &str = "usher_memory_max_bytes{budget=\"swarms\"}";
const REFUSED: &str = "usher_memory_refusals_total{budget=\"swarms\"}";
const LIMIT_MIB: u64 = 512;
const MIB: u64 = 1 << 20;
