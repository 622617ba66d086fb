//! Requests, appended to the caller's buffer.

use std::io::Write;
use std::net::SocketAddr;

use wire::{Announce, AnnounceEvent};

use crate::script::Ask;

/// Writes one request; `close` asks the tracker to end the connection after it.
pub(super) fn write(out: &mut Vec<u8>, ask: &Ask, host: SocketAddr, close: bool) {
    out.clear();
    match ask {
        Ask::Announce(said) => announce(out, said),
        Ask::Scrape(hashes) => {
            out.extend_from_slice(b"GET /scrape?");
            for (place, hash) in hashes.iter().enumerate() {
                out.extend_from_slice(if place == 0 { b"info_hash=" } else { b"&info_hash=" });
                escape(out, &hash.0);
            }
        }
        // HTTP knows no connect: nothing is asked, and nothing sent.
        Ask::Connect => return,
    }
    let connection = if close { "Connection: close\r\n" } else { "" };
    // Writing to a vector does not fail.
    let _ = write!(
        out,
        " HTTP/1.1\r\nHost: {host}\r\nUser-Agent: usher-load\r\n\
         Accept-Encoding: gzip\r\n{connection}\r\n"
    );
}

fn announce(out: &mut Vec<u8>, said: &Announce) {
    out.extend_from_slice(b"GET /announce");
    if let Some(passkey) = said.passkey {
        out.push(b'/');
        out.extend_from_slice(passkey.expose());
    }
    out.extend_from_slice(b"?info_hash=");
    escape(out, &said.info_hash.0);
    out.extend_from_slice(b"&peer_id=");
    escape(out, &said.peer_id.0);
    let Announce { port, uploaded, downloaded, left, .. } = said;
    let _ = write!(
        out,
        "&port={port}&uploaded={uploaded}&downloaded={downloaded}&left={left}&compact=1"
    );
    if let Some(key) = said.key {
        let _ = write!(out, "&key={:08X}", key.0);
    }
    if let Some(event) = event(said.event) {
        let _ = write!(out, "&event={event}");
    }
    if let Some(numwant) = said.numwant {
        let _ = write!(out, "&numwant={numwant}");
    }
}

/// Escapes what RFC 3986 does not leave as it is.
fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(*byte);
        } else {
            out.extend([b'%', hex_digit(byte >> 4), hex_digit(byte & 0xf)]);
        }
    }
}

const fn hex_digit(half: u8) -> u8 {
    match half {
        0..=9 => b'0' + half,
        _ => b'A' + half - 10,
    }
}

const fn event(event: AnnounceEvent) -> Option<&'static str> {
    match event {
        AnnounceEvent::Completed => Some("completed"),
        AnnounceEvent::None => None,
        AnnounceEvent::Paused => Some("paused"),
        AnnounceEvent::Started => Some("started"),
        AnnounceEvent::Stopped => Some("stopped"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fastrand::Rng;
    use wire::http::{HttpRequest, parse_target};

    use super::*;
    use crate::population::tests::population;
    use crate::script::{self, Mix};

    fn written(ask: &Ask, close: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, ask, "127.0.0.1:80".parse().unwrap(), close);
        String::from_utf8(out).unwrap()
    }

    fn target(request: &str) -> &[u8] {
        request.split(' ').nth(1).unwrap().as_bytes()
    }

    #[test]
    fn a_tracker_reads_what_was_announced() {
        let (all, mut rng) = (population(), Rng::with_seed(1));
        let mix = Mix { redraw: true, numwant: Some(30), ..Mix::default() };
        for peer in 0..all.peers {
            let said = script::announce(&all, &mix, peer, Duration::from_secs(9), &mut rng);
            let request = written(&Ask::Announce(said), false);
            assert_eq!(parse_target(target(&request)), Ok(HttpRequest::Announce(said)));
        }
    }

    #[test]
    fn a_tracker_reads_what_was_scraped() {
        let asked: Vec<_> = population().info_hashes().collect();
        let request = written(&Ask::Scrape(asked.iter().copied().collect()), false);
        let Ok(HttpRequest::Scrape(scrape)) = parse_target(target(&request)) else {
            panic!("{request}")
        };
        assert!(scrape.info_hashes().eq(asked));
    }

    #[test]
    fn says_close_only_where_meant() {
        let said = Ask::Scrape(population().info_hashes().take(1).collect());
        assert!(written(&said, true).ends_with("\r\nConnection: close\r\n\r\n"));
        assert!(!written(&said, false).contains("close"));
    }
}
