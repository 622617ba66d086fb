//! The UDP tracker protocol as bytes in datagrams.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::ask::{Ask, head};

/// A client's socket, and its connection id.
pub struct Udp {
    socket: UdpSocket,
    /// What the daemon gave out.
    pub connection_id: u64,
}

impl Udp {
    /// Connects to a port of this machine, from that address.
    #[track_caller]
    pub fn from(source: IpAddr, port: u16) -> Self {
        let socket = UdpSocket::bind((source, 0)).expect("an address of this machine");
        let to: SocketAddr = match source {
            IpAddr::V4(_) => ([127, 0, 0, 1], port).into(),
            IpAddr::V6(_) => ([0, 0, 0, 0, 0, 0, 0, 1], port).into(),
        };
        socket.connect(to).expect("a loopback interface");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut udp = Self { socket, connection_id: 0 };
        let reply = udp.exchange(&head(MAGIC, 0, 7));
        assert_eq!((reply.len(), &reply[..8]), (16, &[0, 0, 0, 0, 0, 0, 0, 7][..]));
        udp.connection_id = u64::from_be_bytes(reply[8..].try_into().expect("8 bytes"));
        udp
    }

    /// Connects to a port from 127.0.0.1.
    #[track_caller]
    pub fn to(port: u16) -> Self {
        Self::from([127, 0, 0, 1].into(), port)
    }

    /// Sends a datagram and waits for one.
    #[track_caller]
    pub fn exchange(&self, datagram: &[u8]) -> Vec<u8> {
        self.socket.send(datagram).expect("a datagram is sent");
        self.receive()
    }

    /// Asserts that a datagram is not answered: what the daemon says next is said to the next one,
    /// and a socket's datagrams are answered in order.
    #[track_caller]
    pub fn is_silent_to(&self, datagram: &[u8]) {
        self.socket.send(datagram).expect("a datagram is sent");
        let marker = 0x600d_600d;
        let reply = self.exchange(&head(MAGIC, 0, marker));
        assert_eq!(reply[..8], head(0, 0, marker)[8..], "an answer to {}", datagram.escape_ascii());
    }

    /// Announces, and returns the reply.
    #[track_caller]
    pub fn announce(&self, ask: &Ask) -> Vec<u8> {
        let reply = self.exchange(&ask.datagram(self.connection_id, 11));
        assert_eq!(reply[4..8], 11_u32.to_be_bytes(), "another transaction");
        reply
    }

    #[track_caller]
    fn receive(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        let length = self.socket.recv(&mut bytes).expect("an answer");
        bytes.truncate(length);
        bytes
    }
}

/// What a connect has in place of a connection id (BEP 15).
pub const MAGIC: u64 = 0x0417_2710_1980;
/// Far more than a loaded machine takes.
const PATIENCE: Duration = Duration::from_secs(60);
