//! A file that pages are drawn with, at a URL that names its content.
//!
//! A browser keeps it for ever, as another content has another URL. A URL of an earlier version gives what there
//! is now, to be kept by nobody, so that a page from before an upgrade does not stand there bare.

use axum::body::Bytes;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::http::{EntityTag, gzip, takes_gzip};

/// A file that pages use.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(super) name: &'static str,
    media_type: &'static str,
    digest: String,
    bytes: Bytes,
    gzipped: Option<Bytes>,
}

impl Asset {
    pub(crate) fn new(name: &'static str, media_type: &'static str, bytes: Bytes) -> Self {
        let gzipped = media_type.starts_with("text/") || media_type.ends_with("+xml");
        Self {
            digest: digest(&bytes),
            gzipped: if gzipped { gzip(&bytes).map(Bytes::from) } else { None },
            name,
            media_type,
            bytes,
        }
    }

    /// Its name.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Where it is below the site's home.
    pub(crate) fn path(&self) -> String {
        format!("/assets/{}/{}", self.digest, self.name)
    }

    /// Answers a request for it, by the digest in its URL.
    pub(crate) fn respond(&self, digest: &str, headers: &HeaderMap) -> Response {
        let is_present = self.digest == digest;
        let control = if is_present { IMMUTABLE } else { "no-cache" };
        let tag = EntityTag::new(self.digest.clone());
        let mut response = Response::default();
        let head = response.headers_mut();
        head.insert(CACHE_CONTROL, HeaderValue::from_static(control));
        head.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag.to_string()) {
            head.insert(ETAG, tag);
        }
        if headers.get_all(IF_NONE_MATCH).iter().any(|known| tag.is_weakly_in(known.as_bytes())) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        head.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        // A logo may be an SVG, which opened by itself is a document of this site.
        head.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALONE));
        let bytes = match &self.gzipped {
            Some(gzipped) if takes_gzip(headers) => {
                head.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                gzipped
            }
            _ => &self.bytes,
        };
        *response.body_mut() = bytes.clone().into();
        response
    }
}

/// A name for a content that no other content has: 64 bits of its SHA-256.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let (head, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    HEXLOWER.encode(head)
}

/// What lies at a URL that names its content.
pub(super) const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For a picture that is opened by itself: it may have styles, and nothing else.
pub(super) const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
