//! Pages and assets, compressed where the client takes that.
//!
//! The whole is compressed before the first byte is sent, in place of tower-http's layer: that one compresses while it
//! sends, so nobody knows how long the answer is, which the listener must hold from its budget of bytes, and each slow
//! reader keeps a compressor's window.

use std::io::Write;

use axum::http::header::{ACCEPT_ENCODING, HeaderMap};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The same bytes by gzip; `None` where that is not shorter.
pub(crate) fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < LEAST_BYTES {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(LEVEL));
    // Writing to memory does not fail.
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().filter(|shorter| shorter.len() < bytes.len())
}

/// Whether a client takes gzip (RFC 9110, 12.5.3).
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    let mut codings = lists.flat_map(|list| list.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// Shorter ones fit into one packet as they are.
const LEAST_BYTES: usize = 1000;
/// Half a millisecond for a page of 50 KiB.
const LEVEL: u32 = 5;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_who_takes_it_gets_it() {
        for (list, expected) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("br", false),
            ("gzipped", false),
            ("gzip;x", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
            assert_eq!(takes_gzip(&headers), expected, "{list:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn what_gets_no_shorter_stays_as_it_is() {
        assert_eq!(gzip(&[b'a'; LEAST_BYTES - 1]), None);
        let text = [b'a'; 5000];
        let short = gzip(&text).unwrap();
        assert!(short.len() < 100);
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(short.as_slice()).read_to_end(&mut back).unwrap();
        assert_eq!(back, text);
        let mut state = 1u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        });
        assert_eq!(gzip(&noise.take(4000).collect::<Vec<_>>()), None);
    }
}
