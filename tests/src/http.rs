//! HTTP as bytes on a connection, so that tests decide each of them.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::ask::Ask;
use crate::bencode::Value;

/// A connection to the announce listener.
pub struct Http<S = TcpStream> {
    stream: S,
    read: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// By name in lower case.
    pub headers: HashMap<String, String>,
    /// What follows them.
    pub body: Vec<u8>,
}

impl Response {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Http {
    /// Connects to a port of this machine, from that address.
    #[track_caller]
    pub fn from(source: IpAddr, port: u16) -> Self {
        let socket = Socket::new(Domain::for_address((source, 0).into()), Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket.bind(&SocketAddr::new(source, 0).into()).expect("an address of this machine");
        let to: SocketAddr = match source {
            IpAddr::V4(_) => ([127, 0, 0, 1], port).into(),
            IpAddr::V6(_) => ([0, 0, 0, 0, 0, 0, 0, 1], port).into(),
        };
        socket.connect(&to.into()).expect("somebody listens");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self::over(stream)
    }

    /// Connects to a port from 127.0.0.1.
    #[track_caller]
    pub fn to(port: u16) -> Self {
        Self::from([127, 0, 0, 1].into(), port)
    }

    /// The same connection, to be written to while this one is read from.
    #[track_caller]
    pub fn writer(&self) -> TcpStream {
        self.stream.try_clone().expect("a second handle")
    }

    /// Says that no more bytes will come.
    pub fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).expect("an open connection");
    }
}

impl Http {
    /// Whether a byte comes within a time.
    pub fn is_answered_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a timeout");
        let read = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        read.is_ok_and(|read| read == 1)
    }

    /// Whether the connection ends within a time, without another byte.
    pub fn ends_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a timeout");
        let read = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        match read {
            Ok(read) => read == 0,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

impl Http<UnixStream> {
    /// Connects to a socket in the file system; `None` where nobody listens.
    pub fn at(path: &Path) -> Option<Self> {
        let stream = UnixStream::connect(path).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Some(Self::over(stream))
    }
}

impl<S: Read + Write> Http<S> {
    /// HTTP over any stream.
    pub fn over(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("an open connection");
    }

    /// Waits for one response; `None` where the connection ends first.
    #[track_caller]
    pub fn receive(&mut self) -> Option<Response> {
        let Response { status, headers, .. } = self.receive_head()?;
        // These end with their heads, whatever length they name (RFC 9110, 15.3.5 and 15.4.5).
        let length = if matches!(status, 204 | 304) {
            Some("0")
        } else {
            headers.get("content-length").map(String::as_str)
        };
        let length = length.and_then(|length| length.parse().ok());
        let length: usize = length.unwrap_or_else(|| panic!("no length in {headers:?}"));
        while self.read.len() < length {
            self.more()?;
        }
        let body = self.read.drain(..length).collect();
        Some(Response { status, headers, body })
    }

    /// Waits for a response and for the end of its connection, which it must ask for. The body is what comes by then: of
    /// one in chunks, their lengths too.
    #[track_caller]
    pub fn receive_to_end(&mut self) -> Option<Response> {
        let head = self.receive_head()?;
        while self.more().is_some() {}
        Some(Response { body: std::mem::take(&mut self.read), ..head })
    }

    /// Waits for a response that has no body, as to HEAD, whatever length it tells.
    #[track_caller]
    pub fn receive_head(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        self.read.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {head:?}"));
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Response { status, headers, body: Vec::new() })
    }

    /// Asks for a target over this connection, with these lines of header besides.
    #[track_caller]
    pub fn get(&mut self, target: &str, headers: &str) -> Response {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: tracker\r\n{headers}\r\n"));
        self.receive().expect("a response")
    }

    /// Sends a body of some type; `None` where the connection ends before the response does.
    pub fn hand(&mut self, method: &str, target: &str, kind: &str, body: &str) -> Option<Response> {
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: usher\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).ok()?;
        self.receive()
    }

    /// Announces over this connection.
    #[track_caller]
    pub fn announce(&mut self, ask: &Ask) -> Value {
        let response = self.get(&ask.target(), "");
        assert_eq!(response.status, 200, "{response:?}");
        Value::read(&response.body)
    }

    /// Whether the connection ends without another byte.
    pub fn has_ended(&mut self) -> bool {
        self.read.is_empty() && self.more().is_none()
    }

    #[track_caller]
    fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 65536];
        match self.stream.read(&mut bytes) {
            Ok(0) => None,
            Ok(length) => {
                self.read.extend_from_slice(&bytes[..length]);
                Some(())
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => {
                panic!("the daemon neither answers nor hangs up")
            }
            Err(_) => None,
        }
    }
}

/// Far more than a loaded machine takes.
const PATIENCE: Duration = Duration::from_secs(60);
