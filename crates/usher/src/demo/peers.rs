//! The peers of the demonstration: they announce, and transfer nothing.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use socket2::{Domain, Socket, Type};

/// An item's swarm.
#[derive(Clone, Debug)]
pub(super) struct DemoSwarm {
    /// Of its torrent.
    pub(super) info_hash: [u8; 20],
    /// Bytes of content.
    pub(super) size: u64,
    /// Who is in it.
    pub(super) peers: Vec<DemoPeer>,
}

/// A peer of a swarm.
#[derive(Clone, Debug)]
pub(super) struct DemoPeer {
    /// `/announce`, or `/announce/<passkey>`.
    pub(super) path: String,
    /// The last byte of its loopback address, 1 to 254.
    pub(super) host: u8,
    /// How much of the content it has at first, in percent.
    pub(super) has_percent: u64,
    /// The beginning of its peer id.
    pub(super) client: &'static [u8; 8],
}

/// Announces every peer again and again; leechers advance until they have everything.
pub(super) fn announce_for_ever(port: u16, swarms: &[DemoSwarm]) {
    for round in 0_u64.. {
        for swarm in swarms {
            for (number, peer) in (0_u16..).zip(&swarm.peers) {
                // A daemon that stops answers no more, and ends this thread with it.
                let _ = announce(port, swarm, peer, number, round);
            }
        }
        thread::sleep(ROUND);
    }
}

fn announce(
    port: u16,
    swarm: &DemoSwarm,
    peer: &DemoPeer,
    number: u16,
    round: u64,
) -> io::Result<()> {
    let has_percent = (peer.has_percent + round).min(100);
    let left = swarm.size * (100 - has_percent) / 100;
    let downloaded = swarm.size * (has_percent - peer.has_percent) / 100;
    // Seeders send what two leechers take.
    let uploaded = if peer.has_percent == 100 { swarm.size * round / 50 } else { downloaded / 3 };
    let mut id = [b'0'; 20];
    id[..8].copy_from_slice(peer.client);
    id[18..].copy_from_slice(&number.to_be_bytes());
    let event = if round == 0 { "&event=started" } else { "" };
    let request = format!(
        "GET {path}?info_hash={hash}&peer_id={id}&port={port}&uploaded={uploaded}&downloaded={downloaded}\
         &left={left}&compact=1{event} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        path = peer.path,
        hash = percent_encode(&swarm.info_hash, NON_ALPHANUMERIC),
        id = percent_encode(&id, NON_ALPHANUMERIC),
        port = 50_000 + number,
    );
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, peer.host), 0)).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    let mut stream = std::net::TcpStream::from(socket);
    stream.write_all(request.as_bytes())?;
    let mut reply = Vec::new();
    stream.take(MAX_REPLY).read_to_end(&mut reply)?;
    Ok(())
}

/// From one announce of a peer to its next.
const ROUND: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_REPLY: u64 = 64 * 1024;
