//! What one network, or ten, can take from everybody else.

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, SystemTime};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tests::{Ask, Daemon, Goods, Http, eventually, send_stripe_event, stripe_payments};

const FILM: [u8; 20] = *b"film film film film ";

#[test]
fn endless_webhook_bodies_exhaust_no_memory_and_keep_no_provider_out() {
    raise_open_files();
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start("", &stripe_payments(folder.path()));
    let port = daemon.listening().web.port();
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
    let mut held = Vec::new();
    for number in 0..4000_usize {
        let network = u8::try_from(number % 10).expect("a byte");
        let stream = Http::from([127, 0, network, 9].into(), port).writer();
        stream.set_nonblocking(true).expect("a socket that does not block");
        let headers = &kinds[number / 10 % kinds.len()];
        let head = format!("POST /webhooks/stripe HTTP/1.1\r\nHost: t\r\n{headers}\r\n");
        let body = vec![b'7'; 250_000];
        let begin = if headers.contains("chunked") { head + "fffff\r\n" } else { head };
        // As much of it as the kernel takes.
        let _ = (&stream).write_all(begin.as_bytes()).and_then(|()| (&stream).write_all(&body));
        held.push(stream);
        if number % 1000 == 500 {
            assert_eq!(
                send_stripe_event(&daemon, u64::try_from(number).expect("a number")),
                Some(200)
            );
            assert_eq!(Http::from([127, 0, 77, 1].into(), port).get("/", "").status, 200);
        }
    }
    let most = memory(&daemon, "VmHWM");
    assert!(most < before + 128 * MIB, "{} MiB before, {} MiB at most", before / MIB, most / MIB);
    assert_eq!(send_stripe_event(&daemon, 1), Some(200));
    drop(held);
    eventually("the memory is given back", || {
        let now = memory(&daemon, "VmRSS");
        (now < before + 16 * MIB).then(|| println!("{} MiB of {}", now / MIB, most / MIB))
    });
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

const MIB: u64 = 1 << 20;
