//! The PROXY protocol, version 2: a trusted proxy says whose connection it passes on.
//!
//! Looked for only on connections from `trusted_proxies`, and told from HTTP by its first byte.
//! From anybody else such a header is a malformed request, which ends the connection.

use std::io;
use std::net::IpAddr;

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Reads the header where there is one; returns the client's address, or `None` where the proxy
/// speaks for itself (a health check) or sends no header at all.
///
/// # Errors
///
/// Fails where the connection ends within the header, or the header is malformed or longer than
/// 1 KiB.
pub async fn read_header(stream: &mut TcpStream) -> io::Result<Option<IpAddr>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 || first != [SIGNATURE_START] {
        return Ok(None);
    }
    let mut header = Vec::with_capacity(MAX_HEADER_BYTES);
    header.resize(FIXED_BYTES, 0);
    stream.read_exact(&mut header).await?;
    let rest = match header.last_chunk() {
        Some(length) => usize::from(u16::from_be_bytes(*length)),
        None => 0,
    };
    if rest > MAX_HEADER_BYTES - FIXED_BYTES {
        return Err(io::Error::other("the PROXY header is too long"));
    }
    header.resize(FIXED_BYTES + rest, 0);
    stream.read_exact(header.get_mut(FIXED_BYTES..).unwrap_or_default()).await?;

    let config = ParseConfig { allow_v1: false, ..ParseConfig::default() };
    let (header, _) = ProxyHeader::parse(&header, config).map_err(io::Error::other)?;
    Ok(header.proxied_address().map(|address| address.source.ip().to_canonical()))
}

/// The signature is `\r\n\r\n\0\r\nQUIT\n`; no HTTP request begins with its first byte.
const SIGNATURE_START: u8 = b'\r';
/// Signature, version, family and length.
const FIXED_BYTES: usize = 16;
/// Addresses and some extensions; the protocol asks receivers for 536 at most.
const MAX_HEADER_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_client_is_whom_the_header_names() {
        let mut bytes = header(0x21, 0x11, &[198, 51, 100, 7, 10, 0, 0, 1, 0x1a, 0xe1, 0, 80]);
        bytes.extend_from_slice(b"GET /");
        let (found, rest) = read(&bytes).await;
        assert_eq!(
            (found.unwrap(), rest.as_slice()),
            (Some("198.51.100.7".parse().unwrap()), &b"GET /"[..])
        );
    }

    #[tokio::test]
    async fn a_proxy_may_speak_for_itself_or_send_no_header() {
        assert_eq!(read(&header(0x20, 0x00, &[])).await.0.unwrap(), None);
        let (found, rest) = read(b"GET /").await;
        assert_eq!((found.unwrap(), rest.as_slice()), (None, &b"GET /"[..]));
    }

    #[tokio::test]
    async fn a_damaged_header_is_an_error() {
        let whole = header(0x21, 0x11, &[198, 51, 100, 7, 10, 0, 0, 1, 0x1a, 0xe1, 0, 80]);
        for length in 1..whole.len() {
            assert!(read(&whole[..length]).await.0.is_err(), "{length} bytes");
        }
        assert!(read(&header(0x31, 0x11, &[0; 12])).await.0.is_err());
        assert!(read(&header(0x21, 0x11, &[0; 2000])).await.0.is_err());
    }

    /// What is found in `bytes`, and what is left on the connection after it.
    async fn read(bytes: &[u8]) -> (io::Result<Option<IpAddr>>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let found = read_header(&mut stream).await;
        let mut rest = Vec::new();
        if found.is_ok() {
            stream.read_to_end(&mut rest).await.unwrap();
        }
        (found, rest)
    }

    fn header(version_command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
        bytes.extend_from_slice(&[version_command, family]);
        bytes.extend_from_slice(&u16::try_from(addresses.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(addresses);
        bytes
    }
}
