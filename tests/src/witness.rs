//! Stands between a client and the daemon, passes all bytes on, and remembers how it was answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A listener whose connections lead to another one.
pub struct Witness {
    address: SocketAddr,
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl Witness {
    /// Listens in front of an address.
    #[track_caller]
    pub fn of(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let statuses = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&statuses);
        // Both end with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || pass(client, to, &seen));
            }
        });
        Self { address, statuses }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The statuses of all answers so far, as far as their heads began a read.
    pub fn statuses(&self) -> Vec<u16> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Passes one connection on until either end is done.
fn pass(client: TcpStream, to: SocketAddr, seen: &Mutex<Vec<u16>>) -> Option<()> {
    let daemon = TcpStream::connect(to).ok()?;
    let (from, into) = (client.try_clone().ok()?, daemon.try_clone().ok()?);
    thread::spawn(move || copy(from, into, |_| {}));
    copy(daemon, client, |bytes| {
        let status = bytes.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status: Option<u16> =
            status.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
        seen.lock().unwrap_or_else(PoisonError::into_inner).extend(status);
    });
    Some(())
}

fn copy(mut from: TcpStream, mut into: TcpStream, look: impl Fn(&[u8])) {
    let mut bytes = [0; 65536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        look(&bytes[..length]);
        if into.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(std::net::Shutdown::Both);
}
