//! Clients that hold what they got: connections on which nothing is asked, and answers that nobody reads.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use tests::{Daemon, eventually};

#[test]
fn who_reads_no_answer_is_let_go() {
    let daemon = Daemon::start("", "");
    let port = daemon.listening().http.port();
    let before = daemon.open_files();
    // These are answered by hyper.
    let some = "HEAD /announce?info_hash=x HTTP/1.1\r\nHost: t\r\n\r\n".repeat(20_000);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    // More than the sockets' buffers hold, of questions as of answers.
    assert!((0..100).any(|_| stream.write_all(some.as_bytes()).is_err()), "all of it was taken");
    assert!(daemon.open_files() > before);
    eventually("it is let go", || (daemon.open_files() <= before).then_some(()));
}
