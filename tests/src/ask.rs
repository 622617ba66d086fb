//! One announce, as a client would write it.

use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use crate::bencode::Value;

/// An announce, by default that of a new leecher.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Of which torrent.
    pub info_hash: [u8; 20],
    /// The client's name for itself.
    pub peer_id: [u8; 20],
    /// Where it listens.
    pub port: u16,
    /// Bytes sent to peers.
    pub uploaded: u64,
    /// Bytes received.
    pub downloaded: u64,
    /// Bytes missing.
    pub left: u64,
    /// What happened, if anything did.
    pub event: &'static str,
    /// The client's number for this session.
    pub key: u32,
    /// How many peers it wants.
    pub numwant: Option<i32>,
    /// The secret of its member.
    pub passkey: Option<String>,
    /// What else stands in the query.
    pub extra: &'static str,
}

impl Ask {
    /// A leecher's announce; `peer` tells clients apart, the first listens at port 6881.
    pub fn of(info_hash: [u8; 20], peer: u32) -> Self {
        Self {
            info_hash,
            peer_id: format!("-XX0001-{peer:012}").into_bytes().try_into().expect("20 bytes"),
            port: u16::try_from(6880 + peer).expect("a small number"),
            uploaded: 0,
            downloaded: 0,
            left: 1000,
            event: "",
            key: peer,
            numwant: None,
            passkey: None,
            extra: "",
        }
    }

    /// With the passkey that `usher member add` printed.
    #[must_use]
    pub fn by(self, member: &serde_json::Value) -> Self {
        let passkey = member["passkey"].as_str().expect("a passkey").to_owned();
        Self { passkey: Some(passkey), ..self }
    }

    /// As a seeder.
    #[must_use]
    pub fn seeding(self) -> Self {
        Self { left: 0, ..self }
    }

    /// Path and query.
    pub fn target(&self) -> String {
        let code = |id: &[u8]| percent_encode(id, NON_ALPHANUMERIC).to_string();
        let mut target = self.path();
        target += &format!("?info_hash={}&peer_id={}", code(&self.info_hash), code(&self.peer_id));
        target += &format!("&port={}&uploaded={}", self.port, self.uploaded);
        target +=
            &format!("&downloaded={}&left={}&key={:08x}", self.downloaded, self.left, self.key);
        if !self.event.is_empty() {
            target += &format!("&event={}", self.event);
        }
        if let Some(numwant) = self.numwant {
            target += &format!("&numwant={numwant}");
        }
        target + self.extra
    }

    /// A datagram with that connection and transaction id (BEP 15), and the passkey, if there is
    /// one, in its options (BEP 41).
    pub fn datagram(&self, connection_id: u64, transaction_id: u32) -> Vec<u8> {
        let event: u32 = match self.event {
            "completed" => 1,
            "started" => 2,
            "stopped" => 3,
            _ => 0,
        };
        let mut bytes = head(connection_id, 1, transaction_id);
        bytes.extend(self.info_hash);
        bytes.extend(self.peer_id);
        for counter in [self.downloaded, self.left, self.uploaded] {
            bytes.extend(counter.to_be_bytes());
        }
        for number in [event, 0, self.key] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(self.numwant.unwrap_or(-1).to_be_bytes());
        bytes.extend(self.port.to_be_bytes());
        if self.passkey.is_some() {
            // In two parts, which are one URL, with a NOP between them.
            let path = self.path();
            let (front, back) = path.split_at(path.len() / 2);
            for (part, after) in [(front, 1), (back, 0)] {
                bytes.push(2);
                bytes.push(u8::try_from(part.len()).expect("a short part"));
                bytes.extend(part.bytes());
                bytes.push(after);
            }
        }
        bytes
    }

    fn path(&self) -> String {
        self.passkey
            .as_ref()
            .map_or_else(|| "/announce".into(), |passkey| format!("/announce/{passkey}"))
    }
}

/// The sixteen bytes that every UDP request begins with (BEP 15).
pub fn head(connection_id: u64, action: u32, transaction_id: u32) -> Vec<u8> {
    let mut bytes = connection_id.to_be_bytes().to_vec();
    bytes.extend(action.to_be_bytes());
    bytes.extend(transaction_id.to_be_bytes());
    bytes
}

/// The peers of an HTTP reply, both families.
#[track_caller]
pub fn peers_of(reply: &Value) -> Vec<SocketAddr> {
    let mut peers = compact(reply.bytes("peers"), 6);
    if reply.find("peers6").is_some() {
        peers.extend(compact(reply.bytes("peers6"), 18));
    }
    peers
}

/// Compact peers of `stride` bytes: 6 for IPv4 (BEP 23), 18 for IPv6 (BEP 7).
#[track_caller]
pub fn compact(bytes: &[u8], stride: usize) -> Vec<SocketAddr> {
    assert_eq!(bytes.len() % stride, 0, "{} bytes in strides of {stride}", bytes.len());
    let peer = |peer: &[u8]| {
        let (address, port) = peer.split_at(stride - 2);
        let port = u16::from_be_bytes(port.try_into().expect("two bytes"));
        match <[u8; 4]>::try_from(address) {
            Ok(address) => (address, port).into(),
            Err(_) => (<[u8; 16]>::try_from(address).expect("16 bytes"), port).into(),
        }
    };
    bytes.chunks(stride).map(peer).collect()
}
