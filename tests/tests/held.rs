//! Clients that hold what they got: connections on which nothing is asked, and answers that nobody reads.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use tests::{Ask, Daemon, Http, eventually};

const FILM: [u8; 20] = *b"film film film film ";

#[test]
fn who_reads_no_answer_is_let_go() {
    let daemon = Daemon::start("", "");
    let port = daemon.listening().http.port();
    let some = "HEAD /announce?info_hash=x HTTP/1.1\r\nHost: t\r\n\r\n".repeat(20_000);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    // More than the sockets' buffers hold, of questions as of answers.
    assert!((0..100).any(|_| stream.write_all(some.as_bytes()).is_err()), "all of it was taken");
    // Nothing more can be written until the daemon reads on, or ends the connection.
    stream.set_nonblocking(true).expect("a socket that does not block");
    eventually("it is let go", || {
        let written = stream.write(b"x");
        written.is_err_and(|error| error.kind() != ErrorKind::WouldBlock).then_some(())
    });
}

#[test]
fn one_network_leaves_places_on_the_site_for_others() {
    let web = "web: {listen: '127.0.0.1:0', connections: 200}";
    let daemon = Daemon::start("", web);
    let port = daemon.listening().web.port();
    let elsewhere: IpAddr = Ipv4Addr::new(127, 0, 1, 1).into();
    eventually("a network has its share", || {
        let _held: Vec<Http> = (0..25).map(|_| Http::to(port)).collect();
        assert_eq!(Http::from(elsewhere, port).get("/", "").status, 200);
        (!is_served(port)).then_some(())
    });
    eventually("there is room again", || is_served(port).then_some(()));
    daemon.reconfigure("  limits: {connections_per_prefix: 1}", web);
    eventually("a lower limit is in force", || {
        let _held = Http::to(port);
        (!is_served(port)).then_some(())
    });
}

#[test]
fn announces_leave_open_files_for_the_rest() {
    let daemon = Daemon::start_with_open_files(256, "", "");
    daemon.item("film", FILM, "free");
    let warned = |words: &str| daemon.log().matches(words).count();
    assert_eq!(warned("raise LimitNOFILE= to 16532"), 1, "{}", daemon.log());
    let request = format!("GET {} HTTP/1.1\r\nHost: t\r\n\r\n", Ask::of(FILM, 1).target());
    let port = daemon.listening().http.port();
    // From ten networks, each of which has more connections than may be open from it.
    let network = |number: u8| IpAddr::from([127, 0, number % 10, 1]);
    let mut held: Vec<Http> = (0..200).map(|number| Http::from(network(number), port)).collect();
    held.iter_mut().for_each(|http| http.send(&request));
    // Whoever has been answered makes room for the next.
    for http in &mut held {
        assert_eq!(http.receive().expect("an answer").status, 200);
    }
    // Of those who have begun and do not end, some are refused.
    let begun: Vec<Http> = (0..200).map(|number| Http::from(network(number), port)).collect();
    begun.iter().for_each(|http| drop(http.writer().write_all(b"GET /announce?")));

    daemon.member("ada", "fan");
    assert_eq!(Http::to(daemon.listening().admin.port()).get("/readyz", "").status, 200);
    assert_eq!(Http::to(daemon.listening().web.port()).get("/", "").status, 200);
    assert!(daemon.open_files() < 256);
    assert_eq!(warned("accepting a connection failed"), 0, "{}", daemon.log());
}

/// Whether a connection to the site is answered.
fn is_served(port: u16) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    asked.is_ok() && stream.read(&mut [0]).is_ok_and(|read| read == 1)
}
